"""Frames of JBD decoded before by others, field by field, and the captures they came from.

What is not compared is listed with its reason, so that a new field cannot slip by.
"""

import re

import pytest

from ridelog.damage import DamageKind
from ridelog.parsers.frames import jbd_registers
from ridelog.parsers.frames.jbd import Jbd
from ridelog.parsers.frames.jbd_up import JbdUp
from ridelog.parsers.frames.protocol import Packet
from ridelog.parsers.jbd_fig import JbdFig
from ridelog.parsing import ReadOptions
from ridelog.sources import open_sources

from .vectors import AIOBMSBLE, AIOBMSBLE_SKIPPED, NO_CLOCK, compare, decode, vectors


def test_jbd_frames_of_aiobmsble_and_batmon(real_logs):
    rows = vectors(real_logs, "jbd")
    packets = [Packet(bytes.fromhex(row["frame_hex"]), 0) for row in rows if row.get("line") in (108, 113)]
    (log,) = Jbd().logs(packets, NO_CLOCK, "test")
    assert log.rows == 1
    ours = log.to_polars().to_dicts()[0]
    fields = AIOBMSBLE | {
        "current": lambda row: -row["battery_current"],
        "cycles": lambda row: row["cycle_count"],
        "temp_values": lambda row: row["battery_temperatures"],
        "delta_voltage": lambda row: max(row["cell_voltages"]) - min(row["cell_voltages"]),
    }
    skipped = AIOBMSBLE_SKIPPED | {"power": "computed by the library"}
    expected = next(row["expected"] for row in rows if row.get("line") == 108)
    assert compare(ours, expected, fields, skipped) == []
    (batmon,) = [row for row in rows if "batmon" in row["source"]["repo"]]
    ours, expected = decode(batmon["frame_hex"]), batmon["expected"]
    assert (ours["pack_voltage"], ours["battery_current"]) == (expected["voltage"], expected["current"])
    assert (ours["remaining_capacity"], ours["nominal_capacity"]) == (expected["charge"], expected["capacity"])
    assert ours["cycle_count"] == expected["num_cycles"]
    assert ours["battery_temperatures"] == expected["temperatures"]
    assert {"charge": ours["charge_fet"], "discharge": ours["discharge_fet"]} == expected["switches"]
    # The library computes a finer SoC from the capacities; the frame says 100 %.
    assert ours["soc"] == 1.0


#: Flag of the ESPHome component to canonical protection.
ESPHOME_JBD = {
    "cell_overvoltage_protection": "cell-overvoltage",
    "cell_undervoltage_protection": "cell-undervoltage",
    "pack_overvoltage_protection": "pack-overvoltage",
    "pack_undervoltage_protection": "pack-undervoltage",
    "charge_overtemperature_protection": "charge-overtemperature",
    "charge_undertemperature_protection": "charge-undertemperature",
    "discharge_overtemperature_protection": "discharge-overtemperature",
    "discharge_undertemperature_protection": "discharge-undertemperature",
    "charge_overcurrent_protection": "charge-overcurrent",
    "discharge_overcurrent_protection": "discharge-overcurrent",
    "short_circuit_protection": "short-circuit",
    "ic_frontend_error": "front-end",
    "mosfet_software_lock": "software-lock",
}


def test_jbd_payloads_of_esphome(real_logs):
    seen = set()
    for row in vectors(real_logs, "jbd"):
        if "esphome" not in row["source"]["repo"] or row["expected"] is None:
            continue
        data, expected, name = bytes.fromhex(row["frame_hex"]), row["expected"], row["name"]
        seen.add(name)
        if name == "CELLINFO_FRAME":
            cells = jbd_registers.decode_cells(data)
            assert cells == [expected[f"cell_voltage[{index}]"] for index in range(4)]
            assert cells.index(min(cells)) + 1 == expected["min_voltage_cell"]
            assert cells.index(max(cells)) + 1 == expected["max_voltage_cell"]
        elif name == "ERRCOUNT_FRAME":
            trips = jbd_registers.decode_trip_counters(data)
            renamed = {
                "trips_" + key.removesuffix("_error_count").replace("battery_", "pack_"): value
                for key, value in expected.items()
            }
            assert trips == renamed
        elif name == "BASICINFO_FRAME_BALANCING_CELLS_1_3":
            # Upstream reads the four bytes of this made-up frame as one number and counts its bits from the highest of
            # four. By the register map of the device the bits set are those of cells 18 and 20, which four cells do
            # not have: that something is balanced is believed, which cells is not.
            values = jbd_registers.decode_basic_info(data)
            assert values["balancing"] is True
            assert values["cells_balancing"] is None
        else:
            protections = set(jbd_registers.decode_basic_info(data)["protections"])
            assert protections == {ESPHOME_JBD[key] for key, active in expected.items() if active}
    assert len(seen) >= 6


def test_captured_jbd_frames(real_logs):
    rows = vectors(real_logs, "jbd_captures")
    assert all(row["crc_ok"] for row in rows)
    packets = [Packet(bytes.fromhex(row["frame_hex"]), number) for number, row in enumerate(rows)]
    assert Jbd().count(packets) == len(rows)
    for row in rows:
        expected = row["reference_decode"]
        if expected is None:
            continue
        ours = decode(row["frame_hex"])
        if "cells_mv" in expected:
            assert [round(volt * 1000) for volt in ours["cell_voltages"]] == expected["cells_mv"]
            continue
        if "sc" in expected:
            assert list(ours["settings"].values())[-11:] == [float(count) for count in expected.values()]
            continue
        assert ours["pack_voltage"] == expected["pack_v"]
        assert ours["battery_current"] == -expected["current_a"]
        assert ours["remaining_capacity"] == expected["remaining_ah"]
        assert ours["nominal_capacity"] == expected["nominal_ah"]
        assert ours["cycle_count"] == expected["cycles"]
        assert ours["balancing"] is bool(expected["balance"])
        assert ours["protections"] == (["software-lock"] if expected["protect"] == 4096 else [])
        assert round(ours["soc"] * 100) == expected["soc"]
        assert ours["charge_fet"] + 2 * ours["discharge_fet"] == expected["fet"]
        assert ours["cell_count"] == expected["cells"]
        # The reference takes 273.15 K for zero, the protocol counts from 273.1 K.
        assert ours["battery_temperatures"] == pytest.approx([value + 0.05 for value in expected["temps_c"]], abs=0.01)


def test_jbd_text_capture(real_logs):
    text = (real_logs / "jbd" / "JBD-SP25S003-L16S-100A-100A-B.txt").read_text()
    packets = [
        Packet(bytes.fromhex(match[2].replace(":", "")), number, None, match[1] == ">>>")
        for number, line in enumerate(text.splitlines())
        if (match := re.search(r"(>>>|<<<) ([0-9A-F:]+)", line))
    ]
    (log,) = Jbd().logs(packets, NO_CLOCK, "test")
    cells = log.matrix("cell_voltages")[0]
    assert cells[:15] == pytest.approx([3.6] * 15)
    # The sixteenth cell of this bench set-up is not wired: empty in its place.
    assert cells.shape == (16,)
    assert cells[15] != cells[15]
    assert any(damage.kind is DamageKind.MISSING_SENSOR for damage in log.damage)


def test_jbd_up_packs(real_logs):
    text = (real_logs / "jbd" / "JBD-UP16S020-two-devices.txt").read_text()
    packets = [
        Packet(bytes.fromhex(match[2].replace(":", "")), number, None, match[1] == ">>>")
        for number, line in enumerate(text.splitlines())
        if (match := re.search(r"(>>>|<<<) ([0-9A-F:]+)", line))
    ]
    first, second = JbdUp().logs(packets, NO_CLOCK, "test")
    assert first.identity.device.endswith("1") and second.identity.device.endswith("2")
    for log in (first, second):
        assert log.rows == 8
        # The cells add up to the pack voltage, which says that offsets and scales are right.
        assert log.matrix("cell_voltages").sum(axis=1) == pytest.approx(log.values("pack_voltage"), abs=0.05)
        assert log.values("cell_voltage_max") == pytest.approx(log.matrix("cell_voltages").max(axis=1))


def test_jbd_fig(real_logs):
    (source,) = open_sources(str(real_logs / "jbd" / "16s standard LiFePO4 Alf-20210608.fig"))
    parser = JbdFig()
    assert parser.sniff(source).rank == 2
    (log,) = parser.parse(source, ReadOptions())
    expected = {
        "series_cells": 16,
        "cell_overvoltage_limit": 3.65,
        "cell_overvoltage_recovery": 3.5,
        "cell_undervoltage_limit": 2.5,
        "cell_undervoltage_recovery": 3.0,
        "charge_current_limit": 110,
        "discharge_current_limit": 110,
        "discharge_overcurrent_delay": 10,
        "discharge_overcurrent_recovery": 32,
        "balance_start_voltage": 3.4,
        "balance_trigger": 0.015,
        "short_circuit_delay": 0.0004,
        "short_circuit_current": 1560,
        "discharge_current_limit_2": 380,
        "discharge_overcurrent_delay_2": 0.32,
        "short_circuit_recovery": 5,
        "shunt_resistance": 0.0001,
    }
    assert {name: log.settings[name] for name in expected} == pytest.approx(expected)
