from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.battery.ocv import open_circuit_table, table_for_cell, table_for_chemistry, table_names
from ridelog.errors import RidelogError

HIGH_NICKEL = ("Molicel-INR21700P42A", "Samsung-INR2170040T", "LG-INR21700M50T", "Molicel-INR18650P28A")

# Published anchor points of the measured tables: state of charge in percent to volts.
ANCHORS = {
    "Molicel-INR21700P42A": {5: 3.169, 10: 3.334, 20: 3.475, 50: 3.742, 80: 4.034, 90: 4.080, 100: 4.193},
    "Samsung-INR2170040T": {5: 3.192, 15: 3.436, 25: 3.542, 40: 3.655, 60: 3.843, 95: 4.108, 100: 4.200},
    "LG-INR21700M50T": {5: 3.162, 10: 3.304, 30: 3.576, 50: 3.717, 70: 3.920, 95: 4.116, 100: 4.194},
    "Molicel-INR18650P28A": {0: 2.70, 10: 3.350, 20: 3.484, 50: 3.736, 70: 3.920, 90: 4.083, 100: 4.188},
    "LithiumWerks-APR18650M1B": {5: 3.072, 10: 3.203, 20: 3.241, 50: 3.299, 80: 3.337, 95: 3.343, 100: 3.598},
}


@pytest.mark.parametrize("name", ANCHORS)
def test_tables_hold_the_measured_anchor_points(name: str) -> None:
    table = open_circuit_table(name)
    assert table.measured
    for percent, volts in ANCHORS[name].items():
        # 26 mV: at 5 % a table rises 45 mV for a percent, and the published anchors are rounded to a point.
        assert float(table.voltage(percent / 100)) == pytest.approx(volts, abs=0.026 if percent <= 5 else 0.006)


@pytest.mark.parametrize(
    ("volts", "low", "high"),
    [
        (2.9, 1, 3),
        (3.1, 3, 5),
        (3.25, 7, 9),
        (3.5, 22, 23),
        (3.7, 44, 48),
        (3.9, 66, 68),
        (4.07, 84, 86),
        (4.15, 97, 98),
    ],
)
@pytest.mark.parametrize("name", [*HIGH_NICKEL, "proxy-power-nmc", "proxy-energy-nmc", "proxy-nmc"])
def test_golden_states_of_charge(name: str, volts: float, low: float, high: float) -> None:
    assert low - 0.6 <= 100 * float(open_circuit_table(name).soc(volts).soc) <= high + 0.6


def test_a_meter_that_says_18_percent_at_4_07_volts_is_far_off() -> None:
    reading = open_circuit_table("proxy-nmc").soc([4.07, 3.1])
    assert 0.18 - reading.soc[0] == pytest.approx(-0.67, abs=0.015)
    assert 0.31 - reading.soc[1] == pytest.approx(0.27, abs=0.015)


@pytest.mark.parametrize("name", table_names())
def test_tables_rise_strictly_and_carry_an_error_and_a_provenance(name: str) -> None:
    table = open_circuit_table(name)
    assert (np.diff(table.points) > 0).all()
    assert (np.diff(table.volts) > 0).all()
    assert (table.sigma_v >= 0.015).all()
    assert table.points[0] == 0.0
    assert table.points[-1] == 1.0
    assert len(table.provenance) > 20


@pytest.mark.parametrize("name", table_names())
@given(soc=st.floats(0.0, 1.0))
def test_both_directions_agree(name: str, soc: float) -> None:
    table = open_circuit_table(name)
    assert float(table.soc(table.voltage(soc)).soc) == pytest.approx(soc, abs=1e-6)


def test_no_verdict_on_the_plateau_nor_in_the_flat_middle() -> None:
    for name in HIGH_NICKEL:
        table = open_circuit_table(name)
        assert not table.soc(table.voltage([0.86, 0.90, 0.94])).usable.any()
        assert table.soc(table.voltage([0.03, 0.1, 0.3, 0.5, 0.7, 0.99])).usable.all()
    lfp = open_circuit_table("LithiumWerks-APR18650M1B")
    assert not lfp.soc(lfp.voltage([0.31, 0.5, 0.7, 0.9, 0.94])).usable.any()
    assert lfp.soc(lfp.voltage([0.02, 0.05, 0.995])).usable.all()


def test_a_voltage_error_widens_the_reading() -> None:
    table = open_circuit_table("proxy-nmc")
    sharp, blunt = table.soc(3.7), table.soc(3.7, error_v=0.2)
    assert blunt.error > sharp.error
    assert not blunt.usable
    assert sharp.usable


def test_voltages_beyond_the_table_and_missing_ones() -> None:
    reading = open_circuit_table("proxy-nmc").soc([1.0, 4.4, np.nan])
    assert reading.soc[0] == 0.0
    assert reading.soc[1] == 1.0
    assert np.isnan(reading.soc[2])
    assert not reading.usable[2]


@pytest.mark.parametrize(
    ("cell", "table"),
    [
        ("Samsung INR18650-30Q", "proxy-power-nmc"),
        ("Sony VTC6", "proxy-power-nmc"),
        ("Molicel P42B", "proxy-power-nmc"),
        ("Samsung 50E", "proxy-energy-nmc"),
        ("48X", "proxy-energy-nmc"),
        ("LG MJ1", "proxy-energy-nmc"),
        ("LG INR18650 MH1", "proxy-energy-nmc"),
        ("Molicel INR-21700-P42A", "Molicel-INR21700P42A"),
        ("samsung 40t", "Samsung-INR2170040T"),
    ],
)
def test_cells_by_trade_name(cell: str, table: str) -> None:
    found = table_for_cell(cell)
    assert found is not None
    assert found.name == table


def test_what_has_no_table() -> None:
    assert table_for_cell("mystery cell") is None
    assert table_for_chemistry("lto") is None
    assert table_for_chemistry("") is None
    with pytest.raises(RidelogError, match="there is no open-circuit table"):
        open_circuit_table("nothing")
