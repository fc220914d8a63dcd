"""The two logs a JK BMS keeps: the logbook (frame 0x05) and the detail log ring (frame 0x06)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ridelog.clock import Clock, ClockBasis, repair_backward_steps
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role

from .jk_codes import CLOCK_SET, event_of
from .jk_ring import Record
from .stream import Frame

#: Counter 0 of the real-time clock, 2020-01-01 00:00, in s since 1970.
EPOCH_2020: Final = 1_577_836_800.0
#: Earlier stamps come from a clock that was never set: no JK BMS with a detail log is older than 2022.
EARLIEST_SET_S: Final = 2 * 366 * 86_400.0
#: What firmware 19 writes after a start without a clock.
_FACTORY_STAMP: Final = 186_451_200
#: A correction of the clock by less than this is drift that an app took out; by more, the clock before it was wrong.
_REWRITE_S: Final = 60.0
#: Records are at most one sample period (3601 s) apart while the BMS is on.
_PERIOD_S: Final = 3601.0

_RECORD: Final = np.dtype(
    [
        ("counter", "<u4"),
        ("code", "u1"),
        ("flags", "u1"),
        ("cell_max", "u1"),
        ("cell_min", "u1"),
        ("highest_mv", "<u2"),
        ("lowest_mv", "<u2"),
        ("pack_10mv", "<u2"),
        ("current_100ma", "<i2"),
        ("remaining_100mah", "<u2"),
        ("full_100mah", "<u2"),
        ("hottest", "i1"),
        ("coldest", "i1"),
        ("fets", "i1"),
        ("heating_current", "u1"),
    ]
)
_NO_PROBE: Final = -1

_FIRST_ENTRY: Final = 11
_ENTRY_SIZE: Final = 5
_MOST_ENTRIES: Final = 50


def detail_logs(
    records: Sequence[Record],
    *,
    parser: str,
    identity: Identity,
    damage: Sequence[Damage],
    settings: dict[str, float | str | bool],
    clock_offset_s: float | None = None,
) -> list[Log]:
    """Make logs of the detail log: one for each stretch in which its clock was not rewritten.

    The log has role bms: each record is a sample of the pack, on schedule or at an event. A record made by an event has
    `event`, `event_code` and `event_text`, and in `protections` what acted; on schedule these are null.

    Args:
        records: In the order of the ring, oldest first.
        parser: Name of the carrier's parser.
        identity: What is known about the device.
        damage: What was found while cutting the stream.
        settings: Settings that came along.
        clock_offset_s: What must be added to the BMS's clock, taken as if it were UTC, to get UTC; None if not known.
    """
    table = np.frombuffer(b"".join(record.data for record in records), dtype=_RECORD)
    rows = np.array([record.row for record in records], dtype=np.int64)
    places = np.array([record.place for record in records], dtype=np.int64)
    pieces = np.split(np.arange(len(table)), _rewrites(table, places))
    logs = []
    for number, piece in enumerate(pieces):
        newest = number == len(pieces) - 1
        clock = _clock(table[piece], clock_offset_s if newest else None)
        found = [*damage, *_missing_records(places, rows)] if number == 0 else []
        found += _clock_damage(table[piece], rows[piece], number, len(pieces))
        builder, steps = _detail_columns(table[piece], rows[piece])
        builder.keep("place in the ring", places[piece])
        found += steps
        log = builder.build(Role.BMS, parser, clock=clock, identity=identity, damage=found, settings=settings)
        logs.append(log)
    return logs


def _rewrites(table: NDArray[np.void], places: NDArray[np.int64]) -> list[int]:
    """Indices of the records before which the clock was rewritten.

    When the clock is set the BMS writes the same measurement twice, by the old clock and by the new one. A record of
    that kind alone does not say by which clock it is, so a gap on either side of it is taken for the rewrite. Without
    such a record only a step backwards tells.
    """
    counter = table["counter"].astype(np.float64)
    alone = table["code"] == CLOCK_SET
    pairs: set[int] = set()
    for index in (np.flatnonzero(alone[1:] & alone[:-1]) + 1).tolist():
        if index - 1 not in pairs and _same_moment(table[index - 1], table[index]):
            pairs.add(index)
            alone[index - 1 : index + 1] = False
    cuts: list[int] = []
    for index in range(1, len(table)):
        step = counter[index] - counter[index - 1]
        rewritten = step < -_REWRITE_S
        if index in pairs:
            rewritten = abs(step) > _REWRITE_S
        elif alone[index] or alone[index - 1]:
            rewritten |= step > _PERIOD_S * float(places[index] - places[index - 1]) + _REWRITE_S
        if rewritten or (counter[index] == _FACTORY_STAMP != counter[index - 1]):
            cuts.append(index)
    return cuts


def _same_moment(one: np.void, other: np.void) -> bool:
    """Tell whether two records hold the same measurement: the pair that is written when the clock is set."""
    return one.tobytes()[5:] == other.tobytes()[5:]


def _clock(table: NDArray[np.void], offset_s: float | None) -> Clock:
    first = float(table["counter"][0])
    if first == _FACTORY_STAMP:
        reason = "The BMS had no clock after a start and wrote its factory date; only the intervals count."
        return Clock(ClockBasis.NONE, None, "", 1.0, reason)
    if first < EARLIEST_SET_S:
        return Clock(ClockBasis.BOOT, first, "", 1.0, "The clock of the BMS was never set; it counts from its start.")
    if offset_s is not None:
        reason = "The clock of the BMS was compared with the time at which its frames arrived in this capture."
        return Clock(ClockBasis.UTC, EPOCH_2020 + first + offset_s, "", 1.0, reason)
    reason = (
        "The BMS counts seconds from 2020-01-01 00:00 in the standard time of the zone it was set in; "
        "in summer its stamps are an hour behind the clock on the wall."
    )
    return Clock(ClockBasis.LOCAL, EPOCH_2020 + first, "", 1.0, reason)


def _missing_records(places: NDArray[np.int64], rows: NDArray[np.int64]) -> Iterable[Damage]:
    gaps = np.flatnonzero(np.diff(places) > 1)
    if len(gaps):
        count = int((np.diff(places)[gaps] - 1).sum())
        message = f"{count} records of the detail log are missing from the capture, in {len(gaps)} places."
        yield Damage(DamageKind.FRAME_GAP, Effect.LOST, message, count, tuple(int(row) for row in rows[gaps[:20] + 1]))


def _clock_damage(table: NDArray[np.void], rows: NDArray[np.int64], number: int, pieces: int) -> Iterable[Damage]:
    if pieces > 1:
        message = f"The clock of the BMS was rewritten; this is stretch {number + 1} of {pieces} of its detail log."
        yield Damage(DamageKind.CLOCK_STEP, Effect.NOTED, message, 1, (int(rows[0]),), "time")
    corrections = np.flatnonzero(table["code"] == CLOCK_SET)
    if len(corrections):
        places = tuple(int(row) for row in rows[corrections[:20]])
        message = f"{len(corrections)} records say that the clock of the BMS was set, by less than {_REWRITE_S:.0f} s."
        yield Damage(DamageKind.CLOCK_STEP, Effect.NOTED, message, len(corrections), places, "time")


def _detail_columns(table: NDArray[np.void], rows: NDArray[np.int64]) -> tuple[LogBuilder, tuple[Damage, ...]]:
    seconds, steps = repair_backward_steps(table["counter"].astype(np.float64), rows)
    builder = LogBuilder(seconds, rows, time_source="clock of the BMS")
    builder.add("pack_voltage", table["pack_10mv"] / 100.0, source="byte 12")
    builder.add(
        "battery_current",
        0.0 - table["current_100ma"] / 10.0,
        source="byte 14",
        conversion="sign changed: the source counts charging positive",
    )
    builder.add("cell_voltage_max", _or_null(table["highest_mv"], 0) / 1000.0, source="byte 8")
    builder.add("cell_voltage_min", _or_null(table["lowest_mv"], 0) / 1000.0, source="byte 10")
    builder.add("cell_max_index", table["cell_max"].astype(np.int64), source="byte 6")
    builder.add("cell_min_index", table["cell_min"].astype(np.int64), source="byte 7")
    builder.add("remaining_capacity", table["remaining_100mah"] / 10.0, source="byte 16")
    builder.add("full_charge_capacity", table["full_100mah"] / 10.0, source="byte 18")
    for bit, channel in enumerate(("charge_fet", "discharge_fet", "balancing", "heating")):
        builder.add(channel, (table["flags"] >> bit & 1).astype(bool), source=f"byte 5 bit {bit}")
    builder.add("battery_temperature", _or_null(table["hottest"], _NO_PROBE), source="byte 20")
    builder.add("bms_fet_temperature", _or_null(table["fets"], _NO_PROBE), source="byte 22")
    builder.keep("coldest battery sensor", _or_null(table["coldest"], _NO_PROBE), unit="degC")
    builder.keep("heating current (raw)", table["heating_current"].astype(np.int64))
    _add_events(builder, table["code"].tolist())
    return builder, steps


def _or_null(values: NDArray[np.generic], missing: int) -> NDArray[np.float64]:
    numbers = values.astype(np.float64)
    return np.where(numbers == missing, np.nan, numbers)


def _add_events(builder: LogBuilder, codes: Sequence[int]) -> None:
    events = [event_of(code) if code else None for code in codes]
    builder.add("event", [event.name if event else None for event in events], source="byte 4")
    builder.add("event_text", [event.text if event else None for event in events], source="byte 4")
    builder.add("event_code", np.array([code or np.nan for code in codes], dtype=np.float64), source="byte 4")
    acted = [[event.protection] if event and event.protection else None for event in events]
    builder.add("protections", acted, source="byte 4", derived="the event of the record")
    cells = [np.nan if event is None or event.cell is None else event.cell for event in events]
    if not all(np.isnan(cell) for cell in cells):
        builder.keep("cell of the event", np.array(cells, dtype=np.float64))


def logbook_log(
    frames: Sequence[Frame],
    *,
    parser: str,
    identity: Identity,
    damage: Sequence[Damage],
    settings: dict[str, float | str | bool],
) -> Log | None:
    """Make the log of the logbook (role events); None when it is empty.

    Entries beyond the count are left over from before and are not read. The stamps count seconds of operation since
    the BMS was first switched on.
    """
    kept: Counter[tuple[int, int]] = Counter()
    rows: dict[tuple[int, int], int] = {}
    for frame in frames:
        entries = Counter(_entries(frame.data))
        for entry in entries:
            rows.setdefault(entry, frame.row)
        kept |= entries
    entries_in_order = sorted(kept.elements(), key=lambda entry: entry[0])
    if not entries_in_order:
        return None
    seconds = np.array([uptime for uptime, _ in entries_in_order], dtype=np.float64)
    builder = LogBuilder(seconds, [rows[entry] for entry in entries_in_order], time_source="seconds of operation")
    builder.add("uptime", seconds, source="entry bytes 0..3")
    _add_events(builder, [code for _, code in entries_in_order])
    reason = "The logbook counts the seconds of operation since the BMS was first switched on."
    clock = Clock(ClockBasis.BOOT, float(seconds[0]), "", 1.0, reason)
    return builder.build(Role.EVENTS, parser, clock=clock, identity=identity, damage=damage, settings=settings)


def _entries(data: bytes) -> list[tuple[int, int]]:
    count = min(int.from_bytes(data[6:10], "little"), _MOST_ENTRIES)
    starts = range(_FIRST_ENTRY, _FIRST_ENTRY + count * _ENTRY_SIZE, _ENTRY_SIZE)
    return [(int.from_bytes(data[start : start + 4], "little"), data[start + 4]) for start in starts]
