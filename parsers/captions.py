"""The header line of a delimited text, as far as a parser needs it to recognise its format."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cached_property

from .plain_text import as_utf8

_SEPARATORS = (",", ";", "\t")
#: A first line longer than this is no header; engineering judgement.
_LONGEST_HEADER = 16_384


@dataclass(frozen=True)
class Captions:
    """The captions in the first line that is not blank.

    Attributes:
        names: Captions without quotes and blanks around them, as the file writes them.
        separator: What stands between them.
        line: 1-based number of the header line.
    """

    names: tuple[str, ...]
    separator: str
    line: int

    @cached_property
    def lower(self) -> tuple[str, ...]:
        """Captions in lower case."""
        return tuple(name.lower() for name in self.names)

    @cached_property
    def written(self) -> dict[str, str]:
        """Caption as the file writes it, by caption in lower case."""
        return dict(zip(self.lower, self.names, strict=True))

    def has(self, *names: str) -> bool:
        """Tell whether every one of the lower-case `names` is a caption."""
        return set(names) <= set(self.lower)


def read_captions(head: bytes, separators: tuple[str, ...] = _SEPARATORS) -> Captions:
    """Read the header line.

    Args:
        head: The first bytes of a file, of any kind.
        separators: Separators that may stand between captions; the one that gives most captions is taken.

    Returns:
        The captions; one without names where there is no line of text.
    """
    text = as_utf8(head).removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(text.split(b"\n", 20)[:20], start=1):
        words = line.strip()
        if not words:
            continue
        if len(words) > _LONGEST_HEADER or b"\0" in words:
            break
        decoded = words.decode("utf-8", "replace")
        separator = max(separators, key=decoded.count)
        return Captions(tuple(_bare(name) for name in decoded.split(separator)), separator, number)
    return Captions((), separators[0], 1)


def _bare(name: str) -> str:
    name = name.strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('""', '"').strip()
    return name
