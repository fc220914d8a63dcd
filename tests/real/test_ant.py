"""Frames of ANT decoded before by others, field by field, and the captures they came from.

What is not compared is listed with its reason, so that a new field cannot slip by.
"""

from ridelog.damage import DamageKind
from ridelog.parsers.frames.ant_7ea1 import AntNew
from ridelog.parsers.frames.ant_old import AntOld
from ridelog.parsers.frames.protocol import Packet

from .vectors import AIOBMSBLE, AIOBMSBLE_SKIPPED, NO_CLOCK, compare, decode, vectors


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
