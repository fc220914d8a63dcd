"""Words for protections in several languages, and the columns of a plain BMS table that hold them."""

import numpy as np
import pytest

from ridelog.channels import PROTECTIONS
from ridelog.log import Role
from ridelog.parsers.protection_words import protection_in, protections_in, says_nothing
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .table_files import COUNT, load, ride, voltage

#: The row in which the pack is cut off.
CUT = COUNT - 6


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cell undervoltage", "cell-undervoltage"),
        ("CELL_UVP", "cell-undervoltage"),
        ("cell 3 undervoltage", "cell-undervoltage"),
        ("over-discharge", "cell-undervoltage"),
        ("单体欠压保护", "cell-undervoltage"),
        ("Zellunterspannung", "cell-undervoltage"),
        ("Sous-tension cellule", "cell-undervoltage"),
        ("sottotensione cella", "cell-undervoltage"),
        ("subvoltaje celda", "cell-undervoltage"),
        ("переразряд ячейки", "cell-undervoltage"),
        ("Cell overcharge", "cell-overvoltage"),
        ("Battery low voltage", "pack-undervoltage"),
        ("整组欠压", "pack-undervoltage"),
        ("Pack OVP", "pack-overvoltage"),
        ("DSG_OCP", "discharge-overcurrent"),
        ("dischargeOverCurrent", "discharge-overcurrent"),
        ("OCD1", "discharge-overcurrent"),
        ("放电过流", "discharge-overcurrent"),
        ("Überstrom Entladen", "discharge-overcurrent"),
        ("Surintensité décharge", "discharge-overcurrent"),
        ("chg oc", "charge-overcurrent"),
        ("Short circuit protection", "short-circuit"),
        ("短路保护", "short-circuit"),
        ("короткое замыкание", "short-circuit"),
        ("MOS过温", "fet-overtemperature"),
        ("mosfet_overtemp", "fet-overtemperature"),
        ("Charge high temp", "charge-overtemperature"),
        ("discharge under-temperature", "discharge-undertemperature"),
        ("Over temperature", "battery-overtemperature"),
        ("Discharge MOS failure", "discharge-fet-failure"),
        ("current sensor abnormal", "current-sensor"),
        ("open wire", "open-wire"),
        ("cell imbalance", "cell-difference"),
        ("discharge_overcurrent", "discharge-overcurrent"),
        ("ChargeOverCurrent", "charge-overcurrent"),
        ("Battery overtemperature", "battery-overtemperature"),
        ("Discharge low temperature", "discharge-undertemperature"),
        ("UVP", "cell-undervoltage"),
        ("Entladestrom Überstrom", "discharge-overcurrent"),
        ("discharge off by app", "discharge-manual-off"),
    ],
)
def test_one_protection(text, name):
    assert protection_in(text) == (name, False)


@pytest.mark.parametrize("name", PROTECTIONS)
def test_a_canonical_name_is_itself(name):
    assert protection_in(name) == (name, False)
    assert protection_in(name.replace("-", "_").upper()) == (name, False)


@pytest.mark.parametrize(
    "text",
    ["standby", "Balancing", "discharging", "charge", "error", "Bluetooth", "Cell undervoltage released", "12 V"],
)
def test_words_that_name_no_protection_that_acts(text):
    assert protection_in(text) is None


@pytest.mark.parametrize("text", ["", "none", "OK", "No alarm", "0x0000", "0", "[]", "正常", "keine", "норма"])
def test_nothing_acts(text):
    assert says_nothing(text)
    assert protections_in(text) == ((), ())


def test_several_in_one_cell():
    assert protections_in("CELL_UV|PACK_UV") == (("cell-undervoltage", "pack-undervoltage"), ())
    assert protections_in("['cell_uv', 'dsg_oc']") == (("cell-undervoltage", "discharge-overcurrent"), ())
    assert protections_in("Warning: cell undervoltage; short circuit") == (("short-circuit",), ("cell-undervoltage",))
    assert protections_in("xyz") is None


def bms(captions, cells, **options):
    """A plain table of a BMS: four cells, both FETs, and what `cells` adds to each row."""
    header = "time_s,pack_voltage_v,current_a,soc,cell1,cell2,cell3,cell4,charge_fet,discharge_fet"
    data = ride(
        f"{header},{captions}",
        lambda i: [
            i,
            f"{voltage(i, full=16.8):.2f}" if i < CUT else "16.4",
            f"{load(i):.2f}" if i < CUT else "0.0",
            "0.8",
            *(f"{(voltage(i, full=16.8) / 4):.3f}" for _ in range(4)),
            1,
            int(i < CUT),
            *cells(i),
        ],
    )
    (log,) = read_source(Source("pack.csv", data), ReadOptions(**options))
    assert log.role is Role.BMS
    return log


def names(log, channel="protections"):
    return log.to_polars()[channel].to_list()


def test_a_column_of_texts():
    log = bms("protection", lambda i: ["" if i < CUT else "Discharge overcurrent"])
    assert names(log) == [[]] * CUT + [["discharge-overcurrent"]] * (COUNT - CUT)
    assert log.source_of("protections") == "protection"


def test_a_column_a_protection():
    log = bms("cell_undervoltage,short_circuit,OT Warning", lambda i: [int(i >= CUT), 0, int(i > 50)])
    assert names(log) == [[]] * CUT + [["cell-undervoltage"]] * (COUNT - CUT)
    assert names(log, "warnings")[50:52] == [[], ["battery-overtemperature"]]


@pytest.mark.parametrize(
    ("family", "bits", "expected"),
    [
        ("jbd", "0x0200", "discharge-overcurrent"),
        ("jk", "0x0800", "cell-undervoltage"),
        ("ant", "16384", "discharge-overcurrent"),
        ("", "0x0200", "other"),
    ],
)
def test_bits_mean_what_the_family_says_and_without_one_that_something_acts(family, bits, expected):
    log = bms("protection_bits", lambda i: ["0" if i < CUT else bits], bms=family)
    assert names(log) == [[]] * CUT + [[expected]] * (COUNT - CUT)
    assert any("--bms" in found.message for found in log.damage) == (not family)


def test_numbers_of_faults_without_a_list_are_no_protections():
    log = bms("fault_code", lambda i: [0 if i < CUT else 7])
    assert not log.has("protections")


def test_words_nobody_knows_among_known_ones_are_other():
    log = bms("alarm", lambda i: ["E17" if i == 3 else "Short circuit" if i >= CUT else ""])
    assert names(log)[2:5] == [[], ["other"], []]


def test_texts_nobody_knows_are_no_protections():
    log = bms("status alarm", lambda i: ["mode A" if i % 2 else "mode B"])
    assert not log.has("protections")


def test_a_switch_that_opens_tells_which_way_the_current_was_counted():
    """A steady load, and nothing but the FET that opens alone tells its direction."""
    header = "time_s,pack_voltage_v,current_a,cell1,cell2,charge_fet,discharge_fet"
    data = ride(header, lambda i: [i, 8.2, "-20.0" if i < CUT else "0.0", 4.1, 4.1, 1, int(i < CUT)])
    (log,) = read_source(Source("pack.csv", data))
    np.testing.assert_allclose(log.values("battery_current"), [20.0] * CUT + [0.0] * (COUNT - CUT))


def test_the_recovery_of_the_battery_tells_it_too():
    header = "time_s,pack_voltage_v,current_a,cell1,cell2"
    data = ride(header, lambda i: [i, 7.9 if i < CUT else 8.3, "-20.0" if i < CUT else "0.0", 4.0, 4.0])
    (log,) = read_source(Source("pack.csv", data))
    np.testing.assert_allclose(log.values("battery_current"), [20.0] * CUT + [0.0] * (COUNT - CUT))
