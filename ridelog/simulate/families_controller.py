"""Families: the controller, its sensors, its settings and the motor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .faults import (
    ABS_OVER_CURRENT,
    BOOTING_FROM_WATCHDOG_RESET,
    DRV,
    ENCODER_SPI,
    HIGH_OFFSET_CURRENT_SENSOR_1,
    OVER_TEMP_FET,
    OVER_TEMP_MOTOR,
)
from .triggers import Trigger, gentle_until, pulling

if TYPE_CHECKING:
    from .controller_telemetry import ControllerTelemetry
    from .engine import Engine
    from .scene import Scene
    from .state import History

WITH_FAULTS: Final = ("vesc", "vesc+faults", "vesc+jk", "vesc+jbd", "express")
DUMPS: Final = ("vesc+faults", "faults", "faults+config", "vesc")


def _stage_dies(scene: Scene) -> None:
    """An over-current at speed, then only driver faults within a few cycles of every start: a dead stage."""
    rng = scene.rng
    scene.pull(scene.event_s)

    def die(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.raise_fault(ABS_OVER_CURRENT, current=scene.controller.absolute_max * float(rng.uniform(1.05, 1.5)))
        engine.state.motor_enabled = False
        engine.rider_wants(0.0, after_s=2.0)
        for number in range(int(rng.integers(2, 7))):
            engine.after(
                4.0 + 3.0 * number + float(rng.uniform(0, 1)),
                lambda later: later.raise_fault(DRV, cycles=int(rng.integers(0, 21)), current=float(rng.normal(0, 1))),
            )
        engine.end_after(40.0)

    scene.engine.watches.append(Trigger(pulling(scene, 0.4), die, earliest_s=scene.event_s))


def _driver_trips(scene: Scene) -> None:
    """The driver chip trips in motion at high load, recovers, and does it again at the same load."""
    rng = scene.rng
    for number in range(3):
        scene.pull(scene.event_s + 30 * number)

    def trip(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.raise_fault(DRV, cycles=int(rng.integers(150, 80_000)))

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.6), trip, earliest_s=scene.event_s, times=int(rng.integers(2, 6)), pause_s=3.0)
    )


def _heat_onset(channel: str, start: float) -> Callable[[Scene, History], None]:
    def find(scene: Scene, history: History) -> None:
        temperature = getattr(history, channel)
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
    cut = scene.controller
    level = cut.cut_end + 0.6 * (cut.cut_start - cut.cut_end)
    hits = np.flatnonzero((history["bus_voltage"] < level) & (history["throttle"] > 0.4) & (history["speed"] > 1.0))
    if len(hits) > 25:
        scene.truth.begin(float(history.time[hits[0]]))


def _cutoff(scene: Scene) -> None:
    """An empty pack: the controller folds the current back, the rider crawls home."""
    iron = scene.pack.kind.chemistry == "lfp"
    scene.set_charge(float(scene.rng.uniform(0.03, 0.05)) if iron else float(scene.rng.uniform(0.06, 0.11)))
    scene.board.limits.cell_under = 1.9 if iron else 2.3
    cells = scene.pack.series
    cut = scene.controller
    cut.cut_start, cut.cut_end = (2.95 * cells, 2.7 * cells) if iron else (3.3 * cells, 3.0 * cells)
    gentle_until(scene, scene.event_s - 7, 0.4)
    scene.pull(scene.event_s)
    scene.after_ride.append(_cutoff_onset)


def _cutoff_too_high(scene: Scene) -> None:
    """A cut-off set far too high folds the power back with more than half the charge left."""
    cells = scene.pack.series
    scene.set_charge(float(scene.rng.uniform(0.5, 0.7)))
    scene.controller.cut_start, scene.controller.cut_end = 3.75 * cells, 3.5 * cells
    if scene.pack.kind.chemistry == "lfp":
        scene.controller.cut_start, scene.controller.cut_end = 3.25 * cells, 3.0 * cells
    scene.pull(scene.event_s)
    scene.after_ride.append(_cutoff_onset)


def _brownout(scene: Scene) -> None:
    """The logic supply drops out under load with the pack voltage as it should be; the controller starts anew."""
    scene.pull(scene.event_s)
    watchdog = bool(scene.rng.random() < 0.4)

    def drop(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        state = engine.state
        state.alive, state.closed, state.motor_current = False, False, 0.0
        state.boot_left = float(scene.rng.uniform(0.4, 1.5))
        back = state.boot_left + 0.1
        engine.faults.clear()
        if watchdog:
            engine.after(back, lambda later: later.raise_fault(BOOTING_FROM_WATCHDOG_RESET, current=0.0, cycles=0))

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.3), drop, earliest_s=scene.event_s, times=int(scene.rng.integers(1, 4)), pause_s=20.0)
    )


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
    from .families_regen import first_overvoltage

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


def _current_sensor(scene: Scene) -> None:
    """A current sensor with an offset of many amperes, also at a stand."""
    offset = float(scene.rng.choice([-1, 1])) * float(scene.rng.uniform(8, 30))
    at = scene.event_s

    def shift(_: Scene, t: ControllerTelemetry) -> None:
        late = t.true_s >= at
        t.values["motor_current"] = t["motor_current"] + np.where(late, offset, 0.0)
        t.values["battery_current"] = t["battery_current"] + np.where(late, offset * 0.5, 0.0)

    scene.controller_hooks.append(shift)
    scene.truth.begin(at)
    scene.truth.facts["offset_a"] = offset
    scene.engine.at(at, lambda e: e.raise_fault(HIGH_OFFSET_CURRENT_SENSOR_1, cycles=0, current=offset))


def _temperature_sensor(scene: Scene) -> None:
    """A power stage that reads 250 degC and more from one sample to the next, with no load."""
    at = scene.event_s
    level = float(scene.rng.uniform(230, 400))

    def jump(scene: Scene, t: ControllerTelemetry) -> None:
        late = (t.true_s >= at) & (scene.rng.random(len(t)) < 0.7)
        t.values["fet_temperature"] = np.where(late, level, t["fet_temperature"])

    scene.controller_hooks.append(jump)
    scene.truth.begin(at)

    def fault(engine: Engine) -> None:
        engine.raise_fault(OVER_TEMP_FET, current=0.0, cycles=0)
        engine.faults[-1].temperature = level

    for number in range(6):
        scene.engine.at(at + 1.5 * number, fault)
    scene.engine.at(at, lambda e: e.rider_wants(0.0, after_s=3.0))


def _phase_lead(scene: Scene) -> None:
    """A phase plug with a bad joint: over-current at small duty, raw and filtered current far apart."""
    rng, controller = scene.rng, scene.controller
    scene.launch(scene.event_s)
    scene.launch(scene.event_s + 25)

    def spike(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.raise_fault(
            ABS_OVER_CURRENT,
            current=controller.absolute_max * float(rng.uniform(0.2, 1.3)),
            filtered_ratio=float(rng.choice([0.3, 3.5])) * float(rng.uniform(0.8, 1.2)),
            cycles=int(rng.integers(200, 6000)),
        )
        engine.faults[-1].duty = float(rng.uniform(0.02, 0.15))
        engine.faults[-1].erpm = float(rng.choice([300.0, 4000.0, 56_000.0])) * float(rng.uniform(0.8, 1.2))

    level = 0.5 * controller.motor_max
    scene.engine.watches.append(
        Trigger(
            lambda chunk: (chunk["motor_current"] > level) & (chunk["speed"] < 4.0),
            spike,
            earliest_s=scene.event_s - 1,
            times=int(rng.integers(3, 9)),
            pause_s=0.8,
        )
    )


def _motor_sensor(scene: Scene) -> None:
    """A broken temperature line of the motor: readings jump by a hundred degrees and stop a cool motor."""
    rng = scene.rng
    at = scene.event_s
    scene.vehicle.motor_sensor = True

    def jump(scene: Scene, t: ControllerTelemetry) -> None:
        late = (t.true_s >= at) & (scene.rng.random(len(t)) < 0.35)
        t.values["motor_temperature"] = np.where(late, scene.rng.uniform(90, 200, len(t)), t["motor_temperature"])

    scene.controller_hooks.append(jump)

    def fault(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.raise_fault(OVER_TEMP_MOTOR)

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.1), fault, earliest_s=at, times=int(rng.integers(3, 8)), pause_s=4.0)
    )


def _encoder(scene: Scene) -> None:
    """The encoder or its cable fails now and then: the controller stops with encoder faults at ordinary load."""
    rng = scene.rng

    def fault(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.raise_fault(ENCODER_SPI)

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.1), fault, earliest_s=scene.event_s, times=int(rng.integers(3, 8)), pause_s=3.0)
    )


def _tracking(scene: Scene) -> None:
    """The observer loses the rotor near top speed: over-current, raw about twice the filtered."""
    rng, controller = scene.rng, scene.controller
    for number in range(3):
        scene.pull(scene.event_s + 30 * number, hold_s=14)
    fast = 0.72 * scene.vehicle.top_speed

    def lose(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.raise_fault(
            ABS_OVER_CURRENT,
            current=controller.absolute_max * float(rng.uniform(1.6, 2.1)),
            filtered_ratio=float(rng.uniform(0.45, 0.6)),
            cycles=int(rng.integers(20_000, 300_000)),
        )

    scene.engine.watches.append(
        Trigger(
            lambda chunk: (chunk["speed"] > fast) & (chunk["motor_current"] > 3),
            lose,
            earliest_s=scene.event_s,
            times=int(rng.integers(2, 6)),
            pause_s=2.5,
        )
    )
    scene.vehicle.erpm_per_speed = max(scene.vehicle.erpm_per_speed, 38_000 / scene.vehicle.top_speed)


def _remote(scene: Scene) -> None:
    """The radio link of the remote is lost at speed: the drive lets go without any fault, and comes back later."""
    rng = scene.rng
    scene.manoeuvre(scene.event_s - 4, (20.0, scene.cruise * 1.1))

    def lost(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.state.ride_enabled = False

        def back(later: Engine) -> None:
            later.state.ride_enabled = True

        engine.after(float(rng.uniform(1.5, 12)), back)

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.2), lost, earliest_s=scene.event_s, times=int(rng.integers(1, 4)), pause_s=25.0)
    )


FAMILIES: Final = (
    Family(
        "power-stage-dies",
        "controller-power-stage-fault",
        "An over-current at speed, then driver faults at every start.",
        (*DUMPS, "vesc+jk", "vesc+jbd"),
        _stage_dies,
    ),
    Family(
        "gate-driver-trips",
        "gate-driver-trip-under-load",
        "The gate driver trips in motion at high load and recovers.",
        DUMPS,
        _driver_trips,
    ),
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
        "logic-brownout",
        "controller-brownout",
        "The controller's logic restarts under load at ordinary pack voltage.",
        ("vesc", "vesc+jk", "vesc+jbd", "vesc+ant"),
        _brownout,
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
    Family(
        "current-sensor-offset",
        "controller-sensing-fault",
        "A current sensor reads many amperes with none flowing.",
        ("vesc", "vesc+faults", "vesc+jk"),
        _current_sensor,
    ),
    Family(
        "temperature-sensor-nonsense",
        "controller-sensing-fault",
        "The power stage reads hundreds of degrees without a load.",
        ("vesc", "vesc+faults", "faults"),
        _temperature_sensor,
    ),
    Family(
        "phase-lead-fault",
        "motor-or-phase-fault",
        "A phase lead with a bad joint: over-current at small duty.",
        DUMPS,
        _phase_lead,
    ),
    Family(
        "motor-temperature-line",
        "motor-sensor-fault",
        "The motor's temperature line is broken and stops a cool motor.",
        ("vesc", "vesc+faults"),
        _motor_sensor,
    ),
    Family("encoder-fails", "motor-sensor-fault", "The encoder fails now and then.", DUMPS, _encoder),
    Family(
        "observer-loses-rotor",
        "foc-tracking-loss",
        "The observer loses the rotor near top speed.",
        DUMPS,
        _tracking,
    ),
    Family(
        "remote-lost",
        "remote-input-loss",
        "The remote's radio link is lost at speed: the drive lets go without a fault.",
        ("vesc", "vesc+jk", "vesc+jbd", "express"),
        _remote,
    ),
)
