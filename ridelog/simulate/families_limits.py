"""Families: limits of the controller, reached or set wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .families_regen import first_overvoltage
from .faults import ABS_OVER_CURRENT
from .triggers import Trigger, gentle_until

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .engine import Engine
    from .scene import Scene
    from .state import History

    Values = NDArray[np.float64]

#: Share of a second in which the cutoff holds the current, for the second to count.
_MOST_OF_IT: Final = 0.8
#: Between these a cell in use stands at rest, V, with what a meter is off by.
_CELL_V: Final = (2.9, 4.25)
WITH_FAULTS: Final = ("vesc", "vesc+faults", "vesc+jk", "vesc+jbd", "express")


def _heat_onset(channel: str, start: float) -> Callable[[Scene, History], None]:
    def find(scene: Scene, history: History) -> None:
        temperature = getattr(history, channel)
        scene.truth.facts["above_start_c"] = round(float(temperature.max()) - start, 1)
        hits = np.flatnonzero((temperature > start + 2.0) & (history["throttle"] > 0.2))
        if len(hits):
            scene.truth.begin(float(history.time[hits[0]]))

    return find


def _climb(scene: Scene) -> None:
    steps = len(scene.rider.target_speed)
    scene.rider.target_speed[steps // 25 :] = np.maximum(
        scene.rider.target_speed[steps // 25 :], 0.85 * scene.vehicle.cruise_speed
    )
    scene.rider.grade[:] = np.clip(scene.rider.grade + 0.04, 0.0, 0.1)
    scene.set_temperature(float(scene.rng.uniform(24, 36)))


def _poor_cooling(scene: Scene, *, stage: bool) -> None:
    """After a minute, let mud and sun leave so little cooling that the load of this ride passes the limit."""
    time_constant = float(scene.rng.uniform(50, 130))
    beyond = float(scene.rng.uniform(0.6, 1.3))

    def soil(engine: Engine) -> None:
        controller, vehicle = scene.controller, scene.vehicle
        rows = np.array(engine.rows[-round(45 / engine.step_s) :])
        squared, air = float(np.mean(rows[:, 1] ** 2)), 0.4 + float(np.mean(rows[:, 0])) / 8.0
        if stage:
            loss = engine.stage_loss(squared, float(np.mean(rows[:, 4])), float(np.mean(np.abs(rows[:, 1]))))
            rise = controller.fet_start + beyond * (controller.fet_end - controller.fet_start)
            controller.fet_cooling = loss / (air * (rise - scene.pack.temperature_c))
            controller.fet_heat = controller.fet_cooling * air * time_constant
        else:
            loss = 1.5 * vehicle.winding_ohm * squared
            rise = controller.motor_start + beyond * (controller.motor_end - controller.motor_start)
            vehicle.motor_cooling = loss / (air * (rise - scene.pack.temperature_c))
            vehicle.motor_heat = vehicle.motor_cooling * air * time_constant

    scene.engine.at(60.0, soil)


def _hot_stage(scene: Scene) -> None:
    _climb(scene)
    _poor_cooling(scene, stage=True)
    scene.after_ride.append(_heat_onset("fet_temperature", scene.controller.fet_start))


def _hot_motor(scene: Scene) -> None:
    _climb(scene)
    scene.vehicle.motor_sensor = True
    _poor_cooling(scene, stage=False)
    scene.after_ride.append(_heat_onset("motor_temperature", scene.controller.motor_start))


def _cutoff_onset(scene: Scene, history: History) -> None:
    """Find where the fold-back really holds the rider back: more is asked for than it leaves, for seconds in all."""
    cut, motors = scene.controller, scene.vehicle.motors
    left = np.clip((history["bus_voltage"] - cut.cut_end) / (cut.cut_start - cut.cut_end), 0.0, 1.0)
    held = (
        (left < 0.75)
        & (history["controller_current"] > 0.85 * left * cut.battery_max * motors)
        & (history["throttle"] > 0.5)
        & (history["speed"] > 1.0)
    )
    hits = np.flatnonzero(held)
    if len(hits) * history.step_s > 3.0:
        scene.truth.begin(float(history.time[hits[0]]))
    _how_it_shows(scene, history, left, held)


def _how_it_shows(scene: Scene, history: History, left: Values, held: NDArray[np.bool_]) -> None:
    """State what tells the fold-back from a set limit: how long it held, by how much it moved, and the flutter of the road."""
    count = round(1.0 / history.step_s)
    whole = len(left) // count * count
    seconds = np.mean(held[:whole].reshape(-1, count), axis=1) > _MOST_OF_IT
    facts = scene.truth.facts
    facts["held_s"] = float(np.count_nonzero(seconds))
    if seconds.any():
        share = np.mean(left[:whole].reshape(-1, count), axis=1)[seconds]
        drawn = history["controller_current"][:whole].reshape(-1, count)[seconds]
        facts["left_moves"] = round(float(np.ptp(np.percentile(share, (5, 95))) / np.median(share)), 3)
        facts["flutter"] = round(float(np.median(drawn.std(axis=1) / drawn.mean(axis=1))), 3)


def _cutoff(scene: Scene) -> None:
    """An empty pack: the controller folds the current back, the rider crawls home."""
    iron = scene.pack.kind.chemistry == "lfp"
    scene.set_charge(float(scene.rng.uniform(0.03, 0.05)) if iron else float(scene.rng.uniform(0.06, 0.11)))
    scene.board.limits.cell_under = 1.9 if iron else 2.3
    cells = scene.pack.series
    cut = scene.controller
    cut.cut_start, cut.cut_end = (2.95 * cells, 2.7 * cells) if iron else (3.3 * cells, 3.0 * cells)
    rest = float(scene.pack.open_circuit(np.zeros(1)).sum())
    if cut.configured_cells != cells and _CELL_V[0] <= rest / cut.configured_cells <= _CELL_V[1]:
        scene.truth.facts["count_set_wrong"] = float(cut.configured_cells)
    gentle_until(scene, scene.event_s - 7, 0.4)
    for number in range(4):
        scene.pull(scene.event_s + 20 * number, hold_s=12)
    scene.after_ride.append(_cutoff_onset)


def _cutoff_too_high(scene: Scene) -> None:
    """A cut-off set far too high folds the power back with more than half the charge left."""
    cells = scene.pack.series
    scene.set_charge(float(scene.rng.uniform(0.5, 0.7)))
    scene.controller.cut_start, scene.controller.cut_end = 3.75 * cells, 3.5 * cells
    if scene.pack.kind.chemistry == "lfp":
        scene.controller.cut_start, scene.controller.cut_end = 3.25 * cells, 3.0 * cells
    if scene.controller.configured_cells != cells:
        scene.truth.facts["count_unknown"] = 1.0
    for number in range(4):
        scene.pull(scene.event_s + 20 * number, hold_s=12)
    scene.after_ride.append(_cutoff_onset)


def _limit_too_low(scene: Scene) -> None:
    """The over-voltage limit is set at or below the voltage of a full pack: ordinary braking faults."""
    scene.set_charge(float(scene.rng.uniform(0.75, 0.93)))
    scene.event_s = min(scene.event_s, 120.0)
    rest = float(scene.pack.open_circuit(np.zeros(1)).sum())
    at_once, _ = scene.pack.reference_resistance(scene.pack.temperature_c)
    lift = at_once * scene.controller.battery_regen * scene.vehicle.motors
    scene.controller.voltage_max = round(rest + float(scene.rng.uniform(0.35, 0.6)) * lift, 1)
    scene.controller.configured_cells = scene.pack.series
    for number in range(4):
        scene.brake(scene.event_s + 20 * number)
    scene.truth.facts["voltage_max"] = scene.controller.voltage_max
    scene.after_ride.append(first_overvoltage)


def _absolute_too_low(scene: Scene) -> None:
    """The absolute limit is too near the motor limit: ripple at full throttle faults, filtered just over the limit."""
    rng, controller = scene.rng, scene.controller
    controller.absolute_max = float(np.round(controller.motor_max * float(rng.uniform(1.0, 1.06)) / 5) * 5)
    scene.launch(scene.event_s)
    scene.launch(scene.event_s + 30)
    level = 0.9 * controller.motor_max

    def trip(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        over = controller.absolute_max * float(rng.uniform(1.001, 1.05))
        engine.raise_fault(ABS_OVER_CURRENT, current=over, filtered_ratio=float(rng.uniform(0.97, 1.0)))

    scene.engine.watches.append(
        Trigger(
            lambda chunk: chunk["motor_current"] > level,
            trip,
            earliest_s=scene.event_s - 1,
            times=int(rng.integers(2, 6)),
            pause_s=1.5,
        )
    )


FAMILIES: Final = (
    Family(
        "fet-thermal-limit",
        "controller-thermal-limit",
        "A hot power stage folds the current back.",
        WITH_FAULTS,
        _hot_stage,
    ),
    Family(
        "motor-thermal-limit",
        "controller-thermal-limit",
        "A hot motor folds the current back.",
        WITH_FAULTS,
        _hot_motor,
    ),
    Family(
        "low-voltage-cutoff",
        "controller-low-voltage-cutoff",
        "An empty pack: the controller folds the current back.",
        (*WITH_FAULTS, "vesc+config", "vesc+ant", "vesc+daly"),
        _cutoff,
    ),
    Family(
        "cutoff-set-too-high",
        "controller-configuration",
        "A cut-off set far too high takes the power with half the charge left.",
        ("vesc+config",),
        _cutoff_too_high,
    ),
    Family(
        "voltage-limit-too-low",
        "controller-configuration",
        "The over-voltage limit lies below a full pack: ordinary braking faults.",
        ("vesc+config", "faults+config"),
        _limit_too_low,
        build={"kind": "nmc"},
    ),
    Family(
        "absolute-limit-too-low",
        "controller-configuration",
        "The absolute current limit is too near the motor limit.",
        ("vesc+faults", "faults+config", "faults"),
        _absolute_too_low,
    ),
)
