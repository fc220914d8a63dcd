"""Families: braking energy with nowhere to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .families_trip import WITH_CONTROLLER
from .faults import OVER_VOLTAGE
from .triggers import Trigger, braking, controller_dies, gentle_until

if TYPE_CHECKING:
    from .engine import Engine
    from .scene import Scene
    from .state import History

#: A voltage at the controller that is too high for a full pack whatever its meter (1 %) and its lead make of it, as a share.
_SURELY_OVER: Final = 1.024
_BOARDS: Final = ("jk-only", "ant-only", "jbd-only", "daly-only")


def first_overvoltage(scene: Scene, history: History) -> None:
    """Take the first over-voltage fault as the decisive moment."""
    times = [record.time_s for record in history.faults if record.code == OVER_VOLTAGE]
    if times:
        scene.truth.begin(times[0])


def _few_brakes(scene: Scene) -> None:
    """This rider brakes with the foot until the event, then with the motor."""
    gentle_until(scene, scene.event_s - 9, 0.8)
    engine = scene.engine
    engine.brake_share = 0.0

    def use_motor(engine: Engine) -> None:
        engine.brake_share = 1.0

    engine.at(scene.event_s - 0.5, use_motor)
    scene.controller.battery_regen = max(scene.controller.battery_regen, 8.0)
    scene.brake(scene.event_s)


def _off_all_ride(scene: Scene) -> None:
    engine = scene.engine
    engine.at(0.0, lambda e: scene.board.command(e, charge=False))
    _few_brakes(scene)
    scene.truth.facts["in_regen"] = 1.0
    scene.after_ride.append(first_overvoltage)
    engine.watches.append(
        Trigger(lambda chunk: chunk["fault_code"] == OVER_VOLTAGE, lambda e: e.end_after(scene.rng.uniform(20, 120)))
    )


def _off_kills(scene: Scene) -> None:
    """The first firm braking ends the controller."""
    engine = scene.engine
    engine.at(0.0, lambda e: scene.board.command(e, charge=False))
    _few_brakes(scene)
    scene.truth.facts.update(in_regen=1.0, controller_died=1.0)
    scene.after_ride.append(first_overvoltage)

    def die(engine: Engine) -> None:
        controller_dies(scene, engine)
        engine.rider_wants(0.0, after_s=1.0)
        engine.end_after(40.0)

    engine.watches.append(Trigger(lambda chunk: chunk["fault_code"] == OVER_VOLTAGE, die))


def _opens(scene: Scene, protection: str) -> None:
    scene.truth.facts["in_regen"] = 1.0

    def act(engine: Engine, name: str) -> None:
        if name == protection:
            scene.truth.begin(engine.time_s)
            engine.end_after(float(scene.rng.uniform(30, 90)))

    scene.board.on_trip = act


def _cell_over_opens(scene: Scene) -> None:
    """A full pack with one group ahead: braking lifts it over the limit and the board opens the charge FETs."""
    rng, pack, limits = scene.rng, scene.pack, scene.board.limits
    scene.set_charge(float(rng.uniform(0.965, 0.985)))
    high = int(rng.integers(pack.series))
    pack.start_soc[high] += float(rng.uniform(0.01, 0.02))
    limits.cell_over = 3.65 if pack.kind.chemistry == "lfp" else float(rng.choice([4.18, 4.20, 4.22]))
    limits.cell_over_release = limits.cell_over - 0.08
    limits.voltage_delay = float(rng.choice([0.2, 0.3, 0.5, 1.0]))
    scene.event_s = min(scene.event_s, 90.0)
    gentle_until(scene, scene.event_s - 9, 0.6)
    scene.controller.battery_regen = max(scene.controller.battery_regen, 0.5 * pack.nominal_capacity_ah, 10.0)
    scene.controller.motor_brake *= 1.4
    for number in range(4):
        scene.brake(scene.event_s + 18 * number)
    scene.truth.contributing += ["regen-overvoltage-full-pack", "cell-imbalance"]
    _opens(scene, "cell-overvoltage")


def _charge_current_opens(scene: Scene) -> None:
    """The board's charge limit is below the regen limit: its charge FETs flip while braking, and come back."""
    limits = scene.board.limits
    regen = scene.controller.battery_regen * scene.vehicle.motors
    limits.charge_a = regen * float(scene.rng.uniform(0.4, 0.65))
    limits.charge_delay = float(scene.rng.uniform(0.1, 0.4))
    limits.current_release = float(scene.rng.uniform(0.3, 3.0))
    gentle_until(scene, scene.event_s - 9, 0.6)
    for number in range(4):
        scene.brake(scene.event_s + 20 * number)
    scene.truth.contributing.append("controller-configuration")
    _opens(scene, "charge-overcurrent")


def _cold_opens(scene: Scene) -> None:
    """Too cold to charge: the board opens its charge FETs on the way, and the next braking hits an open pack."""
    scene.set_temperature(float(scene.rng.uniform(-6, 1)))
    scene.board.limits.cell_min_charge = 2.0
    _few_brakes(scene)
    scene.own_trips_early = True
    scene.engine.at(scene.event_s - 20, lambda e: scene.board.trip(e, "charge-undertemperature"))
    scene.truth.facts["in_regen"] = 1.0
    scene.after_ride.append(first_overvoltage)
    scene.engine.watches.append(Trigger(lambda chunk: chunk["fault_code"] == OVER_VOLTAGE, lambda e: e.end_after(60.0)))


def _flip_mid_regen(scene: Scene) -> None:
    """A glitch opens the charge FETs for a moment in the middle of braking."""
    scene.brake(scene.event_s)
    scene.truth.facts["in_regen"] = 1.0

    def flip(engine: Engine) -> None:
        scene.truth.begin(engine.time_s)
        scene.board.command(engine, charge=False)
        engine.after(float(scene.rng.uniform(0.8, 2.5)), lambda later: scene.board.command(later, charge=True))

    scene.engine.watches.append(Trigger(braking(scene, 0.3), flip, earliest_s=scene.event_s))


def _full_pack(scene: Scene) -> None:
    """Down a hill with a full pack that takes every ampere: the voltage really is that high."""
    rng, pack = scene.rng, scene.pack
    scene.set_charge(float(rng.uniform(0.985, 0.998)))
    scene.event_s = min(scene.event_s, 70.0)
    gentle_until(scene, scene.event_s - 9, 0.5)
    controller = scene.controller
    controller.battery_regen = max(controller.battery_regen, 1.2 * pack.nominal_capacity_ah / scene.vehicle.motors)
    controller.motor_brake *= 1.6
    # The board lets it: one that opens its charge path for the current would be another story.
    regen = controller.battery_regen * scene.vehicle.motors
    scene.board.limits.charge_a = max(scene.board.limits.charge_a, 2.0 * regen)
    pack.resistance_ohm *= float(rng.uniform(1.1, 1.5))
    at_once, _ = pack.reference_resistance(pack.temperature_c)
    lift = 0.55 * controller.battery_regen * scene.vehicle.motors * at_once
    rest = float(pack.open_circuit(_ZERO).sum())
    controller.voltage_max = round(rest + lift, 1)
    scene.board.limits.cell_over = 4.6 if pack.kind.chemistry != "lfp" else 4.2
    for number in range(4):
        scene.brake(scene.event_s + 18 * number)
    scene.truth.facts["in_regen"] = 1.0
    scene.truth.contributing.append("controller-configuration")
    scene.after_ride.append(first_overvoltage)
    stop = Trigger(lambda chunk: chunk["fault_code"] == OVER_VOLTAGE, lambda e: e.end_after(scene.rng.uniform(30, 120)))
    scene.engine.watches.append(stop)


def _full_pack_no_fault(scene: Scene) -> None:
    """The same without a limit in the way: cells above their full voltage on every braking, and no fault at all."""
    _full_pack(scene)
    scene.controller.voltage_max += 25.0
    scene.truth.contributing.clear()
    scene.after_ride.clear()
    limit = scene.pack.full_v * 1.012

    def high(scene: Scene, history: History) -> None:
        hits = (history["bus_voltage"] > limit).nonzero()[0]
        if len(hits):
            scene.truth.begin(float(history.time[hits[0]]))
        beyond = history["bus_voltage"] > _SURELY_OVER * scene.pack.full_v
        held = np.diff(np.flatnonzero(np.diff(np.concatenate(([0], beyond.astype(int), [0])))))[::2]
        scene.truth.facts["over_s"] = round(float(max(held, default=0)) * history.step_s, 2)

    scene.after_ride.append(high)
    if scene.controller.configured_cells != scene.pack.series:
        scene.truth.facts["count_unknown"] = 1.0


_ZERO: Final = np.zeros(1)

FAMILIES: Final = (
    Family(
        "charge-fets-off-regen",
        "charge-fet-open-in-regen",
        "Charge FETs are off for the whole ride; braking lifts the bus to the over-voltage fault.",
        (*WITH_CONTROLLER, "vesc+config"),
        _off_all_ride,
    ),
    Family(
        "charge-fets-off-kills",
        "charge-fet-open-in-regen",
        "Charge FETs are off; the first firm braking destroys the controller.",
        WITH_CONTROLLER,
        _off_kills,
    ),
    Family(
        "cell-overvoltage-opens-regen",
        "charge-fet-open-in-regen",
        "Braking on a full pack lifts one group over the limit and the board opens its charge FETs.",
        (*WITH_CONTROLLER, *_BOARDS),
        _cell_over_opens,
    ),
    Family(
        "charge-overcurrent-opens-regen",
        "charge-fet-open-in-regen",
        "Braking above the board's charge limit flips its charge FETs.",
        (*WITH_CONTROLLER, *_BOARDS),
        _charge_current_opens,
    ),
    Family(
        "cold-charge-lock-regen",
        "charge-fet-open-in-regen",
        "Too cold to charge: the charge FETs open and the next braking finds an open pack.",
        WITH_CONTROLLER,
        _cold_opens,
    ),
    Family(
        "charge-fet-flip-regen",
        "charge-fet-open-in-regen",
        "Charge FETs flip open for a moment in the middle of braking.",
        WITH_CONTROLLER,
        _flip_mid_regen,
    ),
    Family(
        "full-pack-regen-fault",
        "regen-overvoltage-full-pack",
        "Braking on a full, connected pack raises an over-voltage fault.",
        (*WITH_CONTROLLER, "vesc+config"),
        _full_pack,
    ),
    Family(
        "full-pack-regen-overcharge",
        "regen-overvoltage-full-pack",
        "Braking on a full, connected pack lifts every cell above its full voltage; no fault.",
        WITH_CONTROLLER,
        _full_pack_no_fault,
    ),
)
