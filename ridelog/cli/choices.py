"""What several commands take from the user, checked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ridelog.errors import UsageError

if TYPE_CHECKING:
    from ridelog.battery.pack import PackOptions
    from ridelog.finding import Severity
    from ridelog.parsing import ReadOptions

_CHEMISTRIES = ("nmc", "lfp", "lto")
_FAMILIES = ("jk", "ant", "jbd", "daly")


def read_options(zone: str, bms: str, mapping: str | None) -> ReadOptions:
    """Options for reading.

    Raises:
        UsageError: If a zone, family or mapping file is not what it should be.
    """
    from ridelog.parsing import ReadOptions

    if zone:
        import zoneinfo

        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(f"'{zone}' is not a time zone.", advice="Use a name such as Europe/Berlin.") from None
    if bms and bms.lower() not in _FAMILIES:
        raise UsageError(f"'{bms}' is not a BMS family.", advice=f"Known are {', '.join(_FAMILIES)}.")
    return ReadOptions(zone, bms.lower(), _mapping(mapping))


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


def pack_options(cells: int | None, chemistry: str) -> PackOptions:
    """Options for the pack estimate.

    Raises:
        UsageError: If the chemistry is not known.
    """
    from ridelog.battery.pack import PackOptions

    if chemistry and chemistry.lower() not in _CHEMISTRIES:
        raise UsageError(f"'{chemistry}' is not a chemistry.", advice=f"Known are {', '.join(_CHEMISTRIES)}.")
    return PackOptions(cells, chemistry.lower())


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
