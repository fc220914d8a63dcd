"""Charges: no voltage phase, a wrong charger, a latched board; and all the charges that are fine."""

import numpy as np
import pytest

from ridelog.finding import Severity, Status
from ridelog.pipeline import investigate
from tests import parked

NAME = "charge-session"


def _open(columns, channel, row):
    columns[channel][row:] = 0.0
    return columns


@pytest.mark.parametrize("amps", [2.0, 4.3, 8.0])
def test_a_charge_with_a_voltage_phase_is_fine(amps):
    incident = investigate([parked.log(parked.charging(amps))])
    assert parked.check(incident, NAME).status is Status.CLEAR
    assert "4.20 V a cell" in parked.check(incident, NAME).reason
    assert incident.verdict.cause == "none"


def test_a_charger_without_a_voltage_phase():
    columns = parked.charging(4.3, top_v=4.245, taper=False)
    _open(columns, "charge_fet", columns["end"])
    incident = investigate([parked.log(columns)])
    assert incident.verdict.cause == "charger-fault"
    finding = parked.check(incident, NAME).findings[0]
    assert finding.severity is Severity.WARNING
    assert "4.3 A at 4.24 V a cell" in finding.message
    assert "The BMS ended it" in finding.message
    assert finding.measurements[1].value == pytest.approx(4.3, abs=0.05)
    assert finding.rows[1] == pytest.approx(columns["end"] + 1, abs=2)


def test_a_charge_at_full_current_that_the_bms_had_to_end():
    """CHG-01: 4.3 A as at the start, and the BMS opened as the cells were full."""
    columns = parked.charging(4.3, top_v=4.208, taper=False)
    _open(columns, "charge_fet", columns["end"])
    incident = investigate([parked.log(columns)])
    assert parked.severities(incident, NAME) == ["warning"]
    assert incident.verdict.cause == "charger-fault"


def test_a_charger_of_too_high_a_voltage():
    incident = investigate([parked.log(parked.charging(5.0, top_v=4.26))])
    assert incident.verdict.cause == "charger-fault"
    assert "too high for this pack" in parked.check(incident, NAME).findings[0].message


def test_cells_made_for_a_higher_voltage_are_no_fault():
    columns = parked.charging(5.0, top_v=4.35)
    incident = investigate([parked.log(columns, settings={"cell_overvoltage_limit": 4.40})])
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize("top", [4.05, 4.12])
def test_a_charge_to_ninety_five_percent_is_information(top):
    incident = investigate([parked.log(parked.charging(5.0, top_v=top))])
    assert parked.severities(incident, NAME) == ["info"]
    assert incident.verdict.cause == "none"


def test_unplugged_early_is_fine():
    columns = parked.charging(5.0)
    half = {name: values if name == "end" else values[: columns["end"] // 2] for name, values in columns.items()}
    incident = investigate([parked.log(half)])
    assert parked.check(incident, NAME).status is Status.CLEAR


def test_one_high_cell_that_ends_the_charge_is_information():
    columns = parked.charging(5.0, top_v=4.10, taper=False)
    columns["cell_voltages"][: columns["end"], 7] += 0.13
    _open(columns, "charge_fet", columns["end"])
    incident = investigate([parked.log(columns)])
    assert "another cell was full first" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause != "charger-fault"


def test_an_overcharged_cell_is_dangerous():
    columns = parked.charging(5.0, top_v=4.18)
    columns["cell_voltages"][:, 7] += 0.16
    finding = next(
        item
        for item in parked.check(investigate([parked.log(columns)]), NAME).findings
        if item.severity is Severity.CRITICAL
    )
    assert "Cell group 8" in finding.message
    assert finding.danger


def test_latched_after_the_charge():
    columns = parked.charging(5.0, after_s=5400.0)
    _open(columns, "discharge_fet", columns["end"] + 3)
    incident = investigate([parked.log(columns, family="ant", names=[[]] * len(columns["time"]))])
    assert incident.verdict.cause == "discharge-fet-commanded-off"
    finding = parked.check(incident, NAME).findings[0]
    assert finding.onset.latest_s == pytest.approx(columns["time"][columns["end"] + 3])


def test_switched_off_by_hand_after_the_charge_is_not_latched():
    columns = parked.charging(5.0, after_s=5400.0)
    row = columns["end"] + 3
    _open(columns, "discharge_fet", row)
    names = [["manual-off"] if number >= row else [] for number in range(len(columns["time"]))]
    incident = investigate([parked.log(columns, names=names)])
    assert parked.check(incident, NAME).status is Status.CLEAR


def test_a_charger_for_another_pack_at_the_port():
    columns = parked.resting(hours=1.0, step=10.0)
    columns["charger_voltage"] = np.full(len(columns["time"]), 100.8)
    incident = investigate([parked.log(columns)])
    assert incident.verdict.cause == "charger-fault"
    assert parked.severities(incident, NAME) == ["critical"]


def test_the_sign_of_a_charge_may_be_unknown():
    columns = parked.charging(4.3, top_v=4.245, taper=False)
    columns["battery_current"] = -columns["battery_current"]
    assert investigate([parked.log(columns)]).verdict.cause == "charger-fault"


@pytest.mark.parametrize("without", ["battery_current", "voltages"])
def test_without_a_channel_it_cannot_look(without):
    columns = parked.charging(5.0)
    gone = {"cell_voltages", "pack_voltage"} if without == "voltages" else {without}
    incident = investigate([parked.log(columns, keep=set(columns) - gone)])
    assert parked.check(incident, NAME).status is Status.UNABLE


@pytest.mark.parametrize("rows", [2, 5, 30])
def test_a_truncated_log(rows):
    columns = {name: values if name == "end" else values[:rows] for name, values in parked.charging().items()}
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.UNABLE


def test_a_charger_too_high_is_found_though_the_limit_of_the_bms_allows_it():
    """4.28 V a cell is too much for ordinary cells and no charge of those made for 4.35 V."""
    columns = parked.charging(5.0, top_v=4.28)
    incident = investigate([parked.log(columns, settings={"cell_overvoltage_limit": 4.38})])
    assert incident.verdict.cause == "charger-fault"
    assert "made for 4.35 V" in parked.check(incident, NAME).findings[0].message


def test_cells_of_a_higher_voltage_unplugged_while_they_rise_are_no_fault():
    columns = parked.charging(5.0, top_v=4.35)
    rising = int(np.flatnonzero(np.median(columns["cell_voltages"], axis=1) > 4.27)[0])
    early = {name: values if name == "end" else values[:rising] for name, values in columns.items()}
    incident = investigate([parked.log(early, settings={"cell_overvoltage_limit": 4.40})])
    assert parked.severities(incident, NAME) == []
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize(
    ("name", "volts"), [("lfp", (3.30, 3.34, 3.38, 3.62, 3.83)), ("nmc", (3.30, 3.45, 3.6, 3.7, 3.83))]
)
def test_the_course_of_a_charge_tells_the_chemistry(name, volts):
    """Charge against voltage as data sheets draw it: LFP takes nine tenths below 3.4 V, NMC most of it above 3.5 V."""
    share = (0.0, 0.45, 0.93, 0.99, 1.0) if name == "lfp" else (0.0, 0.08, 0.5, 0.75, 1.0)
    time = np.arange(0.0, 9000.0, 10.0)
    columns = parked.board(time, 0.5, -5.0, ohm=0.0)
    cell = np.interp(time / time[-1], share, volts)
    columns["cell_voltages"] = np.round(np.repeat(cell[:, None], parked.SERIES, axis=1), 3)
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    incident = investigate([parked.log(columns, settings={"chemistry": ""})])
    assert incident.pack.chemistry.name == name
    assert (incident.verdict.cause == "charger-fault") is (name == "lfp")
