"""A vehicle that is not ridden: charging, resting, leaking; hours at a coarse step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .state import COLUMNS, History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .scene import Scene


def run_parked(scene: Scene) -> History:
    """Let the scene's prescribed pack current flow, with no rider on board."""
    assert scene.parked is not None
    step, current = scene.parked
    pack, count = scene.pack, len(scene.parked[1])
    used = np.cumsum(current) * step / 3600.0
    slow = [_lag(current, step, tau) for tau in pack.slow_time_s]
    start = scene.pack.charged_before_a
    if start:
        # The rest of an earlier charge or ride still shows in the slow parts.
        time = (np.arange(count) + 1) * step
        slow = [one + start * np.exp(-time / tau) for one, tau in zip(slow, pack.slow_time_s, strict=True)]
    weighted = pack.slow_ratio[0] * slow[0] + pack.slow_ratio[1] * slow[1]
    warm = np.asarray(pack.temperature_c + 1.5 * np.sin(2 * np.pi * np.arange(count) * step / 86_400.0))
    hours = np.asarray((np.arange(count) + 1.0) * step / 3600.0)
    cells = pack.cell_voltages(used, current, weighted, np.sign(current), warm, hours)
    volts = cells.sum(axis=1) - pack.wiring_ohm * current
    zero = np.zeros(count)
    columns = dict.fromkeys(COLUMNS, zero)
    columns.update(
        pack_current=current,
        bus_voltage=volts,
        pack_voltage=volts,
        used_ah=used,
        slow_1=slow[0],
        slow_2=slow[1],
        hysteresis=np.sign(current) * 1.0,
        alive=np.ones(count),
    )
    return History(step, columns, warm, warm + 1, warm, warm + 0.5)


def _lag(values: NDArray[np.float64], step_s: float, time_s: float) -> NDArray[np.float64]:
    alpha = 1.0 - float(np.exp(-step_s / time_s))
    level, result = 0.0, np.empty(len(values))
    for place, value in enumerate(values.tolist()):
        level += alpha * (value - level)
        result[place] = level
    return result
