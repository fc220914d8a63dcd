"""Families: plugs, fuses, switches and capacitors between pack and controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .families_trip import WITH_CONTROLLER
from .faults import OVER_VOLTAGE
from .triggers import Trigger, braking, power_lost, pulling

if TYPE_CHECKING:
    from .controller_telemetry import ControllerTelemetry
    from .engine import Engine
    from .scene import Scene


def _opens_for_good(scene: Scene) -> None:
    scene.pull(scene.event_s)

    def part(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.set_path(lead=False)
        power_lost(scene, engine)

    scene.engine.watches.append(Trigger(pulling(scene, 0.4), part, earliest_s=scene.event_s))
    scene.engine.state.uv_trips = bool(scene.rng.random() < 0.5)


def _warms_then_opens(scene: Scene) -> None:
    """A plug that burns: its resistance grows over minutes until it lets go."""
    pack = scene.pack
    steps = 20
    total = float(scene.rng.uniform(0.3, 0.8)) * pack.reference_resistance()[0]

    def worse(engine: Engine) -> None:
        engine.state.extra_ohm += total / steps

    for number in range(steps):
        scene.engine.at(scene.event_s * (0.3 + 0.7 * number / steps), worse)
    _opens_for_good(scene)


def _flicker(scene: Scene) -> None:
    """A loose plug: contact is lost for fractions of a second on rough road, again and again."""
    rng = scene.rng
    scene.manoeuvre(scene.event_s - 4, (40.0, scene.cruise))

    def bounce(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.set_path(lead=False)
        engine.after(float(rng.uniform(0.06, 0.9)), lambda later: later.set_path(lead=True))

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.12), bounce, earliest_s=scene.event_s, times=int(rng.integers(3, 9)), pause_s=1.5)
    )
    scene.engine.state.uv_trips = bool(rng.random() < 0.7)


def _opens_in_regen(scene: Scene) -> None:
    """A loose contact parts while braking: the fault is the same as with open charge FETs, but those are on."""
    scene.brake(scene.event_s)
    scene.truth.facts["in_regen"] = 1.0

    def part(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.set_path(lead=False)
        lasts = float(scene.rng.uniform(0.2, 1.5))
        scene.truth.openings.append((engine.time_s, engine.time_s + lasts))
        engine.after(lasts, lambda later: later.set_path(lead=True))

    scene.engine.watches.append(Trigger(braking(scene, 0.35), part, earliest_s=scene.event_s, times=3, pause_s=4.0))


def _switch_fails(scene: Scene) -> None:
    """The anti-spark switch turns itself off at cruise and on again after a while."""
    scene.manoeuvre(scene.event_s - 5, (12.0, scene.cruise))

    def off(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        engine.set_path(lead=False)
        power_lost(scene, engine)
        if scene.rng.random() < 0.6:
            engine.after(float(scene.rng.uniform(4, 12)), lambda later: later.set_path(lead=True))

    scene.engine.watches.append(Trigger(pulling(scene, 0.1), off, earliest_s=scene.event_s))


def _capacitors(scene: Scene) -> None:
    """Bulk capacitors broken off: the bus rings with the motor current, accelerating or braking, at any charge."""
    rng = scene.rng
    scene.pull(scene.event_s)
    scene.pull(scene.event_s + 25)
    limit = scene.controller.voltage_max

    def ring(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        motor = max(abs(engine.rows[-1][1]), 5.0)
        engine.raise_fault(
            OVER_VOLTAGE,
            current=-motor * float(rng.uniform(2.5, 5.0)),
            filtered_ratio=float(rng.uniform(0.15, 0.35)),
            voltage=limit + float(rng.uniform(1.0, 6.0)),
        )

    scene.engine.watches.append(
        Trigger(pulling(scene, 0.5), ring, earliest_s=scene.event_s, times=int(rng.integers(2, 7)), pause_s=2.0)
    )
    strength = float(rng.uniform(0.03, 0.07))

    def ripple(scene: Scene, telemetry: ControllerTelemetry) -> None:
        size = strength * np.abs(telemetry["motor_current"])
        telemetry.values["voltage"] = telemetry["voltage"] + scene.rng.standard_normal(len(telemetry)) * size

    scene.controller_hooks.append(ripple)


FAMILIES: Final = (
    Family(
        "connector-opens-under-load",
        "power-path-open",
        "A plug, fuse or wire parts in a pull and stays open.",
        WITH_CONTROLLER,
        _opens_for_good,
    ),
    Family(
        "connector-burns-open",
        "power-path-open",
        "A plug's resistance grows over minutes until it parts.",
        WITH_CONTROLLER,
        _warms_then_opens,
    ),
    Family(
        "connector-flickers",
        "power-path-open",
        "A loose plug loses contact again and again on rough road.",
        WITH_CONTROLLER,
        _flicker,
    ),
    Family(
        "connector-opens-in-regen",
        "power-path-open",
        "A loose contact parts while braking and comes back.",
        WITH_CONTROLLER,
        _opens_in_regen,
    ),
    Family(
        "antispark-switch-off",
        "power-path-open",
        "The anti-spark switch turns itself off at cruise.",
        WITH_CONTROLLER,
        _switch_fails,
    ),
    Family(
        "bus-capacitors-broken",
        "bus-capacitor-fault",
        "Bulk capacitors have come off: over-voltage faults far from any pack voltage, also when accelerating.",
        ("vesc+faults", "vesc", "faults"),
        _capacitors,
    ),
)
