"""Scenarios in which the battery board, or something else, takes the pack away."""

from __future__ import annotations

from .case import Bench, Case
from .controller_log import Rows
from .events import Events
from .rider import STEP, draw_plan
from .table_files import board_table
from .vehicle import draw_vehicle


def _after(bench: Bench) -> dict[str, object]:
    """What follows a trip: the log ends at once, or goes on until the controller dies, or the board closes again."""
    kind = bench.rng.choice(["ends", "dies", "returns"], p=[0.25, 0.45, 0.3])
    if kind == "ends":
        return {"latches": True, "log_ends_after_trip": float(bench.rng.uniform(0.1, 0.6))}
    if kind == "returns":
        return {"latches": False, "returns_after": float(bench.rng.uniform(5, 40))}
    return {"latches": True}


def overcurrent(bench: Bench, *, board: bool, flags: bool = True, subtle: bool = False) -> Case:
    """Full throttle above the board's limit for its delay; before, the rider had stayed below."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.5, 0.95)))
    vehicle.over_current = vehicle.battery_limit * (0.9 if subtle else float(rng.uniform(0.6, 0.8)))
    vehicle.over_current_delay = float(rng.choice([0.2, 1.0, 2.0]))
    vehicle.cell_minimum = 1.5
    minutes = float(rng.uniform(4, 18))
    plan = draw_plan(rng, minutes, "mixed")
    at = float(rng.uniform(0.3, 0.85)) * minutes * 60
    plan.cap[: int(at / STEP)] = vehicle.over_current * 0.9
    plan.cruise(at - 12, at, 0.5)
    plan.force(at, at + 14, 1.0)
    plan.slope[int(at / STEP) : int((at + 14) / STEP)] = 0.06
    events = Events(watches=True, **_after(bench))
    world = bench.go(vehicle, plan, events)
    if world.trip is None:
        return overcurrent(bench, board=board, flags=flags, subtle=subtle)
    files, rows = bench.controller(world)
    accept: tuple[str, ...] = ()
    if board:
        more, _ = bench.board(world, flags=flags)
        files |= more
        if not flags:
            accept = ("undetermined", "power-path-open", "discharge-fet-commanded-off")
    else:
        accept = ("undetermined", "power-path-open", "bms-short-circuit-trip")
    return Case("", 0, files, "bms-overcurrent-trip", accept, world.trip - float(rows.time[0]))


def undervoltage(bench: Bench, *, board: bool, flags: bool = True) -> Case:
    """A weak group reaches the board's limit under load, near the end of the charge."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.1, 0.22)))
    weak = int(rng.integers(vehicle.series))
    vehicle.capacity_spread[weak] = rng.uniform(0.85, 0.95)
    vehicle.charge_spread[weak] = -rng.uniform(0.02, 0.06)
    vehicle.resistance_factor[weak] = rng.uniform(1.2, 1.6)
    vehicle.cut_start, vehicle.cut_end = vehicle.series * 2.6, vehicle.series * 2.4
    plan = draw_plan(rng, float(rng.uniform(6, 16)), "mixed")
    events = Events(watches=True, **_after(bench))
    vehicle.over_current = 1e9
    world = bench.go(vehicle, plan, events)
    if world.trip is None or world.trip < 60:
        return undervoltage(bench, board=board, flags=flags)
    files, rows = bench.controller(world)
    if board:
        more, _ = bench.board(world, flags=flags)
        files |= more
        accept: tuple[str, ...] = ("weak-cell-group", "cell-imbalance")
    else:
        accept = ("undetermined", "power-path-open", "weak-cell-group", "high-resistance-pack", "bms-overcurrent-trip")
    return Case(
        "",
        0,
        files,
        "bms-undervoltage-trip",
        accept,
        world.trip - float(rows.time[0]),
        contributing=("weak-cell-group",),
    )


def opened_by_board(bench: Bench, cause: str, name: str, *, board: bool, hot: bool = False) -> Case:
    """The board opens at an ordinary moment: a command, a short circuit or heat."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(4, 12))
    plan = draw_plan(rng, minutes, "mixed")
    at = float(rng.uniform(0.4, 0.85)) * minutes * 60
    plan.cruise(at - 15, at + 20, float(rng.uniform(0.3, 0.6)))
    end = at + float(rng.choice([4, 6, 9, 14, 30])) if rng.random() < 0.4 else 1e9
    events = Events(board_opens=[(at, end, name)])
    world = bench.go(vehicle, plan, events)
    files, rows = bench.controller(world)
    accept: tuple[str, ...] = ("undetermined", "power-path-open")
    if board:
        more, seen = bench.board(world)
        if hot:
            heat = 60 + 25 * (seen.time / at) ** 1.5
            seen.values["mos_temperature"] = heat.clip(max=85.5)
            more = {next(iter(more)): board_table(Rows(seen.time + bench.board_offset, seen.values), rng, bench.start)}
        files |= more
        accept = ("undetermined",) if name == "command" else ()
    return Case("", 0, files, cause, accept, at - float(rows.time[0]))


def loose_contact(bench: Bench, *, board: bool) -> Case:
    """A connector opens for moments, several times within seconds; the board knows nothing of it."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(4, 12))
    plan = draw_plan(rng, minutes, "mixed")
    at = float(rng.uniform(0.3, 0.8)) * minutes * 60
    plan.cruise(at - 15, at + 25, 0.5)
    opens, when = [], at
    for _ in range(int(rng.integers(2, 6))):
        length = float(rng.uniform(0.3, 2.5))
        opens.append((when, when + length))
        when += length + float(rng.uniform(0.8, 4))
    world = bench.go(vehicle, plan, Events(open_discharge=opens))
    files, rows = bench.controller(world, rate=max(bench.rate, 5.0))
    if board:
        files |= bench.board(world)[0]
    accept = (
        ("undetermined",)
        if board
        else ("undetermined", "bms-overcurrent-trip", "bms-short-circuit-trip", "controller-brownout")
    )
    return Case("", 0, files, "power-path-open", accept, at - float(rows.time[0]))


def charge_open(bench: Bench, *, board: bool, throughout: bool) -> Case:
    """Braking while the charging path is open: the voltage leaps, the controller stops with an over-voltage fault."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.55, 0.97)))
    minutes = float(rng.uniform(4, 15))
    plan = draw_plan(rng, minutes, "mixed")
    at = float(rng.uniform(0.35, 0.8)) * minutes * 60
    if throughout:
        plan.wish[:] = 0.4
        plan.wish[-int(8 / STEP) :] = 0
        plan.forced[: int(at / STEP)] = float("nan")
        events = Events(open_charge=[(0.0, 1e9)])
        plan.cruise(3, at, 0.45)
    else:
        events = Events(open_charge=[(at + 0.4, at + float(rng.uniform(6, 40)))])
    plan.cruise(at - 14, at, 0.65)
    plan.force(at, at + 3.5, -0.5)
    world = bench.go(vehicle, plan, events)
    braking = [i for i in range(len(world.time)) if world.fault[i] == 1]
    if not braking:
        return charge_open(bench, board=board, throughout=throughout)
    files, rows = bench.controller(world)
    if board:
        files |= bench.board(world)[0]
    accept = () if board else ("power-path-open", "undetermined", "bus-capacitor-fault")
    onset = None if throughout else braking[0] * STEP - float(rows.time[0])
    return Case("", 0, files, "charge-fet-open-in-regen", accept, onset)


def full_regen(bench: Bench, *, board: bool) -> Case:
    """Braking hard on a full pack whose controller limit is only just above: pack connected, over-voltage all the same."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.985, 1.0)), kind="energy", ageing=1.6)
    vehicle.regen_limit = vehicle.battery_limit * 0.6
    vehicle.controller_maximum = round(vehicle.series * 4.22, 1)
    vehicle.charge_spread[:] = rng.normal(0, 0.003, vehicle.series)
    minutes = float(rng.uniform(3, 8))
    plan = draw_plan(rng, minutes, "gentle")
    at = float(rng.uniform(25, 60))
    plan.cruise(8, at, 0.6)
    plan.force(at, at + 5, -0.6)
    world = bench.go(vehicle, plan, Events())
    hit = [i for i in range(len(world.time)) if world.fault[i] == 1]
    if not hit:
        return full_regen(bench, board=board)
    files, rows = bench.controller(world)
    if board:
        files |= bench.board(world)[0]
    accept = (
        ("controller-configuration",)
        if board
        else ("controller-configuration", "charge-fet-open-in-regen", "undetermined")
    )
    if "ride.csv" in files and b"ault" not in files["ride.csv"][:200]:
        accept += ("none", "undetermined")
    return Case("", 0, files, "regen-overvoltage-full-pack", accept, hit[0] * STEP - float(rows.time[0]))


SCENARIOS = {
    "overcurrent-pair": lambda b: overcurrent(b, board=True),
    "overcurrent-pair-no-flags": lambda b: overcurrent(b, board=True, flags=False),
    "overcurrent-controller-only": lambda b: overcurrent(b, board=False),
    "overcurrent-subtle-pair": lambda b: overcurrent(b, board=True, subtle=True),
    "undervoltage-pair": lambda b: undervoltage(b, board=True),
    "undervoltage-controller-only": lambda b: undervoltage(b, board=False),
    "commanded-off-pair": lambda b: opened_by_board(b, "discharge-fet-commanded-off", "command", board=True),
    "short-circuit-pair": lambda b: opened_by_board(b, "bms-short-circuit-trip", "short", board=True),
    "overtemperature-pair": lambda b: opened_by_board(
        b, "bms-overtemperature-trip", "over-temperature", board=True, hot=True
    ),
    "loose-contact-pair": lambda b: loose_contact(b, board=True),
    "loose-contact-controller-only": lambda b: loose_contact(b, board=False),
    "charge-open-flip-pair": lambda b: charge_open(b, board=True, throughout=False),
    "charge-open-throughout-pair": lambda b: charge_open(b, board=True, throughout=True),
    "charge-open-controller-only": lambda b: charge_open(b, board=False, throughout=False),
    "full-regen-pair": lambda b: full_regen(b, board=True),
    "full-regen-controller-only": lambda b: full_regen(b, board=False),
}
