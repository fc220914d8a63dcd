"""The layout of a delimited text nobody told us about: its encoding, its separator and where its header stands."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from .table_captions import Meaning, read_meanings
from .table_numbers import NO_VALUE
from .table_units import find_unit

#: Encodings of logs that are not Unicode: Chinese, Russian, Western European.
_OLD_ENCODINGS: Final = ("gb18030", "cp1251", "cp1252")
_SEPARATORS: Final = (";", "\t", ",", "|")
#: Stand for two or more blanks between columns, and for any number of them.
BLANKS: Final = "  "
ONE_BLANK: Final = " "
#: Rows below a header that are looked at where nothing but blanks stands between the columns, how many there must be,
#: and the part that must be as wide as it (engineering judgement: prose has no two such lines).
_ROWS_LOOKED_AT: Final = 20
_FEWEST_ROWS: Final = 2
_ALIKE: Final = 0.8
#: Lines above the header that may hold notes; engineering judgement.
_MOST_NOTES: Final = 40
_LINES_LOOKED_AT: Final = 60
_LONGEST_HEADER: Final = 32_768
_LOOK_BYTES: Final = 49_152
#: Widest table that is read; ten times the widest real log.
MOST_CAPTIONS: Final = 4096
#: Captions that mean something count 2 with a channel and 1 with a time or a unit: from the first sum on a line is a
#: header at all, from the second on no other separator is tried (engineering judgement).
_LEAST_SCORE: Final = 2
_SURE_SCORE: Final = 7
_TWO_ALPHABETS: Final = re.compile(r"[a-zA-Z][а-яА-ЯёЁ]|[а-яА-ЯёЁ][a-zA-Z]")
#: Signs inside words and numbers, which separate nothing.
_INSIDE: Final = frozenset(" .-+:_/()[]{}%°\"'@*=<>!?&$€£\\")


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a delimited text.

    Attributes:
        encoding: Name for the decoder.
        separator: One character.
        header_line: 1-based number of the header line.
        captions: Captions, as written; a comment sign in front of the first is cut off.
        meanings: What they mean.
        units_line: Whether the line below the header holds nothing but units.
        notes: Lines above the header.
    """

    encoding: str
    separator: str
    header_line: int
    captions: tuple[str, ...]
    meanings: tuple[Meaning, ...]
    units_line: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def channels(self) -> frozenset[str]:
        """Channels the captions name."""
        return frozenset(meaning.channel for meaning in self.meanings if meaning.channel)

    @property
    def times(self) -> tuple[Meaning, ...]:
        """Captions that can be a time column."""
        return tuple(meaning for meaning in self.meanings if meaning.time)


def with_line_feeds(data: bytes) -> bytes:
    """The same bytes, with line feeds where lines end in carriage returns alone, as old spreadsheets write them."""
    start = data[:_LOOK_BYTES]
    return data if b"\n" in start or b"\r" not in start else data.replace(b"\r", b"\n")


def find_layout(head: bytes, named: Collection[str] = ()) -> Layout | None:
    """Find the layout of a text.

    Args:
        head: The first bytes of a file of any kind.
        named: Captions the user named: they mean something whatever they say.

    Returns:
        The layout with most captions that mean something, None when the file is no table with a header.
    """
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"<"):
        return None
    head = with_line_feeds(head)
    best: tuple[tuple[int, int], Layout] | None = None
    for order, encoding in enumerate(_encodings(head)):
        text = head[:_LOOK_BYTES].decode(encoding, "replace")
        if "\0" in text[:4096]:
            continue
        layout = _find_in_text(text, encoding, named)
        if layout is None:
            continue
        # Of two alphabets one puts letters of the other into words: "Tastverhдltnis".
        mixed = sum(bool(_TWO_ALPHABETS.search(caption)) for caption in layout.captions)
        score = (score_of(layout.meanings, named) - mixed, -order)
        if best is None or score > best[0]:
            best = (score, layout)
    return best[1] if best else None


def _encodings(head: bytes) -> list[str]:
    if head.startswith(codecs.BOM_UTF8):
        return ["utf-8-sig"]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    if len(head) > 8:
        for encoding, zeros in (("utf-16-le", head[1:400:2]), ("utf-16-be", head[0:400:2])):
            if zeros.count(0) > 0.6 * len(zeros):
                return [encoding]
    sample = head[: head.rfind(b"\n") + 1] or head
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError:
        return [*_OLD_ENCODINGS, "utf-8"]
    return ["utf-8"]


def score_of(meanings: Sequence[Meaning], named: Collection[str] = ()) -> int:
    """How much the captions of a line say: 2 for each channel and each caption the user named, 1 for other hints."""
    return sum(
        2 if meaning.channel or meaning.caption in named else 1
        for meaning in meanings
        if meaning.channel or meaning.time or meaning.unit or meaning.caption in named
    )


def _find_in_text(text: str, encoding: str, named_captions: Collection[str]) -> Layout | None:
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n", _LINES_LOOKED_AT)][:_LINES_LOOKED_AT]
    named = lines[0][4:5] if lines and lines[0].lower().startswith("sep=") else ""
    best: tuple[tuple[int, int], Layout] | None = None
    for separator in _candidates(lines, named):
        cut = '"' if separator not in (BLANKS, ONE_BLANK) else ""
        counts = [len(split_line(line, separator)) - 1 if cut in line else line.count(separator) for line in lines]
        usual = Counter(count for count in counts if count).most_common(1)
        if not usual:
            continue
        for index, line in enumerate(lines[:_MOST_NOTES]):
            if not usual[0][0] - 1 <= counts[index] <= MOST_CAPTIONS or len(line) > _LONGEST_HEADER:
                continue
            captions = [_visible(cell) for cell in split_line(line, separator)]
            if len(captions) < 2 or 2 * sum(_is_value(caption) for caption in captions) > len(captions):
                continue
            captions[0] = captions[0].lstrip("#").strip()
            meanings = read_meanings(captions)
            score = (score_of(meanings, named_captions), len(captions))
            if separator in (BLANKS, ONE_BLANK) and not _are_rows(lines[index + 1 :], separator, len(captions)):
                continue
            if score[0] < _LEAST_SCORE or (best is not None and score <= best[0]):
                continue
            units = _are_units(lines[index + 1 : index + 2], separator)
            if units:
                meanings = read_meanings(_with_units(captions, split_line(lines[index + 1], separator)))
            notes = tuple(note for note in lines[:index] if note.strip() and not note.lower().startswith("sep="))
            best = (
                score,
                Layout(encoding, separator, index + 1, tuple(captions), tuple(meanings), units_line=units, notes=notes),
            )
            if score[0] >= _SURE_SCORE:
                return best[1]
    return best[1] if best else None


def _visible(cell: str) -> str:
    return "".join(character for character in cell if character.isprintable()).strip()


def _candidates(lines: Sequence[str], named: str) -> list[str]:
    """Separators worth trying: the named one, else the ones of the first lines, the most frequent first."""
    if named and not named.isalnum():
        return [named]
    first = "".join(line[:4096] for line in [line for line in lines if len(line) > 3][:6])
    signs = {sign for sign in first if not sign.isalnum() and sign.isascii() and (sign.isprintable() or sign == "\t")}
    usual = [sign for sign in sorted(_SEPARATORS, key=first.count, reverse=True) if sign in signs]
    blanks = [BLANKS, ONE_BLANK] if ONE_BLANK in signs else []
    return [*usual, *sorted(signs - _INSIDE - set(_SEPARATORS), key=first.count, reverse=True)[:3], *blanks]


def split_line(line: str, separator: str) -> list[str]:
    """Cells of one line; quotes are honoured where they close."""
    if separator in (BLANKS, ONE_BLANK):
        return _split_at_blanks(line, separator)
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            pass
    return line.split(separator)


def _split_at_blanks(line: str, separator: str) -> list[str]:
    line = line.strip(" \t\r\0")
    line = line.lstrip("#").lstrip() if line.startswith("#") else line
    if separator == BLANKS:
        return re.split(r"[ \t]{2,}|\t", line)
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=" ", skipinitialspace=True), [])
        except csv.Error:
            pass
    return line.split()


def _are_rows(lines: Sequence[str], separator: str, width: int) -> bool:
    """Whether lines below a header are rows of about as many values, most of them numbers or stamps."""
    rows = [split_line(line, separator) for line in lines[:_ROWS_LOOKED_AT] if line.strip()]
    alike = [
        row
        for row in rows
        if width - 1 <= len(row) <= width + 1 and 2 * sum(any(map(str.isdigit, cell)) for cell in row) >= len(row)
    ]
    return len(alike) >= max(_FEWEST_ROWS, _ALIKE * len(rows))


def _is_value(text: str) -> bool:
    """Whether a cell is data rather than a caption: a number, a stamp or nothing."""
    bare = text.strip()
    if bare.lower() in NO_VALUE:
        return True
    return not any(character.isalpha() for character in bare) and any(character.isdigit() for character in bare)


def _are_units(lines: Sequence[str], separator: str) -> bool:
    if not lines:
        return False
    cells = [cell.strip().strip("()[]") for cell in split_line(lines[0], separator)]
    written = [cell for cell in cells if cell and cell != "-"]
    return len(written) >= 2 and all(find_unit(cell) for cell in written)


def _with_units(captions: Sequence[str], units: Sequence[str]) -> list[str]:
    padded = [*units, *[""] * len(captions)]
    return [
        f"{caption} ({unit.strip().strip('()[]')})" if unit.strip(" -") else caption
        for caption, unit in zip(captions, padded, strict=False)
    ]
