"""The physics of a ride, against balances and numbers that do not come from the simulator."""

import numpy as np
import pytest

from ridelog.simulate.engine import Engine
from ridelog.simulate.open_path import BODY_DIODE_V, overshoot
from ridelog.simulate.scene import build_scene

STEP_S = 0.02


@pytest.fixture(params=[1, 2], ids=["variant-1", "variant-2"])
def scene(request):
    scene = build_scene(
        np.random.default_rng(5), suite="vesc", variant=request.param, duration_s=(90.0, 90.0), series=20
    )
    scene.set_charge(0.7)
    scene.board.armed = False
    scene.pack.hysteresis_v = 0.0
    return scene


def test_charge_energy_and_speed_add_up(scene):
    history = scene.engine.run()
    used = np.cumsum(history["pack_current"]) * STEP_S / 3600
    assert history["used_ah"][-1] == pytest.approx(used[-1], rel=1e-9)
    # What the controllers take is the torque's work and the copper's loss, with the bus voltage of the step before.
    vehicle = scene.vehicle
    speed = np.concatenate(([0.0], history["speed"][:-1]))
    motor, bus = history["motor_current"], np.concatenate(([history["bus_voltage"][0]], history["bus_voltage"][:-1]))
    power = 1.5 * vehicle.motors * motor * (vehicle.flux_per_speed * speed + vehicle.winding_ohm * motor)
    moving = np.abs(motor) > 1
    taken = history["controller_current"] * bus
    assert np.abs(power - taken)[moving & (speed > 1)].max() < 1.0
    assert history["speed"].max() < 1.1 * vehicle.top_speed


def test_the_bus_is_the_open_circuit_voltage_less_every_drop(scene):
    history = scene.engine.run()
    pack = scene.pack
    slow = pack.slow_ratio[0] * history["slow_1"] + pack.slow_ratio[1] * history["slow_2"]
    before = np.concatenate(([0.0], slow[:-1]))
    cells = pack.cell_voltages(
        np.concatenate(([0.0], history["used_ah"][:-1])),
        history["pack_current"],
        before,
        np.zeros(len(slow)),
        history.cell_temperature,
    )
    wiring = (pack.wiring_ohm + pack.connector_ohm) * history["pack_current"]
    assert np.abs(cells.sum(axis=1) - wiring - history["bus_voltage"]).max() < 0.15


def test_a_resting_pack_shows_its_open_circuit_voltage(scene):
    scene.rider.target_speed[:] = 0.0
    history = scene.engine.run()
    rest = scene.pack.open_circuit(np.zeros(1)).sum()
    assert history["bus_voltage"][-1] == pytest.approx(rest, abs=0.05)
    assert history["speed"].max() == 0.0


def test_the_over_voltage_trip_integrates_as_the_firmware_does():
    # 20 A into 2.04 mF with a limit of 92 V: five ticks of 25 kHz and about two volts.
    assert overshoot(20.0, 2.04e-3, 92.0, integrating=True) == pytest.approx(2.0, abs=0.4)
    # Eight samples at the same slope with older firmware.
    assert overshoot(20.0, 2.04e-3, 92.0, integrating=False) == pytest.approx(8 * 20 / 2.04e-3 / 25_000)


def test_open_discharge_fets_let_the_bus_fall_and_the_cells_rise(scene):
    scene.pull(40.0)
    scene.board.armed = True
    engine = scene.engine
    engine.at(42.0, lambda e: scene.board.command(e, discharge=False))
    history = engine.run()
    at = round(42.0 / STEP_S)
    assert history["bus_voltage"][at - 2] > 60
    assert history["bus_voltage"][at + 2] < 45
    assert history["pack_voltage"][at + 2] > history["pack_voltage"][at - 2]
    assert np.all(history["pack_current"][at + 1 : at + 50] <= 0)


def test_open_charge_fets_cost_a_diode_and_stop_regen(scene):
    scene.manoeuvre(20.0, (15.0, scene.cruise), (12.0, 0.0))
    scene.board.armed = True
    engine = scene.engine
    engine.at(30.0, lambda e: scene.board.command(e, charge=False))
    history = engine.run()
    before, after = round(29.0 / STEP_S), round(31.5 / STEP_S)
    drop = history["pack_voltage"] - history["bus_voltage"]
    lead = scene.pack.connector_ohm * history["pack_current"]
    assert drop[before] == pytest.approx(lead[before], abs=1e-6)
    driving = history["pack_current"][after : after + 150] > 1.0
    diode = (drop - lead)[after : after + 150][driving]
    assert driving.any()
    assert diode == pytest.approx(np.full(driving.sum(), BODY_DIODE_V), abs=0.05)
    assert history["pack_current"][round(30.1 / STEP_S) :].min() >= 0.0
    codes = [record.code for record in history.faults]
    assert codes
    assert set(codes) == {1}
    assert history.faults[0].voltage > scene.controller.voltage_max


def test_a_fault_releases_the_motor_for_half_a_second(scene):
    scene.pull(40.0)
    engine = scene.engine
    engine.at(43.0, lambda e: e.raise_fault(3))
    history = engine.run()
    active = np.flatnonzero(history["fault_code"] == 3)
    assert len(active) * STEP_S == pytest.approx(0.5, abs=0.06)
    # The first row is the moment of the fault itself.
    assert np.abs(history["motor_current"][active[1:]]).max() < 1e-9


def test_riders_stop_when_told_to(scene):
    scene.manoeuvre(20.0, (60.0, scene.cruise))
    engine = scene.engine
    engine.at(50.0, lambda e: e.rider_wants(0.0))
    history = engine.run()
    assert history["speed"][round(49.5 / STEP_S)] > 1.0
    assert history["speed"][-1] == pytest.approx(0.0, abs=0.3)


def test_an_engine_ends_where_it_is_told_to(scene):
    assert isinstance(scene.engine, Engine)
    scene.engine.at(10.0, lambda e: e.end_after(5.0))
    assert scene.engine.run().duration_s == pytest.approx(15.0, abs=0.05)
