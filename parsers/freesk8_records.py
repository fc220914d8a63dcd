"""The lines of a FreeSK8 file, sorted by kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Fields of each kind of record when the file does not name them (the older version writes no such header lines).
_ESC_FIELDS: Final = [
    "esc_id",
    "voltage",
    "motor_temp",
    "esc_temp",
    "duty_cycle",
    "motor_current",
    "battery_current",
    "watt_hours",
    "watt_hours_regen",
    "e_rpm",
    "e_distance",
    "fault",
    "speed_kph",
    "distance_km",
]
FIELDS: Final[dict[str, list[str]]] = {
    "esc": _ESC_FIELDS,
    "gps": ["satellites", "altitude", "speed_kph", "latitude", "longitude"],
    "err": ["fault_name", "fault_code", "esc_id"],
    "values": [
        "voltage",
        "motor_temp",
        "esc_temp",
        "duty_cycle",
        "motor_current",
        "battery_current",
        "e_rpm",
        "e_distance",
        "esc_id",
    ],
    "position": ["latitude", "longitude", "satellites", "altitude", "speed_kph"],
}
#: Older names of the same thing.
_KINDS: Final[dict[str, str]] = {"values": "esc", "position": "gps"}


@dataclass(slots=True)
class Records:
    """The records of one kind.

    Attributes:
        stamps: Time stamp of each record, as text.
        lines: Line of each record.
        rows: Fields of each record by name, as text.
    """

    stamps: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One field of all records, shape (records,); NaN where it is missing."""
        return np.asarray([to_number(row.get(name, "")) for row in self.rows], dtype=np.float64)


def kind_of(line: str) -> str:
    """Kind of record a line looks like; empty for none."""
    cells = line.strip().split(",", 2)
    if cells[0] == "header":
        return "header"
    return cells[1] if len(cells) == 3 and cells[0][:4].isdigit() and ":" in cells[0] else ""


def to_number(text: str) -> float:
    """A text as a number, NaN where it is none."""
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


def _all_numbers(cells: Sequence[str]) -> bool:
    try:
        for cell in cells[2:]:
            float(cell or "0")
    except ValueError:
        return False
    return True


def read_records(data: bytes) -> tuple[dict[str, Records], dict[str, str], list[Damage]]:
    """Sort the lines of the file by kind; the settings of the header lines; and the lines that fit nothing."""
    records: dict[str, Records] = {"esc": Records(), "gps": Records(), "err": Records()}
    fields = {kind: list(names) for kind, names in FIELDS.items()}
    written: dict[str, str] = {}
    broken: list[int] = []
    lines = data.rstrip(b"\0").decode("utf-8-sig", "replace").split("\n")
    last = max((number for number, line in enumerate(lines, 1) if line.strip("\r\0 ")), default=0)
    for number, line in enumerate(lines, 1):
        cells = line.strip("\r\0 ").split(",")
        if cells == [""]:
            continue
        if cells[0] == "header":
            if len(cells) > 2 and cells[1].startswith("format_"):
                fields[cells[1].removeprefix("format_")] = [_plain(name) for name in cells[2:]]
            elif len(cells) == 3:
                written[cells[1]] = cells[2]
            continue
        kind = cells[1] if len(cells) > 2 else ""
        # A last line that stops in the middle has too few cells; fields the writer added since may be missing.
        if kind not in fields or (number == last and len(cells) - 2 < len(fields[kind]) and not data.endswith(b"\n")):
            broken.append(number)
            continue
        kept = records.get(_KINDS.get(kind, kind))
        if kept is None or len(cells) - 2 < min(3, len(fields[kind])) or (kind != "err" and not _all_numbers(cells)):
            broken.append(number)
            continue
        kept.stamps.append(cells[0].strip())
        kept.lines.append(number)
        kept.rows.append(dict(zip(fields[kind], cells[2:], strict=False)))
    if not broken:
        return records, written, []
    cut = broken[-1] == last and not data.endswith(b"\n")
    kind = DamageKind.TRUNCATED_TAIL if cut and len(broken) == 1 else DamageKind.BROKEN_ROW
    message = f"{len(broken)} lines are no record of a known kind or are cut off."
    return records, written, [Damage(kind, Effect.LOST, message, len(broken), tuple(broken[:20]))]


def _plain(name: str) -> str:
    """The older version calls the satellite speed `speed`."""
    name = name.strip()
    return "speed_kph" if name == "speed" else name
