"""JK files from public repositories: every expectation that came with them, and why one differs where it does."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

import ridelog.reading as reading
from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.log import Log, Role

EPOCH_2020 = 1_577_836_800


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def read_row(tmp_path: Path, row: dict) -> list[Log]:
    """One row of a collection alone, as a file of JSON lines."""
    path = tmp_path / "frame.jsonl"
    path.write_text(json.dumps({"frame_hex": row["frame_hex"]}) + "\n")
    return reading.read(str(path))


def first(log: Log) -> dict:
    return log.table.to_pylist()[0]


# What the decoder of the upstream project calls a field, and where it is here.
AIOBMSBLE = {
    "voltage": ("pack_voltage", 1),
    "current": ("battery_current", -1),
    "battery_level": ("soc", 100),
    "battery_health": ("soh", 100),
    "cycle_charge": ("remaining_capacity", 1),
    "design_capacity": ("full_charge_capacity", 1),
    "cycles": ("cycle_count", 1),
    "balance_current": ("balance_current", 1),
    "delta_voltage": ("cell_voltage_delta", 1),
    "chrg_mosfet": ("charge_fet", 1),
    "dischrg_mosfet": ("discharge_fet", 1),
    "balancer": ("balancing", 1),
}
SYSSI = {
    "total_voltage": ("pack_voltage", 1),
    "current": ("battery_current", -1),
    "power": ("power", -1),
    "state_of_charge": ("soc", 100),
    "state_of_health": ("soh", 100),
    "capacity_remaining": ("remaining_capacity", 1),
    "full_charge_capacity": ("full_charge_capacity", 1),
    "charging_cycles": ("cycle_count", 1),
    "total_runtime": ("uptime", 1),
    "mosfet_temperature": ("bms_fet_temperature", 1),
    "average_cell_voltage": ("cell_voltage_average", 1),
    "charging": ("charge_fet", 1),
    "discharging": ("discharge_fet", 1),
    "balancing": ("balancing", 1),
    "heating": ("heating", 1),
    "detail_log_entry_count": ("detail log records", 1),
}
MPP_JK02 = {
    "Average_Cell_Voltage": ("cell_voltage_average", 1),
    "Delta_Cell_Voltage": ("cell_voltage_delta", 1),
    "Battery_Voltage": ("pack_voltage", 1),
    "Battery_Power": ("power", 1),
    "Balance_Current": ("balance_current", 1),
    "MOS_Temp": ("bms_fet_temperature", 1),
    "Percent_Remain": ("soc", 100),
    "Capacity_Remain": ("remaining_capacity", 1),
    "Nominal_Capacity": ("full_charge_capacity", 1),
    "Cycle_Count": ("cycle_count", 1),
    "Cycle_Capacity": ("total charge throughput", 1),
}


def compare(expected: dict, row: dict, table: dict, tolerance: float = 1e-3) -> list[str]:
    wrong = []
    for key, (name, factor) in table.items():
        if key in expected:
            value = expected[key][0] if isinstance(expected[key], list) else expected[key]
            found = row[name]
            if found is None or abs(float(found) * factor - float(value)) > tolerance * max(1.0, abs(float(value))):
                wrong.append(f"{key}: {value} expected, {name} is {found}")
    return wrong


def test_every_expectation_of_the_live_frames_holds(real_logs, tmp_path):
    wrong = []
    for number, row in enumerate(rows_of(real_logs / "bms_vectors" / "jk.jsonl"), 1):
        expected, source = row["expected"], row["source"]["path"]
        if not expected or row["frame_hex"][8:10] != "02" or not row["frame_hex"].startswith("55aaeb90"):
            continue
        log = read_row(tmp_path, row)[0]
        assert log.role is Role.BMS
        found = first(log)
        if "aiobmsble" in row["source"]["repo"]:
            bad = compare(expected, found, AIOBMSBLE)
            # Upstream multiplies voltage and current; the power of the device differs by a percent (row 4).
            assert found["power"] == pytest.approx(-expected["power"], rel=0.02)
            np.testing.assert_allclose(found["cell_voltages"], expected["cell_voltages"])
            # Upstream lists MOSFET, T1, T2, second MOSFET, T4, T3.
            probes = [value for value in expected["temp_values"] if not isinstance(value, dict)]
            assert sorted(found["battery_temperatures"]) == sorted(probes)
            assert (expected["problem_code"] == 0) == (found["protections"] == [])
        elif "syssi" in row["source"]["repo"]:
            bad = compare(expected, found, SYSSI, tolerance=2e-3)
            for key, value in expected.items():
                numbered = re.fullmatch(r"(cell_voltage|cell_resistance|temperature)\[(\d+)\]", key)
                if numbered:
                    name = {
                        "cell_voltage": "cell_voltages",
                        "cell_resistance": "cell_wire_resistances",
                        "temperature": "battery_temperatures",
                    }[numbered[1]]
                    assert found[name][int(numbered[2])] == pytest.approx(value, abs=1e-3)
            if "balancing_current" in expected:
                assert found["balance_current"] == pytest.approx(abs(expected["balancing_current"]), abs=1e-3)
            if "min_cell_voltage" in expected:
                assert min(found["cell_voltages"]) == pytest.approx(expected["min_cell_voltage"], abs=1e-3)
                assert max(found["cell_voltages"]) == pytest.approx(expected["max_cell_voltage"], abs=1e-3)
            if "battery_type" in expected:
                assert log.settings["chemistry"] == expected["battery_type"].lower()
        elif "jk02" in source:
            bad = compare(expected, found, MPP_JK02)
            cells = [expected[f"Voltage_Cell{cell:02}"][0] for cell in range(1, 17)]
            np.testing.assert_allclose(found["cell_voltages"], cells)
            wires = [expected[f"Resistance_Cell{cell:02}"][0] for cell in range(1, 17)]
            np.testing.assert_allclose(found["cell_wire_resistances"], wires)
            assert found["battery_temperatures"] == [expected["Battery_T1"][0], expected["Battery_T2"][0]]
            assert found["uptime"] == 16 * 86400 + 18 * 3600 + 39 * 60 + 52
        else:
            bad = []
            cells = [expected[f"Voltage Cell{cell:02}"][0] for cell in range(1, 25)]
            np.testing.assert_allclose(found["cell_voltages"], cells, rtol=1e-6)
            wires = [expected[f"Resistance Cell{cell:02}"][0] for cell in range(1, 25)]
            np.testing.assert_allclose(found["cell_wire_resistances"], wires, rtol=1e-6)
            assert found["cell_voltage_average"] == pytest.approx(expected["Average Cell Voltage"][0])
            assert found["cell_max_index"] + 1 == expected["Highest Cell"][0]
            assert found["cell_min_index"] + 1 == expected["Lowest Cell"][0]
            assert found["uptime"] == 3 * 3600 + 23 * 60 + 12
        wrong += [f"row {number}: {text}" for text in bad]
    assert wrong == []


def test_device_information(real_logs, tmp_path):
    for row in rows_of(real_logs / "bms_vectors" / "jk.jsonl"):
        expected = row["expected"]
        if not expected or not row["frame_hex"].startswith("55aaeb9003"):
            continue
        identity = read_row(tmp_path, row)[0].identity
        assert identity.family == "jk"
        if "hw_version" in expected:
            assert identity.model == expected["model"]
            assert identity.hardware == expected["hw_version"]
            assert identity.firmware == expected["sw_version"]
            # Upstream cuts the serial number off after eight characters.
            assert identity.serial.startswith(expected["serial_number"])
        elif "hardware_version" in expected:
            assert identity.hardware == expected["hardware_version"]
            assert identity.firmware == expected["software_version"]
        else:
            assert identity.model == expected["Device Model"][0]
            assert identity.firmware == expected["Software Version"][0]


def test_active_balancer_over_rs485(real_logs, tmp_path):
    (row,) = [row for row in rows_of(real_logs / "bms_vectors" / "jk.jsonl") if row["frame_hex"].startswith("eb90")]
    expected = row["expected"]
    found = first(read_row(tmp_path, row)[0])
    assert found["pack_voltage"] == expected["Total Battery Voltage"][0]
    # Slots beyond the 20 cells of the pack repeat a voltage; they are no cells.
    assert found["cell_voltages"] == [expected[f"Voltage Cell{cell:02}"][0] for cell in range(1, 21)]
    assert found["cell_max_index"] + 1 == expected["Highest Cell"][0]
    assert found["cell_voltage_delta"] == expected["Voltage Difference"][0]
    assert found["balancer_temperature"] == expected["Temperature"][0]


def test_serial_port_frames(real_logs, tmp_path):
    log = reading.read(str(real_logs / "jk" / "pdus__JK-B2A24S20P-10.07-UART-TTL.txt"))[0]
    found = first(log)
    assert len(found["cell_voltages"]) == 13
    assert found["cell_voltages"][1] == 4.047
    assert sum(found["cell_voltages"]) == pytest.approx(found["pack_voltage"], abs=0.2)
    assert found["battery_current"] == 0
    assert found["soc"] == 0.94
    assert log.settings["discharge_current_limit"] == 150
    assert log.settings["series_cells"] == 13
    assert log.settings["chemistry"] == "nmc"
    (row,) = [row for row in rows_of(real_logs / "bms_vectors" / "jk.jsonl") if row["frame_hex"].startswith("4e57")]
    found = first(read_row(tmp_path, row)[0])
    assert len(found["cell_voltages"]) == 14
    assert found["battery_current"] == -4.53
    assert sum(found["cell_voltages"]) == pytest.approx(found["pack_voltage"], abs=0.2)


def test_captures_refuse_every_frame_with_a_wrong_checksum(real_logs):
    path = real_logs / "bms_vectors" / "jk_captures.jsonl"
    rows = rows_of(path)
    logs = reading.read(str(path))
    refused = sum(damage.count for log in logs for damage in log.damage if damage.kind is DamageKind.CHECKSUM)
    assert refused == sum(not row["crc_ok"] for row in rows)
    live = sum(row["crc_ok"] and row["frame_type"] == "0x02" for row in rows)
    assert sum(log.rows for log in logs) == live
    assert all(log.clock.basis is ClockBasis.UTC for log in logs)
    for log in logs:
        cells = log.matrix("cell_voltages")
        whole = ~np.isnan(cells).any(axis=1)
        gap = np.abs(cells[whole].sum(axis=1) - log.values("pack_voltage")[whole])
        assert float(gap.max()) < 0.05 * float(np.nanmax(log.values("pack_voltage")))


def test_alarm_that_opens_the_charge_fet(real_logs):
    (log,) = reading.read(str(real_logs / "jk" / "can__can_rs485_can_rs485_can_btsnoop.log"))
    words = np.array(log.table.column("error word").to_pylist())
    assert {0x00080001, 0x00080201} <= set(words.tolist())
    tripped = words & 0x200 != 0
    charging = log.values("charge_fet") == 1
    protections = log.names("protections")
    # The alarm comes one frame before the FET opens.
    onset = int(np.flatnonzero(tripped)[0])
    assert charging[onset]
    assert not charging[onset + 1]
    assert all("charge-undertemperature" in names for names, trip in zip(protections, tripped, strict=True) if trip)
    assert protections[onset - 1] == ()
    assert log.names("warnings")[0] == ("wire-resistance",)
    assert (log.values("discharge_fet") == 1).all()
    assert log.settings["discharge_overcurrent_delay"] == 300


def test_detail_log_ring_against_the_reference_decode(real_logs):
    logs = reading.read(str(real_logs / "jk" / "src_packRingWire.json"))
    assert [log.rows for log in logs] == [836, 795, 14]
    earlier = logs[0]
    reference = list(csv.DictReader((real_logs / "jk" / "detail_log_earlier_decoded.csv").open()))
    assert earlier.rows == len(reference)

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in reference])

    assert earlier.clock.basis is ClockBasis.LOCAL
    assert earlier.clock.start == EPOCH_2020 + column("rtc_counter")[0]
    for name, channel, factor in (
        ("charge_mos", "charge_fet", 1),
        ("discharge_mos", "discharge_fet", 1),
        ("balance", "balancing", 1),
        ("heating", "heating", 1),
        ("max_cell_idx0", "cell_max_index", 1),
        ("min_cell_idx0", "cell_min_index", 1),
        ("max_cell_v", "cell_voltage_max", 1),
        ("min_cell_v", "cell_voltage_min", 1),
        ("pack_v", "pack_voltage", 1),
        ("current_a", "battery_current", -1),
        ("remain_ah", "remaining_capacity", 1),
        ("full_ah", "full_charge_capacity", 1),
        ("max_temp", "battery_temperature", 1),
        ("mos_temp", "bms_fet_temperature", 1),
    ):
        np.testing.assert_allclose(earlier.values(channel) * factor, column(name), atol=1e-9, err_msg=name)
    codes = np.nan_to_num(earlier.values("event_code"))
    np.testing.assert_array_equal(codes, column("event_code"))
    # The clock was set back by a second once; that step is closed, so everything after it is a second late.
    drift = EPOCH_2020 + column("rtc_counter") - earlier.clock.start - earlier.time
    assert set(drift.tolist()) == {0.0, -1.0}


def test_rewritten_clock_splits_the_detail_log(real_logs):
    _, before, after = reading.read(str(real_logs / "jk" / "src_packRingWire.json"))
    end = before.clock.start + before.time[-1]
    # The pair of records around the rewrite: the same measurement, seven hours apart.
    assert after.clock.start - end == pytest.approx(25_268, abs=2)
    assert before.texts("event")[-1] == after.texts("event")[0] == "clock-set"


def test_rows_as_the_app_shows_them(real_logs):
    shown = json.loads((real_logs / "jk" / "detailLogRows.json").read_text())["sampledRows"]
    logs = reading.read(str(real_logs / "jk" / "src_packRingWire.json"))[:1]
    records = {
        (row["pack_voltage"], row["battery_current"], row["cell_voltage_max"], row["remaining_capacity"]): row
        for log in logs
        for row in log.table.to_pylist()
    }
    matched = 0
    for row in shown:
        key = (row["packVoltage"], 0.0 - row["current"], row["highestCellVoltage"], row["remainingCapacity"])
        if key in records:
            matched += 1
            found = records[key]
            assert found["charge_fet"] == row["chargingEnabled"]
            assert found["cell_max_index"] == row["highestCellIndex"]
            assert found["bms_fet_temperature"] == row["mosfetTemperature"]
            assert (found["event_code"] or 0) == row["eventCode"]
    assert matched >= 2


def test_every_record_of_the_stored_log_frames(real_logs, tmp_path):
    for row in rows_of(real_logs / "bms_vectors" / "jk_logs.jsonl"):
        expected = row["expected"]
        if not isinstance(expected, dict) or "records" not in expected:
            continue
        logs = read_row(tmp_path, row)
        records = [record for log in logs for record in log.table.to_pylist()]
        starts = [log.clock.start for log in logs for _ in range(log.rows)]
        assert len(records) == expected["count"]
        for found, start, wanted in zip(records, starts, expected["records"], strict=True):
            assert start + found["time"] == pytest.approx(EPOCH_2020 + wanted["rtc_counter"], abs=1.1)
            assert found["place in the ring"] == wanted["index"]
            assert found["pack_voltage"] == pytest.approx(wanted["pack_v"])
            assert found["battery_current"] == pytest.approx(0.0 - wanted["current_a"])
            assert found["cell_voltage_min"] == pytest.approx(wanted["min_cell_v"])
            assert found["charge_fet"] == bool(wanted["charge_mos"])
            assert found["coldest battery sensor"] == wanted["min_temp"]
            assert (found["event_code"] or 0) == wanted["event_code"]


def test_logbook(real_logs):
    (log,) = reading.read(str(real_logs / "jk" / "logbookFrame.json"))
    assert log.role is Role.EVENTS
    assert log.clock.basis is ClockBasis.BOOT
    assert log.rows == 28
    assert log.texts("event")[:3] == ["boot", "factory-settings", "boot"]
    assert "cell-count" in log.texts("event")
    assert log.values("uptime")[0] == 0
    assert log.values("uptime")[1] == 0x3FF


def test_settings_observed_in_every_device(real_logs):
    seen = []
    for path in sorted((real_logs / "jk").iterdir()):
        if path.suffix == ".csv" or path.name == "detailLogRows.json":
            continue
        seen += [log.settings for log in reading.read(str(path)) if "short_circuit_delay" in log.settings]
    assert len(seen) >= 6
    assert {settings["discharge_overcurrent_delay"] for settings in seen} == {300}
    assert {settings["discharge_overcurrent_recovery"] for settings in seen} == {60}
    for settings in seen:
        assert 5e-6 <= settings["short_circuit_delay"] <= 2e-3
        assert settings["cell_undervoltage_limit"] < settings["cell_overvoltage_limit"]


def test_saved_binary_frames(real_logs):
    (status,) = reading.read(str(real_logs / "jk" / "jk_issue365_status.bin"))
    assert status.role is Role.BMS
    assert status.values("full_charge_capacity")[0] < 300
    (settings,) = reading.read(str(real_logs / "jk" / "jk_issue365_settings.bin"))
    assert settings.role is Role.CONFIG
    # The aged capacity of the status frame is not the configured one.
    assert settings.settings["nominal_capacity"] != status.values("full_charge_capacity")[0]
