"""Captions of JBDTools files: two generations of live records and the history, in Chinese, English or both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ridelog.damage import Damage, DamageKind, Effect

from .captions import Captions, read_captions

#: First of these that is in a caption says what the column is. Order matters: the special before the general.
_LIVE: Final[tuple[tuple[str, str], ...]] = (
    ("date", r"日期|date"),
    ("charge_fet", r"c_fet|chg mos|充电mos"),
    ("discharge_fet", r"d_fet|dsg mos|放电mos"),
    ("protections", r"protect"),
    ("balance", r"balance"),
    ("average", r"avg|average|平均"),
    ("highest", r"max[ _]cell|最高电压"),
    ("lowest", r"min[ _]cell|最低电压"),
    ("remaining", r"remain|剩余"),
    ("full", r"fcc|full cap|标容量|标称容量"),
    ("cycles", r"cycle|循环"),
    ("soc", r"rsoc"),
    ("cell", r"^cell\s*_?(\d+)"),
    ("temperature", r"temp\)?\s*_?(\d+)|^温度\D*(\d+)"),
    ("current", r"current|电流"),
    ("voltage", r"voltage|总电压"),
    ("time", r"时间|\(?time\)?"),
)
_HISTORY: Final[Mapping[str, str]] = {
    "时间": "time",
    "类型": "kind",
    "总电压": "voltage",
    "电流": "current",
    "剩余容量": "remaining",
    "满充容量": "full",
    "最高单体": "highest",
    "最高序号": "highest_cell",
    "最低单体": "lowest",
    "最低序号": "lowest_cell",
    "最高温度": "hottest",
    "最低温度": "coldest",
    "MOS管状态": "fets",
}
#: A first line longer than this is no header.
_LONGEST_HEADER: Final = 16_384
_LIVE_MUST: Final = frozenset({"date", "time", "voltage", "current", "soc", "protections"})
_HISTORY_MUST: Final = frozenset({"time", "kind", "voltage", "current", "fets"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a file are.

    Attributes:
        kind: "live", "history", or "" for a file that is neither.
        separator: What stands between cells.
        names: All captions.
        known: Meaning to caption.
        cells: Captions of the cells, first cell first.
        temperatures: Captions of the sensors, first sensor first.
    """

    kind: str
    separator: str
    names: tuple[str, ...]
    known: Mapping[str, str]
    cells: tuple[str, ...] = ()
    temperatures: tuple[str, ...] = ()


def to_utf8(data: bytes) -> tuple[bytes, tuple[Damage, ...]]:
    """Text of the program, which writes GBK, or of a program that saved it again, as UTF-8.

    Args:
        data: Bytes of the file; its last character may be cut.

    Returns:
        The text and what was lost in it.
    """
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return data, ()
    # The header decides where it is not plain ASCII: a damaged byte further down must not change what it says.
    header = data[:_LONGEST_HEADER].split(b"\n", 1)[0]
    encoding = "utf-8" if _is_utf8(data if header.isascii() else header) else "gb18030"
    if encoding == "utf-8" and _is_utf8(data):
        return data, ()
    # GB 18030 holds all of GBK. A character cut at the end of the file is no damage worth telling.
    text = data.decode(encoding, "replace")
    lost = text[:-2].count("\ufffd")
    if not lost:
        return text.encode(), ()
    message = f"{lost} bytes are no {'UTF-8' if encoding == 'utf-8' else 'GBK'}; shown as a replacement character."
    return text.encode(), (Damage(DamageKind.ENCODING, Effect.REPAIRED, message, lost),)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3 and error.reason == "unexpected end of data"
    return True


def find_columns(head: bytes) -> Columns:
    """Say what the columns of a file are by its header line.

    Args:
        head: The first bytes of the file, as UTF-8.
    """
    captions = read_captions(head, ("\t", ";", ","))
    history = {meaning: name for name in captions.names if (meaning := _HISTORY.get(name))}
    if set(history) >= _HISTORY_MUST:
        return Columns("history", captions.separator, captions.names, history)
    columns = _live_columns(captions)
    return columns if set(columns.known) >= _LIVE_MUST and columns.cells else Columns("", "\t", captions.names, {})


def _live_columns(captions: Captions) -> Columns:
    known: dict[str, str] = {}
    numbered: dict[str, dict[int, str]] = {"cell": {}, "temperature": {}}
    for name in captions.names:
        meaning, number = _meaning(name)
        if meaning in numbered:
            numbered[meaning].setdefault(number, name)
        elif meaning:
            known.setdefault(meaning, name)
    return Columns(
        "live",
        captions.separator,
        captions.names,
        known,
        _in_order(numbered["cell"]),
        _in_order(numbered["temperature"]),
    )


def _meaning(caption: str) -> tuple[str, int]:
    for meaning, pattern in _LIVE:
        match = re.search(pattern, caption.lower())
        if match is not None:
            number = next((int(group[:3]) for group in match.groups() if group), 0)
            return meaning, number
    return "", 0


def _in_order(numbered: Mapping[int, str]) -> tuple[str, ...]:
    """Captions by their number; a number that is missing between others is an empty caption."""
    if not numbered or max(numbered) > 64:
        return ()
    first = min(1, *numbered)
    return tuple(numbered.get(number, "") for number in range(first, max(numbered) + 1))
