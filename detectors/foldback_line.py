"""The line of a low-voltage cutoff: currents that are bounded by a bound that shrinks with the voltage.

A controller that folds back allows I = I_max (V - V_end) / (V_start - V_end) between the start and the end of its cutoff
(VESC firmware, `mc_interface_update_limits`; makers without a published rule reduce alike). In the plane of voltage and
current every load of the rider then ends on one rising line, and nothing lies beyond it. A pack without a cutoff shows the
opposite: the lowest voltage comes with the highest current, and what the rider draws follows no line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.quantiles import quantiles

from .time_bins import bin_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows are averaged over this time, s, so that voltage and current of one moment belong together.
_BIN_S: Final = 0.5
#: Fewest averages under load, and the most that are compared.
_FEWEST, _MOST = 40, 20_000
#: Readings stay within this share of the voltage, or this many V, of the line: a digit of VESC Tool is 0.1 V.
_SHARE, _DIGIT_V = 0.002, 0.1
#: What the full current changes the voltage by along the line: more than readings differ by, in multiples of that, and at
#: most this share of the voltage. Drag at full duty has a line as well, along which the current goes with the square of the
#: voltage: there it would be a third of it.
_STEEPEST, _FLATTEST_SHARE, _SLOPES = 6.0, 0.15, 24
#: Averages that may lie beyond the line: the voltage a controller compares is filtered, and a step of the load outruns it.
_BEYOND_SHARE, _BEYOND = 0.003, 2
#: Loads are told apart by such a time off the line, s; so many must end on it, and its currents differ by this factor
#: (from the 5th to the 95th percentile).
_APART_S, _LOADS, _FACTOR = 5.0, 3, 1.15
#: A load counts with so many averages on the line; all of them must be there for so long, s.
_AVERAGES, _ON_LINE_S = 2, 8.0
#: On the line the voltage goes with the current, as it does in no pack: it changes by more than the line is wide, in
#: multiples of what readings differ by, and the two are correlated so.
_CHANGES, _TOGETHER = 3.0, 0.8
#: The line is held by the highest loads of the ride: the highest on it has at least this share of its top current.
_TOP_SHARE: Final = 0.85
#: A thermal limit starts at 80 to 85 degC and takes the current down as well.
_HOT_DEGC: Final = 78.0


@dataclass(frozen=True, slots=True)
class Foldback:
    """A bound of the current that shrinks with the voltage.

    Attributes:
        loads: First and last moment of every load on the line, s of the ride's clock.
        highest_a: Highest current on the line, A.
        lowest_a: Low current on the line, A (a twentieth of the rows there have less).
        lowest_v: Lowest voltage on the line, V.
        end_v: Voltage at which the line reaches no current, V.
    """

    loads: tuple[tuple[float, float], ...]
    highest_a: float
    lowest_a: float
    lowest_v: float
    end_v: float


def foldback(
    time: NDArray[np.float64], volts: NDArray[np.float64], amps: NDArray[np.float64], heat: NDArray[np.float64]
) -> Foldback | None:
    """Find the line on which loads end, None when there is none.

    Args:
        time: Stamps in s, shape (n,).
        volts: Voltage at the controller in V, shape (n,).
        amps: Battery current in A, positive when discharging, shape (n,).
        heat: Highest temperature of FETs and motor in degC, NaN where unknown, shape (n,).
    """
    known = np.isfinite(time) & np.isfinite(volts) & np.isfinite(amps)
    if not known.all():
        rows = np.flatnonzero(known)
        time, volts, amps, heat = time[rows], volts[rows], amps[rows], heat[rows]
    if len(time) < _FEWEST:
        return None
    start = bin_starts(time, _BIN_S)
    count = np.diff(np.r_[start, len(time)])
    volts, amps = (np.add.reduceat(values, start) / count for values in (volts, amps))
    time, hot = time[start], heat[start] >= _HOT_DEGC
    drawn = amps > 0.5
    if np.count_nonzero(drawn) < _FEWEST:
        return None
    top = float(quantiles(amps[drawn], (0.99,))[0])
    loaded = np.flatnonzero(amps > max(0.5, 0.1 * top))
    if len(loaded) < _FEWEST:
        return None
    loaded = loaded[:: max(1, len(loaded) // _MOST)]
    time, volts, amps, hot = time[loaded], volts[loaded], amps[loaded], hot[loaded]
    tolerance = max(_SHARE * float(np.median(volts)), _DIGIT_V)
    flattest = _FLATTEST_SHARE * float(np.median(volts)) / top
    if _STEEPEST * tolerance / top >= flattest:
        return None
    best: tuple[int, NDArray[np.bool_], float] | None = None
    allowed = max(_BEYOND, int(_BEYOND_SHARE * len(volts)))
    twentieths = np.floor(amps / top * 20).astype(np.intp)
    for slope in np.geomspace(_STEEPEST * tolerance / top, flattest, _SLOPES):
        left = volts - slope * amps
        edge = float(np.partition(left, allowed)[allowed])
        on_line = left <= edge + 2 * tolerance
        steps = int(np.count_nonzero(np.bincount(twentieths[on_line])))
        if best is None or steps > best[0]:
            best = steps, on_line, edge + tolerance
    if best is None:
        return None
    _, on_line, end_v = best
    found = _judged(time, volts, amps, on_line & ~hot, end_v, top)
    if found is None or not _together(volts[on_line], amps[on_line], tolerance):
        return None
    # Between a start from rest and the cruise after it there is always a line: the others must show it without one load.
    first, last = max(found.loads, key=lambda load: float(amps[(time >= load[0]) & (time <= load[1])].max()))
    others = on_line & ((time < first) | (time > last))
    return found if _together(volts[others], amps[others], tolerance) else None


def _judged(
    time: NDArray[np.float64],
    volts: NDArray[np.float64],
    amps: NDArray[np.float64],
    on_line: NDArray[np.bool_],
    end_v: float,
    top: float,
) -> Foldback | None:
    """Whether enough loads of enough different currents end on the line."""
    rows = np.flatnonzero(on_line)
    if not len(rows):
        return None
    loads = np.split(rows, np.flatnonzero(np.diff(time[rows]) > _APART_S) + 1)
    loads = [load for load in loads if len(load) >= _AVERAGES]
    if len(loads) < _LOADS or _BIN_S * sum(len(load) for load in loads) < _ON_LINE_S:
        return None
    everything = np.concatenate(loads)
    low, high = quantiles(amps[everything], (0.05, 0.95))
    highest = float(amps[everything].max())
    if highest < _TOP_SHARE * top or high < _FACTOR * low:
        return None
    return Foldback(
        tuple((float(time[load[0]]), float(time[load[-1]])) for load in loads),
        highest,
        float(low),
        float(volts[everything].min()),
        end_v,
    )


def _together(volts: NDArray[np.float64], amps: NDArray[np.float64], tolerance: float) -> bool:
    """Whether voltage and current of the rows on the line rise together, by more than the line is wide."""
    if len(volts) < _AVERAGES or float(np.ptp(volts)) < _CHANGES * tolerance or float(np.ptp(amps)) <= 0:
        return False
    return float(np.corrcoef(volts, amps)[0, 1]) >= _TOGETHER
