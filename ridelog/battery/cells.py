"""Cells against the median cell: rest offset, extra resistance, drift and what neighbours share, told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import Track

from .cell_regression import FEWEST_ROWS, regressed
from .pack import CellEstimate
from .power_path import PowerPath, fill_forward
from .quantiles import quantile, row_medians, some_rows
from .resistance import ResistanceFit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DAY_S: Final = 86_400.0
#: Rows looked at. The errors are those of slow wander between blocks of time, which more rows of a block do not make
#: smaller; two thousand leave 0.1 mV of white noise to a meter that reads whole millivolts.
_MOST_ROWS: Final = 2000
#: Share of the current's range it may change by between rows: cells are read one after the other.
_STEADY_SHARE: Final = 0.04
_LEAST_STEADY_A: Final = 0.5
#: Fewer steady rows with a load than this, and all rows are taken: between slow polls the current is never steady, and what
#: cells are off by for being read one after the other does not go with the current. Load: this share of the current's range.
_FEWEST_LOADED: Final = 20
_LOADED_SHARE: Final = 0.1
#: A current that counts as none where too few rows tell more than offsets, in A, and the fewest such rows.
_REST_A: Final = 1.0
_FEWEST_RESTING: Final = 3
#: Current swing below which no resistance of a cell can be told, in A.
_LEAST_SWING_A: Final = 2.0
#: Shortest log whose rest offsets can be seen to drift, in days.
_LEAST_DAYS: Final = 1.0
#: A level that goes with time to this correlation cannot be told from it; nor a load that a smooth curve of the level, of
#: this degree, gives to that correlation.
_ALIKE: Final = 0.8
_CURVE_DEGREE: Final = 3
#: A pause over which a current is not carried on, s.
_LONGEST_STEP_S: Final = 60.0
#: Open-circuit voltage of a cell that must be passed through before its own answer to charge is told, in V.
_LEAST_LEVEL_V: Final = 0.04


def estimate_cells(
    track: Track, path: PowerPath | None, seen: ResistanceFit | None, open_circuit: NDArray[np.float64] | None
) -> CellEstimate | None:
    """Decompose the cell voltages of a track: d_k = V_k - median = a_k + dR_k (-I) + b_k (u - mean u) + c_k t.

    u is the open-circuit voltage of the median cell: a measure of charge that no pause in the log can break.

    Only rows in which the current is steady are used, because the cells are read one after the other; all rows where too
    few of these have a load. Robust (Huber) regression for all cells at once; errors from sums over blocks of time, so
    that slow wander counts.

    Args:
        track: The track.
        path: Its power path, None without a current: then the offsets are the medians and nothing else is known.
        seen: The resistance fit of the track, None without one.
        open_circuit: Running open-circuit voltage of the pack in V, shape (rows,), None without one.

    Returns:
        The decomposition, None for a track without at least three cells that are read.
    """
    cells = track.log.matrix("cell_voltages")
    if cells.shape[1] < 3 or not len(cells):
        return None
    amps = seen.amps if seen is not None else fill_forward(track.values("battery_current"))
    known_current = path is not None or bool(np.isfinite(track.values("battery_current")).any())
    rows = _steady_rows(amps, path)
    if len(rows) < FEWEST_ROWS:
        return _without_current(cells, amps, len(rows))
    taken = cells[rows]
    taken = np.where((taken > 0.5) & (taken < 5.0), taken, np.nan)
    middle = row_medians(taken)
    deviation = np.ascontiguousarray((taken - middle[:, None]).T)
    level = None if open_circuit is None else open_circuit[rows] * (_middle(middle) / _middle(open_circuit[rows]))
    terms = _terms(track.time[rows], amps[rows], level, known_current)
    fit = regressed(deviation, terms.design)
    if not np.isfinite(fit.values[0]).any():
        return _without_current(cells, amps, len(rows))
    middle_resistance = seen.fit.ohm / max(cells.shape[1], 1) if seen is not None and path is not None else np.nan
    if terms.load is not None:
        middle_resistance = _cell_resistance(middle, amps[rows], track.time[rows], middle_resistance)
    column = {name: place for place, name in enumerate(terms.names)}

    def taken_from(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return values[column[name]] if name in column else np.full(cells.shape[1], np.nan)

    return CellEstimate(
        rest_offset=fit.values[0],
        extra_resistance=taken_from(fit.values, "load"),
        median_resistance=float(middle_resistance) if terms.load is not None else float("nan"),
        drift_per_day=taken_from(fit.values, "days"),
        rest_offset_error=fit.errors[0],
        extra_resistance_error=taken_from(fit.errors, "load"),
        neighbour_correlation=_neighbours(fit.misfit),
        samples=len(rows),
        reason=terms.reason,
        drift_per_day_error=taken_from(fit.errors, "days"),
        charge_slope=taken_from(fit.values, "charge"),
        charge_slope_error=taken_from(fit.errors, "charge"),
        noise=1.4826 * row_medians(np.abs(fit.misfit)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Terms:
    """What a deviation is regressed on: rows of the design, their names, and why some are missing."""

    design: NDArray[np.float64]
    names: tuple[str, ...]
    load: NDArray[np.float64] | None
    reason: str


def _steady_rows(amps: NDArray[np.float64], path: PowerPath | None) -> NDArray[np.intp]:
    """Rows with cells and a current that hardly changes around them, at most 2000, spread over the whole log.

    All rows where fewer than 20 of these have a load.
    """
    usable = path.usable if path is not None else np.ones(len(amps), dtype=np.bool_)
    span = quantile(amps, 0.99) - quantile(amps, 0.01) if len(amps) else 0.0
    limit = max(_LEAST_STEADY_A, _STEADY_SHARE * span)
    change = np.abs(np.diff(amps))
    steady = usable.copy()
    steady[1:] &= change <= limit
    steady[:-1] &= change <= limit
    loaded = np.abs(amps) > _LOADED_SHARE * span
    if np.count_nonzero(steady & loaded) < _FEWEST_LOADED:
        steady = usable
    if np.count_nonzero(steady) <= _MOST_ROWS:
        return np.flatnonzero(steady)
    # Steady rows are mostly rest: half of the selection is kept for load.
    return np.sort(np.concatenate([_spread(steady & loaded), _spread(steady & ~loaded)]))


def _spread(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    rows = np.flatnonzero(mask)
    half = _MOST_ROWS // 2
    return rows if len(rows) <= half else rows[np.arange(half) * len(rows) // half]


def _terms(
    time: NDArray[np.float64], amps: NDArray[np.float64], level: NDArray[np.float64] | None, known_current: bool
) -> _Terms:
    columns = [np.ones(len(time))]
    names = ["rest"]
    missing = []
    load = None
    swing = quantile(amps, 0.98) - quantile(amps, 0.02)
    climbs = level is not None and quantile(level, 0.98) - quantile(level, 0.02) > _LEAST_LEVEL_V
    if not known_current or swing < _LEAST_SWING_A:
        missing.append("the current varied too little for the resistance of cells")
    elif level is not None and climbs and _goes_with(amps, level):
        missing.append("the current went with the charge, as in a charge, which tells no resistance of cells")
    else:
        load = -amps
        columns.append(load)
        names.append("load")
    if level is not None and climbs:
        columns.append(level - float(level.mean()))
        names.append("charge")
    elif load is not None:
        # The pack hardly moves along its curve, but a group that is nearly empty does: that is no resistance.
        columns.append(_used(time, amps))
        names.append("used")
    days = (time - time[0]) / _DAY_S
    if days[-1] >= _LEAST_DAYS:
        if "charge" in names and abs(float(np.corrcoef(columns[-1], days)[0, 1])) > _ALIKE:
            # At rest charge only goes with time: what a cell loses then is drift, whatever the level does meanwhile.
            columns.pop()
            names.pop()
        columns.append(days - float(np.mean(days)))
        names.append("days")
    else:
        missing.append("the log is too short for a drift")
    reason = f"It rests on {len(time)} rows with a steady current"
    return _Terms(np.stack(columns), tuple(names), load, "; ".join([reason, *missing]) + ".")


def _used(time: NDArray[np.float64], amps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Charge taken, Ah, about its mean; over pauses the current is not carried on."""
    steps = np.minimum(np.diff(time, prepend=time[0]), _LONGEST_STEP_S)
    used = np.cumsum(amps * steps) / 3600.0
    return np.asarray(used - used.mean())


def _goes_with(amps: NDArray[np.float64], level: NDArray[np.float64]) -> bool:
    """Tell whether the current is a smooth curve of the level: a charge, in which offsets that bend pass for resistance."""
    part = level - level.mean()
    curve = np.stack([part**degree for degree in range(_CURVE_DEGREE + 1)])
    curve /= np.sqrt((curve**2).mean(axis=1, keepdims=True)) + 1e-12
    fitted = np.linalg.lstsq(curve.T, amps, rcond=None)[0] @ curve
    return float(np.var(amps - fitted)) < (1.0 - _ALIKE**2) * float(np.var(amps))


def _cell_resistance(
    middle: NDArray[np.float64], amps: NDArray[np.float64], time: NDArray[np.float64], guess: float
) -> float:
    """Resistance of the median cell: what the pack's fit leaves for a cell, else a slope over the steady rows."""
    if np.isfinite(guess) and guess > 0:
        return guess
    near = np.diff(time) < 120.0
    rise, drop = np.diff(amps)[near], -np.diff(middle)[near]
    large = np.abs(rise) > 0.2 * float(np.ptp(amps))
    if large.sum() < 10:
        return float("nan")
    return float(np.median(drop[large] / rise[large]))


def _middle(values: NDArray[np.float64]) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def _neighbours(misfit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of what is left of cell k and cell k + 1, shape (cells - 1,)."""
    values = np.nan_to_num(misfit) if np.isnan(misfit).any() else misfit
    size = np.abs(values)
    limit = quantile(size.ravel(), 0.999)
    values = np.clip(values, -limit, limit)
    values -= values.mean(axis=1, keepdims=True)
    size = np.sqrt((values**2).sum(axis=1))
    both = (values[1:] * values[:-1]).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(both / (size[1:] * size[:-1]))


def _without_current(cells: NDArray[np.float64], amps: NDArray[np.float64], steady: int) -> CellEstimate | None:
    """Offsets where too few rows have a known current for more: over those at rest if there are; None when no cell was read."""
    read = np.isfinite(cells).any(axis=1)
    resting = read & (np.abs(amps) < _REST_A)
    rows = some_rows(np.asarray(resting if np.count_nonzero(resting) >= _FEWEST_RESTING else read), _MOST_ROWS)
    if not len(rows):
        return None
    return _offsets_only(cells[rows], f"only {steady} rows with a known current: offsets alone")


def _offsets_only(cells: NDArray[np.float64], reason: str) -> CellEstimate:
    taken = np.where((cells > 0.5) & (cells < 5.0), cells, np.nan)
    deviation = (taken - row_medians(taken)[:, None]).T
    count = cells.shape[1]
    offset = row_medians(deviation)
    spread = 1.4826 * row_medians(np.abs(deviation - offset[:, None]))
    unknown = np.full(count, np.nan)
    return CellEstimate(
        rest_offset=offset,
        extra_resistance=unknown,
        median_resistance=float("nan"),
        drift_per_day=unknown,
        rest_offset_error=spread,
        extra_resistance_error=unknown,
        neighbour_correlation=np.full(max(count - 1, 0), np.nan),
        samples=len(cells),
        reason=reason + ".",
    )
