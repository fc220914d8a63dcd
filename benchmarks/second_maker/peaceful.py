"""Rides on which nothing is wrong, among them those that look as if something were."""

from __future__ import annotations

from .case import Bench, Case
from .events import Events
from .rider import STEP, draw_plan
from .vehicle import Vehicle, draw_vehicle
from .world import World


def _healthy(
    bench: Bench,
    world: World,
    *,
    board: str = "sometimes",
    gaps: list | None = None,
    accept: tuple[str, ...] = (),
    **how: object,
) -> Case:
    files, rows = bench.controller(world, gaps=gaps)
    if board == "yes" or (board == "sometimes" and bench.rng.random() < 0.5):
        files |= bench.board(world, **how)[0]
    hours = float(rows.time[-1] - rows.time[0]) / 3600
    return Case("", 0, files, "none", accept, None, True, (), hours)


def plain(bench: Bench, style: str = "mixed", **fixed: object) -> Case:
    """An ordinary ride."""
    vehicle = draw_vehicle(bench.rng, **fixed)
    return _healthy(bench, bench.go(vehicle, draw_plan(bench.rng, float(bench.rng.choice([4, 6, 9, 14, 30])), style)))


def kill_switch(bench: Bench) -> Case:
    """The rider pulls the kill switch, or lets go at once, in full acceleration."""
    rng = bench.rng
    vehicle = draw_vehicle(rng)
    minutes = float(rng.uniform(4, 12))
    plan = draw_plan(rng, minutes, "mixed")
    lost = []
    for _ in range(int(rng.integers(1, 4))):
        at = float(rng.uniform(0.2, 0.9)) * minutes * 60
        plan.force(at - 4, at, 0.9)
        lost.append((at, at + float(rng.uniform(2, 12))))
    return _healthy(bench, bench.go(vehicle, plan, Events(throttle_lost=lost)), accept=("remote-input-loss",))


def link_gap(bench: Bench) -> Case:
    """The phone loses the controller for a while; the ride goes on."""
    rng = bench.rng
    minutes = float(rng.uniform(5, 14))
    at = float(rng.uniform(0.2, 0.8)) * minutes * 60
    world = bench.go(draw_vehicle(rng), draw_plan(rng, minutes))
    return _healthy(bench, world, gaps=[(at, at + float(rng.uniform(2, 60)))])


def parked(bench: Bench) -> Case:
    """The app logs on while the vehicle stands for a long time."""
    rng = bench.rng
    plan = draw_plan(rng, 16)
    plan.wish[int(300 / STEP) : int(900 / STEP)] = 0
    return _healthy(bench, bench.go(draw_vehicle(rng), plan))


def hard_regen(bench: Bench) -> Case:
    """Strong braking again and again, which the pack takes."""
    rng = bench.rng
    vehicle = draw_vehicle(rng, charge=float(rng.uniform(0.5, 0.85)))
    minutes = float(rng.uniform(5, 15))
    plan = draw_plan(rng, minutes, "hard")
    for at in range(60, int(minutes * 60) - 30, 45):
        plan.cruise(at - 15, at, 0.7)
        plan.force(at, at + 3, -0.6)
    return _healthy(bench, bench.go(vehicle, plan))


def hill(bench: Bench) -> Case:
    """A long climb at the current limit, with the sag that belongs to it."""
    rng = bench.rng
    plan = draw_plan(rng, float(rng.uniform(5, 12)), "hard")
    start = int(rng.uniform(60, 120) / STEP)
    plan.slope[start : start + int(120 / STEP)] = 0.09
    plan.wish[start : start + int(120 / STEP)] = 0.8
    return _healthy(bench, bench.go(draw_vehicle(rng, charge=float(rng.uniform(0.5, 0.9))), plan))


def board_polling_gap(bench: Bench) -> Case:
    """The board's app loses the board for a while; the controller's log goes on."""
    rng = bench.rng
    minutes = float(rng.uniform(5, 14))
    at = float(rng.uniform(0.2, 0.8)) * minutes * 60
    world = bench.go(draw_vehicle(rng), draw_plan(rng, minutes))
    files, rows = bench.controller(world)
    files |= bench.board(world, gaps=[(at, at + float(rng.uniform(5, 60)))])[0]
    return Case("", 0, files, "none", (), None, True, (), float(rows.time[-1]) / 3600)


def full_and_gentle(bench: Bench) -> Case:
    """Freshly charged, braked gently: the voltage is high and that is all."""
    vehicle = draw_vehicle(bench.rng, charge=float(bench.rng.uniform(0.985, 1.0)))
    vehicle.regen_limit *= 0.25
    return _healthy(bench, bench.go(vehicle, draw_plan(bench.rng, float(bench.rng.uniform(4, 15)), "gentle")))


def near_empty(bench: Bench) -> Case:
    """Home gently on the last of the charge, above every limit."""
    vehicle: Vehicle = draw_vehicle(bench.rng, charge=float(bench.rng.uniform(0.13, 0.2)))
    return _healthy(bench, bench.go(vehicle, draw_plan(bench.rng, float(bench.rng.uniform(4, 10)), "gentle")))


def switched_off_at_the_end(bench: Bench) -> Case:
    """Parked, and only then switched off in the app or with the key; the controller goes dark."""
    rng = bench.rng
    minutes = float(rng.uniform(5, 12))
    plan = draw_plan(rng, minutes)
    plan.wish[-int(40 / STEP) :] = 0
    at = minutes * 60 - float(rng.uniform(3, 12))
    opened = [(at, 1e9, "command")] if rng.random() < 0.5 else []
    events = Events(board_opens=opened) if opened else Events(open_discharge=[(at, 1e9)])
    return _healthy(bench, bench.go(draw_vehicle(rng), plan, events), board="yes" if opened else "sometimes")


def remote_lost_at_walking_pace(bench: Bench) -> Case:
    """The remote drops out while rolling slowly; the vehicle coasts."""
    rng = bench.rng
    minutes = float(rng.uniform(5, 12))
    plan = draw_plan(rng, minutes)
    at = float(rng.uniform(0.3, 0.8)) * minutes * 60
    plan.cruise(at - 10, at + 5, 0.12)
    return _healthy(
        bench, bench.go(draw_vehicle(rng), plan, Events(throttle_lost=[(at, at + 2.5)])), accept=("remote-input-loss",)
    )


SCENARIOS = {
    "healthy-mixed": lambda b: plain(b),
    "healthy-gentle": lambda b: plain(b, "gentle"),
    "healthy-hard": lambda b: plain(b, "hard"),
    "healthy-walking": lambda b: plain(b, "walk"),
    "healthy-cold": lambda b: plain(b, "mixed", temperature=float(b.rng.uniform(-5, 4))),
    "healthy-old": lambda b: plain(b, "mixed", ageing=float(b.rng.uniform(1.3, 1.5))),
    "healthy-lfp": lambda b: plain(b, "mixed", kind="lfp"),
    "kill-switch": kill_switch,
    "link-gap": link_gap,
    "parked-app": parked,
    "hard-regen": hard_regen,
    "hill-climb": hill,
    "board-polling-gap": board_polling_gap,
    "full-and-gentle": full_and_gentle,
    "near-empty-gentle": near_empty,
    "switched-off-at-the-end": switched_off_at_the_end,
    "remote-lost-at-walking-pace": remote_lost_at_walking_pace,
}
