"""The mapping file that answers what a table leaves open: its schema, its checks and its draft.

A mapping file is TOML:

    [time]                      # which column is the clock; may be left out when the table shows it
    column = "Zeit"             # or columns = ["Datum", "Uhrzeit"], or interval = 0.1 (seconds between rows)
    kind = "seconds"            # see `ridelog.parsers.table_times.KINDS`; may be left out
    zone = "Europe/Berlin"      # zone of wall time
    day_first = true            # 3/4 is the third of April

    [columns."Strom"]
    channel = "battery_current" # a channel of `ridelog.channels`, or "" to keep the column as it is
    unit = "A"                  # how the file writes it: V, mV, A, mA, %, fraction, km/h, mph, degC, degF, ...
    sign = "discharge-positive" # or "charge-positive"
    index = 1                   # number of the cell or sensor, from 1

    [table]
    role = "bms"                # or "controller", "wheel"
    decimal = ","               # decimal sign
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ridelog.channels import CHANNELS, Kind
from ridelog.errors import UsageError

from .table_times import KINDS
from .table_units import Unit, find_unit

SIGNS: Final = ("discharge-positive", "charge-positive")
ROLES: Final = ("bms", "controller", "wheel")
_SECTIONS: Final = ("time", "columns", "table")
_TIME_KEYS: Final = ("column", "columns", "kind", "zone", "day_first", "interval")
_COLUMN_KEYS: Final = ("channel", "unit", "sign", "index")
_TABLE_KEYS: Final = ("role", "decimal")
_SIGNED: Final = ("battery_current", "power", "total_battery_current")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the user says about one column.

    Attributes:
        channel: Canonical channel; "" to keep the column as it is.
        unit: Unit in the file, None when not said.
        sign: 1.0 for discharge positive, -1.0 for charge positive, 0.0 when not said.
        index: Place in a list channel from 0, None when not said.
    """

    channel: str
    unit: Unit | None = None
    sign: float = 0.0
    index: int | None = None


@dataclass(frozen=True, slots=True)
class TableMapping:
    """A mapping file.

    Attributes:
        columns: Answers by caption.
        time: The `[time]` part as written.
        role: Role of the log, "" when not said.
        decimal_comma: Whether numbers have a decimal comma, None when not said.
    """

    columns: Mapping[str, Answer] = field(default_factory=dict)
    time: Mapping[str, object] = field(default_factory=dict)
    role: str = ""
    decimal_comma: bool | None = None

    def __bool__(self) -> bool:
        return bool(self.columns or self.time or self.role or self.decimal_comma is not None)


def read_mapping(written: Mapping[str, object]) -> TableMapping:
    """Check a mapping file.

    Args:
        written: The file as decoded from TOML.

    Raises:
        UsageError: If it says anything that has no meaning; the place is named.
    """
    _only(written, _SECTIONS, "the mapping file")
    columns = {}
    for caption, answer in _section(written, "columns").items():
        columns[caption] = _answer(caption, answer)
    time = _section(written, "time")
    _check_time(time)
    table = _section(written, "table")
    _only(table, _TABLE_KEYS, "[table]")
    role, decimal = table.get("role", ""), table.get("decimal")
    if role not in ("", *ROLES):
        raise _wrong("[table] role", role, ROLES)
    if decimal not in (None, ",", "."):
        raise _wrong("[table] decimal", decimal, (",", "."))
    return TableMapping(columns, time, str(role), None if decimal is None else decimal == ",")


def _section(written: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = written.get(name, {})
    if not isinstance(value, Mapping):
        raise UsageError(f"'{name}' of the mapping file must be a table ([{name}]).", place=f"[{name}]")
    return value


def _only(section: Mapping[str, object], known: Sequence[str], place: str) -> None:
    for key in section:
        if key not in known:
            raise UsageError(
                f"'{key}' has no meaning in {place}.", place=place, advice=f"Known are {', '.join(known)}."
            )


def _wrong(place: str, value: object, known: Sequence[str]) -> UsageError:
    return UsageError(f"{value!r} is no {place.split()[-1]}.", place=place, advice=f"Known are {', '.join(known)}.")


def _answer(caption: str, written: object) -> Answer:
    place = f'[columns."{caption}"]'
    if isinstance(written, str):
        written = {"channel": written}
    if not isinstance(written, Mapping):
        raise UsageError("a column needs 'channel = ...'.", place=place)
    _only(written, _COLUMN_KEYS, place)
    channel = written.get("channel")
    if channel != "" and channel not in CHANNELS:
        raise UsageError(
            f"{channel!r} is no channel.", place=place, advice="The channels are those of 'ridelog.channels'."
        )
    unit = None
    if "unit" in written:
        word = str(written["unit"])
        unit = Unit("fraction", "fraction") if word == "fraction" else find_unit(word)
        if unit is None:
            raise UsageError(f"'{word}' is no unit ridelog knows.", place=place, advice="Write V, mV, A, %, km/h, ...")
    sign = written.get("sign")
    if sign is not None and sign not in SIGNS:
        raise _wrong(f"{place} sign", sign, SIGNS)
    index = written.get("index")
    if index is not None and (isinstance(index, bool) or not isinstance(index, int) or not 1 <= index <= 512):
        raise UsageError(f"{index!r} is no number of a cell or sensor (1 is the first).", place=place)
    listed = channel in CHANNELS and CHANNELS[str(channel)].kind in (Kind.NUMBERS, Kind.FLAGS)
    if listed and index is None:
        raise UsageError(f"'{channel}' holds one value for each cell or sensor: 'index' is missing.", place=place)
    factor = {None: 0.0, SIGNS[0]: 1.0, SIGNS[1]: -1.0}[sign]
    return Answer(str(channel), unit, factor, None if index is None else index - 1)


def _check_time(time: Mapping[str, object]) -> None:
    _only(time, _TIME_KEYS, "[time]")
    kind = time.get("kind")
    if kind is not None and kind not in KINDS:
        raise _wrong("[time] kind", kind, tuple(KINDS))
    columns = time.get("columns", [])
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise UsageError("'columns' must be a list of captions.", place="[time]")
    for key, kinds in (("column", str), ("zone", str), ("day_first", bool), ("interval", int | float)):
        if key in time and not isinstance(time[key], kinds):
            raise UsageError(f"'{key}' has no value that makes sense.", place="[time]")
    zone = time.get("zone")
    if zone:
        import zoneinfo

        try:
            zoneinfo.ZoneInfo(str(zone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(f"'{zone}' is no time zone.", place="[time]", advice="Write Europe/Berlin.") from None


@dataclass(frozen=True, slots=True)
class DraftColumn:
    """One column of a draft.

    Attributes:
        caption: As the file writes it.
        channel: What it seems to be, "" when not known.
        unit: Its unit as a mapping names it, "" for none.
        sign: 1.0, -1.0, or 0.0 when it is open.
        index: Place in a list channel, None for others.
        question: What the user must decide, "" when nothing is open.
        sample: Some of its values.
    """

    caption: str
    channel: str
    unit: str
    sign: float
    index: int | None
    question: str
    sample: str


def draft(columns: Sequence[DraftColumn], time: Mapping[str, object], time_note: str, file_name: str) -> str:
    """Write a mapping file with what is known filled in and what is open marked.

    Args:
        columns: The columns that are not the clock.
        time: What is known of the clock, by the keys of `[time]`.
        time_note: What was found about the clock, or what is open.
        file_name: Name of the table.

    Returns:
        TOML text.
    """
    lines = [
        f"# What the columns of {_comment(file_name)} mean.",
        "# Decide what is marked DECIDE, then give this file with --map.",
        '# A column with channel = "" is kept as it is.',
        "",
        "[time]",
        f"# {_comment(time_note)}",
        *(f"{key} = {_toml(value)}" for key, value in time.items()),
    ]
    # A caption that comes twice is answered once: for the first column that measures something.
    once: dict[str, DraftColumn] = {}
    for column in columns:
        if column.caption not in once or (column.channel and not once[column.caption].channel):
            once[column.caption] = column
    for column in once.values():
        lines += ["", f"[columns.{_toml(column.caption)}]"]
        if column.sample:
            lines.append(f"# values: {_comment(column.sample)}")
        if column.question:
            lines.append(f"# DECIDE {_comment(column.question)}")
        lines.append(f"channel = {_toml(column.channel)}")
        if column.unit:
            lines.append(f"unit = {_toml(column.unit)}")
        if column.index is not None:
            lines.append(f"index = {column.index + 1}")
        if column.channel in _SIGNED:
            if column.sign:
                lines.append(f"sign = {_toml(SIGNS[0] if column.sign > 0 else SIGNS[1])}")
            else:
                lines += [f"# sign = {_toml(sign)}" for sign in SIGNS]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)[:300]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(character if character.isprintable() else f"\\U{ord(character):08x}" for character in text) + '"'
    )
