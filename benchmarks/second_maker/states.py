"""Scenarios about the state of the pack: cells, charge meter, resistance, wiring; nothing need happen on the ride."""

from __future__ import annotations

import numpy as np

from .board_log import poll_board
from .case import Bench, Case
from .controller_log import Rows, poll
from .events import Events
from .rider import draw_plan
from .table_files import controller_table
from .vehicle import Vehicle, draw_vehicle
from .vesc_files import settings, vesc_tool


def _pair(
    bench: Bench,
    vehicle: Vehicle,
    cause: str,
    accept: tuple[str, ...] = (),
    *,
    style: str = "hard",
    controller: bool | None = None,
    minutes: float | None = None,
    **how: object,
) -> Case:
    world = bench.go(vehicle, draw_plan(bench.rng, minutes or float(bench.rng.uniform(6, 14)), style))
    files: dict[str, bytes] = {}
    if controller if controller is not None else bench.rng.random() < 0.5:
        files |= bench.controller(world)[0]
    files |= bench.board(world, **how)[0]
    return Case("", 0, files, cause, accept)


def weak_group(bench: Bench, subtle: bool) -> Case:
    """A group with less capacity and more resistance than the others."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.35, 0.6)), kind=str(rng.choice(["power", "energy", "nca"])))
    k = int(rng.integers(vehicle.series))
    vehicle.capacity_spread[k] = rng.uniform(0.82, 0.88) if subtle else rng.uniform(0.55, 0.75)
    vehicle.resistance_factor[k] = rng.uniform(1.3, 1.5) if subtle else rng.uniform(1.6, 2.4)
    vehicle.charge_spread[k] = -rng.uniform(0.0, 0.02) if subtle else -rng.uniform(0.02, 0.1)
    return _pair(
        bench,
        vehicle,
        "weak-cell-group",
        ("high-resistance-cell-joint", "cell-imbalance") if subtle else ("cell-imbalance",),
        minutes=float(rng.uniform(12, 18)),
    )


def joint(bench: Bench, subtle: bool) -> Case:
    """A bad weld in the measured path of one group: no offset at rest, far more drop under load."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.45, 0.9)))
    k = int(rng.integers(vehicle.series))
    vehicle.extra_resistance[k] = vehicle.cell_resistance * (rng.uniform(0.7, 1.0) if subtle else rng.uniform(1.5, 4))
    return _pair(bench, vehicle, "high-resistance-cell-joint", ("weak-cell-group",))


def imbalance(bench: Bench, subtle: bool) -> Case:
    """Groups at different charge, healthy otherwise."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.3, 0.6)), kind=str(rng.choice(["power", "energy", "nca"])))
    many = rng.choice(vehicle.series, int(rng.integers(1, 4)), replace=False)
    vehicle.charge_spread[many] -= rng.uniform(0.08, 0.12) if subtle else rng.uniform(0.13, 0.25)
    return _pair(bench, vehicle, "cell-imbalance", ("weak-cell-group",) if many.size == 1 else (), style="mixed")


def at_rest(bench: Bench, cause: str) -> Case:
    """Days of parking, one row an hour: a cell that drifts, a pack that drains as a whole, or one that merely settles."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.45, 0.8)), kind=str(rng.choice(["power", "energy", "nca"])))
    days = float(rng.uniform(5, 14)) if cause != "none" else float(rng.uniform(0.6, 4))
    time = np.arange(0, days * 86400, 3600.0) + rng.normal(0, 4, int(np.ceil(days * 24)))
    hours = time / 3600
    drain = {
        "parasitic-drain": float(min(rng.uniform(0.06, 0.2), (vehicle.charge - 0.12) * vehicle.capacity / (days * 24))),
        "self-discharging-cell": 0.002,
        "none": 0.002,
    }[cause]
    charge = vehicle.charge - drain * hours / vehicle.capacity
    base = charge[:, None] + vehicle.charge_spread[None, :]
    if cause == "self-discharging-cell":
        k = int(rng.integers(vehicle.series))
        base[:, k] -= float(rng.uniform(0.004, 0.012)) * hours / 24
    cells = vehicle.resting(np.clip(base, 0.001, 1)) + rng.normal(0, 0.0008, base.shape)
    if cause == "none":
        cells = cells + 0.02 * np.exp(-hours / 3)[:, None]
    temperature = vehicle.temperature + 4 * np.sin(hours / 24 * 2 * np.pi)
    ones = np.ones(time.size, int)
    rows = Rows(
        time,
        {
            "cells": np.round(cells, 3),
            "voltage": cells.sum(axis=1),
            "current": np.zeros(time.size),
            "soc": np.clip(charge, 0, 1),
            "discharge": ones,
            "charge": ones,
            "protection": np.array([""] * time.size, dtype=object),
            "mos_temperature": temperature + 1,
            "cell_temperature": temperature,
        },
    )
    return Case(
        "",
        0,
        bench.write_board(rows, vehicle),
        cause,
        (),
        None,
        cause == "none",
        (),
        0.0,
    )


def sense_lead(bench: Bench, trips: bool) -> Case:
    """A loose balance lead: one cell up and its neighbour down by the same, at moments; perhaps the board acts on it."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.4, 0.85)))
    minutes = float(rng.uniform(6, 14))
    plan = draw_plan(rng, minutes, "mixed")
    at = float(rng.uniform(0.5, 0.85)) * minutes * 60
    events = Events(board_opens=[(at, at + float(rng.uniform(4, 30)), "under-voltage")]) if trips else Events()
    world = bench.go(vehicle, plan, events)
    rows = poll_board(world, rng, bench.board_rate)
    k = int(rng.integers(vehicle.series - 1))
    jump = np.zeros(rows.time.size)
    for _ in range(int(rng.integers(8, 25))):
        start = int(rng.integers(0, rows.time.size - 3))
        jump[start : start + int(rng.integers(1, 5))] = rng.choice([-1, 1]) * rng.uniform(0.08, 0.9)
    if trips:
        near = (rows.time > at - 3) & (rows.time < at + 5)
        jump[near] = -1.1
    rows.values["cells"][:, k] += np.round(jump, 3)
    rows.values["cells"][:, k + 1] -= np.round(jump, 3)
    files = bench.controller(world)[0] if trips or rng.random() < 0.5 else {}
    files |= bench.write_board(Rows(rows.time + bench.board_offset, rows.values), vehicle)
    return Case(
        "",
        0,
        files,
        "sense-wiring-fault",
        ("bms-undervoltage-trip",) if trips else (),
        None,
        contributing=("bms-undervoltage-trip",) if trips else (),
    )


def wrong_count(bench: Bench, by_settings: bool) -> Case:
    """A board set to more cells than there are, or a controller that computes its charge with the wrong number."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, kind=str(rng.choice(["power", "energy"])), series=int(rng.choice([14, 16, 18, 20])))
    world = bench.go(vehicle, draw_plan(rng, float(rng.uniform(5, 12))))
    if by_settings:
        wrong = int(rng.choice([3, 10, 12]))
        rows = poll(world, rng, bench.rate)
        files = {bench.name_of("vesc"): vesc_tool(rows, rng, bench.start, vehicle, cells=wrong)}
        if rng.random() < 0.5:
            files["mcconf.xml"] = settings(vehicle, si_battery_cells=wrong)
        return Case("", 0, files, "wrong-series-count", ("controller-configuration",))
    rows = poll_board(world, rng, bench.board_rate)
    if rng.random() < 0.5:
        rows.values["cells"] = rows.values["cells"][:, : -int(rng.integers(1, 3))]
    else:
        at = np.sort(rng.choice(np.arange(1, vehicle.series), int(rng.integers(2, 5)), replace=False))
        rows.values["cells"] = np.insert(rows.values["cells"], at, 0.0, axis=1)
    return Case("", 0, bench.write_board(rows, vehicle), "wrong-series-count", ("sense-wiring-fault",))


def charge_meter(bench: Bench, over: bool) -> Case:
    """The board's percentage is far from what the resting voltage says."""
    rng = bench.rng
    vehicle = draw_vehicle(
        rng,
        charge=float(rng.uniform(0.055, 0.075) if over else rng.uniform(0.75, 0.85)),
        kind=str(rng.choice(["power", "energy", "nca"])),
        board="daly",
    )
    error = float(rng.uniform(0.25, 0.45)) if over else -float(rng.uniform(0.35, 0.6))
    vehicle.cut_start, vehicle.cut_end = vehicle.series * 2.6, vehicle.series * 2.4
    return _pair(
        bench, vehicle, "soc-meter-wrong", (), style="gentle", meter_error=error, minutes=float(rng.uniform(3, 6))
    )


def tired_pack(bench: Bench, board: bool) -> Case:
    """Two and a half to four times the resistance of a good pack of this kind."""
    rng = bench.rng
    vehicle = draw_vehicle(
        rng,
        ageing=float(rng.uniform(2.6, 3.6)),
        charge=float(rng.uniform(0.5, 0.9)),
        temperature=float(rng.uniform(18, 32)),
    )
    vehicle.cut_start, vehicle.cut_end = vehicle.series * 2.9, vehicle.series * 2.6
    wanted = float(rng.uniform(0.24, 0.34)) * vehicle.series * 3.7 / vehicle.battery_limit - vehicle.joints
    vehicle.ageing *= max(1.0, wanted / (vehicle.series * vehicle.cell_resistance))
    if board:
        return _pair(bench, vehicle, "high-resistance-pack", ("controller-low-voltage-cutoff",), controller=True)
    world = bench.go(vehicle, draw_plan(rng, float(rng.uniform(6, 16)), "hard"))
    return Case("", 0, bench.controller(world)[0], "high-resistance-pack", ("controller-low-voltage-cutoff", "none"))


def frozen_board(bench: Bench) -> Case:
    """The board's values stand still while the ride goes on."""
    rng = bench.rng
    minutes = float(rng.uniform(6, 12))
    world = bench.go(draw_vehicle(rng), draw_plan(rng, minutes))
    files, first = bench.controller(world)
    rows = poll_board(world, rng, bench.board_rate)
    at = float(rng.uniform(0.3, 0.7)) * minutes * 60
    since = int(np.searchsorted(rows.time, at))
    for column in rows.values.values():
        column[since:] = column[since]
    files |= bench.write_board(Rows(rows.time + bench.board_offset, rows.values), world.vehicle)
    return Case("", 0, files, "telemetry-fault", ("undetermined", "none"), at - float(first.time[0]))


def nonsense_values(bench: Bench) -> Case:
    """Single rows of impossible values: a lost byte in the logger, nothing in the pack."""
    rng = bench.rng
    world = bench.go(draw_vehicle(rng), draw_plan(rng, float(rng.uniform(5, 12))))
    rows = poll(world, rng, bench.rate)
    for _ in range(int(rng.integers(3, 9))):
        i = int(rng.integers(20, rows.time.size - 20))
        rows.values["voltage"][i] = rng.choice([0.0, 655.35, 3.2])
    return Case(
        "", 0, {"ride.csv": controller_table(rows, rng, bench.start)}, "telemetry-fault", ("none", "undetermined"), None
    )


def settled_after_step(bench: Bench) -> Case:
    """A healthy pair of logs on a pack with an ordinary small spread between the groups."""
    vehicle = draw_vehicle(bench.rng)
    vehicle.charge_spread[:] = bench.rng.normal(0, 0.006, vehicle.series)
    case = _pair(bench, vehicle, "none", style="mixed", controller=True)
    case.healthy, case.hours = True, 0.3
    return case


SCENARIOS = {
    "weak-group": lambda b: weak_group(b, False),
    "weak-group-subtle": lambda b: weak_group(b, True),
    "bad-joint": lambda b: joint(b, False),
    "bad-joint-subtle": lambda b: joint(b, True),
    "imbalance": lambda b: imbalance(b, False),
    "imbalance-subtle": lambda b: imbalance(b, True),
    "self-discharge": lambda b: at_rest(b, "self-discharging-cell"),
    "parasitic-drain": lambda b: at_rest(b, "parasitic-drain"),
    "settling-after-charge": lambda b: at_rest(b, "none"),
    "sense-lead": lambda b: sense_lead(b, False),
    "sense-lead-trips": lambda b: sense_lead(b, True),
    "wrong-count-board": lambda b: wrong_count(b, False),
    "wrong-count-settings": lambda b: wrong_count(b, True),
    "meter-over": lambda b: charge_meter(b, True),
    "meter-under": lambda b: charge_meter(b, False),
    "tired-pack-pair": lambda b: tired_pack(b, True),
    "tired-pack-controller-only": lambda b: tired_pack(b, False),
    "frozen-board": frozen_board,
    "nonsense-values": nonsense_values,
    "healthy-small-spread": settled_after_step,
}
