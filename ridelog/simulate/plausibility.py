"""Whether a finished ride is what its family promises: nothing wrong, or nothing wrong before the incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from .scene import Scene
    from .state import History

#: An incident earlier than this would leave nothing to compare with; one nearer to the end nothing to see it by.
_EARLIEST_ONSET_S: Final = 12.0
_AFTER_ONSET_S: Final = 4.0


def nothing_wrong(scene: Scene, history: History) -> bool:
    """Tell whether a ride is healthy: no fault, no trip, no limit of voltage or temperature reached."""
    if history.faults or scene.board.trips:
        return False
    pack, limits = scene.pack, scene.controller
    # With the path open the bus is not the pack.
    volts = history["bus_voltage"][history["pack_current"] != 0.0] if scene.parked is None else history["bus_voltage"]
    # A healthy rider may brake a full pack a little over its full voltage: the resistance does that, not the charge.
    if float(volts.max()) > min(pack.full_v * scene.full_margin, limits.voltage_max - 0.5):
        return False
    if scene.parked is None and (float(volts.min()) < limits.cut_start + 0.3 or float(volts.min()) < pack.full_v * 0.7):
        return False
    if float(history.fet_temperature.max()) > limits.fet_start - 6:
        return False
    if float(history.motor_temperature.max()) > limits.motor_start - 6:
        return False
    highest, lowest = _cell_extremes(scene, history)
    return highest < pack.kind.full_v + 0.035 and lowest > pack.kind.empty_v + 0.1


def _cell_extremes(scene: Scene, history: History) -> tuple[float, float]:
    """Highest and lowest cell voltage at the moments of extreme pack voltage."""
    volts = history["pack_voltage"]
    rows = np.array([int(volts.argmax()), int(volts.argmin())])
    slow = scene.pack.slow_ratio[0] * history["slow_1"] + scene.pack.slow_ratio[1] * history["slow_2"]
    cells = scene.pack.cell_voltages(
        history["used_ah"][rows],
        history["pack_current"][rows],
        slow[rows],
        history["hysteresis"][rows],
        history.cell_temperature[rows],
    )
    return float(cells.max()), float(cells.min())


def calm_before(scene: Scene, history: History) -> bool:
    """Tell whether an incident with a moment has one, at a useful time, and nothing tripped before it."""
    onset = scene.truth.onset_s
    if onset is None or onset < _EARLIEST_ONSET_S or onset > history.duration_s - _AFTER_ONSET_S:
        return False
    tripped = [] if scene.own_trips_early else [time for time, _ in scene.board.trips]
    return all(time > onset - 0.2 for time in (*tripped, *(record.time_s for record in history.faults)))


def no_events(scene: Scene, history: History) -> bool:
    """Tell whether a lasting state stayed without trips and faults."""
    return not history.faults and not scene.board.trips
