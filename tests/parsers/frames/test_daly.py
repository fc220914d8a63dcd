import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.channels import PROTECTIONS
from ridelog.damage import DamageKind
from ridelog.log import Role
from ridelog.parsers.frames.daly_a5 import DalyA5
from ridelog.parsers.frames.daly_codes import decode_faults
from ridelog.parsers.frames.daly_d2 import DalyD2, DalyDL
from ridelog.parsers.frames.protocol import Packet

from .bms_frames import NO_CLOCK, UTC, d2_registers, daly_a5, daly_poll, modbus, modbus_request, packets, split


def one(protocol, *frames, step=None, clock=NO_CLOCK):
    (log,) = protocol.logs(packets(*frames, step=step), clock, "test")
    return log


def test_a_poll_of_the_a5_protocol_is_one_row():
    log = one(DalyA5(), *daly_poll(), *daly_poll(current=30_500), step=0.1, clock=UTC)
    assert log.rows == 2
    row = log.to_polars().to_dicts()[0]
    expected = {
        "pack_voltage": 48.1,
        "battery_current": 12.0,
        "soc": 0.64,
        "cell_voltage_max": 3.701,
        "cell_max_index": 1,
        "cell_min_index": 4,
        "battery_temperature": 26.0,
        "bms_state": "discharging",
        "discharge_fet": True,
        "charge_fet": True,
        "remaining_capacity": 12.8,
        "cell_count": 13,
        "load_connected": True,
        "charger_connected": False,
        "cycle_count": 42.0,
        "battery_temperatures": [25.0, 26.0],
        "protections": [],
        "warnings": [],
    }
    assert {name: row[name] for name in expected} == expected
    assert row["cell_voltages"] == [3.7] * 13
    assert [index for index, on in enumerate(row["cells_balancing"]) if on] == [0, 2]
    assert log.values("battery_current").tolist() == [12.0, 50.0]


def test_a_frame_of_cells_that_is_lost_leaves_its_cells_empty():
    frames = daly_poll(cells=list(range(3700, 3713)))
    without = [frame for frame in frames if not (frame[2] == 0x95 and frame[4] == 2)]
    log = one(DalyA5(), *frames, *without)
    first, second = log.matrix("cell_voltages")
    assert first == pytest.approx([cell / 1000 for cell in range(3700, 3713)])
    assert [math.isnan(cell) for cell in second] == [3 <= index < 6 for index in range(13)]


def test_a_cell_that_reads_nothing_keeps_its_index():
    log = one(DalyA5(), *daly_poll(cells=[3700, 0, 3690, 3695]))
    assert [math.isnan(cell) for cell in log.matrix("cell_voltages")[0]] == [False, True, False, False]
    log = one(DalyD2(), modbus(0xD2, d2_registers(cells=[3700, 0, 3690, 3695])))
    assert [math.isnan(cell) for cell in log.matrix("cell_voltages")[0]] == [False, True, False, False]
    assert any("Cell 2" in damage.message for damage in log.damage)


def test_the_sign_of_the_a5_protocol_is_turned_where_its_state_says_so_throughout():
    polls = [frame for current in (29_880, 29_500, 29_000) for frame in daly_poll(current=current, state=2)]
    log = one(DalyA5(), *polls)
    assert log.values("battery_current").tolist() == [12.0, 50.0, 100.0]
    assert any(damage.channel == "battery_current" for damage in log.damage)
    mixed = one(DalyA5(), *polls, *daly_poll(current=30_120, state=2))
    assert mixed.values("battery_current").tolist() == [-12.0, -50.0, -100.0, 12.0]


@pytest.mark.parametrize(
    ("faults", "protections", "warnings"),
    [
        ("0000000000000000", (), ()),
        ("0400000000000000", (), ("cell-undervoltage",)),
        ("0800000000000000", ("cell-undervoltage",), ()),
        ("0000080000000000", ("discharge-overcurrent",), ()),
        ("0080000000000000", ("discharge-undertemperature",), ()),
        ("0000000200000000", ("cell-difference",), ()),
        ("0000000080000000", ("discharge-fet-failure",), ()),
        ("0000000000020000", ("open-wire",), ()),
        ("0000000000100000", (), ("other",)),
        ("0000000000000400", ("short-circuit",), ()),
    ],
)
def test_fault_bytes_are_the_same_in_both_protocols(faults, protections, warnings):
    data = bytes.fromhex(faults)
    log = one(DalyA5(), *daly_poll(faults=data))
    assert (log.names("protections"), log.names("warnings")) == ([protections], [warnings])
    alarms = [data[index] | data[index + 1] << 8 for index in (0, 2, 4, 6)]
    log = one(DalyD2(), modbus(0xD2, d2_registers(alarms=alarms)))
    assert (log.names("protections"), log.names("warnings")) == ([protections], [warnings])


@given(data=st.binary(min_size=7, max_size=8))
def test_every_fault_has_a_name(data):
    protections, warnings = decode_faults(data)
    assert {*protections, *warnings} <= set(PROTECTIONS)
    assert bool(protections or warnings) == any(data[:7])


def test_limits_of_the_a5_protocol():
    words = [(0x59, (4150, 4200, 3000, 2800)), (0x5A, (540, 546, 390, 364)), (0x5B, (29_900, 29_800, 30_500, 30_600))]
    frames = [daly_a5(command, b"".join(word.to_bytes(2, "big") for word in four)) for command, four in words]
    log = one(DalyA5(), *frames)
    assert log.role is Role.CONFIG
    assert log.settings == pytest.approx(
        {
            "cell_overvoltage_limit": 4.2,
            "cell_undervoltage_limit": 2.8,
            "pack_overvoltage_limit": 54.6,
            "pack_undervoltage_limit": 36.4,
            "charge_current_limit": 20.0,
            "discharge_current_limit": 60.0,
        }
    )


def test_two_boards_are_two_logs():
    second = daly_a5(0x90, bytes.fromhex("01e0000075300280"), address=2)
    first, other = DalyA5().logs(packets(*daly_poll(), second), NO_CLOCK, "test")
    assert first.rows == other.rows == 1
    assert other.identity.device.endswith("2")


def test_a_command_of_the_host_is_an_event():
    off = daly_a5(0xD9, b"\x00", address=0x40)
    stream = [*packets(*daly_poll()), Packet(off, 500, None, True)]
    _, events = DalyA5().logs(stream, NO_CLOCK, "test")
    assert events.texts("event") == ["discharge-switched-off"]


def test_a_sample_of_the_d2_protocol():
    log = one(DalyD2(), modbus(0xD2, d2_registers(fets=(1, 0))))
    row = log.to_polars().to_dicts()[0]
    expected = {
        "pack_voltage": 48.1,
        "battery_current": 12.0,
        "power": 577.0,
        "soc": 0.64,
        "remaining_capacity": 12.8,
        "cycle_count": 42.0,
        "cell_voltages": [3.7] * 13,
        "discharge_fet": False,
        "charge_fet": True,
        "bms_state": "discharging",
        "balancing": False,
        "battery_temperatures": [25.0, 26.0],
        "protections": [],
    }
    assert {name: row[name] for name in expected} == expected


def test_charging_is_negative():
    log = one(DalyD2(), modbus(0xD2, d2_registers(current=30_120, state=1)))
    assert log.values("battery_current").tolist() == [-12.0]
    assert log.values("power").tolist() == [-577.0]


def test_longer_answers_hold_balance_and_temperatures():
    words = [*d2_registers(), *[0] * 18]
    words[0x3E:0x44] = [0b101, 0, 30_100, 0, 70, 71]
    row = one(DalyD2(), modbus(0xD2, words)).to_polars().to_dicts()[0]
    assert [index for index, on in enumerate(row["cells_balancing"]) if on] == [0, 2]
    assert row["balance_current"] == pytest.approx(0.1)
    assert (row["bms_fet_temperature"], row["bms_temperature"]) == (30.0, 31.0)


def settings_block():
    words = [0] * 0x29
    words[:0x0A] = [200, 3600, 1, 13, 0, 0, 2, 0, 0, 1]
    words[0x0B:0x0F] = [4150, 4200, 3000, 2800]
    words[0x0F:0x13] = [540, 546, 390, 364]
    words[0x13:0x17] = [29_900, 29_800, 29_500, 30_600]
    words[0x17:0x1F] = [85, 95, 42, 40, 95, 105, 25, 20]
    words[0x1F:0x29] = [300, 500, 10, 15, 4100, 20, 1, 1, 640, 125]
    return words


def test_settings_of_the_d2_protocol():
    log = one(DalyD2(), modbus(0xD2, settings_block()), modbus(0xD2, d2_registers()))
    expected = {
        "nominal_capacity": 20.0,
        "series_cells": 13.0,
        "chemistry": "nmc",
        "cell_overvoltage_limit": 4.2,
        "cell_undervoltage_limit": 2.8,
        "pack_overvoltage_limit": 54.6,
        "pack_undervoltage_limit": 36.4,
        "charge_current_limit": 20.0,
        "discharge_current_limit": 60.0,
        "charge_temperature_max": 55.0,
        "charge_temperature_min": 0.0,
        "discharge_temperature_max": 65.0,
        "discharge_temperature_min": -20.0,
        "cell_difference_limit": 0.5,
        "balance_start_voltage": 4.1,
        "balance_trigger": 0.02,
        "charge_fet_enabled": True,
        "discharge_fet_enabled": True,
        "bms_fet_temperature_max": 85.0,
    }
    assert log.settings == expected


def test_questions_say_which_registers_an_answer_holds():
    # An answer of 41 registers that are no settings.
    part = d2_registers()[:0x29]
    stream = [
        Packet(modbus_request(0xD2, 0, 0x29), 0, None, True),
        Packet(modbus(0xD2, part), 1),
        Packet(modbus_request(0xD2, 0x80, 0x29), 2, None, True),
        Packet(modbus(0xD2, settings_block()), 3),
    ]
    (log,) = DalyD2().logs(stream, NO_CLOCK, "test")
    assert log.rows == 1
    assert log.values("pack_voltage").tolist() == [48.1]
    assert log.settings["cell_overvoltage_limit"] == 4.2
    in_one_direction = [Packet(packet.data, packet.row) for packet in stream]
    assert DalyD2().count(in_one_direction) == 2
    (again,) = DalyD2().logs(in_one_direction, NO_CLOCK, "test")
    assert again.values("pack_voltage").tolist() == [48.1]


def dl_halves(current=29_880, faults=(0, 0)):
    first = [0] * 0x40
    first[:13] = [3700] * 13
    first[0x30:0x32] = [65, 66]
    first[0x38:0x40] = [481, current, 640, 7, 13, 2, 3701, 2]
    second = [0] * 0x3E
    for register, value in {
        0x41: 5,
        0x42: 2,
        0x48: 2,
        0x4A: 1,
        0x4B: 128,
        0x4C: 42,
        0x52: 1,
        0x53: 1,
        0x58: 577,
    }.items():
        second[register - 0x41] = value
    second[0x6D - 0x41 : 0x6F - 0x41] = faults
    return modbus(0x51, first), modbus(0x51, second)


def test_both_halves_of_the_dl_protocol_are_one_row():
    log = one(DalyDL(), *dl_halves(), *dl_halves(current=30_120), step=0.2, clock=UTC)
    assert log.rows == 2
    row = log.to_polars().to_dicts()[0]
    expected = {
        "battery_current": 12.0,
        "pack_voltage": 48.1,
        "cell_max_index": 1,
        "cell_min_index": 4,
        "discharge_fet": True,
        "charge_fet": True,
        "bms_state": "discharging",
        "load_connected": True,
        "remaining_capacity": 12.8,
        "power": 577.0,
        "protections": [],
    }
    assert {name: row[name] for name in expected} == expected
    assert len(row["cells_balancing"]) == 13


def test_faults_of_the_dl_protocol_whose_meaning_is_unknown_are_other():
    log = one(DalyDL(), *dl_halves(faults=(4, 0)))
    assert log.names("protections") == [None]
    assert log.names("warnings") == [("other",)]
    assert log.to_polars()["fault bytes"].to_list() == ["00040000"]


def test_versions():
    text = b"T00K_321042_11\0\0H2.0_103R_30994F02".ljust(64, b"\0")
    words = [int.from_bytes(text[at : at + 2], "big") for at in range(0, 64, 2)]
    log = one(DalyD2(), modbus(0xD2, words), modbus(0xD2, d2_registers()))
    assert (log.identity.firmware, log.identity.hardware) == ("T00K_321042_11", "H2.0_103R_30994F02")


@pytest.mark.parametrize(
    ("protocol", "build"),
    [
        (DalyA5(), lambda: daly_poll()[0]),
        (DalyD2(), lambda: modbus(0xD2, d2_registers())),
        (DalyDL(), lambda: dl_halves()[0]),
    ],
)
def test_a_wrong_checksum_is_not_believed(protocol, build):
    bad = bytearray(build())
    bad[9] ^= 0x10
    stream = packets(build(), bytes(bad), build())
    assert protocol.count(stream) == 2
    (log,) = protocol.logs(stream, NO_CLOCK, "test")
    assert log.rows == 2
    assert [(damage.count, damage.rows) for damage in log.damage if damage.kind is DamageKind.CHECKSUM] == [(1, (10,))]


def test_a_lost_notification_costs_one_frame():
    frame = modbus(0xD2, d2_registers())
    pieces = [*split(frame), *split(frame)[:-1], *split(modbus(0xD2, d2_registers(current=29_990)))]
    (log,) = DalyD2().logs([Packet(piece, index) for index, piece in enumerate(pieces)], NO_CLOCK, "test")
    assert log.values("battery_current").tolist() == [12.0, 1.0]


def test_a_confirmed_write_is_an_event():
    stream = packets(modbus(0xD2, d2_registers()), modbus_request(0xD2, 0xA6, 0, function=6))
    _, events = DalyD2().logs(stream, NO_CLOCK, "test")
    assert events.texts("event") == ["discharge-switched-off"]


@given(
    data=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(daly_a5, st.integers(0, 255), st.binary(max_size=8), st.integers(1, 0x80)),
            st.builds(modbus, st.sampled_from((0xD2, 0x51, 0x81)), st.lists(st.integers(0, 65535), max_size=126)),
            st.builds(
                modbus_request,
                st.sampled_from((0xD2, 0x51, 0x81)),
                st.integers(0, 0x200),
                st.integers(0, 200),
                st.sampled_from((3, 6)),
            ),
            st.builds(lambda cut: modbus(0xD2, d2_registers())[:cut], st.integers(0, 130)),
        ),
        max_size=8,
    ),
    outgoing=st.booleans(),
)
def test_any_bytes_make_logs_or_none(data, outgoing):
    stream = [Packet(piece, index, float(index), outgoing and index % 2 == 0) for index, piece in enumerate(data)]
    for protocol in (DalyA5(), DalyD2(), DalyDL()):
        assert protocol.count(stream) >= 0
        assert all(log.rows >= 0 for log in protocol.logs(stream, UTC, "test"))
