"""The direction of a current in a table nobody told us about: asked for rather than guessed wrong."""

import numpy as np
import pytest

import ridelog
from ridelog.errors import MappingNeededError
from ridelog.parsers.table_ride import Ride
from ridelog.parsers.table_signs import find_sign

from .table_files import COUNT, load, read_one, ride, voltage

KINDS = ("healthy", "battery cut off", "bus cut off", "charge")


def pack(kind, generator):
    """A pack of its own: an open voltage, a resistance, a slow polarisation and noise; discharging is positive."""
    duration, step = (
        (7200.0, 30.0) if kind == "charge" else (generator.choice([30.0, 120.0]), generator.choice([0.1, 1.0]))
    )
    seconds = np.arange(0.0, duration, step)
    current = np.zeros(len(seconds))
    at = 0
    while at < len(current):
        width = int(generator.uniform(0.5, 6) / step) + 1
        current[at : at + width] = generator.choice([generator.uniform(5, 60), 0.2, -generator.uniform(2, 15)])
        at += width
    series, resistance = int(generator.choice([10, 13, 20])), generator.uniform(0.03, 0.2)
    if kind == "charge":
        taper = np.minimum(1.0, np.exp(-(np.arange(len(seconds)) - 0.7 * len(seconds)) / (0.1 * len(seconds))))
        current = -generator.uniform(2, 8) * taper
    drawn = np.cumsum(current) * step / 3600
    level = np.clip((0.2 if kind == "charge" else 0.8) - drawn / 15, 0, 1)
    slow = np.zeros(len(seconds))
    for index in range(1, len(slow)):
        slow[index] = slow[index - 1] + min(1.0, step / 20) * (0.5 * resistance * current[index] - slow[index - 1])
    open_voltage = series * (3.3 + 0.9 * level)
    cut = int(len(seconds) * generator.uniform(0.6, 0.95))
    switch = np.ones(len(seconds))
    if kind in ("battery cut off", "bus cut off"):
        current[cut:] = 0.0
        switch[cut:] = 0.0
    voltage = open_voltage - resistance * current - slow
    if kind == "bus cut off":
        voltage[cut:] = voltage[cut - 1] * np.exp(-(seconds[cut:] - seconds[cut]) / generator.uniform(0.1, 5))
    return seconds, current, voltage + generator.normal(0, 0.02, len(seconds)), switch


@pytest.mark.parametrize("kind", KINDS)
def test_no_direction_is_guessed_wrong_and_most_are_found(kind):
    generator = np.random.default_rng(KINDS.index(kind))
    answers = []
    for _ in range(60):
        seconds, current, voltage, switch = pack(kind, generator)
        if np.abs(current).max() < 1 or abs(current.sum()) < 1:
            continue
        sign = float(generator.choice([-1.0, 1.0]))
        battery = kind != "bus cut off"
        switches = {"discharge_fet": switch, "charge_fet": np.ones(len(switch))} if battery else {}
        answers.append(sign * find_sign(Ride(seconds, sign * current, voltage, of_battery=battery, **switches)).factor)
    assert len(answers) > 40
    assert answers.count(-1.0) == 0
    assert answers.count(1.0) >= 0.8 * len(answers)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_garbage_do_not_hide_the_direction_nor_turn_it(kind):
    generator = np.random.default_rng(40 + KINDS.index(kind))
    answers = []
    for _ in range(40):
        seconds, current, voltage, switch = pack(kind, generator)
        if np.abs(current).max() < 1 or abs(current.sum()) < 1:
            continue
        sign = float(generator.choice([-1.0, 1.0]))
        logged = sign * current
        rows = generator.random(len(seconds)) < generator.uniform(0.01, 0.1)
        logged[rows] = generator.choice([-2990.0, 1500.0, 0.0, 655.35], int(rows.sum()))
        voltage[rows] = generator.choice([327.67, 0.0, 9.1], int(rows.sum()))
        battery = kind != "bus cut off"
        switches = {"discharge_fet": switch, "charge_fet": np.ones(len(switch))} if battery else {}
        answers.append(sign * find_sign(Ride(seconds, logged, voltage, of_battery=battery, **switches)).factor)
    assert len(answers) > 25
    assert answers.count(-1.0) == 0
    assert answers.count(1.0) >= 0.7 * len(answers)


def pushed(most):
    """A board that is pushed by hand: speed and voltage, next to no current."""
    lines = [
        f"{i * 0.5},{48.0 - 0.001 * (i % 3):.3f},{most * (i % 7 - 3) / 3:.3f},{abs(i % 20 - 10) / 3:.2f},31"
        for i in range(200)
    ]
    return ("\n".join(("time [s],voltage [V],current [A],speed [m/s],motor temp [C]", *lines)) + "\n").encode()


def test_a_board_pushed_by_hand_is_read_whichever_way_its_current_counts(tmp_path):
    path = tmp_path / "pushed.csv"
    path.write_bytes(pushed(0.3))
    (log,) = ridelog.read(path)
    assert log.has("pack_voltage", "speed", "motor_temperature", "battery_current")
    (note,) = [found.message for found in log.damage if "current [A]" in found.message]
    assert "0.3 A" in note and "not known" in note
    assert ridelog.analyze([path]).verdict.cause == "none"


def test_a_slight_drain_of_a_battery_is_left_out_and_said(tmp_path):
    """Half an ampere that flows all the time empties a battery in days: a guessed direction would make a drain of it."""
    cells = ",".join(["3.90"] * 10)
    lines = [f"{i * 0.5},39.0,{0.5 + 0.1 * (i % 2):.2f},{cells}" for i in range(200)]
    path = tmp_path / "bms.csv"
    path.write_text(
        "\n".join(("time [s],voltage [V],current [A]," + ",".join(f"cell{i}" for i in range(1, 11)), *lines))
    )
    (log,) = ridelog.read(path)
    assert log.has("pack_voltage", "cell_voltages") and not log.has("battery_current")
    (note,) = [found.message for found in log.damage if "current [A]" in found.message]
    assert "0.6 A" in note and "--map" in note


def test_a_current_that_matters_is_asked_for(tmp_path):
    path = tmp_path / "bench.csv"
    path.write_bytes(pushed(3.0))
    with pytest.raises(MappingNeededError, match=r"current \[A\]"):
        ridelog.read(path)


def test_a_slight_power_goes_with_its_current(tmp_path):
    lines = [f"{i * 0.5},48.0,{4.8 * (i % 7 - 3):.1f},{0.1 * (i % 7 - 3):.1f},{i % 9}" for i in range(200)]
    path = tmp_path / "pushed.csv"
    path.write_text("\n".join(("time [s],voltage [V],power [W],current [A],speed [m/s]", *lines)) + "\n")
    (log,) = ridelog.read(path)
    assert (log.values("power") * log.values("battery_current") >= 0).all()


def test_an_idle_file_has_no_direction_to_find():
    answer = find_sign(Ride(np.arange(50.0), np.full(50, 0.01), np.full(50, 40.0)))
    assert not answer.witnessed


def test_a_current_without_any_witness_is_left_open():
    assert find_sign(Ride(np.arange(50.0), np.full(50, 12.0), np.full(50, 40.0))).factor == 0.0


@pytest.mark.parametrize(
    ("most", "usual", "standby"), [(0.1, 0.1, True), (1.2, 0.05, True), (1.2, 0.6, False), (8.0, 0.0, False)]
)
def test_a_battery_at_rest_needs_no_direction(most, usual, standby):
    """The rest of days and the end of a charge: what no witness tells matters only where something flows."""
    current = np.full(200, usual)
    current[:10] = np.linspace(most, usual, 10)
    volts = np.full(200, 54.0)
    answer = find_sign(Ride(np.arange(200.0), current, volts, of_battery=True))
    assert (answer.factor, answer.standby) == (0.0, standby)
    assert not find_sign(Ride(np.arange(200.0), current, volts)).standby


def test_a_bus_that_falls_as_its_load_ends_says_nothing_about_the_direction():
    """What a battery does at the end of a load, a bus behind an open switch does the other way round."""
    current = np.concatenate((np.full(40, 20.0), np.zeros(20)))
    voltage = np.concatenate((np.full(40, 48.0), 48.0 * np.exp(-np.arange(20) / 40)))
    for sign in (1.0, -1.0):
        assert find_sign(Ride(np.arange(60.0) / 10, sign * current, voltage)).factor in (0.0, sign)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_charging_column_that_never_changes_may_be_a_switch_and_is_outvoted(sign):
    generator = np.random.default_rng(3)
    seconds = np.arange(0.0, 200.0, 0.5)
    current = np.repeat(generator.choice([0.0, 10.0, 30.0, 50.0, 20.0], 40), 10)
    voltage = 72.0 - 0.1 * current - 0.001 * seconds
    answer = find_sign(Ride(seconds, sign * current, voltage, charging=np.ones(len(seconds)), of_battery=True))
    assert answer.factor == sign


def test_a_caption_stands_where_only_noise_flows(tmp_path):
    """A month at rest: the offset of the meter puts a "discharge current" below zero, and the voltage only falls."""
    amps = np.round(-0.05 + np.random.default_rng(8).normal(0, 0.05, 240), 2)
    lines = [
        f"2025-03-{1 + hour // 24:02d} {hour % 24:02d}:00:00,{39.4 - 0.004 * hour:.2f},{amps[hour]:.2f},"
        + ",".join(f"{3.94 - 0.0004 * hour:.3f}" for _ in range(10))
        for hour in range(240)
    ]
    header = "Timestamp,Pack Voltage (V),Discharge Current (A)," + ",".join(f"Cell {cell} (V)" for cell in range(1, 11))
    path = tmp_path / "rest.csv"
    path.write_text("\n".join((header, *lines)) + "\n")
    (log,) = ridelog.read(path)
    assert log.table.column("battery_current").to_pylist() == amps.tolist()


def test_a_current_without_sign_gets_it_from_the_words_beside_it():
    data = ride(
        "time (s),voltage (V),current (A),status",
        lambda i: [i, f"{voltage(i):.2f}", f"{abs(load(i)):.2f}", "charging" if load(i) < 0 else "discharging"],
    )
    log = read_one(data)
    np.testing.assert_allclose(log.values("battery_current"), [round(load(i), 2) for i in range(COUNT)])
    assert any("never below zero" in note.message for note in log.damage)


@pytest.mark.parametrize(
    ("caption", "factor"),
    [
        ("current_A_charge_positive", -1.0),
        ("current_A_discharge_negative", -1.0),
        ("Pack current [A] (positive = discharging)", 1.0),
        ("Current (A, + = charge)", -1.0),
        ("Current (A) (+ charge / - discharge)", -1.0),
        ("Strom [A] (Entladen positiv)", 1.0),
    ],
)
def test_a_caption_that_says_its_sign_is_read_and_obeyed(tmp_path, caption, factor):
    """No voltage moves with it here, so that nothing but the caption tells."""
    lines = [f"{i * 0.5},48.0,{30.0 * (i % 7 - 3):.1f}" for i in range(200)]
    path = tmp_path / "signed.csv"
    path.write_text("\n".join((f'time [s],voltage [V],"{caption}"', *lines)) + "\n")
    (log,) = ridelog.read(path)
    np.testing.assert_allclose(log.values("battery_current")[:7], factor * 30.0 * (np.arange(7) - 3))


def test_a_dash_in_front_of_a_word_is_no_sign(tmp_path):
    lines = [f"{i * 0.5},48.0,{4.0 + i % 3}" for i in range(200)]
    path = tmp_path / "dash.csv"
    path.write_text("\n".join(("time [s],voltage [V],BMS current - charging (A)", *lines)) + "\n")
    (log,) = ridelog.read(path)
    assert (log.values("battery_current") < 0).all()


@pytest.mark.parametrize("turned", [1, -1])
def test_columns_of_each_direction_tell_that_of_the_sum(turned):
    """At a steady load the voltage tells nothing."""

    def row(index):
        amps = 20.0 if index < 5 else -4.0
        return [index, 52.0, f"{turned * amps:.2f}", f"{max(amps, 0):.2f}", f"{max(-amps, 0):.2f}"]

    data = ride("time_s,voltage,current,discharge current,charge current", row, count=8)
    log = read_one(data)
    assert log.values("battery_current").tolist() == [20.0] * 5 + [-4.0] * 3


def test_limits_of_each_direction_are_no_parts_of_the_current():
    def row(index):
        return [index, 52.0, "20.00", "100.00", "25.00"]

    data = ride("time_s,voltage,current,discharge current,charge current", row, count=8)
    with pytest.raises(MappingNeededError):
        read_one(data)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_throttle_let_go_as_the_charge_fet_opens_does_not_outvote_the_voltage(sign):
    """A full pack opens the charge FET as the first braking begins: the current that ended was still the drive's."""
    generator = np.random.default_rng(5)
    seconds = np.arange(0.0, 300.0, 1.0)
    current = np.repeat(generator.choice([0.0, 2.0, 4.0, 6.0, 9.0], 60), 5).astype(float)
    braking = 150
    current[braking - 4 : braking] = 8.0
    current[braking : braking + 5] = 0.0
    charge_fet = np.ones(len(seconds))
    charge_fet[braking : braking + 5] = 0.0
    voltage = 72.6 - 0.02 * current + generator.normal(0, 0.01, len(seconds))
    told = Ride(
        seconds, sign * current, voltage, of_battery=True, discharge_fet=np.ones(len(seconds)), charge_fet=charge_fet
    )
    assert find_sign(told).factor == sign


def test_a_single_opening_tells_the_direction_where_nothing_else_does():
    seconds = np.arange(0.0, 60.0, 1.0)
    current = np.where(seconds < 40, 12.0, 0.0)
    switch = np.where(seconds < 40, 1.0, 0.0)
    told = Ride(seconds, current, None, of_battery=True, discharge_fet=switch, charge_fet=np.ones(len(seconds)))
    assert find_sign(told).factor == 1.0
