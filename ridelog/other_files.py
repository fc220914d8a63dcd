"""Files that are no logs but get handed in as such: what they are, and what to hand in instead."""

from __future__ import annotations

import re
from typing import Final

#: First bytes, what such a file is, and the advice.
_MAGIC: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"\xff\xd8\xff", "a photo", "Export the log itself from the app; a picture of it cannot be read."),
    (b"\x89PNG", "a picture", "Export the log itself from the app; a picture of it cannot be read."),
    (b"GIF8", "a picture", "Export the log itself from the app; a picture of it cannot be read."),
    (b"%PDF", "a PDF document", "Export the log as CSV from the app that made the document."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it and hand over the files in it, or a .zip of them."),
    (b"Rar!", "a RAR archive", "Unpack it and hand over the files in it, or a .zip of them."),
    (
        b"SQLite format 3",
        "a database of an app",
        "Export the ride or the history from the app (of Home Assistant: the history of the battery's entities as CSV).",
    ),
    (
        b"\xd4\xc3\xb2\xa1",
        "a network capture",
        "Of Bluetooth, hand over the btsnoop_hci.log of the phone, or export the packets as text with their bytes.",
    ),
    (
        b"\x0a\x0d\x0d\x0a",
        "a network capture",
        "Of Bluetooth, hand over the btsnoop_hci.log of the phone, or export the packets as text with their bytes.",
    ),
)
_FIT: Final = b".FIT"
_VIDEO: Final = b"ftyp"
_PAGE: Final = re.compile(rb"^\s*(?:<!doctype html|<html)", re.IGNORECASE)
_TRACK: Final = re.compile(rb"<(?:kml|TrainingCenterDatabase)\b")
_XML: Final = re.compile(rb"^\s*<\?xml")
#: A line of numbers and stamps with two separators or more.
_NUMBERS: Final = re.compile(rb"^[-+\d.,;:\t TZ/eE\"]+$")
_FEWEST_LINES: Final = 3
_LOOKED_AT: Final = 12


def kind_of_file(head: bytes) -> tuple[str, str] | None:
    """What a file that nobody recognised is.

    Args:
        head: Its first bytes.

    Returns:
        What it is in words ("a photo"), and what to do; None where nothing tells.
    """
    start = head.lstrip(b"\xef\xbb\xbf")
    for magic, what, advice in _MAGIC:
        if start.startswith(magic):
            return what, advice
    if head[8:12] == _FIT:
        return (
            "a track of a sports watch (FIT)",
            "It holds no voltage: hand over the log of the controller, the BMS or the ride app.",
        )
    if head[4:8] == _VIDEO:
        return "a video", "Export the log itself from the app; a video of it cannot be read."
    if _PAGE.match(start):
        return "a web page", "Where a download was meant, sign in and save the file itself, not the page."
    if _TRACK.search(start[:4096]):
        return "a track of places", "It holds no voltage: hand over the log of the controller, the BMS or the ride app."
    if _XML.match(start):
        return "XML of another kind", "Of a VESC, the motor configuration that VESC Tool saves as XML can be read."
    if _has_no_captions(start):
        return (
            "a table without a line of captions",
            "Write one above the first row, such as 'time_s,voltage,current', and hand it over again.",
        )
    return None


def _has_no_captions(head: bytes) -> bool:
    lines = [line.strip() for line in head[: 1 << 14].split(b"\n")[:_LOOKED_AT]]
    rows = [line for line in lines if line][: _LOOKED_AT - 1]
    return len(rows) >= _FEWEST_LINES and all(
        _NUMBERS.match(row) and max(row.count(sign) for sign in (b",", b";", b"\t")) >= 2 for row in rows
    )
