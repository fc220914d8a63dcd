"""Frames of Daly decoded before by others, field by field, and the captures they came from.

What is not compared is listed with its reason, so that a new field cannot slip by.
"""

import re

import pytest

from ridelog.parsers.frames.daly_a5 import DalyA5, decode_payload
from ridelog.parsers.frames.daly_codes import decode_faults
from ridelog.parsers.frames.daly_d2 import DalyD2, DalyDL
from ridelog.parsers.frames.protocol import Packet

from .vectors import AIOBMSBLE, AIOBMSBLE_SKIPPED, NO_CLOCK, compare, decode, vectors


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
