"""Finding parsers, detectors and reports through entry points, the door that third-party plugins use too."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, TypeVar

from ridelog.errors import PluginError

if TYPE_CHECKING:
    from ridelog.detection import Detector
    from ridelog.parsing import Parser
    from ridelog.reporting import Report

_T = TypeVar("_T")
#: Where the words of a parser are looked for, in bytes from the start.
_WORDS_WITHIN = 8192


#: Looking them up reads the metadata of every installed package.
_all_entry_points = cache(entry_points)


def _load(group: str) -> list[object]:
    found: list[object] = []
    entries = _all_entry_points().select(group=group)
    for entry in sorted(entries, key=lambda item: (item.name != "builtin", item.name)):
        loaded = entry.load()
        found.extend(loaded if isinstance(loaded, tuple | list) else [loaded])
    if not found:
        raise PluginError(f"no plugin is installed for '{group}'.", advice="Install ridelog with 'pip install .'.")
    return found


@cache
def parsers() -> tuple[Parser, ...]:
    """Every installed parser, ridelog's own first."""
    return tuple(_parser(item) for item in _listed_parsers())


def likely_parsers(head: bytes) -> tuple[Parser, ...]:
    """The parsers whose words stand in the first bytes of a file, and those that were given without words.

    The others may know the file all the same; they are not imported.
    """
    from ridelog.parsing import ParserEntry

    text = head[:_WORDS_WITHIN].replace(b"\0", b"").lower()
    return tuple(
        _parser(item) for item in _listed_parsers() if not isinstance(item, ParserEntry) or item.may_know(text)
    )


@cache
def _listed_parsers() -> tuple[object, ...]:
    return tuple(_load("ridelog.parsers"))


@cache
def _parser(item: object) -> Parser:
    from ridelog.parsing import Parser, ParserEntry

    found = item.load() if isinstance(item, ParserEntry) else item
    return _checked(found, Parser, "ridelog.parsers")  # type: ignore[type-abstract]


@cache
def detectors() -> tuple[Detector, ...]:
    """Every installed detector, ridelog's own first."""
    from ridelog.detection import Detector

    return tuple(_checked(item, Detector, "ridelog.detectors") for item in _load("ridelog.detectors"))


@cache
def reports() -> tuple[Report, ...]:
    """Every installed report, ridelog's own first."""
    from ridelog.reporting import Report

    return tuple(_checked(item, Report, "ridelog.reports") for item in _load("ridelog.reports"))  # type: ignore[type-abstract]


def report(name: str) -> Report:
    """The report of that name.

    Raises:
        PluginError: If there is none.
    """
    for candidate in reports():
        if candidate.name == name:
            return candidate
    raise PluginError(f"there is no report '{name}'.")


def _checked(item: object, kind: type[_T], group: str) -> _T:
    if not isinstance(item, kind):
        raise PluginError(f"a plugin of '{group}' is a {type(item).__name__}, not a {kind.__name__}.")
    return item
