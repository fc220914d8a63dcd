"""Scenarios in which the controller holds itself back: heat, low voltage, and limits that are set wrongly."""

from __future__ import annotations

import numpy as np

from .case import Bench, Case
from .controller_files import any_file
from .controller_log import poll
from .events import Events
from .rider import STEP, draw_plan
from .vehicle import draw_vehicle
from .vesc_files import settings, vesc_tool


def thermal(bench: Bench, subtle: bool, heating: float = 1.5) -> Case:
    """The controller folds its current back as it gets hot."""
    rng = bench.rng
    vehicle = draw_vehicle(
        rng,
        fet_heating=float(rng.uniform(0.9, 1.1)) * heating,
        temperature=float(rng.uniform(22, 36)),
        charge=float(rng.uniform(0.6, 0.95)),
    )
    plan = draw_plan(rng, float(rng.uniform(6, 12)), "hard")
    half = plan.steps // 2
    plan.wish[half : half + int(150 / STEP)] = 0.95
    plan.slope[half : half + int(150 / STEP)] = 0.07
    world = bench.go(vehicle, plan, Events())
    hot = np.flatnonzero(world.fet_temperature > vehicle.fet_start + (3 if subtle else 6))
    if hot.size * STEP < 15:
        return thermal(bench, subtle, heating * 1.3)
    rows = poll(world, rng, bench.rate)
    files = any_file(bench, rows, vehicle, "table" if subtle and rng.random() < 0.5 else None)
    if rng.random() < 0.4:
        files["mcconf.xml"] = settings(vehicle)
    first = float(np.flatnonzero(world.fet_temperature > vehicle.fet_start)[0]) * STEP
    return Case("", 0, files, "controller-thermal-limit", (), first - float(rows.time[0]))


def low_cutoff(bench: Bench, board: bool, configured: bool = False, less: float = 0.0) -> Case:
    """The power fades at the controller's cutoff, near empty, or far too early because the cutoff is set too high."""
    rng = bench.rng
    kind = str(rng.choice(["power", "energy"]))
    vehicle = draw_vehicle(
        rng, kind=kind, charge=float(rng.uniform(0.45, 0.6) if configured else rng.uniform(0.14, 0.25)) - less
    )
    vehicle.cut_start = round(vehicle.series * (3.62 if configured else 3.3), 1)
    vehicle.cut_end = round(vehicle.series * (3.4 if configured else 3.0), 1)
    world = bench.go(vehicle, draw_plan(rng, float(rng.uniform(8, 18)), "hard"))
    faded = np.flatnonzero(
        (world.bus < vehicle.cut_start - 0.25 * (vehicle.cut_start - vehicle.cut_end)) & (world.motor > 2)
    )
    if faded.size * STEP < 30:
        return low_cutoff(bench, board, configured, less + 0.02)
    rows = poll(world, rng, bench.rate)
    files = any_file(bench, rows, vehicle)
    if board:
        files |= bench.board(world)[0]
    if configured:
        files["mcconf.xml"] = settings(vehicle)
        return Case("", 0, files, "controller-configuration", ("controller-low-voltage-cutoff",))
    accept = ("high-resistance-pack",) if board else ("none", "high-resistance-pack", "undetermined")
    return Case("", 0, files, "controller-low-voltage-cutoff", accept)


def low_ceiling(bench: Bench) -> Case:
    """The controller's highest input voltage is set at the voltage of the full pack: every braking on a full pack stops it."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, kind="power", charge=float(rng.uniform(0.95, 0.99)))
    vehicle.controller_maximum = round(vehicle.series * 4.17, 1)
    vehicle.regen_limit = vehicle.battery_limit * 0.5
    plan = draw_plan(rng, float(rng.uniform(4, 8)), "mixed")
    plan.cruise(10, 50, 0.6)
    plan.force(50, 54, -0.6)
    world = bench.go(vehicle, plan, Events())
    hit = np.flatnonzero(world.fault == 1)
    if not hit.size:
        return low_ceiling(bench)
    rows = poll(world, rng, max(bench.rate, 5.0))
    files = {bench.name_of("vesc"): vesc_tool(rows, rng, bench.start, vehicle), "mcconf.xml": settings(vehicle)}
    return Case(
        "",
        0,
        files,
        "controller-configuration",
        ("regen-overvoltage-full-pack",),
        float(hit[0]) * STEP - float(rows.time[0]),
    )


SCENARIOS = {
    "thermal": lambda b: thermal(b, False),
    "thermal-subtle": lambda b: thermal(b, True),
    "low-cutoff": lambda b: low_cutoff(b, False),
    "low-cutoff-pair": lambda b: low_cutoff(b, True),
    "cutoff-set-too-high": lambda b: low_cutoff(b, False, True),
    "ceiling-set-too-low": low_ceiling,
}
