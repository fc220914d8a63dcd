"""What a battery board shows of a ride: cells, current, charge, switches and the protection it names."""

from __future__ import annotations

import numpy as np

from .controller_log import Rows
from .rider import STEP
from .world import World


def poll_board(
    world: World,
    rng: np.random.Generator,
    rate: float,
    *,
    gaps: list | None = None,
    meter_error: float = 0.0,
    current_gain: float | None = None,
    flag_after: float = 8.0,
) -> Rows:
    """Poll the board at `rate` Hz; the named protection stays up for as long as it is open and `flag_after` seconds more."""
    end = float(world.time[-1])
    period = 1 / rate
    times = np.sort(np.arange(rng.uniform(0, period), end, period) + 0.0)
    times = np.clip(times + rng.normal(0, 0.05 * period, times.size), 0, end)
    for gap_start, gap_end in gaps or []:
        times = times[(times < gap_start) | (times >= gap_end)]
    index = (times / STEP).astype(int)
    width = max(1, int(min(0.4, period / 2) / STEP))
    total = np.concatenate([[0.0], np.cumsum(world.pack_current)])
    first = np.maximum(index - width + 1, 0)
    current = (total[index + 1] - total[first]) / (index + 1 - first)
    cells = np.round(world.cells(index) + rng.normal(0, 0.0006, (index.size, world.vehicle.series)), 3)
    gain = float(rng.normal(1, 0.012)) if current_gain is None else current_gain
    named = [
        world.protection[i]
        or next((world.protection[j] for j in range(max(0, i - int(flag_after / STEP)), i) if world.protection[j]), "")
        for i in index
    ]
    board_heat = world.vehicle.temperature + 4 + 0.25 * (world.fet_temperature[index] - world.vehicle.temperature)
    return Rows(
        times,
        {
            "cells": cells,
            "voltage": cells.sum(axis=1) + rng.normal(0, 0.01, index.size),
            "current": np.where(np.abs(current) < 0.15, 0, current * gain),
            "soc": np.clip(world.charge[index] + meter_error, 0, 1),
            "discharge": world.discharge_on[index].astype(int),
            "charge": world.charge_on[index].astype(int),
            "protection": np.array(named, dtype=object),
            "mos_temperature": board_heat,
            "cell_temperature": world.vehicle.temperature
            + 2
            + 0.06 * (world.fet_temperature[index] - world.vehicle.temperature),
        },
    )
