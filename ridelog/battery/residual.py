"""The residual: measured voltage minus what a healthy pack would have shown, with a noise level for every row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.log import Role

from .fit_rows import change_span, largest_change
from .interpolation import Lines, stretches
from .noise import row_noise
from .open_circuit import OpenCircuit, add_open_circuit_error, follow
from .pack import Residual
from .polarisation import polarisation_current
from .polarisation_fit import PolarisationFit
from .power_path import PowerPath
from .quantiles import size_quantile
from .resistance import PRIOR_OHM_PER_VOLT, ResistanceFit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What the resistance changes by within minutes (warmth, charge), as a share.
_DRIFT_SHARE: Final = 0.03
#: A weighted mean of the current over this long is what the running open-circuit voltage has absorbed, in s.
_ABSORBED_S: Final = 20.0
#: Load inside a gap, or before the log, against the 90 % load of the ride: its standard deviation.
_UNKNOWN_LOAD_SHARE: Final = 0.4
#: Fewest rows the load before the log can be read off.
_FEWEST_START_ROWS: Final = 20
#: Rows further off than so many standard deviations are left out of the open-circuit voltage, unless they are so many
#: that the model is wrong and not the rows.
_STRANGE: Final = 8.0
_STRANGE_SHARE: Final = 0.1
#: Columns of the piece of memory that is asked for at once. The C library gives columns back to the system as they are let
#: go and gets them anew for the next step, page by page, which takes longer than what is computed in them; once it has
#: seen a piece as large as all that is in use it keeps them. What is not written to costs nothing.
_PIECE_COLUMNS: Final = 8
#: Wheels report little or none of the current they brake with (a tenth on one that was logged for months), so the
#: voltage rises without it: standard deviation of that as a share of the pack voltage.
_BRAKING_SHARE: Final = 0.004


def residual(path: PowerPath, role: Role, seen: ResistanceFit) -> tuple[Residual, OpenCircuit]:
    """Compute r = v - (OCV - R0 I - R1 x) for every row of a track.

    The open-circuit voltage runs along in bins of half a minute and is carried over events, so that neither a
    disconnected pack nor a spike pulls it; x starts at the load that the first minute shows was there before.

    Args:
        path: The power path.
        role: Role of its log; a wheel's braking current counts for little, see `_BRAKING_SHARE`.
        seen: What the resistance fit found.

    Returns:
        The residual and the open-circuit voltage as it was followed.
    """
    fit, amps, time = _positive(seen.fit, path.level_v), seen.amps, path.time
    start = float(np.median(amps[: max(1, int(np.searchsorted(time, time[0] + 3.0)))]))
    slow = polarisation_current(time, amps, fit.time_constant_s, start)
    scale = Lines(time, fit.window_time, fit.window_scale)
    change = largest_change(amps, change_span(path.interval_s), path.gap_after)
    drop, expected, misfit, variance = np.empty((_PIECE_COLUMNS, len(time)))[:4]
    for rows in stretches(len(time)):
        lost = fit.slow_ohm * slow[rows]
        lost += fit.ohm * amps[rows]
        np.multiply(lost, scale.at(rows), out=drop[rows])
    missed, missed_error = _start(path, path.filled_volts, drop, fit.time_constant_s)
    typical = size_quantile(amps, 0.9)
    missed = float(np.clip(missed, -1.5 * typical * fit.slow_ohm, 1.5 * typical * fit.slow_ohm))
    early = slice(0, int(np.searchsorted(time, time[0] + 30 * fit.time_constant_s)))
    fading = np.exp(-(time[early] - time[0]) / fit.time_constant_s)
    drop[early] += missed * fading
    # Twice: the second time without the rows that the first one shows to be no part of the ride.
    looked_at = path
    for _ in range(2):
        running = follow(looked_at, drop, seen.edges)
        _compare(path, running, drop, expected, misfit)
        noise = row_noise(path, running.ordinary, misfit, fit.ohm, amps, change)
        strange = np.empty(len(time), dtype=np.bool_)
        for rows in stretches(len(time)):
            variance[rows] = noise.variance(fit.ohm, amps[rows], change[rows])
            np.greater(misfit[rows] ** 2, _STRANGE**2 * variance[rows], out=strange[rows])
        strange &= running.ordinary
        count = np.count_nonzero(strange)
        if not count or count > _STRANGE_SHARE * np.count_nonzero(running.ordinary):
            break
        looked_at = replace(path, usable=path.usable & ~strange)
    absorbed = _Absorbed(path, amps)
    amps_error = float(np.hypot(fit.ohm_error, _DRIFT_SHARE * fit.ohm))
    slow_error = float(np.hypot(fit.slow_error, 0.1 * fit.slow_ohm))
    for rows in stretches(len(time)):
        mean = absorbed.at(rows)
        for current, ohm_error in ((amps, amps_error), (slow, slow_error)):
            part = current[rows] - mean
            part *= ohm_error
            part *= part
            variance[rows] += part
    add_open_circuit_error(path, running, variance)
    variance[early] += (min(missed_error, _UNKNOWN_LOAD_SHARE * typical * fit.slow_ohm) * fading) ** 2
    if path.gap_after.any():
        variance += (_UNKNOWN_LOAD_SHARE * typical * fit.slow_ohm * _after_gaps(path, fit.time_constant_s)) ** 2
    if role is Role.WHEEL:
        variance += (_BRAKING_SHARE * path.level_v * _braking(amps)) ** 2
    return (
        Residual(
            volts=misfit,
            expected=expected,
            open_circuit=running.volts,
            noise=noise.calm_v,
            ohm=fit.ohm,
            sigma=np.sqrt(variance, out=variance),
            ordinary=running.ordinary,
        ),
        running,
    )


def _positive(fit: PolarisationFit, level_v: float) -> PolarisationFit:
    """Give the fit, or where it has no resistance above zero, which no pack has, a usual one as little sure as it is large."""
    if fit.ohm > 0:
        return fit
    usual = PRIOR_OHM_PER_VOLT * level_v
    return replace(fit, ohm=usual, ohm_error=usual, slow_ohm=0.0, slow_error=usual)


def _compare(
    path: PowerPath,
    running: OpenCircuit,
    drop: NDArray[np.float64],
    expected: NDArray[np.float64],
    misfit: NDArray[np.float64],
) -> None:
    """Fill in what is expected and by how much the voltage differs from it, NaN where voltage or current is missing."""
    whole = bool(path.known.all())
    for rows in stretches(len(drop)):
        np.subtract(running.volts[rows], drop[rows], out=expected[rows])
        np.subtract(path.volts[rows], expected[rows], out=misfit[rows])
        if not whole:
            missing = ~path.known[rows]
            expected[rows][missing] = np.nan
            misfit[rows][missing] = np.nan


class _Absorbed:
    """Mean current of about 20 s around each row in A."""

    def __init__(self, path: PowerPath, amps: NDArray[np.float64]) -> None:
        self._size = max(1, round(_ABSORBED_S / path.interval_s))
        edges = np.arange(0, len(amps), self._size)
        self._means = np.add.reduceat(amps, edges) / np.diff(edges, append=len(amps))

    def at(self, rows: slice) -> NDArray[np.float64]:
        """Of a slice of rows, shape (rows of the slice,)."""
        first, last = rows.start // self._size, -(-rows.stop // self._size)
        return np.repeat(self._means[first:last], self._size)[rows.start - first * self._size :][
            : rows.stop - rows.start
        ]


def _start(
    path: PowerPath, volts: NDArray[np.float64], drop: NDArray[np.float64], time_constant_s: float
) -> tuple[float, float]:
    """What the load before the log still does at its first row, in V of lost voltage, and the error of that.

    After a load the voltage comes back as e^(-t/tau): a robust fit of that and a level over the first three tau.
    """
    rows = np.flatnonzero(path.usable[: int(np.searchsorted(path.time, path.time[0] + 3 * time_constant_s))])
    if len(rows) < _FEWEST_START_ROWS or path.time[rows[-1]] - path.time[rows[0]] < time_constant_s:
        return 0.0, np.inf
    rows = rows[:: -(-len(rows) // 500)]
    fading = np.exp(-(path.time[rows] - path.time[0]) / time_constant_s)
    wanted = volts[rows] + drop[rows]
    level, back = float(np.median(wanted)), 0.0
    spread = max(1.4826 * float(np.median(np.abs(wanted - level))), 1e-4 * path.level_v)
    weight = (np.abs(wanted - level) < 6 * spread).astype(np.float64)
    error = np.inf
    for _ in range(4):
        total = float(weight.sum())
        middle, height = float((weight * fading).sum()) / total, float((weight * wanted).sum()) / total
        span = float((weight * (fading - middle) ** 2).sum())
        back = -float((weight * (fading - middle) * (wanted - height)).sum()) / max(span, 1e-12)
        level = height + back * middle
        misfit = np.abs(wanted - level + back * fading)
        spread = max(1.4826 * float(np.median(misfit)), 1e-4 * path.level_v)
        weight = np.minimum(1.0, 1.5 * spread / np.maximum(misfit, 1e-9))
        # Neighbouring rows share their error: ten count as one.
        error = spread * float(np.sqrt(10 / max(span, 1e-12)))
    return back, float(np.hypot(error, 0.2 * back))


def _braking(amps: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 in rows with a current into the pack and two rows to each side, else 0; shape (rows,)."""
    near = (amps < 0).astype(np.float64)
    return np.minimum(np.convolve(near, np.ones(5), "same"), 1.0) if len(near) >= 5 else near


def _after_gaps(path: PowerPath, time_constant_s: float) -> NDArray[np.float64]:
    """How much of an unknown load inside the last gap is left in x, 0..1, shape (rows,)."""
    steps = np.concatenate(([0.0], np.diff(path.time)))
    rows = np.maximum.accumulate(np.where(steps > path.gap_s, np.arange(len(steps)), 0))
    lost = -np.expm1(-steps[rows] / time_constant_s)
    return np.asarray(np.where(rows > 0, lost * np.exp(-(path.time - path.time[rows]) / time_constant_s), 0.0))
