"""What several commands take from the user, checked once."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import TYPE_CHECKING

from ridelog.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from ridelog.battery.pack import PackOptions
    from ridelog.finding import Severity
    from ridelog.parsing import ReadOptions

_CHEMISTRIES = ("nmc", "lfp", "lto")
_FAMILIES = ("jk", "ant", "jbd", "daly")


def at_least(least: float, most: float = float("inf"), kind: type[int] | type[float] = int) -> Callable[[str], float]:
    """A type of argument: a number that is not below `least` nor above `most`."""

    def number(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise ArgumentTypeError(f"{text} is not from {least} to {most}")
        return value

    number.__name__ = "whole number" if kind is int else "number"
    return number


def add_reading(parser: ArgumentParser) -> None:
    """Add what any command takes that reads logs."""
    parser.add_argument("--map", dest="mapping", metavar="MAPPING.toml", help="meaning of columns in an unknown table")
    parser.add_argument("--tz", metavar="ZONE", default="", help="time zone of local stamps, such as Europe/Berlin")


def add_analysis(parser: ArgumentParser) -> None:
    """Add what the commands take that analyze rides."""
    parser.add_argument("--cells", metavar="N", type=at_least(1, 200), help="cell groups in series")
    parser.add_argument("--chemistry", metavar="NAME", default="", help="chemistry of the cells: nmc, lfp or lto")
    parser.add_argument("--bms", metavar="FAMILY", default="", help="family of the BMS: jk, ant, jbd or daly")
    add_reading(parser)
    parser.add_argument(
        "--fail-on", metavar="warning|critical", default="", help="exit with 1 when a finding is this severe"
    )


def read_options(given: Namespace) -> ReadOptions:
    """Options for reading, from what `add_reading` and `add_analysis` added.

    Raises:
        UsageError: If a zone, family or mapping file is not what it should be.
    """
    from ridelog.parsing import ReadOptions

    zone, bms = given.tz, getattr(given, "bms", "")
    if zone:
        import zoneinfo

        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(f"'{zone}' is not a time zone.", advice="Use a name such as Europe/Berlin.") from None
    if bms and bms.lower() not in _FAMILIES:
        raise UsageError(f"'{bms}' is not a BMS family.", advice=f"Known are {', '.join(_FAMILIES)}.")
    return ReadOptions(zone, bms.lower(), _mapping(given.mapping))


def _mapping(path: str | None) -> dict[str, object]:
    if path is None:
        return {}
    import tomllib
    from pathlib import Path

    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror}).", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"is not a mapping file ({error}).", path=path) from error


def pack_options(given: Namespace) -> PackOptions:
    """Options for the pack estimate, from what `add_analysis` added.

    Raises:
        UsageError: If the chemistry is not known.
    """
    from ridelog.battery.pack import PackOptions

    chemistry = given.chemistry
    if chemistry and chemistry.lower() not in _CHEMISTRIES:
        raise UsageError(f"'{chemistry}' is not a chemistry.", advice=f"Known are {', '.join(_CHEMISTRIES)}.")
    return PackOptions(given.cells, chemistry.lower())


def severity(text: str) -> Severity | None:
    """The severity of `--fail-on`, None when it was not given.

    Raises:
        UsageError: If it is neither warning nor critical.
    """
    from ridelog.finding import Severity

    if not text:
        return None
    if text not in ("warning", "critical"):
        raise UsageError(f"'--fail-on {text}': it is warning or critical.")
    return Severity(text)
