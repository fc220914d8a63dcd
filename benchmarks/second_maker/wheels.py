"""Scenarios of self-balancing wheels and boards, in the formats of their apps."""

from __future__ import annotations

import numpy as np

from .case import Bench, Case
from .controller_log import Rows, poll
from .events import Events
from .rider import draw_plan
from .vehicle import Vehicle, draw_vehicle
from .wheel_files import darknessbot, euc_world, float_control, wheellog


def _dress(bench: Bench, rows: Rows, vehicle: Vehicle, noise: float = 0.6) -> None:
    """Add what wheels log besides: PWM, angles, alerts, error of the position's speed."""
    rng, size = bench.rng, rows.time.size
    rows.values["pwm"] = np.clip(rows.values["duty"] / 0.95 * 100 + rng.normal(0, 0.6, size), 0, 100)
    rows.values["motor"] = np.where(np.abs(rows.values["motor"]) < 0.3, 0, rows.values["motor"])
    rows.values["tilt"] = 1.2 + 6 * rows.values["motor"] / vehicle.motor_limit + rng.normal(0, 0.7, size)
    rows.values["roll"] = rng.normal(0, 2, size)
    rows.values["alert"] = np.array([""] * size, dtype=object)
    rows.values["gps_noise"] = rng.normal(0, noise, size)


def _file(bench: Bench, rows: Rows, vehicle: Vehicle, form: str) -> dict[str, bytes]:
    rng, start = bench.rng, bench.start
    if form == "wheellog":
        return {f"{start:%Y_%m_%d_%H_%M_%S}.csv": wheellog(rows, start, vehicle, rng, gps=bool(rng.random() < 0.6))}
    if form == "euc-world":
        return {f"{start:%Y-%m-%d_%H-%M-%S}_euc.csv": euc_world(rows, start, vehicle)}
    if form == "darknessbot":
        return {f"{start:%d.%m.%Y %H-%M}.csv": darknessbot(rows, start, vehicle)}
    return {f"Float_{start:%Y-%m-%d}.csv": float_control(rows, miles=bool(rng.random() < 0.3))}


RATE = {"wheellog": 5.0, "euc-world": 5.0, "darknessbot": 0.7, "float": 9.0}


def overlean(bench: Bench, form: str) -> Case:
    """At high speed the PWM runs out of room and the vehicle falls over its front."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, series=int(rng.choice([20, 24])), kind="power")
    minutes = float(rng.uniform(4, 14))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.4, 0.95)) * minutes * 60
    plan.cruise(at - 25, at, 0.8)
    plan.force(at - 6, at, 0.9)
    plan.wish[int(at / 0.05) :] = 0
    world = bench.go(vehicle, plan, Events())
    rows = poll(world, rng, RATE[form])
    _dress(bench, rows, vehicle)
    since = rows.time - at
    before, after = (since > -2.5) & (since <= 0), since > 0
    rows.values["pwm"][before] = np.maximum(
        rows.values["pwm"][before], np.interp(since[before], [-2.5, -0.6, 0], [88, 97, 100])
    )
    fall = np.clip(since[after] / 0.9, 0, 1)
    angle = rng.choice([-1, 1]) * rng.uniform(45, 75)
    rows.values["tilt"][after] = 3 + (angle - 3) * fall + rng.normal(0, 1, int(after.sum()))
    rows.values["motor"][after] = 0
    rows.values["current"][after] = 0
    rows.values["pwm"][after] = np.where(since[after] < 0.5, 100, 0)
    start_speed = float(rows.values["speed"][before][-1]) if before.any() else 8.0
    rows.values["speed"][after] = np.clip(start_speed * (1 - since[after] / 2.2), 0, None)
    rows.values["alert"][before] = "Speed alarm 2 " if form == "wheellog" and rng.random() < 0.4 else ""
    state = np.array(["RIDING"] * rows.time.size, dtype=object)
    state[since > 1] = "STOP Angle"
    rows.values["state"] = state
    rows.values["pads"] = since <= 0.4
    ends = float(rng.uniform(1.5, 60))
    full = rows.time[(rows.values["pwm"] > 97) & (since > -10)]
    rows = rows.keep(since < ends)
    return Case(
        "",
        0,
        _file(bench, rows, vehicle, form),
        "pwm-saturation",
        ("undetermined",) if form == "darknessbot" else (),
        float(full[0] - rows.time[0]),
    )


def calm(bench: Bench, form: str, what: str = "") -> Case:
    """A healthy ride of a wheel; perhaps lifted by hand, with a bad position, or at a high but safe PWM."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, series=int(rng.choice([20, 24])), kind=str(rng.choice(["power", "energy"])))
    minutes = float(rng.uniform(4, 14))
    world = bench.go(vehicle, draw_plan(rng, minutes, "hard" if what == "fast" else "mixed"))
    rows = poll(world, rng, RATE[form])
    _dress(bench, rows, vehicle, 40.0 if what == "position" else 0.6)
    if what == "lifted":
        at = float(rows.time[-1]) - 4.0
        since = rows.time - at
        spin = (since > 0) & (since < 2.5)
        rows.values["speed"][spin] = np.interp(since[spin], [0, 1.0, 2.5], [0, vehicle.top_speed * 1.4, 0])
        rows.values["pwm"][spin] = np.interp(since[spin], [0, 0.8, 1.2, 2.5], [5, 100, 100, 0])
        rows.values["tilt"][spin] = 25 + rng.normal(0, 2, int(spin.sum()))
        rows.values["motor"][spin] = 4
    if what == "stall":
        again = rng.integers(50, rows.time.size - 60, 6)
        for i in again:
            for column in rows.values.values():
                column[i : i + 12] = column[i]
            rows.time[i : i + 12] = rows.time[i]
    return Case("", 0, _file(bench, rows, vehicle, form), "none", (), None, True, (), minutes / 60)


def cut_out(bench: Bench, form: str) -> Case:
    """The wheel's battery is gone from one row to the next at speed; the log ends."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, series=int(rng.choice([20, 24])), kind="power")
    minutes = float(rng.uniform(4, 12))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.4, 0.95)) * minutes * 60
    plan.cruise(at - 15, at + 5, 0.6)
    plan.force(at - 3, at, 0.8)
    world = bench.go(vehicle, plan, Events(log_ends=at))
    rows = poll(world, rng, RATE[form])
    _dress(bench, rows, vehicle)
    return Case(
        "",
        0,
        _file(bench, rows, vehicle, form),
        "undetermined",
        ("bms-overcurrent-trip", "power-path-open", "none", "telemetry-fault"),
        at - float(rows.time[0]),
    )


SCENARIOS = {
    "overlean-wheellog": lambda b: overlean(b, "wheellog"),
    "overlean-euc-world": lambda b: overlean(b, "euc-world"),
    "overlean-darknessbot": lambda b: overlean(b, "darknessbot"),
    "nosedive-float": lambda b: overlean(b, "float"),
    "wheel-log-ends-at-speed": lambda b: cut_out(b, "wheellog"),
    "healthy-wheellog": lambda b: calm(b, "wheellog"),
    "healthy-euc-world": lambda b: calm(b, "euc-world", "fast"),
    "healthy-darknessbot": lambda b: calm(b, "darknessbot"),
    "healthy-float": lambda b: calm(b, "float"),
    "wheel-lifted": lambda b: calm(b, "wheellog", "lifted"),
    "wheel-noisy-position": lambda b: calm(b, "wheellog", "position"),
    "wheel-stalled-link": lambda b: calm(b, "wheellog", "stall"),
}
