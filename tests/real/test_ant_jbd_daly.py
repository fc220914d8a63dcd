"""Every field of the frames that others decoded before: ANT, JBD and Daly, and the captures they came from.

What is not compared is listed with its reason, so that a new field cannot slip by.
"""

import json
import re

import pytest

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import DamageKind
from ridelog.parsers.frames import jbd_registers
from ridelog.parsers.frames.ant_7ea1 import AntNew
from ridelog.parsers.frames.ant_old import AntOld
from ridelog.parsers.frames.daly_a5 import DalyA5, decode_payload
from ridelog.parsers.frames.daly_codes import decode_faults
from ridelog.parsers.frames.daly_d2 import DalyD2, DalyDL
from ridelog.parsers.frames.jbd import Jbd
from ridelog.parsers.frames.jbd_up import JbdUp
from ridelog.parsers.frames.protocol import Packet
from ridelog.parsers.jbd_fig import JbdFig
from ridelog.parsing import ReadOptions
from ridelog.sources import open_sources

NO_CLOCK = Clock(ClockBasis.NONE)
PROTOCOLS = (AntOld(), AntNew(), Jbd(), JbdUp(), DalyA5(), DalyD2(), DalyDL())


def vectors(real_logs, name):
    lines = (real_logs / "bms_vectors" / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def decode(frame_hex):
    """Values of the one sample of a frame, or its settings and identity where it is none."""
    packets = [Packet(bytes.fromhex(frame_hex), 0)]
    for protocol in PROTOCOLS:
        if protocol.count(packets):
            logs = protocol.logs(packets, NO_CLOCK, "test")
            if not logs:
                return {}
            (log,) = logs
            row = log.to_polars().to_dicts()[0] if log.has("pack_voltage") or log.has("cell_voltages") else {}
            return row | {"settings": dict(log.settings), "identity": log.identity}
    return None


#: Field of aiobmsble to ours; currents and powers are compared apart, by sign convention.
AIOBMSBLE = {
    "cell_count": lambda row: row["cell_count"],
    "temp_sensors": lambda row: len(row["battery_temperatures"]),
    "voltage": lambda row: row["pack_voltage"],
    "battery_level": lambda row: round(row["soc"] * 100, 1),
    "battery_health": lambda row: round(row["soh"] * 100),
    "cycle_charge": lambda row: row["remaining_capacity"],
    "design_capacity": lambda row: row["nominal_capacity"],
    "cell_voltages": lambda row: row["cell_voltages"],
    "balancer": lambda row: bool(row["balancing"]),
    "chrg_mosfet": lambda row: row["charge_fet"],
    "dischrg_mosfet": lambda row: row["discharge_fet"],
}
AIOBMSBLE_SKIPPED = {
    "cycle_capacity": "computed by the library: capacity times voltage",
    "temperature": "computed by the library: mean of the sensors",
    "problem": "computed by the library from the problem code",
    "problem_code": "raw bits; their names are compared with the labelled frames",
    "runtime": "computed by the library for JBD; compared for ANT",
    "total_charge": "lifetime counter without a channel",
    "battery_charging": "sign of the current, compared there",
}


def near(value, expected, tolerance=0.0011):
    if isinstance(expected, list):
        return len(value) == len(expected) and all(near(a, b) for a, b in zip(value, expected, strict=True))
    if isinstance(expected, bool) or expected is None:
        return value is expected
    return value == pytest.approx(expected, abs=tolerance)


def compare(row, expected, fields, skipped):
    wrong = []
    for name, value in expected.items():
        if name.startswith("_"):
            continue
        assert name in fields or name in skipped, f"field {name} is neither compared nor skipped with a reason"
        if name in fields and not near(fields[name](row), value):
            wrong.append((name, fields[name](row), value))
    return wrong


def test_ant_frames_of_aiobmsble(real_logs):
    rows = vectors(real_logs, "ant")
    new = next(row for row in rows if row.get("line") == 86)
    ours = decode(new["frame_hex"])
    fields = AIOBMSBLE | {
        "current": lambda row: row["battery_current"],
        "power": lambda row: row["power"],
        "temp_values": lambda row: row["battery_temperatures"],
        "delta_voltage": lambda row: row["cell_voltage_delta"],
    }
    expected = dict(new["expected"])
    expected["temp_values"] = [value for value in expected["temp_values"] if not isinstance(value, dict)]
    # The library divides the lifetime throughput by the capacity.
    skipped = AIOBMSBLE_SKIPPED | {"cycles": "computed by the library"}
    assert compare(ours, expected, fields, skipped) == []
    assert (ours["bms_fet_temperature"], ours["balancer_temperature"]) == (30.0, 30.0)
    assert ours["bms_state"] == "discharging"


def test_old_ant_frames_of_aiobmsble(real_logs):
    rows = vectors(real_logs, "ant")
    # The expectation that upstream's extraction put beside line 177 is that of the frame of line 210.
    expected = next(row["expected"] for row in rows if row.get("line") == 177)
    ours = decode(next(row["frame_hex"] for row in rows if row.get("line") == 210))
    fields = AIOBMSBLE | {
        "current": lambda row: -row["battery_current"],
        "power": lambda row: -row["power"],
        "delta_voltage": lambda row: row["cell_voltage_max"] - row["cell_voltage_min"],
        "total_charge": lambda row: int(row["cycle capacity"]),
        "runtime": lambda row: row["uptime"],
        "temp_values": lambda row: [
            row["bms_fet_temperature"],
            row["balancer_temperature"],
            *row["battery_temperatures"][:2],
        ],
    }
    skipped = AIOBMSBLE_SKIPPED | {
        "cycles": "computed by the library",
        "design_capacity": "read by another command; 0 in this frame, which is null here",
        "battery_level": "computed by the library from the capacity; 0 in this frame, which is null here",
        "temp_sensors": "the library counts the FETs and the balancer among the sensors",
        "balancer": "the library takes state code 4 only; its bits tell the five highest cells",
    }
    for name in ("design_capacity", "battery_level", "balancer"):
        del fields[name]
    assert compare(ours, expected, fields | {"temp_sensors": lambda row: 4}, skipped) == []
    volts = ours["cell_voltages"]
    balanced = [volt for volt, active in zip(volts, ours["cells_balancing"], strict=True) if active]
    assert sorted(balanced) == sorted(volts)[-5:]
    assert ours["balancing"] is True


ESPHOME_ANT = {
    "total_voltage": lambda row: row["pack_voltage"],
    "battery_strings": lambda row: row["cell_count"],
    "min_cell_voltage": lambda row: row["cell_voltage_min"],
    "max_cell_voltage": lambda row: row["cell_voltage_max"],
    "min_voltage_cell": lambda row: row["cell_min_index"] + 1,
    "max_voltage_cell": lambda row: row["cell_max_index"] + 1,
    "delta_cell_voltage": lambda row: row["cell_voltage_max"] - row["cell_voltage_min"],
    "average_cell_voltage": lambda row: row["cell_voltage_average"],
    "current": lambda row: row["battery_current"],
    "soc": lambda row: row["soc"] * 100,
    "total_battery_capacity_setting": lambda row: row.get("nominal_capacity") or 0.0,
    "capacity_remaining": lambda row: row["remaining_capacity"],
    "battery_cycle_capacity": lambda row: row["cycle capacity"],
    "power": lambda row: row["power"],
    "total_runtime": lambda row: row["uptime"],
    "charge_mosfet_status_code": lambda row: row["charge FET code"],
    "discharge_mosfet_status_code": lambda row: row["discharge FET code"],
    "charging_switch": lambda row: row["charge_fet"],
    "discharging_switch": lambda row: row["discharge_fet"],
    "balancer_status_code": lambda row: row["balancer code"],
    "balancer_switch": lambda row: row["balancing"],
    "state_of_health": lambda row: row["soh"] * 100,
    "total_discharging_capacity": lambda row: row["total discharged"],
    "total_charging_capacity": lambda row: row["total charged"],
} | {f"cell_voltage[{index}]": lambda row, index=index: row["cell_voltages"][index] for index in range(32)}
ESPHOME_ANT_SKIPPED = {
    "total_runtime_formatted": "the uptime in words",
    "charge_mosfet_status": "the code in words",
    "discharge_mosfet_status": "the code in words",
    "balancer_status": "the code in words",
    "battery_status_code": "upstream swaps the numbers 3 and 4",
    "battery_status": "upstream swaps the numbers 3 and 4",
    "balanced_cell_bitmask": "compared by cell where one is set",
    "total_discharging_time": "lifetime counter without a channel",
    "total_charging_time": "lifetime counter without a channel",
    "total_discharging_time_formatted": "lifetime counter without a channel",
    "total_charging_time_formatted": "lifetime counter without a channel",
}


def test_ant_frames_of_esphome(real_logs):
    rows = [row for row in vectors(real_logs, "ant") if "esphome" in row["source"]["repo"] and row["expected"]]
    assert rows
    for row in rows:
        expected = dict(row["expected"])
        ours = decode(row["frame_hex"])
        if "software_version" in expected:
            assert ours["identity"].firmware == expected["software_version"]
            assert ours["identity"].hardware == expected["device_model"]
            continue
        temperatures = {name: expected.pop(name) for name in list(expected) if name.startswith("temperature[")}
        sensors = ours["battery_temperatures"]
        boards = [ours["bms_fet_temperature"], ours["balancer_temperature"]]
        old = row["component"].startswith("ant_bms_old")
        assert list(temperatures.values()) == ([*boards, *sensors] if old else [*sensors, *boards])
        assert compare(ours, expected, ESPHOME_ANT, ESPHOME_ANT_SKIPPED) == []


def test_ant_frame_of_batmon(real_logs):
    (row,) = [row for row in vectors(real_logs, "ant") if "batmon" in row["source"]["repo"]]
    ours, expected = decode(row["frame_hex"]), row["expected"]
    assert ours["pack_voltage"] == expected["voltage"]
    assert ours["battery_current"] == expected["current"]
    assert ours["remaining_capacity"] == expected["charge"]
    assert ours["nominal_capacity"] == expected["capacity"]
    assert ours["soc"] * 100 == expected["soc"]
    assert ours["soh"] * 100 == expected["soh"]
    assert ours["bms_fet_temperature"] == expected["mos_temperature"]
    assert ours["cycle capacity"] == expected["total_charge_throughput"]
    assert {"charge": ours["charge_fet"], "discharge": ours["discharge_fet"]} == expected["switches"]
    assert [round(volt * 1000) for volt in ours["cell_voltages"]] == expected["cell_voltages_mv"]
    assert ours["battery_temperatures"] == [None, None]
    assert ours["protections"] == ["cell-overvoltage"]
    assert ours["charge_fet_state"] == "cell-overvoltage"


def test_captured_ant_frames(real_logs):
    rows = vectors(real_logs, "ant_captures")
    compared = 0
    for row in rows:
        expected = row["reference_decode"]
        if expected is None:
            continue
        ours = decode(row["frame_hex"])
        compared += 1
        assert [round(volt * 1000) for volt in ours["cell_voltages"]] == expected["cells_mv"]
        assert ours["battery_temperatures"] == expected["temps_c"]
        assert ours["bms_fet_temperature"] == expected["mos_temp_c"]
        assert ours["balancer_temperature"] == expected["bal_temp_c"]
        assert ours["pack_voltage"] == expected["pack_v"]
        assert ours["battery_current"] == expected["current_a"]
        assert round(ours["soc"] * 100) == expected["soc"]
        assert round(ours["soh"] * 100) == expected["soh"]
        assert ours["discharge FET code"] == expected["discharge_mos_code"]
        assert ours["charge FET code"] == expected["charge_mos_code"]
        assert ours["balancer code"] == expected["balance_code"]
        assert ours["nominal_capacity"] == expected["capacity_ah"]
        assert ours["remaining_capacity"] == expected["remaining_ah"]
        assert ours["cycle capacity"] == expected["cycle_ah"]
        assert ours["power"] == expected["power_w"]
        assert ours["uptime"] == expected["runtime_s"]
        assert ours["protection bits"] == expected["protect_bits"]
        assert ours["warning bits"] == expected["warn_bits"]
        assert ours["bms_state"] == {1: "idle", 4: "discharging"}[expected["state"]]
        # The first FET byte is the discharge FET: its gate drive goes with it.
        assert (ours["discharge_gate_voltage"] > 5) == ours["discharge_fet"]
    assert compared == 394


def test_captured_ant_stream_with_broken_frames(real_logs):
    rows = vectors(real_logs, "ant_captures")
    packets = [Packet(bytes.fromhex(row["frame_hex"]), number) for number, row in enumerate(rows)]
    log, switching = AntNew().logs(packets, NO_CLOCK, "test")
    broken = {number for number, row in enumerate(rows) if row["crc_ok"] is False and row["function"] == "0x11"}
    (damage,) = [damage for damage in log.damage if damage.kind is DamageKind.CHECKSUM]
    assert set(damage.rows) == broken
    # Two realtime frames arrived glued to a frame of another function.
    assert log.rows == 396
    assert log.settings["cell_undervoltage_limit"] == 2.1
    # After each command that the BMS confirmed, the next sample but one shows the FET byte it is about.
    for row, event in zip(switching.source_rows, switching.texts("event"), strict=True):
        which, _, state = event.partition("-switched-")
        following = [index for index, source_row in enumerate(log.source_rows) if source_row > row][1]
        assert log.values(f"{which}_fet")[following] == (state == "on"), (row, event)
    assert {"discharge-switched-off", "discharge-switched-on", "charge-switched-off", "charge-switched-on"} <= set(
        switching.texts("event")
    )


def test_old_ant_dump(real_logs):
    text = (real_logs / "ant" / "model2019-req-dbdb00000000.txt").read_text()
    packets = [
        Packet(bytes.fromhex(line.lstrip(">")), number) for number, line in enumerate(text.splitlines()) if line.strip()
    ]
    (log,) = AntOld().logs(packets, NO_CLOCK, "test")
    assert log.rows == 9
    assert log.matrix("cell_voltages").shape == (9, 14)
    assert log.values("battery_current")[0] == 8.0
    assert log.values("discharge_gate_voltage")[0] == 11.2


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


def test_daly_frames_of_aiobmsble(real_logs):
    (row,) = [row for row in vectors(real_logs, "daly") if row.get("line") == 58]
    ours = decode(row["frame_hex"])
    fields = AIOBMSBLE | {
        "current": lambda row: -row["battery_current"],
        "power": lambda row: -row["power"],
        "cycles": lambda row: row["cycle_count"],
        "delta_voltage": lambda row: row["cell_voltage_delta"],
    }
    assert compare(ours, row["expected"], fields, AIOBMSBLE_SKIPPED) == []


#: Text of the ESPHome component to canonical name; "too low" of the discharge current is a slip of the vendor.
ESPHOME_DALY = {
    "Charging current too high": "charge-overcurrent",
    "Discharging current too low": "discharge-overcurrent",
    "SOC too high": "high-soc",
    "SOC too low": "low-soc",
    "Voltage difference too high": "cell-difference",
    "Temperature difference too high": "temperature-difference",
    "Cell voltage too high": "cell-overvoltage",
    "Cell voltage too low": "cell-undervoltage",
    "Total voltage too high": "pack-overvoltage",
    "Total voltage too low": "pack-undervoltage",
    "Charging temperature too high": "charge-overtemperature",
    "Charging temperature too low": "charge-undertemperature",
    "Discharging temperature too high": "discharge-overtemperature",
    "Discharging temperature too low": "discharge-undertemperature",
    "AFE acquisition chip failure": "front-end",
}


def test_daly_frames_of_esphome(real_logs):
    labelled = 0
    for row in vectors(real_logs, "daly"):
        expected = row["expected"]
        if "esphome" not in row["source"]["repo"] or expected is None:
            continue
        ours = decode(row["frame_hex"])
        if "errors" in expected:
            found = {"Warning": set(), "Critical": set()}
            for text in expected["errors"].split(";"):
                level, _, words = text.partition(": ")
                found[level].add(ESPHOME_DALY[words])
            assert (set(ours["warnings"]), set(ours["protections"])) == (found["Warning"], found["Critical"])
            labelled += 1
        elif "software_version" in expected:
            assert ours["identity"].firmware == expected["software_version"]
            assert ours["identity"].hardware == expected["hardware_version"]
    assert labelled >= 3


def test_dl_frame_of_esphome(real_logs):
    (row,) = [row for row in vectors(real_logs, "daly") if row.get("name") == "P81_CELLS_FRAME"]
    fields = {
        "total_voltage": lambda row: row["pack_voltage"],
        "current": lambda row: -row["battery_current"],
        "state_of_charge": lambda row: row["soc"] * 100,
        "cell_count": lambda row: row["cell_count"],
        "temperature_sensors": lambda row: len(row["battery_temperatures"]),
        "min_cell_voltage": lambda row: min(row["cell_voltages"]),
        "max_cell_voltage": lambda row: row["cell_voltage_max"],
        "max_voltage_cell": lambda row: row["cell_max_index"] + 1,
        "min_voltage_cell": lambda row: row["cell_voltages"].index(min(row["cell_voltages"])) + 1,
        "delta_cell_voltage": lambda row: max(row["cell_voltages"]) - min(row["cell_voltages"]),
        "average_cell_voltage": lambda row: sum(row["cell_voltages"]) / len(row["cell_voltages"]),
    }
    fields |= {f"cell_voltage[{index}]": lambda row, index=index: row["cell_voltages"][index] for index in range(16)}
    fields |= {
        f"temperature[{index}]": lambda row, index=index: row["battery_temperatures"][index] for index in range(4)
    }
    computed = dict.fromkeys(("power", "charging_power", "discharging_power"), "computed by the component")
    assert compare(decode(row["frame_hex"]), row["expected"], fields, computed) == []


def test_daly_a5_payloads(real_logs):
    rows = {row.get("name"): row for row in vectors(real_logs, "daly")}
    for name, row in rows.items():
        if not str(name).startswith("daly_"):
            continue
        data, expected = bytes.fromhex(row["frame_hex"]), row["expected"]
        command = int(re.search(r"cmd (\d+)", row["note"])[1])
        ours = decode_payload(command, data)
        if command == 0x90:
            assert ours["pack_voltage"] == expected["voltage"]
            assert ours["battery_current"] == expected["current"]
            assert ours["soc"] * 100 == expected["soc"]
        elif command == 0x93:
            assert ours["bms_state"] == expected["mode"]
            assert ours["charge_fet"] is expected["charging_mosfet"]
            assert ours["discharge_fet"] is expected["discharging_mosfet"]
            assert ours["remaining_capacity"] == pytest.approx(expected["capacity_ah"], abs=0.01)
        elif command == 0x94:
            assert ours["cell_count"] == expected["num_cells"]
            assert ours["cycle_count"] == expected["num_cycles"]
            assert ours["charger_connected"] is expected["charging"]
            assert ours["load_connected"] is expected["discharging"]
    status = decode(rows["test_daly_status"]["frame_hex"])
    assert status == {"settings": {}, "identity": status["identity"]}


def test_daly_requests_make_no_sample(real_logs):
    requests = [row["frame_hex"] for row in vectors(real_logs, "daly") if row.get("name") == "REQUEST_FRAMES"]
    assert requests
    assert DalyA5().count([Packet(bytes.fromhex(request), 0) for request in requests]) == 0


def test_daly_frame_with_a_wrong_checksum(real_logs):
    (row,) = [row for row in vectors(real_logs, "daly") if row["crc_ok"] is False]
    assert DalyD2().count([Packet(bytes.fromhex(row["frame_hex"]), 0)]) == 0


def test_daly_dl_capture(real_logs):
    text = (real_logs / "daly" / "ess-dl-bms-41_260321_0323.txt").read_text()
    packets = [
        Packet(bytes.fromhex(match[2].replace(".", "")), number, None, match[1] == ">>>")
        for number, line in enumerate(text.splitlines())
        if (match := re.search(r"(>>>|<<<) ([0-9A-F.]+)", line))
    ]
    (log,) = DalyDL().logs(packets, NO_CLOCK, "test")
    assert log.rows == 11
    assert set(log.texts("bms_state")) == {"discharging"}
    assert (log.values("battery_current") > 5).all()
    cells = log.matrix("cell_voltages")
    assert cells.sum(axis=1) == pytest.approx(log.values("pack_voltage"), abs=0.1)
    # The second half of a poll is younger than the cells of the first.
    lowest = log.values("cell_min_index").astype(int)
    assert cells[range(11), lowest] == pytest.approx(cells.min(axis=1), abs=0.0011)
    assert log.values("cell_voltage_delta") == pytest.approx(cells.max(axis=1) - cells.min(axis=1), abs=0.0011)
    assert log.values("power") == pytest.approx(log.values("battery_current") * log.values("pack_voltage"), rel=0.05)
    assert log.settings["discharge_current_limit"] == 200.0
    assert log.settings["cell_undervoltage_limit"] == 2.7
    assert log.names("protections") == [()] * 11


def test_daly_24_cells(real_logs):
    text = (real_logs / "daly" / "daly_bms_24cells.txt").read_text()
    packets = [
        Packet(bytes.fromhex(line.replace("0x", "").replace(",", "").strip()), number)
        for number, line in enumerate(text.splitlines())
        if line.startswith("0x")
    ]
    (log,) = DalyD2().logs(packets, NO_CLOCK, "test")
    assert log.matrix("cell_voltages").shape[1] == 24
    assert log.matrix("cell_voltages").sum(axis=1) == pytest.approx(log.values("pack_voltage"), abs=0.2)
    assert log.matrix("battery_temperatures")[0].tolist() == [16.0, 14.0, 16.0, 16.0]


def test_fault_bits_of_every_level():
    assert decode_faults(bytes.fromhex("02000800000000")) == (["cell-overvoltage", "discharge-overcurrent"], [])
    assert decode_faults(bytes.fromhex("01000400000004")) == (
        ["short-circuit"],
        ["cell-overvoltage", "discharge-overcurrent"],
    )
