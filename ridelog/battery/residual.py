"""The residual: measured voltage minus what a healthy pack would have shown, with a noise level for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .open_circuit import OpenCircuit, follow
from .pack import Residual
from .polarisation import polarisation_current
from .polarisation_fit import STEP_SHARE
from .power_path import PowerPath
from .resistance import ResistanceFit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Least noise as a share of the pack voltage: the shape of the open-circuit curve inside a bin (engineering judgement).
_FLOOR_SHARE: Final = 5e-4
#: What the resistance changes by within minutes (warmth, charge), as a share.
_DRIFT_SHARE: Final = 0.03
#: A weighted mean of the current over this long is what the running open-circuit voltage has absorbed, in s.
_ABSORBED_S: Final = 20.0


def residual(path: PowerPath, seen: ResistanceFit) -> tuple[Residual, OpenCircuit]:
    """Compute r = v - (OCV - R0 I - R1 x) for every row of a track.

    The open-circuit voltage runs along in bins of half a minute and is carried over events, so that neither a
    disconnected pack nor a spike pulls it; x starts at the load of the first seconds.

    Args:
        path: The power path.
        seen: What the resistance fit found.

    Returns:
        The residual and the open-circuit voltage as it was followed.
    """
    fit, amps, time = seen.fit, seen.amps, path.time
    start = float(np.median(amps[: max(1, int(np.searchsorted(time, time[0] + 3.0)))]))
    slow = polarisation_current(time, amps, fit.time_constant_s, start)
    scale = np.interp(time, fit.window_time, fit.window_scale)
    drop = (fit.ohm * amps + fit.slow_ohm * slow) * scale
    volts = np.where(path.known, path.volts, 0.0)
    running = follow(path, volts + drop, drop)
    expected = running.volts - drop
    misfit = np.where(path.known, path.volts - expected, np.nan)
    swing = _swing(amps, path.gap_after)
    rate = STEP_SHARE * fit.ohm * swing
    noise = _noise(path, running, misfit, rate)
    absorbed = polarisation_current(time, amps, _ABSORBED_S, start)
    doubt_fast = np.hypot(fit.ohm_error, _DRIFT_SHARE * fit.ohm) * np.abs(amps - absorbed)
    doubt_slow = np.hypot(fit.slow_error, 0.1 * fit.slow_ohm) * np.abs(slow - absorbed)
    unknown = _unknown_load(path, amps, fit.time_constant_s) * fit.slow_ohm
    sigma = np.sqrt(noise**2 + rate**2 + doubt_fast**2 + doubt_slow**2 + unknown**2)
    sigma = np.sqrt(sigma**2 + _unfollowed(path, running) ** 2)
    return (
        Residual(
            volts=misfit,
            expected=np.where(path.known, expected, np.nan),
            open_circuit=running.volts,
            noise=noise,
            ohm=fit.ohm,
            sigma=sigma,
            ordinary=running.ordinary,
        ),
        running,
    )


def _swing(amps: NDArray[np.float64], gap_after: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Largest change of the current to a neighbouring row in A, shape (rows,); nothing is compared across a gap."""
    change = np.abs(np.diff(amps))
    change[gap_after] = 0.0
    swing = np.zeros(len(amps))
    swing[:-1] = change
    np.maximum(swing[1:], change, out=swing[1:])
    return swing


def _noise(path: PowerPath, running: OpenCircuit, misfit: NDArray[np.float64], rate: NDArray[np.float64]) -> float:
    """Robust standard deviation over ordinary rows with a steady current, in V."""
    calm = running.ordinary & (rate < np.quantile(rate, 0.7) + 1e-9)
    rows = np.flatnonzero(calm if calm.sum() >= 20 else running.ordinary)
    rows = rows[:: max(1, len(rows) // 20_000)]
    spread = 1.4826 * float(np.median(np.abs(misfit[rows]))) if len(rows) else 0.0
    return max(spread, 0.29 * path.resolution_v, _FLOOR_SHARE * path.level_v)


def _unknown_load(path: PowerPath, amps: NDArray[np.float64], time_constant_s: float) -> NDArray[np.float64]:
    """Error of x in A because the load before the log, or inside a gap, is not known; shape (rows,)."""
    typical = float(np.quantile(np.abs(amps), 0.9))
    steps = np.concatenate(([np.inf], np.diff(path.time)))
    gap = steps > path.gap_s
    rows = np.maximum.accumulate(np.where(gap, np.arange(len(amps)), 0))
    lost = typical * -np.expm1(-np.minimum(steps[rows], 1e6) / time_constant_s)
    return np.asarray(lost * np.exp(-(path.time - path.time[rows]) / time_constant_s))


def _unfollowed(path: PowerPath, running: OpenCircuit) -> NDArray[np.float64]:
    """Error of the open-circuit voltage far from the bins it was followed through, in V, shape (rows,)."""
    time = path.time
    after = np.searchsorted(running.time, time)
    left = running.time[np.clip(after - 1, 0, len(running.time) - 1)]
    right = running.time[np.clip(after, 0, len(running.time) - 1)]
    away = np.minimum(np.abs(time - left), np.abs(right - time))
    # Half a percent in ten minutes without a look, growing with the root of the time, at most 2 %.
    share = np.where(away > 60.0, 0.005 * np.sqrt(away / 600.0), 0.0)
    return np.asarray(path.level_v * np.minimum(share, 0.02))
