import numpy as np
import pytest

from ridelog.simulate.protection import Board, _Timer
from ridelog.simulate.scene import build_scene

STEP_S = 0.02


def ride(family, **limits):
    scene = build_scene(
        np.random.default_rng(8), suite=f"vesc+{family}", variant=1, duration_s=(80.0, 80.0), series=16, kind="nmc"
    )
    scene.set_charge(0.6)
    scene.board.limits.cell_under = 2.5
    for name, value in limits.items():
        setattr(scene.board.limits, name, value)
    scene.pull(40.0, hold_s=20.0)
    return scene


@pytest.mark.parametrize("needed", [1, 3, 25])
def test_a_condition_must_hold_for_its_delay_even_across_pieces(needed):
    rng = np.random.default_rng(needed)
    condition = rng.random(4000) < 0.9
    runs = np.zeros(len(condition), dtype=int)
    for place, held in enumerate(condition):
        runs[place] = (runs[place - 1] + 1 if place else 1) if held else 0
    expected = int(np.flatnonzero(runs >= needed)[0])
    timer = _Timer()
    for begin in range(0, len(condition), 7):
        piece = condition[begin : begin + 7]
        found = timer.first(piece, needed)
        if found is not None:
            assert begin + found == expected
            return
        timer.commit(piece)
    raise AssertionError("never found")


def test_an_overcurrent_acts_after_its_delay_and_lifts_itself():
    scene = ride("jbd")
    demand = scene.controller.battery_max * scene.vehicle.motors
    scene.board.limits.discharge_a = 0.4 * demand
    scene.board.limits.discharge_delay = 0.8
    scene.board.limits.discharge_2_a = 1e9
    scene.board.limits.current_release = 7.0
    history = scene.engine.run()
    time, name = scene.board.trips[0]
    assert name == "discharge-overcurrent"
    above = history["pack_current"] > 0.4 * demand
    at = round(time / STEP_S)
    assert above[at - 40 : at].all()
    assert not above[at - 41]
    closed = [moment for moment in scene.board.moments if moment.time_s > time and moment.discharge]
    assert closed[0].time_s == pytest.approx(time + 7.0, abs=0.05)
    assert closed[0].protections == ()


def test_an_undervoltage_latches_where_the_board_latches():
    scene = ride("daly", cell_under=3.8, under_latches=True, voltage_delay=0.5)
    scene.engine.run()
    assert [name for _, name in scene.board.trips] == ["cell-undervoltage"]
    last = scene.board.moments[-1]
    assert (last.charge, last.discharge) == (True, False)
    assert last.protections == ("cell-undervoltage",)


def test_a_short_circuit_opens_both_banks_and_a_charge_limit_only_one():
    scene = ride("ant")
    scene.engine.at(30.0, lambda e: scene.board.trip(e, "charge-overcurrent"))
    scene.engine.at(45.0, lambda e: scene.board.trip(e, "short-circuit"))
    scene.board.limits.current_release = 5.0
    scene.engine.run()
    states = [(round(m.time_s), m.charge, m.discharge) for m in scene.board.moments]
    assert states == [
        (0, True, True),
        (30, False, True),
        (35, True, True),
        (45, False, False),
        (50, True, True),
    ]


def test_commands_are_no_trips():
    scene = ride("jk")
    scene.engine.at(20.0, lambda e: scene.board.command(e, discharge=False))
    scene.engine.at(25.0, lambda e: scene.board.command(e, discharge=True))
    scene.engine.run()
    assert scene.board.trips == []
    assert [moment.protections for moment in scene.board.moments] == [(), ("discharge-manual-off",), ()]
    assert isinstance(scene.board, Board)
