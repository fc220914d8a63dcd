"""Families: the protection board opens the discharge path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .faults import ABS_OVER_CURRENT
from .triggers import Trigger, controller_dies, gentle_until, on_trip, power_lost, pulling

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .engine import Engine
    from .scene import Scene

WITH_CONTROLLER: Final = (
    "vesc",
    "vesc+faults",
    "vesc+jk",
    "vesc+jbd",
    "vesc+ant",
    "vesc+daly",
    "vesc+plain",
    "vesc+jk-records",
    "express+bms",
)
TRIP_SUITES: Final = (*WITH_CONTROLLER, "jk-only", "jbd-only", "ant-only", "daly-only", "jk-records")


def deplete(scene: Scene, low: float = 0.05, high: float = 0.10) -> None:
    """Start nearly empty, with the controller's own cut-off set too low to help."""
    scene.set_charge(float(scene.rng.uniform(low, high)))
    if scene.pack.kind.chemistry == "lfp":
        scene.set_charge(float(scene.rng.uniform(0.035, 0.06)))
    scene.controller.cut_start *= 0.78
    scene.controller.cut_end *= 0.78
    gentle_until(scene, scene.event_s - 7)
    for number in range(4):
        scene.pull(scene.event_s + 24 * number, hold_s=10)
    scene.board.limits.voltage_delay = float(scene.rng.choice([0.3, 0.5, 1.0, 2.0]))


def _undervoltage(scene: Scene) -> None:
    deplete(scene)
    weak = int(scene.rng.integers(scene.pack.series))
    scene.pack.start_soc[weak] -= float(scene.rng.uniform(0.005, 0.02))
    scene.engine.state.uv_trips = bool(scene.rng.random() < 0.6)
    on_trip(scene, "cell-undervoltage", kills=0.15)


def _undervoltage_weak_cell(scene: Scene) -> None:
    """A group of far less capacity reaches the limit while the others are still at a third."""
    rng, pack = scene.rng, scene.pack
    weak = int(rng.integers(pack.series))
    charge = float(rng.uniform(0.30, 0.45))
    scene.set_charge(charge)
    factor = float(rng.uniform(0.45, 0.65))
    pack.capacity_ah[weak] *= factor
    pack.resistance_ohm[weak] *= float(rng.uniform(1.3, 1.8))
    pack.start_soc[weak] = float(rng.uniform(0.05, 0.10))
    scene.controller.cut_start *= 0.9
    scene.controller.cut_end *= 0.9
    gentle_until(scene, scene.event_s - 7)
    for number in range(4):
        scene.pull(scene.event_s + 24 * number, hold_s=10)
    scene.board.limits.voltage_delay = float(rng.choice([0.5, 1.0, 2.0]))
    scene.truth.contributing.append("weak-cell-group")
    scene.truth.facts.update(cell=weak, capacity_factor=factor)
    on_trip(scene, "cell-undervoltage", kills=0.1)


def _undervoltage_cold(scene: Scene) -> None:
    """A cold pack at a third of its charge sags below the limit in a pull."""
    scene.set_temperature(float(scene.rng.uniform(-12, -4)))
    deplete(scene, 0.13, 0.22)
    scene.pack.resistance_ohm *= 1.25
    scene.truth.contributing.append("high-resistance-pack")
    on_trip(scene, "cell-undervoltage")


def _overload(scene: Scene, share: tuple[float, float], delay: tuple[float, float]) -> None:
    limits = scene.board.limits
    demand = scene.controller.battery_max * scene.vehicle.motors
    limits.discharge_a = float(np.round(demand * scene.rng.uniform(*share)))
    limits.discharge_delay = float(np.round(scene.rng.uniform(*delay), 1))
    limits.discharge_2_a = limits.discharge_a * 4
    gentle_until(scene, scene.event_s - 7, 0.45)
    for number in range(4):
        scene.pull(scene.event_s + 24 * number, hold_s=12)


def _overcurrent(scene: Scene) -> None:
    _overload(scene, (0.55, 0.8), (0.5, 4.0))
    scene.truth.contributing.append("controller-configuration")
    on_trip(scene, "discharge-overcurrent", kills=0.15)


def _overcurrent_recovers(scene: Scene) -> None:
    """The board closes again by itself and the controller starts anew."""
    _overload(scene, (0.55, 0.8), (0.3, 1.5))
    scene.board.limits.current_release = float(scene.rng.uniform(5, 32))
    scene.truth.contributing.append("controller-configuration")
    on_trip(scene, "discharge-overcurrent", ends=False)

    def note_end(scene: Scene, _: object) -> None:
        onset = scene.truth.onset_s
        if onset is not None:
            scene.truth.end_s = onset + scene.board.limits.current_release

    scene.after_ride.append(note_end)


def _short_circuit(scene: Scene) -> None:
    """A phase shorts in the power stage: the board opens within a millisecond, and nothing comes back."""
    scene.pull(scene.event_s)

    def short(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        if scene.rng.random() < 0.5:
            scene.truth.facts["over_current_fault"] = 1.0
            engine.raise_fault(
                ABS_OVER_CURRENT, current=scene.controller.absolute_max * float(scene.rng.uniform(1.1, 1.6))
            )
        engine.state.motor_enabled = False
        scene.board.trip(engine, "short-circuit")
        power_lost(scene, engine)

    scene.board.limits.current_release = np.inf
    scene.engine.watches.append(Trigger(pulling(scene, 0.35), short, earliest_s=scene.event_s))
    scene.truth.contributing.append("controller-power-stage-fault")


def _hot(scene: Scene, name: str, limit: float) -> None:
    """Ride hard with a board that cannot shed its heat."""
    rng, engine = scene.rng, scene.engine
    scene.set_temperature(float(rng.uniform(26, 36)))
    typical = 0.4 * scene.controller.battery_max * scene.vehicle.motors
    engine.bms_cooling = 0.35
    engine.bms_fet_ohm = float(rng.uniform(1.3, 2.0)) * (limit - scene.pack.temperature_c) * 0.35 / typical**2
    scene.rider.grade[:] = np.clip(scene.rider.grade + 0.03, -0.02, 0.09)
    steps = len(scene.rider.target_speed)
    scene.rider.target_speed[steps // 20 :] = np.maximum(
        scene.rider.target_speed[steps // 20 :], 0.9 * scene.vehicle.cruise_speed
    )
    hot = Trigger(
        lambda chunk: np.full(len(chunk), engine.bms_c > limit) & (chunk["pack_current"] > 0.2 * typical),
        lambda e: scene.board.trip(e, name),
        earliest_s=30,
    )
    engine.watches.append(hot)
    on_trip(scene, name)


def _overtemperature_board(scene: Scene) -> None:
    _hot(scene, "fet-overtemperature", scene.board.limits.fet_max)


def _overtemperature_cells(scene: Scene) -> None:
    """The sensor between the cells, beside a hot board, reaches the discharge limit."""
    limit = scene.board.limits.cell_max
    _hot(scene, "discharge-overtemperature", limit)
    engine = scene.engine

    def warm_sensors(_: Scene, telemetry: BmsTelemetry) -> None:
        telemetry.temperatures[:, 0] = telemetry.fet_temperature

    engine.bms_cooling = 0.35
    scene.bms_hooks.append(warm_sensors)


def _commanded_off(scene: Scene) -> None:
    """An app, a remote lock or a glitch switches the discharge FETs off while riding at an ordinary load."""
    scene.manoeuvre(scene.event_s - 5, (14.0, scene.cruise))

    def off(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        scene.board.command(engine, discharge=False)
        power_lost(scene, engine)

    level = 0.5 * scene.controller.battery_max * scene.vehicle.motors
    scene.engine.watches.append(
        Trigger(
            lambda chunk: (
                (chunk["speed"] > 0.5 * scene.cruise)
                & (chunk["pack_current"] > 0.15 * level)
                & (chunk["pack_current"] < level)
            ),
            off,
            earliest_s=scene.event_s,
        )
    )


def _commanded_off_at_rest(scene: Scene) -> None:
    """Anti-theft: discharge is switched off in the app at a stand, and the controller browns out."""
    at = scene.event_s
    scene.truth.facts["at_rest"] = 1.0
    scene.manoeuvre(at - 8, (60.0, 0.0))

    def off(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        scene.board.command(engine, discharge=False)
        engine.rider_wants(0.0)
        engine.end_after(40.0)

    scene.engine.watches.append(Trigger(lambda chunk: chunk["speed"] < 0.05, off, earliest_s=at))


def _trip_destroys_controller(scene: Scene) -> None:
    _overload(scene, (0.6, 0.85), (0.1, 1.0))
    scene.truth.contributing.append("controller-configuration")
    on_trip(scene, "discharge-overcurrent", kills=1.0)


def _false_undervoltage(scene: Scene) -> None:
    """A sense wire that works loose lets the board see a low cell and open under an ordinary load."""
    rng, pack = scene.rng, scene.pack
    cell = int(rng.integers(1, pack.series - 1))
    gap = float(rng.uniform(0.9, 1.4))
    loose = {"on": False}
    scene.pull(scene.event_s)

    def read(cells: np.ndarray) -> np.ndarray:
        if loose["on"]:
            cells = cells.copy()
            cells[:, cell] -= gap
            cells[:, cell + 1] += gap
        return cells

    scene.board.read_cells = read
    scene.board.limits.voltage_delay = 0.5
    scene.board.limits.cell_over = 6.0

    def slip(_: Engine) -> None:
        loose["on"] = True

    scene.engine.watches.append(Trigger(pulling(scene, 0.3), slip, earliest_s=scene.event_s))
    scene.truth.contributing.append("bms-undervoltage-trip")
    scene.truth.facts.update(cell=cell)
    on_trip(scene, "cell-undervoltage")

    def only_after(scene: Scene, telemetry: BmsTelemetry) -> None:
        early = telemetry.true_s < (scene.truth.onset_s or 0.0) - 0.6
        telemetry.cells[early, cell] += gap
        telemetry.cells[early, cell + 1] -= gap

    scene.bms_hooks.append(only_after)


def _glitch_kills(scene: Scene) -> None:
    """The board drops out without reason at cruise and the controller does not survive the load dump."""
    _commanded_off(scene)
    before = scene.engine.watches[-1]
    assert isinstance(before, Trigger)
    action = before.action

    def off_and_dead(engine: Engine) -> None:
        action(engine)
        controller_dies(scene, engine)
        scene.truth.facts["controller_died"] = 1.0

    before.action = off_and_dead


FAMILIES: Final = (
    Family(
        "undervoltage-trip",
        "bms-undervoltage-trip",
        "A nearly empty pack: a cell falls below the limit in a pull and the board opens.",
        TRIP_SUITES,
        _undervoltage,
    ),
    Family(
        "undervoltage-trip-weak-cell",
        "bms-undervoltage-trip",
        "One group of low capacity falls below the limit while the others are at a third.",
        TRIP_SUITES,
        _undervoltage_weak_cell,
    ),
    Family(
        "undervoltage-trip-cold",
        "bms-undervoltage-trip",
        "A cold pack sags below the limit in a pull.",
        TRIP_SUITES,
        _undervoltage_cold,
    ),
    Family(
        "overcurrent-trip",
        "bms-overcurrent-trip",
        "The controller may draw more than the board allows, and does.",
        (*TRIP_SUITES, "vesc+config"),
        _overcurrent,
    ),
    Family(
        "overcurrent-trip-recovers",
        "bms-overcurrent-trip",
        "An over-current trip that lifts itself; the controller starts anew while rolling.",
        TRIP_SUITES,
        _overcurrent_recovers,
    ),
    Family(
        "overcurrent-trip-kills",
        "bms-overcurrent-trip",
        "An over-current trip that the controller does not survive.",
        TRIP_SUITES,
        _trip_destroys_controller,
    ),
    Family(
        "short-circuit-trip",
        "bms-short-circuit-trip",
        "The power stage shorts under load and the board opens at once.",
        TRIP_SUITES,
        _short_circuit,
    ),
    Family(
        "overtemperature-trip-board",
        "bms-overtemperature-trip",
        "The FETs of the board reach their limit on a long climb.",
        tuple(suite for suite in TRIP_SUITES if suite not in ("vesc+plain", "express+bms")),
        _overtemperature_board,
    ),
    Family(
        "overtemperature-trip-cells",
        "bms-overtemperature-trip",
        "A battery sensor reaches the discharge limit on a long climb.",
        TRIP_SUITES,
        _overtemperature_cells,
    ),
    Family(
        "commanded-off-riding",
        "discharge-fet-commanded-off",
        "Discharge is switched off by an app, a lock or a glitch at an ordinary load.",
        TRIP_SUITES,
        _commanded_off,
    ),
    Family(
        "commanded-off-kills",
        "discharge-fet-commanded-off",
        "The board drops out at an ordinary load and the controller does not survive it.",
        TRIP_SUITES,
        _glitch_kills,
    ),
    Family(
        "commanded-off-standstill",
        "discharge-fet-commanded-off",
        "Anti-theft switches discharge off at a stand, and the controller browns out.",
        ("vesc+jk", "vesc+ant", "vesc+jbd", "vesc+daly", "jk-only", "ant-only", "jbd-only", "daly-only"),
        _commanded_off_at_rest,
    ),
    Family(
        "loose-sense-wire-trip",
        "sense-wiring-fault",
        "A loose sense wire fakes a low cell and the board opens under an ordinary load.",
        ("vesc+jk", "vesc+ant", "vesc+jbd", "vesc+daly", "jk-only", "ant-only", "jbd-only", "daly-only"),
        _false_undervoltage,
    ),
)
