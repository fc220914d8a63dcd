"""A charge that follows from the charger, the cells and the protection board, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .protection import Moment

if TYPE_CHECKING:
    from .scene import Scene

#: Time step in s: short against the last minutes of a charge, long beside the delay of a protection.
STEP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Charger:
    """A power supply at the charge port.

    Attributes:
        amps: Current it limits to.
        volts: Voltage it holds; infinity for a supply that only limits the current.
        stops_a: Current at which it switches off, 0 for never.
    """

    amps: float
    volts: float
    stops_a: float = 0.0


def charge(scene: Scene, charger: Charger, seconds: float) -> None:
    """Charge the scene's pack, with its board on guard, and log it; the board's limits and states are the scene's.

    The charge FETs open when a cell stands above the limit for the delay and close when all are below the release;
    the charger stays connected. The decisive moment of the scene is when a full pack still gets the whole current or
    more than its full voltage.

    Args:
        scene: The scene; its `parked` current, the board's moments and the truth's onset are set.
        charger: The charger.
        seconds: Length of the log.
    """
    pack, board = scene.pack, scene.board
    limits = board.limits
    count = int(seconds / STEP_S)
    current = np.zeros(count)
    used, slow, over_s = 0.0, np.zeros(2), 0.0
    fade = np.exp(-STEP_S / np.array(pack.slow_time_s))
    ratio = np.array(pack.slow_ratio)
    one, warm = np.ones(1), np.array([pack.temperature_c])
    closed, done = True, False
    for step in range(count):
        hours = (step + 1) * STEP_S / 3600.0
        state = one * float(ratio @ slow)
        idle = pack.cell_voltages(one * used, 0 * one, state, -one, warm, hours)[0]
        loaded = pack.cell_voltages(one * used, -charger.amps * one, state, -one, warm, hours)[0]
        lift = (float((loaded - idle).sum()) + pack.wiring_ohm * charger.amps) / charger.amps
        wanted = min(charger.amps, max((charger.volts - float(idle.sum())) / lift, 0.0))
        done = done or (closed and wanted <= charger.stops_a)
        amps = wanted if closed and not done else 0.0
        cells = idle + (loaded - idle) * amps / charger.amps
        full = float(cells.mean()) >= pack.kind.full_v
        if full and (amps > 0.95 * charger.amps or float(cells.mean()) > pack.kind.full_v + 0.01):
            scene.truth.begin(step * STEP_S)
        if board.armed:
            over_s = over_s + STEP_S if float(cells.max()) > limits.cell_over else 0.0
            if closed and over_s > limits.voltage_delay:
                closed = False
                board.moments.append(Moment((step + 1) * STEP_S, False, True, ("cell-overvoltage",)))
                board.trips.append(((step + 1) * STEP_S, "cell-overvoltage"))
            elif not closed and float(cells.max()) < limits.cell_over_release:
                closed = True
                board.moments.append(Moment((step + 1) * STEP_S, True, True, ()))
        current[step] = -amps
        used -= amps * STEP_S / 3600.0
        slow = fade * slow + (1 - fade) * -amps
    scene.parked = (STEP_S, current)
    scene.duration_s = count * STEP_S
