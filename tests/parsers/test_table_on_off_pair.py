"""Columns called "charging" and "discharging": switches, a state, or currents, told by what they hold."""

import numpy as np
import pytest

from .table_files import COUNT, load, read_one, ride, voltage

OFF = COUNT - 8


def pair(names, cells):
    return read_one(
        ride(
            f"time;voltage (V);current (A);{names}",
            lambda i: [f"{i * 0.5:.1f}", f"{voltage(i):.2f}", f"{load(i) if i < OFF else 0:.2f}", *cells(i)],
            ";",
        )
    )


@pytest.mark.parametrize("names", ["charging;discharging", "charge;discharge", "chg;dsg", "Laden;Entladen"])
@pytest.mark.parametrize("words", [("on", "off"), ("true", "false"), ("1", "0"), ("ON", "OFF")])
def test_both_on_at_once_are_the_fets(names, words):
    on, off = words
    log = pair(names, lambda i: [on, on if i < OFF else off])
    assert log.table["charge_fet"].to_pylist() == [True] * COUNT
    assert log.table["discharge_fet"].to_pylist() == [True] * OFF + [False] * (COUNT - OFF)
    assert any("read as the FETs" in note.message for note in log.damage)


def test_one_or_the_other_is_what_the_battery_is_doing():
    log = pair("charging;discharging", lambda i: ["yes" if load(i) < 0 else "no", "yes" if load(i) > 0 else "no"])
    assert not log.has("charge_fet")
    assert not log.has("discharge_fet")
    assert log.table["charging"][0].as_py() == "no"
    assert any("kept as they are" in note.message for note in log.damage)
    np.testing.assert_allclose(log.values("battery_current")[:5], [round(load(i), 2) for i in range(5)])


def test_currents_are_no_switches():
    log = pair("charging;discharging", lambda i: [f"{max(0, -load(i)):.2f}", f"{max(0, load(i)):.2f}"])
    assert not log.has("charge_fet")
