"""Families: telemetry that lies, and wheels that fall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .triggers import Trigger

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .bms_telemetry import BmsTelemetry
    from .controller_telemetry import ControllerTelemetry
    from .engine import Engine
    from .scene import Scene
    from .state import Chunk


def _frozen_board(scene: Scene) -> None:
    """The board's app repeats its last values for minutes while the ride goes on."""
    begin = scene.event_s
    end = begin + max(float(scene.rng.uniform(40, 200)), 14 * scene.bms_link.interval_s)
    scene.manoeuvre(begin, (15.0, scene.cruise), (12.0, 0.6 * scene.cruise), (13.0, 1.2 * scene.cruise))
    scene.bms_link.frozen.append((begin, end))
    scene.truth.begin(begin)
    scene.truth.end_s = end


def _frozen_controller(scene: Scene) -> None:
    """The controller's log repeats its last values while the board sees the current of the ride."""
    begin = scene.event_s
    end = begin + float(scene.rng.uniform(25, 120))
    scene.manoeuvre(begin - 4, (20.0, scene.cruise), (12.0, 0.6 * scene.cruise), (13.0, 1.2 * scene.cruise))
    scene.controller_link.frozen.append((begin, end))
    scene.truth.begin(begin)
    scene.truth.end_s = end


def _garbage_board(scene: Scene) -> None:
    """Answers mixed up on the wire: now and then a sample with impossible values."""
    at = scene.event_s
    scene.truth.begin(at)

    def spoil(scene: Scene, t: BmsTelemetry) -> None:
        bad = (t.true_s >= at) & (scene.rng.random(len(t)) < 0.15)
        t.voltage[bad] = scene.rng.choice([0.0, 327.67, 9.1], bad.sum())
        t.current[bad] = scene.rng.choice([-1500.0, 0.0, 2990.0], bad.sum())
        cell = scene.rng.integers(0, t.cells.shape[1], bad.sum())
        t.cells[np.flatnonzero(bad), cell] = scene.rng.choice([0.05, 6.2, 8.0], bad.sum())

    scene.bms_hooks.append(spoil)


def _saturation(scene: Scene) -> None:
    """Faster and faster until no voltage is left to hold the rider up: full PWM, and a fall."""
    rng = scene.rng
    scene.set_charge(float(rng.uniform(0.2, 0.6)))
    top = scene.vehicle.top_speed
    scene.manoeuvre(scene.event_s - 8, (8.0, scene.cruise), (25.0, 1.5 * top))
    headroom = 0.57735 * 0.95
    flux = scene.vehicle.flux_per_speed
    winding = scene.vehicle.winding_ohm

    def saturated(chunk: Chunk) -> NDArray[np.bool_]:
        back = flux * chunk["speed"] + winding * chunk["motor_current"]
        return np.asarray(back > 0.985 * headroom * chunk["bus_voltage"])

    fell: list[float] = []

    def fall(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        fell.append(engine.time_s)
        engine.state.motor_enabled = False
        engine.rider_wants(0.0, after_s=0.2)
        engine.end_after(float(rng.uniform(8, 40)))

    scene.engine.watches.append(Trigger(saturated, fall, earliest_s=scene.event_s))
    spin = float(rng.uniform(1.05, 1.35)) * top
    angle = float(rng.choice([-1, 1])) * float(rng.uniform(40, 80))

    def tumble(scene: Scene, t: ControllerTelemetry) -> None:
        if not fell:
            return
        rng, count = scene.rng, len(t)
        since = t.true_s - fell[0]
        down, spinning = since > 0.2, since < 1.7
        before = float(t["speed"][~down][-1]) if (~down).any() else 0.0
        free = np.where(
            spinning, before + (spin - before) * np.clip(since / 0.9, 0, 1), spin * np.clip(1 - (since - 1.7) / 2, 0, 1)
        )
        t.values["speed"] = np.where(down, free, t["speed"])
        t.values["erpm"] = t["speed"] * scene.vehicle.erpm_per_speed
        idle = np.where(down & spinning, 1.5, 0.0) + 0.05 * rng.standard_normal(count)
        t.values["motor_current"] = np.where(down, 3 * idle, t["motor_current"])
        t.values["battery_current"] = np.where(down, idle, t["battery_current"])
        t.values["duty"] = np.where(down, np.where(spinning, 0.95, 0.0), t["duty"])
        upright = rng.normal(0.5, 1.2, count) - 0.03 * t["motor_current"]
        lying = angle * np.clip(since / 0.8, 0, 1) + rng.normal(0, 0.4, count) * (since < 5)
        t.values["tilt"] = np.where(down, lying, upright)
        if scene.vehicle.kind == "onewheel":
            _press_pads(scene, t, since < 0.6)

    scene.controller_hooks.append(tumble)


def _foot_sensor(scene: Scene) -> None:
    """The foot sensor of a balance board lets go at speed: the board stops balancing and drops its nose."""
    rng = scene.rng
    at = scene.event_s
    scene.manoeuvre(at - 12, (10.0, scene.cruise), (8.0, 1.1 * scene.cruise))
    waits = float(rng.uniform(0.2, 0.35))
    stopped: list[float] = []

    def stop(engine: Engine) -> None:
        stopped.append(engine.time_s)
        engine.state.motor_enabled = False
        engine.rider_wants(0.0, after_s=0.2)
        engine.end_after(float(rng.uniform(8, 40)))

    def given_up(chunk: Chunk) -> NDArray[np.bool_]:
        return np.ones(len(chunk), bool)

    scene.truth.begin(at)
    scene.engine.watches.append(Trigger(given_up, stop, earliest_s=at + waits))
    nose = -float(rng.uniform(18, 28))
    slides = float(rng.uniform(0.8, 1.8))

    def drop(scene: Scene, t: ControllerTelemetry) -> None:
        since = t.true_s - (stopped[0] if stopped else np.inf)
        down = since > 0
        before = float(t["speed"][~down][-1]) if (~down).any() else 0.0
        t.values["speed"] = np.where(down, before * np.clip(1 - since / slides, 0, 1), t["speed"])
        t.values["erpm"] = t["speed"] * scene.vehicle.erpm_per_speed
        upright = rng.normal(0.5, 1.2, len(t)) - 0.03 * t["motor_current"]
        t.values["tilt"] = np.where(down, nose * np.clip(since / 0.35, 0, 1) + rng.normal(0, 0.4, len(t)), upright)
        _press_pads(scene, t, t.true_s < at)

    scene.controller_hooks.append(drop)


def _press_pads(scene: Scene, t: ControllerTelemetry, pressed: NDArray[np.bool_]) -> None:
    """Give the two halves of a foot pad, V of a supply of 3.3 V, while somebody stands on it."""
    for half in ("pad_left", "pad_right"):
        t.values[half] = np.where(pressed, 3.0, 0.06) + scene.rng.normal(0, 0.015, len(t))


FAMILIES: Final = (
    Family(
        "board-frozen",
        "telemetry-fault",
        "The board's log repeats one sample for minutes while riding.",
        ("vesc+jk", "vesc+jbd", "vesc+ant", "vesc+daly", "vesc+plain"),
        _frozen_board,
    ),
    Family(
        "controller-frozen",
        "telemetry-fault",
        "The controller's log repeats one sample while riding.",
        ("vesc+jk", "vesc+jbd", "vesc+ant", "vesc+daly"),
        _frozen_controller,
    ),
    Family(
        "board-garbage",
        "telemetry-fault",
        "Samples of the board with impossible values in between.",
        ("vesc+jbd", "vesc+plain", "jbd-only", "plain-bms"),
        _garbage_board,
    ),
    Family(
        "wheel-overspeed-fall",
        "pwm-saturation",
        "An electric unicycle runs out of voltage at speed and drops its rider.",
        ("wheellog",),
        _saturation,
    ),
    Family(
        "board-nosedive",
        "pwm-saturation",
        "A self-balancing board runs out of voltage at speed and drops its nose.",
        ("vesc", "express"),
        _saturation,
        build={"vehicle_kind": "onewheel"},
    ),
    Family(
        "foot-sensor-lets-go",
        "foot-sensor-released",
        "The foot sensor of a self-balancing board lets go at speed, and the board drops its nose.",
        ("express",),
        _foot_sensor,
        build={"vehicle_kind": "onewheel"},
    ),
)
