"""Families: the protection board does not protect, or gets too hot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .families_trip import deplete
from .triggers import gentle_until

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .scene import Scene
    from .state import History

#: Voltage at which makers end the discharge of a cell, V, and what the meter of a board may be off by with room, V.
END_OF_DISCHARGE_V: Final = {"nmc": 2.5, "lfp": 2.0}
METER_V: Final = 0.15
#: What a cell must be below the limit that a board logs, V, before a delay that it does not log decides.
BELOW_LIMIT_V: Final = 0.05
#: Suites in which the temperature of the board's own FETs is read.
_BOARD_HEAT: Final = ("vesc+jk", "vesc+ant", "vesc+jbd", "jk-only", "ant-only", "jbd-only")
_FLAGS: Final = ("jk-only", "ant-only", "daly-only", "jbd-only")


def _undervoltage_ignored(scene: Scene) -> None:
    """Cells under load go far below the board's limit for many times its delay, and the board stays on."""
    deplete(scene, 0.04, 0.07)
    weak = int(scene.rng.integers(scene.pack.series))
    scene.pack.start_soc[weak] -= float(scene.rng.uniform(0.002, 0.008))
    scene.board.armed = False
    # Nor does the controller help: its own cutoff is as good as off.
    scene.controller.cut_start *= 0.6
    scene.controller.cut_end *= 0.6
    limits = scene.board.limits
    _ignored(
        scene,
        lambda cells, _: cells.min(axis=1) < limits.cell_under - 0.15,
        limits.voltage_delay + 1.0,
        cell_limit_v=limits.cell_under,
    )


def _overcurrent_ignored(scene: Scene) -> None:
    """The current stays far above the board's set limit for many times its delay, and the board stays on."""
    limits, demand = scene.board.limits, scene.controller.battery_max * scene.vehicle.motors
    limits.discharge_a = float(np.round(demand * scene.rng.uniform(0.35, 0.5)))
    limits.discharge_2_a, limits.discharge_delay = 1.6 * limits.discharge_a, float(scene.rng.choice([1.0, 2.0, 3.0]))
    scene.board.armed = False
    scene.bms_link.tick_s = min(scene.bms_link.tick_s, 1.0)
    gentle_until(scene, scene.event_s - 7, 0.4)
    for number in range(5):
        scene.pull(scene.event_s + 22 * number, hold_s=13)
    _ignored(scene, lambda _, amps: amps > 1.3 * limits.discharge_a, limits.discharge_delay + 1.0)


def _ignored(
    scene: Scene,
    beyond: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]],
    delay_s: float,
    cell_limit_v: float | None = None,
) -> None:
    """Take the moment at which a limit has been passed for longer than its delay as the decisive one."""

    def find(scene: Scene, history: History) -> None:
        pack = scene.pack
        slow = pack.slow_ratio[0] * history["slow_1"] + pack.slow_ratio[1] * history["slow_2"]
        cells = pack.cell_voltages(
            history["used_ah"],
            history["pack_current"],
            slow,
            history["hysteresis"],
            history.cell_temperature,
        )
        passed = beyond(cells, history["pack_current"])
        scene.truth.facts["lowest_cell_v"] = round(float(cells.min()), 3)
        held = _held(passed)
        end = END_OF_DISCHARGE_V[pack.kind.chemistry] - METER_V
        scene.truth.facts["below_end_s"] = round(float(_held(cells.min(axis=1) < end).max()) * history.step_s, 2)
        if cell_limit_v is not None:
            below = _held(cells.min(axis=1) < cell_limit_v - BELOW_LIMIT_V)
            scene.truth.facts["below_limit_s"] = round(float(below.max()) * history.step_s, 2)
        hits = np.flatnonzero(held >= round(delay_s / history.step_s))
        if len(hits):
            scene.truth.begin(float(history.time[hits[0]]))

    scene.after_ride.append(find)


def _held(passed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For how many steps in a row a thing has been so, shape (steps,)."""
    index = np.arange(len(passed))
    return np.asarray(index - np.maximum.accumulate(np.where(passed, -1, index)))


def _hot_board(scene: Scene) -> None:
    """A hard ride with a board that cannot shed its heat: close to its limit, and not yet over it."""
    rng, engine = scene.rng, scene.engine
    scene.set_temperature(float(rng.uniform(22, 34)))
    engine.bms_cooling = 0.45
    scene.rider.grade[:] = np.clip(scene.rider.grade + 0.02, -0.02, 0.08)
    scene.board.limits.fet_max = 100.0
    peak = scene.board.limits.fet_max - float(rng.uniform(0.5, 3.0))

    def heat(scene: Scene, history: History) -> None:
        # Heat is linear in the resistance of the FETs: this is the ride of a board of more of it.
        warm = history.bms_temperature - scene.pack.temperature_c
        history.bms_temperature[:] = scene.pack.temperature_c + warm * (
            (peak - scene.pack.temperature_c) / float(warm.max())
        )
        scene.truth.facts["board_peak_c"] = round(peak, 1)

    scene.after_ride.append(heat)


FAMILIES: Final = (
    Family(
        "undervoltage-ignored",
        "bms-protection-ineffective",
        "Cells go far below the limit and the board stays on.",
        ("vesc+jk", "vesc+jbd", "vesc+ant", "vesc+daly", *_FLAGS),
        _undervoltage_ignored,
    ),
    Family(
        "overcurrent-ignored",
        "bms-protection-ineffective",
        "The current stays far above the set limit and the board stays on.",
        ("vesc+jk", "jk-only"),
        _overcurrent_ignored,
    ),
    Family(
        "board-too-hot",
        "bms-overheating",
        "The board comes close to the temperature at which it switches off.",
        _BOARD_HEAT,
        _hot_board,
        moment=False,
    ),
)
