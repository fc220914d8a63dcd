"""Families: the controller, its sensors and the motor."""

from __future__ import annotations

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
from .triggers import Trigger, pulling

if TYPE_CHECKING:
    from .controller_telemetry import ControllerTelemetry
    from .engine import Engine
    from .scene import Scene

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


def _brownout(scene: Scene) -> None:
    """The logic supply drops out under load with the pack voltage as it should be; the controller starts anew."""
    scene.pull(scene.event_s)
    watchdog = bool(scene.rng.random() < 0.4)
    turned: list[float] = []

    def drop(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        state = engine.state
        turned.append(3**0.5 * scene.vehicle.flux_per_speed * state.speed)
        if max(turned) < 2 * scene.controller.alive_v:
            scene.truth.facts["slow_motor"] = 1.0
        else:
            scene.truth.facts.pop("slow_motor", None)
        state.alive, state.closed, state.motor_current = False, False, 0.0
        state.boot_left = float(scene.rng.uniform(0.4, 1.5))
        back = state.boot_left + 0.1
        engine.faults.clear()
        if watchdog:
            engine.after(back, lambda later: later.raise_fault(BOOTING_FROM_WATCHDOG_RESET, current=0.0, cycles=0))

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.3), drop, earliest_s=scene.event_s, times=int(scene.rng.integers(1, 4)), pause_s=20.0)
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
        "logic-brownout",
        "controller-brownout",
        "The controller's logic restarts under load at ordinary pack voltage.",
        ("vesc", "vesc+jk", "vesc+jbd", "vesc+ant"),
        _brownout,
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
