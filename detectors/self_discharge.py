"""CE04: a cell group that loses charge by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.battery.quantiles import row_medians, some_rows
from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .capacity_of_ride import SHIFTS_V, curves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.pack import CellEstimate

#: A fall against the other cells that counts, V/day; engineering judgement: 0.6 mV/day (26 to 97 mV in four months) was
#: a defective cell of a car, ordinary cells differ by less than 0.1 mV/day.
_FALL_V_DAY = 0.0004
#: While all cells fall, one of less capacity falls faster: up to this share of the fall of the median cell is no defect
#: (ordinary groups differ by some per cent of capacity; engineering judgement).
_CAPACITY_SHARE = 0.10
#: Over the whole log a defect falls by more than two steps of a board that tells whole millivolts, V: less is what the last
#: digit and the bends of the curve leave open (engineering judgement).
_LEAST_FALL_V = 0.002
_SIGMAS = 4.0
_DAY_S = 86_400.0
_FEWEST_DAYS = 1.0
_REST_A = 1.0
_MOST_ROWS, _FEWEST_ROWS = 400, 10


class SelfDischarge(Detector):
    """One cell group falls behind the others at rest, from day to day.

    What it finds:
        A group whose rest offset falls steadily while the others stay together.

    Why it matters:
        It may have an internal short circuit; such a cell can fail while charging.

    Evidence:
        cells.self-discharge.

    Looks like it but is not:
        A steady imbalance (also while the pack sinks along a bend of its curve: the cells part in volts, not in charge), a
        whole pack drained by a load (all cells fall, those of less capacity a little faster), a monitor supplied by part of
        the pack (a block of cells falls), a balancer that stays on.

    Needs:
        A BMS log of at least a day with cell voltages, or with the highest and lowest cell and their numbers.

    Limits:
        Only drift that exceeds the resolution over the length of the log shows.

    Example:
        Cell 13: 58 mV a day over 40 hours at rest.
    """

    code: ClassVar[str] = "CE04"
    name: ClassVar[str] = "self-discharge"
    rules: ClassVar[tuple[str, ...]] = ("REST-02", "CUT-05", "THM-01")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.BMS,), ("cell_voltages",), rows=10),
        Need((Role.BMS,), ("cell_voltage_max", "cell_voltage_min", "cell_max_index", "cell_min_index"), rows=10),
    )
    evidence: ClassVar[tuple[str, ...]] = ("cells.self-discharge",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        days = track.log.duration_s / _DAY_S
        if days < _FEWEST_DAYS:
            return Outcome.unable(f"the log covers {24 * days:.1f} h; a day or more is needed to see a cell drift.")
        estimate = case.pack.cells.get(track.index)
        if estimate is not None and np.isfinite(estimate.drift_per_day).any():
            drift = estimate.drift_per_day - float(np.nanmedian(estimate.drift_per_day))
            # What the curve can do explains a fall; it makes no other cell rise.
            drift = np.where(drift < 0, np.minimum(drift - _by_the_curve(case, track, estimate), 0.0), drift)
            error = estimate.drift_per_day_error if len(estimate.drift_per_day_error) else np.zeros(len(drift))
            spread = 1.4826 * float(np.nanmedian(np.abs(drift - np.nanmedian(drift))))
            least = max(_FALL_V_DAY, _CAPACITY_SHARE * _common_fall(track), _LEAST_FALL_V / days)
            falling = drift - np.nanmedian(drift) < -np.maximum(
                least, _SIGMAS * np.maximum(np.nan_to_num(error), spread)
            )
            falling |= _apart(drift, error, least)
            found = [(int(cell), float(drift[cell])) for cell in np.flatnonzero(falling)]
        else:
            found = _by_extremes(track)
        # A defect is in one group or two; a block that falls together has another reason.
        if not found or len(found) > 2:
            return Outcome.clear("no single cell group falls behind the others from day to day.")
        findings = [self._of(track, cell, fall) for cell, fall in found]
        cell, fall = min(found, key=lambda item: item[1])
        seen = Evidence.observed(f"Cell group {cell + 1}: {1000 * fall:.1f} mV a day.", subject=f"cell {cell + 1}")
        return Outcome.found(findings, {"cells.self-discharge": seen})

    def _of(self, track: Track, cell: int, fall: float) -> Finding:
        return self.standing(
            track,
            severity=Severity.CRITICAL,
            message=f"Cell group {cell + 1} loses {-1000 * fall:.1f} mV a day against the others.",
            measurements=(
                Measurement("fall against the others", fall, "V/day", -_FALL_V_DAY, "engineering judgement"),
            ),
            channels=("cell_voltages",),
        )


def _common_fall(track: Track) -> float:
    """How fast the median cell moves over the log, V/day: what is drawn from all cells at once."""
    cells, days = track.log.matrix("cell_voltages"), track.time / _DAY_S
    rows = some_rows(np.asarray(np.isfinite(cells).any(axis=1)), _MOST_ROWS)
    quarter = len(rows) // 4
    if not quarter:
        return 0.0
    middle, days = row_medians(cells[rows]), days[rows]
    apart = float(np.median(days[-quarter:]) - np.median(days[:quarter]))
    return abs(float(np.median(middle[-quarter:]) - np.median(middle[:quarter]))) / apart if apart > 0 else 0.0


def _apart(drift: NDArray[np.float64], error: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    """The one cell that falls faster than every other by enough to count, shape (cells,), however far those differ.

    Modules that drift against one another widen the spread of all cells; they do not put a single cell below the rest.
    """
    apart = np.zeros(len(drift), dtype=np.bool_)
    known = np.flatnonzero(np.isfinite(drift))
    if len(known) < 3:
        return apart
    lowest, second = known[np.argsort(drift[known])[:2]]
    gap = float(drift[second] - drift[lowest])
    apart[lowest] = gap > max(least, _SIGMAS * float(np.nan_to_num(np.hypot(error[lowest], error[second]))))
    return apart


def _by_the_curve(case: Case, track: Track, estimate: CellEstimate) -> NDArray[np.float64]:
    """Drift that imbalance alone makes at most while the pack sinks along its curve, V/day, shape (cells,).

    Cells that lack the same charge all along part in volts where the curve gets steeper. The measured curve that makes
    each of them fall fastest is taken.
    """
    nothing = np.zeros(len(estimate.rest_offset))
    cells = track.log.matrix("cell_voltages")
    rows = some_rows(np.asarray(np.isfinite(cells).any(axis=1)), _MOST_ROWS)
    tables = curves(case)
    if len(rows) < _FEWEST_ROWS or not tables:
        return nothing
    level = row_medians(cells[rows])
    days = (track.time[rows] - track.time[rows].mean()) / _DAY_S
    offset = np.nan_to_num(estimate.rest_offset)
    most = nothing
    for table in tables:
        for shift in SHIFTS_V:
            way, middle = level + shift, float(np.median(level)) + shift
            lacks = table.charge(middle) - table.charge(middle + offset)
            apart = table.voltage(table.charge(way)[:, None] - lacks) - way[:, None]
            most = np.minimum(most, days @ apart / float(days @ days))
    return most


def _by_extremes(track: Track) -> list[tuple[int, float]]:
    """A cell that is named as the highest or lowest and falls against the opposite extreme, from records of extremes."""
    high, low = track.values("cell_voltage_max"), track.values("cell_voltage_min")
    top, bottom = track.values("cell_max_index"), track.values("cell_min_index")
    current = track.values("battery_current")
    resting = np.isfinite(high) & np.isfinite(low) & (~np.isfinite(current) | (np.abs(current) < _REST_A))
    found = []
    for cell in np.unique(np.concatenate((top[resting], bottom[resting]))):
        if not np.isfinite(cell):
            continue
        is_top, is_bottom = resting & (top == cell), resting & (bottom == cell)
        rows = np.flatnonzero(is_top | is_bottom)
        if len(rows) < max(10, 0.6 * np.count_nonzero(resting)):
            continue
        against = np.where(is_top, high - low, low - high)[rows]
        time = track.time[rows] / _DAY_S
        if time[-1] - time[0] < _FEWEST_DAYS:
            continue
        slope = _median_slope(time, against)
        left = against - slope * (time - time[0])
        noise = 1.4826 * float(np.median(np.abs(left - np.median(left))))
        if slope < -max(4 * _FALL_V_DAY, _SIGMAS * noise / (time[-1] - time[0]) / np.sqrt(len(rows) / 12)):
            found.append((int(cell), slope))
    return found


def _median_slope(time: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Median of the slopes between the first and the second half (Theil-Sen over matched pairs)."""
    half = len(time) // 2
    steps = time[half : 2 * half] - time[:half]
    rises = values[half : 2 * half] - values[:half]
    return float(np.median(rises[steps > 0] / steps[steps > 0]))
