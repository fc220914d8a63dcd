"""Scenarios with one log alone that holds what others spread over two: the board's, or a logger that hears the board."""

from __future__ import annotations

import numpy as np

from .board_log import poll_board
from .case import Bench, Case
from .controller_log import Rows, poll
from .events import Events
from .rider import STEP, draw_plan
from .vehicle import draw_vehicle
from .vesc_files import express, settings
from .wheel_files import float_control


def board_alone(bench: Bench, cause: str, name: str) -> Case:
    """The board opens and says why; no controller log was kept."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(5, 15))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.4, 0.9)) * minutes * 60
    plan.cruise(at - 15, at + 20, float(rng.uniform(0.4, 0.7)))
    if name in ("over-current", "short"):
        plan.force(at - 3, at + 1, 1.0)
    if name == "over-voltage":
        plan.force(at - 1, at + 3, -0.5)
        events = Events(open_charge=[(at, at + float(rng.uniform(5, 30)))])
    else:
        events = Events(board_opens=[(at, at + float(rng.choice([12.0, 1e9])), name)])
    world = bench.go(vehicle, plan, events)
    if name == "over-voltage":
        closed = [i for i in range(len(world.time)) if not world.charge_on[i]]
        for i in closed:
            world.protection[i] = "charge-over-current"
    rows = poll_board(world, rng, bench.board_rate)
    if name == "over-temperature":
        rows.values["mos_temperature"] = np.minimum(58 + 27 * (rows.time / at) ** 1.5, 85.4)
    accept = ("undetermined",) if name in ("command", "over-voltage") else ()
    return Case("", 0, bench.write_board(rows, vehicle), cause, accept, at - float(rows.time[0]))


def logger_hears_board(bench: Bench, cause: str) -> Case:
    """One log of the logger module with the controller's values and the board's cells side by side."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.35, 0.6)), kind=str(rng.choice(["power", "energy"])))
    minutes = float(rng.uniform(10, 18))
    plan = draw_plan(rng, minutes, "hard")
    events, onset = Events(), None
    k = int(rng.integers(vehicle.series))
    if cause == "weak-cell-group":
        vehicle.capacity_spread[k], vehicle.resistance_factor[k] = rng.uniform(0.6, 0.75), rng.uniform(1.6, 2.2)
        vehicle.charge_spread[k] = -rng.uniform(0.02, 0.08)
    elif cause == "bms-overcurrent-trip":
        at = float(rng.uniform(0.5, 0.9)) * minutes * 60
        plan.cap[: int(at / STEP)] = vehicle.battery_limit * 0.6
        plan.cruise(at - 12, at, 0.5)
        plan.force(at, at + 8, 1.0)
        events = Events(board_opens=[(at + 2.5, 1e9, "over-current")])
        onset = at + 2.5
    world = bench.go(vehicle, plan, events)
    rows = poll(world, rng, 10.0)
    board = poll_board(world, rng, 2.0)
    files = {"log_007.csv": express(rows, rng, board=board)}
    accept = ("undetermined", "bms-short-circuit-trip", "power-path-open") if onset else ("cell-imbalance",)
    if cause == "none":
        return Case("", 0, files, cause, (), None, True, (), minutes / 60)
    return Case("", 0, files, cause, accept, None if onset is None else onset - float(rows.time[0]))


def balance_board_cut(bench: Bench) -> Case:
    """A balance board whose battery board opens at speed: the voltage collapses to what the motor makes, the rider falls."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, series=int(rng.choice([15, 18, 20])), kind="power")
    minutes = float(rng.uniform(5, 15))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.4, 0.9)) * minutes * 60
    plan.cruise(at - 12, at, 0.55)
    plan.force(at - 2, at + 1, 0.9)
    world = bench.go(vehicle, plan, Events(board_opens=[(at, 1e9, "over-current")]))
    rows = poll(world, rng, 9.0)
    rows.values["pwm"] = np.clip(rows.values["duty"] * 100, 0, 100)
    rows.values["tilt"] = rng.normal(0.5, 0.6, rows.time.size) - 30 * np.clip((rows.time - at - 0.4) / 0.6, 0, 1)
    rows.values["roll"] = rng.normal(0, 2, rows.time.size)
    accept = ("undetermined", "power-path-open", "bms-short-circuit-trip", "bms-undervoltage-trip")
    files = {f"Float_{bench.start:%Y-%m-%d}.csv": float_control(rows)}
    return Case("", 0, files, "bms-overcurrent-trip", accept, at - float(rows.time[0]))


def healthy_with_settings(bench: Bench) -> Case:
    """An ordinary ride, handed over with the controller's settings, which fit."""
    world = bench.go(draw_vehicle(bench.rng), draw_plan(bench.rng, float(bench.rng.uniform(5, 12))))
    files, rows = bench.controller(world, form="vesc")
    files["mcconf.xml"] = settings(world.vehicle)
    return Case("", 0, files, "none", (), None, True, (), float(rows.time[-1]) / 3600)


def healthy_board_alone(bench: Bench) -> Case:
    """An ordinary ride as the battery board saw it."""
    minutes = float(bench.rng.uniform(5, 12))
    world = bench.go(draw_vehicle(bench.rng), draw_plan(bench.rng, minutes))
    rows = poll_board(world, bench.rng, bench.board_rate)
    files = bench.write_board(Rows(rows.time, rows.values), world.vehicle)
    return Case("", 0, files, "none", (), None, True, (), minutes / 60)


SCENARIOS = {
    "board-alone-overcurrent": lambda b: board_alone(b, "bms-overcurrent-trip", "over-current"),
    "board-alone-short-circuit": lambda b: board_alone(b, "bms-short-circuit-trip", "short"),
    "board-alone-overtemperature": lambda b: board_alone(b, "bms-overtemperature-trip", "over-temperature"),
    "board-alone-command": lambda b: board_alone(b, "discharge-fet-commanded-off", "command"),
    "board-alone-charge-opens": lambda b: board_alone(b, "charge-fet-open-in-regen", "over-voltage"),
    "logger-with-cells-weak-group": lambda b: logger_hears_board(b, "weak-cell-group"),
    "logger-with-cells-overcurrent": lambda b: logger_hears_board(b, "bms-overcurrent-trip"),
    "logger-with-cells-healthy": lambda b: logger_hears_board(b, "none"),
    "balance-board-cut": balance_board_cut,
    "healthy-with-settings": healthy_with_settings,
    "healthy-board-alone": healthy_board_alone,
}
