"""Scenarios of faults in the controller, the motor and the command, with a log of the ride."""

from __future__ import annotations

import numpy as np

from .case import Bench, Case
from .controller_files import any_file
from .controller_log import poll
from .events import Events
from .rider import STEP, draw_plan
from .vehicle import draw_vehicle
from .vesc_files import express, vesc_tool


def brownout(bench: Bench, board: bool) -> Case:
    """The controller restarts at speed although the battery is there: its counters begin anew."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(5, 12))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.3, 0.8)) * minutes * 60
    plan.cruise(at - 12, at + 15, 0.55)
    length = float(rng.uniform(1.2, 4))
    world = bench.go(vehicle, plan, Events(reboot=[(at, at + length)], throttle_lost=[(at, at + length + 0.5)]))
    rows = poll(world, rng, max(bench.rate, 5.0))
    if rng.random() < 0.4:
        after = np.flatnonzero(rows.time > at)[:8]
        rows.values["fault"][after] = rng.choice([9, 10])
    files = {bench.name_of("vesc"): vesc_tool(rows, rng, bench.start, vehicle)}
    if board:
        files |= bench.board(world)[0]
    accept = ("undetermined",) if board else ("undetermined", "power-path-open")
    return Case("", 0, files, "controller-brownout", accept, at - float(rows.time[0]))


def faulted(bench: Bench, cause: str) -> Case:
    """A log with the controller's own faults in it; the pack is there all the time."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(5, 18))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.4, 0.8)) * minutes * 60
    faults: list[tuple[float, float, int]] = []
    end = None
    accept: tuple[str, ...] = ("undetermined",)
    if cause == "controller-power-stage-fault":
        plan.cruise(at - 10, at, 0.5)
        plan.force(at, at + 5, 0.95)
        stand = at + 2.2 + 25
        faults = [
            (at + 2, at + 2.6, 4),
            (stand, stand + 1.2, 3),
            (stand + 5, stand + 6.2, 3),
            (stand + 11, stand + 12.2, 3),
        ]
        plan.wish[int((at + 5) / STEP) :] = 0
        for _s, _e, _c in faults[1:]:
            plan.force(_s - 0.4, _e, 0.15)
        end = stand + 14
        accept = ("undetermined", "motor-or-phase-fault", "gate-driver-trip-under-load")
    elif cause == "gate-driver-trip-under-load":
        for k in range(int(rng.integers(2, 5))):
            when = at + 40 * k
            if when + 20 > minutes * 60:
                break
            plan.cruise(when - 10, when, 0.5)
            plan.force(when, when + 5, 1.0)
            faults.append((when + 2.5, when + 3.1, 3))
        accept = ("undetermined", "controller-power-stage-fault")
    elif cause == "motor-or-phase-fault":
        for k in range(int(rng.integers(3, 8))):
            when = at + 9 * k
            plan.cruise(when - 4, when, 0.15)
            plan.force(when, when + 2, 0.35)
            faults.append((when + 0.4, when + 0.95, 4))
        accept = ("undetermined", "controller-power-stage-fault", "controller-sensing-fault", "foc-tracking-loss")
    elif cause == "foc-tracking-loss":
        for k in range(int(rng.integers(1, 4))):
            when = at + 50 * k
            plan.cruise(when - 15, when, 0.8)
            plan.force(when, when + 6, 1.0)
            faults.append((when + 5, when + 5.6, 4))
        accept = ("undetermined", "controller-configuration", "motor-or-phase-fault")
    world = bench.go(vehicle, plan, Events(faults=faults, log_ends=end))
    rows = poll(world, rng, max(bench.rate, 5.0))
    if cause in ("motor-or-phase-fault", "foc-tracking-loss"):
        for start, stop, _code in faults:
            near = (rows.time >= start - 0.15) & (rows.time <= stop)
            rows.values["erpm"][near] *= rng.uniform(0.2, 2.2, int(near.sum()))
            rows.values["motor"][(rows.time >= start - 0.25) & (rows.time < start)] *= 1.7
    if faults and faults[0][0] > minutes * 60 - 3:
        return faulted(bench, cause)
    return Case("", 0, any_file(bench, rows, vehicle, "vesc"), cause, accept, faults[0][0] - float(rows.time[0]))


def motor_sensor(bench: Bench) -> Case:
    """The motor's temperature jumps about and the controller acts on it."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(5, 18))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.4, 0.7)) * minutes * 60
    plan.cruise(at - 10, at + 40, 0.5)
    faults = [(at + k * float(rng.uniform(6, 10)), at + k * 8 + 1.0, 6) for k in range(3)]
    faults = [(s, s + 0.8, c) for s, _e, c in faults]
    world = bench.go(vehicle, plan, Events(faults=faults))
    rows = poll(world, rng, max(bench.rate, 5.0))
    hot, first = rows.values["motor_temperature"], at
    for i in range(rows.time.size):
        if rows.time[i] > at - 60 and rng.random() < 0.04:
            hot[i] += rng.uniform(40, 140)
            first = min(first, float(rows.time[i]))
    for s, e, _c in faults:
        hot[(rows.time > s - 0.2) & (rows.time < e - 0.3)] = rng.uniform(110, 220)
    return Case(
        "",
        0,
        any_file(bench, rows, vehicle, "vesc"),
        "motor-sensor-fault",
        ("controller-sensing-fault",),
        first - float(rows.time[0]),
    )


def sensing(bench: Bench, hot: bool) -> Case:
    """The controller's own reading is impossible: its temperature leaps, or its voltage is an eighth above the board's."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(5, 18))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.4, 0.7)) * minutes * 60
    plan.cruise(at - 10, at + 20, 0.4)
    faults = [(at, at + 1.0, 5), (at + 7, at + 8, 5)] if hot else []
    world = bench.go(vehicle, plan, Events(faults=faults))
    rows = poll(world, rng, max(bench.rate, 5.0))
    if hot:
        for s, e, _c in faults:
            rows.values["fet"][(rows.time >= s) & (rows.time < e)] = rng.choice([252.0, 330.0, 441.0])
        return Case(
            "", 0, any_file(bench, rows, vehicle, "vesc"), "controller-sensing-fault", (), at - float(rows.time[0])
        )
    rows.values["voltage"] *= float(rng.choice([0.88, 1.12]))
    return Case(
        "",
        0,
        any_file(bench, rows, vehicle, "vesc") | bench.board(world)[0],
        "controller-sensing-fault",
        ("undetermined", "wrong-series-count"),
        None,
    )


def bad_capacitor(bench: Bench) -> Case:
    """The bus is not held: the voltage swings by volts while the current goes on, and the controller stops on over-voltage."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(5, 15))
    plan = draw_plan(rng, minutes, "hard")
    at = float(rng.uniform(0.4, 0.7)) * minutes * 60
    plan.cruise(at - 10, at, 0.6)
    plan.force(at, at + 4, 1.0)
    plan.cruise(at + 20, at + 30, 0.5)
    plan.force(at + 30, at + 34, 1.0)
    faults = [(at + 2, at + 2.6, 1), (at + 32, at + 32.6, 1)]
    world = bench.go(vehicle, plan, Events(faults=faults))
    rows = poll(world, rng, 12.0)
    swing = (
        rng.normal(0, 1, rows.time.size) * (rows.time > at - 120) * np.abs(rows.values["motor"]) / vehicle.motor_limit
    )
    rows.values["voltage"] += swing * vehicle.series * 0.25
    for s, _e, _c in faults:
        rows.values["voltage"][np.searchsorted(rows.time, s)] = vehicle.controller_maximum + rng.uniform(0.2, 2)
    return Case(
        "", 0, any_file(bench, rows, vehicle, "vesc"), "bus-capacitor-fault", ("undetermined", "power-path-open"), None
    )


def lost_remote(bench: Bench) -> Case:
    """The throttle's signal drops below its rest voltage while riding, several times, and the drive with it."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(6, 18))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.3, 0.6)) * minutes * 60
    lost = []
    for k in range(int(rng.integers(2, 5))):
        when = at + 25 * k
        plan.cruise(when - 8, when + 8, 0.55)
        lost.append((when, when + float(rng.uniform(0.5, 3))))
    world = bench.go(vehicle, plan, Events(throttle_lost=lost))
    rows = poll(world, rng, 10.0)
    volts = 0.86 + 2.2 * np.clip(rows.values["throttle"], 0, 1) + rng.normal(0, 0.01, rows.time.size)
    for s, e in lost:
        volts[(rows.time >= s) & (rows.time < e)] = 0.0
    rows.values["adc"] = volts
    return Case(
        "",
        0,
        {"log_031.csv": express(rows, rng, throttle=True)},
        "remote-input-loss",
        (),
        lost[0][0] - float(rows.time[0]),
    )


SCENARIOS = {
    "brownout": lambda b: brownout(b, False),
    "brownout-pair": lambda b: brownout(b, True),
    "power-stage": lambda b: faulted(b, "controller-power-stage-fault"),
    "gate-driver": lambda b: faulted(b, "gate-driver-trip-under-load"),
    "phase": lambda b: faulted(b, "motor-or-phase-fault"),
    "tracking": lambda b: faulted(b, "foc-tracking-loss"),
    "motor-sensor": motor_sensor,
    "hot-sensor": lambda b: sensing(b, True),
    "voltage-reading-pair": lambda b: sensing(b, False),
    "bad-capacitor": bad_capacitor,
    "lost-remote": lost_remote,
}
