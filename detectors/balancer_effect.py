"""What hours of balancing did: cells that stay apart, and a board that warms up meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.ocv import table_for_chemistry
from ridelog.finding import Measurement

from .balancer_work import balance_current
from .cell_rows import CHARGE_A, REST_A
from .parasitic_drain import pack_capacity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

    from .cell_rows import CellRows

#: Hours of work that should show, s; engineering judgement.
WORK_S: Final = 14_400.0
#: Difference of the cells that starts an active balancer when nobody says, V (CELL-01: 0.015 to 0.025 V).
TRIGGER_V: Final = 0.025
#: Noise of the cells' difference that is allowed above the trigger, V (engineering judgement: two cells of 5 mV).
ABOVE_V: Final = 0.010
#: A difference that matters, V (CELL-06; a good balancer holds 3 to 7 mV, CELL-04), and the least that is worth a word (the
#: lower trigger of CELL-01).
WIDE_V, _LEAST_V = 0.060, 0.015
#: The difference grew by this while balancing, V; it should have shrunk by this much, or by so many times its noise.
_GREW_V, _SHOULD_V, _TIMES_NOISE = 0.010, 0.010, 6.0
#: Share of the expected work below which the balancer is broken or far too weak.
_DONE_SHARE: Final = 0.2
#: A good active balancer holds the cells within this, V (CELL-04: 3 to 7 mV), give or take the noise of two cells; a current
#: that it logs itself, so many times what closes the difference, without a change of it, moves no charge (engineering
#: judgement).
_HELD_V, _STEP_V, _TIMES_NEEDED = 0.007, 0.003, 2.5
#: Share of the time in which a cell is balanced.
_TIME_SHARE: Final = 0.5
#: Heat of the balancer at rest: rise and level that are not ordinary, degC; engineering judgement after THM-01.
_RISE_K, _HOT_DEGC = 15.0, 60.0
#: Rows that show how warm the board was to begin with: it warms within half an hour.
_FIRST_ROWS: Final = 5
#: Other logs go on for so long, s, or rows go on without a value, so many: the board fell silent.
_SILENT_S, _SILENT_ROWS = 60.0, 5


@dataclass(frozen=True, slots=True, eq=False)
class Remark:
    """What is to be said of the balancer, for a finding.

    Attributes:
        rows: Rows of the log it rests on, shape (n,).
        message: One sentence for a rider.
        measurements: What was measured.
        channels: Channels it rests on.
        danger: Why it is dangerous, "" when it is not.
    """

    rows: NDArray[np.int64]
    message: str
    measurements: tuple[Measurement, ...]
    channels: tuple[str, ...] = ("cell_voltages", "balancing")
    danger: str = ""


def without_effect(
    case: Case, track: Track, rows: CellRows, working: NDArray[np.bool_], step_s: NDArray[np.float64], family: str
) -> Remark | None:
    """Hours of balancing after which the cells are as far apart as before, compared at one charge of the pack.

    Args:
        case: The ride.
        track: A BMS log.
        rows: Its cells.
        working: Rows in which the balancer works, shape (n,).
        step_s: Time that each row stands for, s, shape (n,).
        family: Family of the board, "" when unknown.
    """
    # A charge that tapers off is no rest: it raises the cells, and with them what an imbalance is in volts.
    at = np.flatnonzero(working & (np.abs(rows.current) < CHARGE_A if rows.logged else True))
    if len(at) < 20:
        return None
    # Of what the balancer did before, the comparison shows nothing.
    on_s = float(step_s[at[0] : at[-1] + 1][working[at[0] : at[-1] + 1]].sum())
    if on_s < WORK_S:
        return None
    fifth = len(at) // 5
    spread = rows.high - rows.low
    before, after = float(np.nanmedian(spread[at[:fifth]])), float(np.nanmedian(spread[at[-fifth:]]))
    moved = abs(float(np.nanmedian(rows.middle[at[:fifth]]) - np.nanmedian(rows.middle[at[-fifth:]])))
    table = table_for_chemistry(case.pack.chemistry.name)
    capacity = pack_capacity(case, track)
    # At another charge the same imbalance is another voltage.
    if table is None or capacity is None or moved > WIDE_V:
        return None
    ampere = balance_current(track, rows, working, family)
    soc = table.charge(np.array([float(np.nanmedian(rows.middle[at]))]))
    slope = float(table.slope(soc)[0])
    needed = before / slope * capacity
    noise = 1.25 * float(np.nanstd(spread[at[:fifth]]) + np.nanstd(spread[at[-fifth:]])) / np.sqrt(fifth)
    expected = ampere * _TIME_SHARE * on_s / 3600 / capacity * slope
    expected = min(expected, before - _HELD_V)
    done = float(np.fmax(before - after, before * _closer(rows, at[:fifth], at[-fifth:])))
    grew = done < -max(_GREW_V, _TIMES_NOISE * noise)
    should = after >= _LEAST_V and expected >= max(_SHOULD_V, _TIMES_NOISE * noise)
    if not grew and not (should and done <= _DONE_SHARE * expected):
        unmoved = _HELD_V + _STEP_V < before < TRIGGER_V + ABOVE_V
        unmoved &= abs(before - after) < max(_DONE_SHARE * before, _STEP_V)
        times = ampere * on_s / 3600 / needed if needed > 0 else 0.0
        if track.has("balance_current") and unmoved and times > _TIMES_NEEDED:
            return _nothing_moved(rows, at, on_s, ampere, needed, after)
        return None
    falls = falls_alone(rows, at[:fifth], at[-fifth:]) if grew else None
    more = f" Cell group {falls[0] + 1} is emptied meanwhile." if falls is not None else ""
    return Remark(
        rows.rows[at],
        f"The balancer was on for {on_s / 3600:.1f} h with about {ampere:.2f} A and the cells differ by "
        f"{1000 * after:.0f} mV, {1000 * before:.0f} mV before: it does not work, or something works against it.{more}",
        (
            Measurement("difference before", before, "V"),
            Measurement(
                "difference after", after, "V", before - max(expected, 0.0), "charge the balancer should have moved"
            ),
            Measurement("time on", on_s, "s", WORK_S, "engineering judgement"),
        ),
    )


def _closer(rows: CellRows, before: NDArray[np.intp], after: NDArray[np.intp]) -> float:
    """Share by which all cells came closer to one another, negative when they went apart; NaN when no cells are logged.

    A balancer that bleeds brings the high cells down and leaves the lowest where it was: highest and lowest alone hide that.
    """
    read = np.isfinite(rows.cells[before]).any(axis=0) & np.isfinite(rows.cells[after]).any(axis=0)
    if not read.any():
        return float("nan")
    apart = [float(np.std(np.nanmedian(rows.cells[part][:, read], axis=0))) for part in (before, after)]
    return 1.0 - apart[1] / apart[0] if apart[0] > 0 else float("nan")


def _nothing_moved(
    rows: CellRows,
    at: NDArray[np.intp],
    on_s: float,
    ampere: float,
    needed: float,
    after: float,
) -> Remark:
    return Remark(
        rows.rows[at],
        f"The balancer says that it worked for {on_s / 3600:.1f} h with {ampere:.2f} A, many times what the cells need, "
        f"and they still differ by {1000 * after:.0f} mV: no charge moves. The balancer or a wire to it is dead.",
        (
            Measurement("difference after", after, "V", _HELD_V, "CELL-04"),
            Measurement("charge that it says it moved", ampere * on_s / 3600, "Ah", needed, "CELL-09"),
        ),
    )


def heat_at_rest(case: Case, track: Track, rows: CellRows, working: NDArray[np.bool_]) -> Remark | None:
    """The board heats up while it balances and no current flows."""
    if not rows.logged:
        return None
    rest = np.abs(rows.current) < REST_A
    for channel, sensor, heat in _heats(track, rows):
        at = np.flatnonzero(rest & working & np.isfinite(heat) & np.isfinite(rows.middle))
        if len(at) < 10 or rows.time[at[-1]] - rows.time[at[0]] < 600.0:
            continue
        part = max(len(at) // 10, 3)
        first, last = float(np.median(heat[at[:_FIRST_ROWS]])), float(np.median(heat[at[-part:]]))
        if last >= _HOT_DEGC and last - first >= _RISE_K:
            silent = " Then it fell silent." if _fell_silent(case, track, int(rows.rows[at[-1]])) else ""
            return Remark(
                rows.rows[at],
                (
                    f"While balancing at rest temperature sensor {sensor} of the BMS warmed from {first:.0f} to {last:.0f} "
                    "degC and the others stayed: next to it is what the balancer heats, or a cell that heats by itself."
                    if sensor
                    else f"While balancing at rest the board warmed from {first:.0f} to {last:.0f} degC."
                )
                + silent,
                (
                    Measurement("temperature while balancing", last, "degC", _HOT_DEGC, "THM-01"),
                    Measurement("rise at rest", last - first, "K", _RISE_K, "THM-01"),
                ),
                channels=(channel, "balancing"),
                danger="Balancers burnt out and took the board with them. Do not leave this pack unattended.",
            )
    return None


def _heats(track: Track, rows: CellRows) -> Iterator[tuple[str, int, NDArray[np.float64]]]:
    """Channels that a balancer can heat: those of the board, then each battery sensor (from 1; 0 is the board's) alone.

    Boards number the sensor on themselves among those of the battery. At rest a balancer is all that heats one of them and
    leaves the others as they are: where they warm as well it is the day.
    """
    for channel in ("balancer_temperature", "bms_fet_temperature", "bms_temperature"):
        yield channel, 0, track.values(channel)[rows.rows]
    sensors = track.log.matrix("battery_temperatures")[rows.rows]
    for place in range(sensors.shape[1]) if sensors.shape[1] > 1 else ():
        others = np.delete(sensors, place, axis=1)
        known = np.flatnonzero(np.isfinite(others).any(axis=0))
        begins = others[: max(len(others) // 20, _FIRST_ROWS), known]
        ends = others[-max(len(others) // 10, _FIRST_ROWS) :, known]
        if len(known) and not np.any(np.nanmedian(ends, axis=0) - np.nanmedian(begins, axis=0) >= _RISE_K / 2):
            yield "battery_temperatures", place + 1, sensors[:, place]


def falls_alone(rows: CellRows, before: NDArray[np.intp], after: NDArray[np.intp]) -> tuple[int, float] | None:
    """The cell that fell while the others did not, and by how much in V; None when there is none or no cells are logged."""
    if not rows.cells.shape[1]:
        return None
    fell = np.nanmedian(rows.cells[before], axis=0) - np.nanmedian(rows.cells[after], axis=0)
    cell = int(np.argmax(np.nan_to_num(fell)))
    others = np.delete(fell, cell)
    alone = fell[cell] > _GREW_V and fell[cell] > 3 * float(np.nanmax(np.abs(others)))
    return (cell, float(fell[cell])) if alone else None


def _fell_silent(case: Case, track: Track, row: int) -> bool:
    """After this row the board says nothing more, while other logs, or its own rows, go on (THM-01)."""
    after = track.log.rows - row - 1
    if after == 0:
        ends = [other.time[-1] for other in case.ride.tracks if other is not track and other.clock.aligned]
        return bool(track.clock.aligned and any(end > track.time[-1] + _SILENT_S for end in ends))
    cells = track.log.matrix("cell_voltages")[row + 1 :]
    read = np.isfinite(cells).any() if cells.shape[1] else np.isfinite(track.values("pack_voltage")[row + 1 :]).any()
    return after >= _SILENT_ROWS and not read
