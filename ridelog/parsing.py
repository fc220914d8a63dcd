"""What a parser is: it recognises a file by its content and turns its bytes into logs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import ClassVar

from ridelog.log import Log, Role
from ridelog.sources import Source


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user said about the input.

    Attributes:
        zone: IANA zone name for local stamps, "" for not said.
        bms: Family of the BMS (jk, ant, jbd, daly), "" for not said.
        mapping: Answers for columns that a general table reader cannot decide, as read from the mapping file.
        leave_open: Leave out a column whose meaning the data do not decide, and say so, instead of asking: for a file
            beside others of the same ride.
        dates: Days on which other logs of the same ride begin or end ("2024-05-13"), which may tell the day of a date
            from its month.
        lengths: How long those logs are, s, which may tell whether stamps count seconds or milliseconds.
    """

    zone: str = ""
    bms: str = ""
    mapping: Mapping[str, object] = field(default_factory=dict)
    leave_open: bool = False
    dates: tuple[str, ...] = ()
    lengths: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Sniff:
    """A parser's answer to "is this yours?".

    Attributes:
        rank: 0 not mine, 1 a general reader could try, 2 this is my format.
        reason: Why, or why not, one sentence.
    """

    rank: int
    reason: str
    KNOWN: ClassVar[int] = 2

    @classmethod
    def no(cls, reason: str) -> Sniff:
        """Say that the file is of another kind."""
        return cls(0, reason)

    @classmethod
    def fallback(cls, reason: str) -> Sniff:
        """Say that a general reader could try when no other parser knows the file."""
        return cls(1, reason)

    @classmethod
    def yes(cls, reason: str) -> Sniff:
        """Say that the file is of this format."""
        return cls(cls.KNOWN, reason)


class Parser(ABC):
    """Reads one source format. One module in `parsers/` each; a file belongs to exactly one parser.

    The class docstring is the documentation of the format. `sniff` looks at content (`source.head`), never at the
    file name alone. `parse` raises nothing but `RidelogError`, keeps every good row, and reports the rest as damage.

    Attributes:
        name: Short id ("vesc-tool").
        title: Format in words, as `ridelog formats` prints it.
        device: What wrote it.
        roles: Roles of the logs it yields.
        gives: Canonical channels it can yield.
        clock: What its stamps count from, in words.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    device: ClassVar[str]
    roles: ClassVar[tuple[Role, ...]]
    gives: ClassVar[tuple[str, ...]]
    clock: ClassVar[str]

    @abstractmethod
    def sniff(self, source: Source) -> Sniff:
        """Tell whether the file is of this format; must not raise on any input."""

    def sniff_mapped(self, source: Source, options: ReadOptions) -> Sniff:  # noqa: ARG002 - for parsers that use it
        """Answer like `sniff`, for a user who gave a column mapping; a general table reader accepts more then."""
        return self.sniff(source)

    @abstractmethod
    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the file.

        Raises:
            ParseError: If the file is of this format but holds nothing usable.
            RefusedError: If the format cannot serve for an analysis.
        """

    def draft_mapping(self, source: Source, options: ReadOptions) -> str | None:  # noqa: ARG002 - see sniff_mapped
        """Write a mapping file for the columns of a table, with what is known filled in.

        Returns:
            TOML text, or None when this parser reads no tables of unknown layout or the file is none.
        """
        return None


@dataclass(frozen=True, slots=True)
class ParserEntry:
    """Where a parser is: it is imported when a file may be its own, as importing all takes longer than a short ride.

    Attributes:
        place: Module and class, as in "ridelog.parsers.gpx:Gpx".
        words: Lower-case words, one of which stands near the start of files of this format. They only say who is asked
            first: a file that none of those asked knows is shown to all. No words: not asked before that.
    """

    place: str
    words: tuple[str, ...] = ()

    def load(self) -> object:
        """Import the module and make an instance of the class."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(module), name)()

    def may_know(self, text: bytes) -> bool:
        """Tell whether one of the words is in a lower-case text."""
        return any(word.encode() in text for word in self.words)
