"""JK cell-info frames (type 0x02) with integer fields, for 24 and for 32 cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ridelog.clock import Clock
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role

from .arrival import stamp_frames
from .jk_codes import protections_of, warnings_of
from .jk_framing import field, frame_matrix, scaled
from .jk_layout import ENABLED_CELLS, Layout
from .stream import Frame

Matrix = NDArray[np.uint8]
Values = NDArray[np.float64]

_MILLI: Final = 0.001
_SIGN: Final = "sign changed: the source counts charging positive"


@dataclass(frozen=True, slots=True)
class JkField:
    """One number of the frame.

    Attributes:
        name: Canonical channel, or the name of a column to keep.
        narrow: Byte offset in a frame for 24 cells, None where it is not there.
        wide: Byte offset in a frame for 32 cells, None where it is not there.
        kind: numpy type.
        scale: Factor to the canonical unit.
        unit: Unit of a kept column.
        conversion: What the factor means.
    """

    name: str
    narrow: int | None
    wide: int | None
    kind: str
    scale: float = 1.0
    unit: str = ""
    conversion: str = ""

    def offset(self, layout: Layout) -> int | None:
        """Byte offset in a frame of that layout."""
        return self.wide if layout is Layout.WIDE else self.narrow


FIELDS: Final[tuple[JkField, ...]] = (
    JkField("pack_voltage", 118, 150, "<u4", _MILLI),
    JkField("battery_current", 126, 158, "<i4", -_MILLI, conversion=_SIGN),
    JkField("soc", 141, 173, "u1", 0.01, conversion="percent to fraction"),
    JkField("soh", 158, 190, "u1", 0.01, conversion="percent to fraction"),
    JkField("remaining_capacity", 142, 174, "<u4", _MILLI),
    JkField("full_charge_capacity", 146, 178, "<u4", _MILLI),
    JkField("cycle_count", 150, 182, "<u4"),
    JkField("cell_voltage_average", 58, 74, "<u2", _MILLI),
    JkField("cell_voltage_delta", 60, 76, "<u2", _MILLI),
    JkField("cell_max_index", 62, 78, "u1"),
    JkField("cell_min_index", 63, 79, "u1"),
    JkField("uptime", 162, 194, "<u4"),
    JkField("charge_fet", 166, 198, "u1"),
    JkField("discharge_fet", 167, 199, "u1"),
    JkField("precharge_fet", None, 200, "u1"),
    JkField("heating", 183, 215, "u1"),
    JkField("charger_connected", 213, 245, "u1"),
    JkField("error word", 136, 166, ""),
    JkField("wire resistance warning bits", 114, 146, "<u4"),
    JkField("discharge overcurrent release timer", 170, 202, "<u2", 1.0, "s"),
    JkField("discharge short circuit release timer", 172, 204, "<u2", 1.0, "s"),
    JkField("charge overcurrent release timer", 174, 206, "<u2", 1.0, "s"),
    JkField("charge short circuit release timer", 176, 208, "<u2", 1.0, "s"),
    JkField("undervoltage release timer", 178, 210, "<u2", 1.0, "s"),
    JkField("overvoltage release timer", 180, 212, "<u2", 1.0, "s"),
    JkField("emergency countdown", 186, 218, "<u2", 1.0, "s"),
    JkField("total charge throughput", 154, 186, "<u4", _MILLI, "Ah"),
    JkField("balance action", 140, 172, "u1"),
    JkField("heating current", None, 236, "<u2", _MILLI, "A"),
    JkField("second MOSFET temperature", None, 254, "<i2", 0.1, "degC"),
    JkField("clock counter", None, 262, "<u4", 1.0, "s"),
    JkField("detail log records", None, 266, "<u4"),
    JkField("charge phase", None, 280, "u1"),
)
_FLAGS: Final = frozenset({"charge_fet", "discharge_fet", "precharge_fet", "heating", "charger_connected"})
_COUNTERS: Final = 262
_CHEMISTRY: Final = 275
_CHEMISTRIES: Final = {1: "nmc", 2: "lto"}
#: No LFP cell is charged above this (data sheets: 3.65 V).
_HIGHEST_LFP_V: Final = 3.75
#: A probe that is not fitted reads -200.0 degC; nothing colder than this is a battery (data sheets end at -40).
_NO_PROBE: Final = -60.0


def sample_jk02(
    frames: Sequence[Frame],
    layout: Layout,
    *,
    clock: Clock,
    parser: str,
    identity: Identity,
    damage: Sequence[Damage],
    settings: dict[str, float | str | bool],
) -> Log:
    """Make the log of cell-info frames of one layout.

    Args:
        frames: At least one frame of type 0x02.
        layout: NARROW or WIDE.
        clock: Clock of the carrier.
        parser: Name of the carrier's parser.
        identity: What is known about the device.
        damage: What was found while cutting the stream.
        settings: Settings that came along.
    """
    matrix = frame_matrix(frames)
    seconds, own_clock, steps = stamp_frames([(frame.time, frame.row) for frame in frames], clock)
    builder = LogBuilder(seconds, [frame.row for frame in frames], time_source="arrival")
    found = [*damage, *steps]
    enabled = _bits(matrix, layout)
    cells, missing = fitted_cells(_cells(matrix, layout), enabled, frames)
    found += missing
    if cells.shape[1]:
        builder.add("cell_voltages", cells, source="cells from byte 6", conversion="mV to V")
        builder.add(
            "cell_wire_resistances", _wires(matrix, layout, cells.shape[1]), source="wires", conversion="mOhm to ohm"
        )
    count = [int(word).bit_count() for word in enabled]
    builder.add("cell_count", np.array(count, dtype=np.int64), source=f"bits of byte {ENABLED_CELLS[layout]}")
    for item in FIELDS:
        _add(builder, item, matrix, layout)
    _add_signed(builder, matrix, layout)
    found += _add_temperatures(builder, matrix, layout, frames)
    settings = {**settings, **_chemistry(matrix, layout, cells)}
    return builder.build(Role.BMS, parser, clock=own_clock, identity=identity, damage=found, settings=settings)


def clock_counters(frames: Sequence[Frame]) -> Values:
    """The real-time counter of frames for 32 cells, in s since 2020; 0 where the clock was never set."""
    return field(frame_matrix(frames), _COUNTERS, "<u4")


def _slots(layout: Layout) -> int:
    return 32 if layout is Layout.WIDE else 24


def _cells(matrix: Matrix, layout: Layout) -> Values:
    return scaled(matrix, 6, "<u2", _MILLI, _slots(layout))


def _wires(matrix: Matrix, layout: Layout, count: int) -> Values:
    """Resistance of the wires of the fitted cells in ohm; one that was not measured yet reads zero."""
    wires = scaled(matrix, 80 if layout is Layout.WIDE else 64, "<u2", _MILLI, count).reshape(len(matrix), count)
    return np.where(wires > 0, wires, np.nan)


def _bits(matrix: Matrix, layout: Layout) -> NDArray[np.int64]:
    return field(matrix, ENABLED_CELLS[layout], "<u4").astype(np.int64)


def fitted_cells(
    cells: Values, enabled: NDArray[np.int64], frames: Sequence[Frame]
) -> tuple[Values, tuple[Damage, ...]]:
    """Leave out the slots that no cell is fitted to, and make a fitted cell that reads 0 V null in its place.

    Args:
        cells: All slots in V, shape (n, slots).
        enabled: One bit a fitted cell, shape (n,).
        frames: The frames, for their source rows.

    Returns:
        Cells of shape (n, fitted) and the damage for those that were not read.
    """
    highest = int(np.bitwise_or.reduce(enabled)).bit_length() if len(enabled) else 0
    read = cells > 0
    count = max(min(highest, cells.shape[1]), *(np.flatnonzero(read.any(axis=0)) + 1), 0)
    kept = np.where(read[:, :count], cells[:, :count], np.nan)
    silent = np.flatnonzero(np.isnan(kept).any(axis=0))
    if not count or not len(silent):
        return kept, ()
    rows = np.flatnonzero(np.isnan(kept).any(axis=1))
    names = ", ".join(str(index + 1) for index in silent)
    message = f"Cell {names} reads 0 V in {len(rows)} of {len(frames)} samples: it was not read, and it is left empty."
    places = tuple(frames[int(row)].row for row in rows[:20])
    return kept, (Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, len(rows), places, "cell_voltages"),)


def _add(builder: LogBuilder, item: JkField, matrix: Matrix, layout: Layout) -> None:
    offset = item.offset(layout)
    if offset is None:
        return
    if item.name == "error word":
        words = field(matrix, offset, "<u4" if layout is Layout.WIDE else "<u2").astype(np.int64)
        builder.add("protections", [protections_of(int(word)) for word in words], source=f"byte {offset}")
        builder.add("warnings", [warnings_of(int(word)) for word in words], source=f"byte {offset}")
        builder.keep(item.name, words)
        return
    values = scaled(matrix, offset, item.kind, item.scale)
    if item.name in _FLAGS:
        builder.add(item.name, values != 0, source=f"byte {offset}")
    elif item.unit or " " in item.name:
        builder.keep(item.name, values, unit=item.unit)
    else:
        builder.add(item.name, values, source=f"byte {offset}", conversion=item.conversion)


def _add_signed(builder: LogBuilder, matrix: Matrix, layout: Layout) -> None:
    wide = layout is Layout.WIDE
    power = scaled(matrix, 154 if wide else 122, "<u4", _MILLI)
    charging = field(matrix, 158 if wide else 126, "<i4") > 0
    builder.add(
        "power",
        np.where(charging, 0.0 - power, power),
        source=f"byte {154 if wide else 122}",
        conversion="the source has no sign; that of the current was taken",
    )
    byte = 170 if wide else 138
    balance = scaled(matrix, byte, "<i2", _MILLI)
    builder.add("balance_current", np.abs(balance), source=f"byte {byte}", conversion="mA to A; size only")
    builder.add("balancing", field(matrix, byte + 2, "u1") != 0, source=f"byte {byte + 2}")


def _add_temperatures(builder: LogBuilder, matrix: Matrix, layout: Layout, frames: Sequence[Frame]) -> list[Damage]:
    wide = layout is Layout.WIDE
    byte = 144 if wide else 134
    builder.add("bms_fet_temperature", _probe(matrix, byte), source=f"byte {byte}", conversion="0.1 degC")
    offsets = (162, 164, 258, 256) if wide else (130, 132)
    probes = np.stack([_probe(matrix, offset) for offset in offsets], axis=1)
    # Older firmware for 32 cells has no third and fourth probe and writes zeros in their place.
    for index in (2, 3):
        if wide and not np.nan_to_num(probes[:, index]).any():
            probes[:, index] = np.nan
    there = ~np.isnan(probes)
    size = max([2, *(np.flatnonzero(there.any(axis=0)) + 1)])
    probes = probes[:, :size]
    builder.add("battery_temperatures", probes, source=f"bytes {offsets[:size]}", conversion="0.1 degC")
    builder.add("battery_temperature", np.fmax.reduce(probes, axis=1), derived="the hottest of the battery sensors")
    silent = [str(index + 1) for index in range(size) if np.isnan(probes[:, index]).all()]
    if not silent:
        return []
    message = f"Battery temperature sensor {', '.join(silent)} is not fitted."
    return [
        Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, len(frames), (frames[0].row,), "battery_temperatures")
    ]


def _probe(matrix: Matrix, offset: int) -> Values:
    degrees = scaled(matrix, offset, "<i2", 0.1)
    return np.where(degrees > _NO_PROBE, degrees, np.nan)


def _chemistry(matrix: Matrix, layout: Layout, cells: Values) -> dict[str, float | str | bool]:
    """Chemistry as configured; firmware that does not tell leaves a 0, which otherwise stands for LFP."""
    codes = set(matrix[:, _CHEMISTRY].tolist()) if layout is Layout.WIDE else set()
    if len(codes) != 1:
        return {}
    code = codes.pop()
    if code == 0:
        told = bool(field(matrix, _COUNTERS, "<u4").any())
        highest = float(np.nanmax(cells)) if np.isfinite(cells).any() else np.inf
        return {"chemistry": "lfp"} if told and highest < _HIGHEST_LFP_V else {}
    return {"chemistry": _CHEMISTRIES[code]} if code in _CHEMISTRIES else {}
