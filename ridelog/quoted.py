"""A log within other text: a message that quotes it, a block of Markdown, prose above the captions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

#: A message is no longer than this; looking through more would cost time for nothing (engineering judgement).
_LONGEST: Final = 16 << 20
_FENCE: Final = re.compile(rb"\s{0,3}(?:>\s?)*(?:```|~~~)")
#: Marks of a quotation, and what Markdown takes for the start of a line of code; with the part of the lines that has them:
#: an answer stands above or below a quotation, and a document has lines within others (engineering judgement).
_MARKS: Final = ((re.compile(rb"\s{0,3}(?:>[ \t]?)+"), 0.5), (re.compile(rb"(?: {4}|\t)"), 1.0))
#: A blank that does not break, as pages on the web have it.
_BLANK: Final = "\u00a0".encode()
#: What a line of a document in JSON or XML starts with.
_DOCUMENT: Final = re.compile(rb"\s*(?:[{\[]\s*(?:[{\[\"]|$)|<[?!A-Za-z])")
#: Lines with the same number of separators that make a table, and fewest separators of a line of one.
_FEWEST_ROWS: Final = 5
_FEWEST_SEPARATORS: Final = 2
_SEPARATORS: Final = (b",", b";", b"\t")


def unquoted(data: bytes) -> bytes | None:
    """Find the log in a text that quotes one.

    Args:
        data: All bytes of the text.

    Returns:
        The text with an empty line for each that is not of the log, so that lines keep their numbers; None when
        nothing shows that the text quotes a log.
    """
    if len(data) > _LONGEST or b"\0" in data[:1024]:
        return None
    lines = data.replace(_BLANK, b" ").split(b"\n")
    found = _without_marks(lines)
    if found is None and _BLANK in data:
        found = lines
    found = _fenced(found or lines) or _below_prose(found or lines) or found
    return b"\n".join(found) if found is not None else None


def _without_marks(lines: Sequence[bytes]) -> list[bytes] | None:
    """The lines without the marks of a quotation or of code; those outside of it are emptied."""
    written = sum(bool(line.strip()) for line in lines)
    for mark, share in _MARKS:
        marked = [mark.match(line) for line in lines]
        if written and sum(match is not None for match in marked) >= share * written:
            return [line[match.end() :] if match else b"" for line, match in zip(lines, marked, strict=True)]
    return None


def _fenced(lines: Sequence[bytes]) -> list[bytes] | None:
    """The longest block between two fences, or from one to the end; the other lines are emptied."""
    fences = [place for place, line in enumerate(lines) if _FENCE.match(line)]
    if not fences:
        return None
    blocks = list(zip(fences, [*fences[1:], len(lines)], strict=True))[::2]
    first, last = max(blocks, key=lambda block: sum(len(line) for line in lines[block[0] + 1 : block[1]]))
    return [line if first < place < last else b"" for place, line in enumerate(lines)]


def _below_prose(lines: Sequence[bytes]) -> list[bytes] | None:
    """The lines from the first of the longest table on, or from the start of a document; those above are emptied."""
    best, begin = 0, 0
    for separator in _SEPARATORS:
        run, start, same = 0, 0, -1
        for place, line in enumerate(lines):
            # An empty line ends what stands above: a sentence may have as many commas as the table below it.
            count = line.count(separator) if line.strip() else -1
            if count != same:
                run, start, same = 0, place, count
            run += 1
            if count >= _FEWEST_SEPARATORS and run > best:
                best, begin = run, start
    if best < _FEWEST_ROWS:
        begin = next((place for place, line in enumerate(lines) if _DOCUMENT.match(line)), 0)
    if not any(line.strip() for line in lines[:begin]):
        return None
    return [line if place >= begin else b"" for place, line in enumerate(lines)]
