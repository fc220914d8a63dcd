import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.channels import PROTECTIONS
from ridelog.damage import DamageKind
from ridelog.log import Role
from ridelog.parsers.frames import jbd_registers
from ridelog.parsers.frames.jbd import Jbd
from ridelog.parsers.frames.jbd_up import JbdUp, decode_status
from ridelog.parsers.frames.protocol import Packet
from ridelog.settings import SETTINGS

from .bms_frames import NO_CLOCK, UTC, crc16, jbd, jbd_cells, jbd_info, jbd_request, packets, split


def one(*frames, step=None, clock=NO_CLOCK):
    (log,) = Jbd().logs(packets(*frames, step=step), clock, "test")
    return log


def test_two_answers_of_one_poll_are_one_row():
    log = one(
        jbd(3, jbd_info(current=-1200)),
        jbd(4, jbd_cells([3700] * 13)),
        jbd(3, jbd_info(current=500)),
        jbd(4, jbd_cells([3690] * 13)),
    )
    assert log.rows == 2
    assert log.values("battery_current").tolist() == [12.0, -5.0]
    assert log.matrix("cell_voltages")[:, 0] == pytest.approx([3.7, 3.69])


def test_what_a_poll_does_not_hold_is_null():
    log = one(jbd(4, jbd_cells([3700] * 13)), jbd(3, jbd_info()), jbd(3, jbd_info()), jbd(4, jbd_cells([3690] * 13)))
    assert log.rows == 3
    voltages = log.values("pack_voltage")
    assert math.isnan(voltages[0])
    assert voltages[1:].tolist() == [48.1, 48.1]
    cells = log.matrix("cell_voltages")[:, 0]
    assert [math.isnan(cell) for cell in cells] == [False, True, False]


def test_answers_far_apart_are_two_rows():
    log = one(jbd(3, jbd_info()), jbd(4, jbd_cells([3700] * 13)), step=30.0, clock=UTC)
    assert log.rows == 2


def test_basic_info():
    log = one(jbd(3, jbd_info(protection=1 << 9 | 1 << 1, fets=1, balance=0b101)))
    row = log.to_polars().to_dicts()[0]
    expected = {
        "pack_voltage": 48.1,
        "battery_current": 12.0,
        "soc": 0.64,
        "remaining_capacity": 12.8,
        "nominal_capacity": 20.0,
        "cycle_count": 42.0,
        "cell_count": 13,
        "discharge_fet": False,
        "charge_fet": True,
        "protections": ["cell-undervoltage", "discharge-overcurrent"],
        "balancing": True,
        "battery_temperatures": [25.0, 26.0],
        "battery_temperature": 26.0,
    }
    assert {name: row[name] for name in expected} == expected
    assert [index for index, on in enumerate(row["cells_balancing"]) if on] == [0, 2]
    assert log.identity.firmware == "2.4"
    assert "sign changed" in log.table.schema.field("battery_current").metadata[b"conversion"].decode()


def test_a_cell_that_reads_nothing_keeps_its_index():
    log = one(jbd(3, jbd_info(cells=4)), jbd(4, jbd_cells([3700, 0, 3690, 0])))
    cells = log.matrix("cell_voltages")[0]
    assert [math.isnan(cell) for cell in cells] == [False, True, False, True]
    assert {damage.kind for damage in log.damage} == {DamageKind.MISSING_SENSOR}


def test_slots_behind_the_cells_are_no_cells():
    log = one(jbd(3, jbd_info(cells=13)), jbd(4, jbd_cells([3700] * 13 + [0] * 3)))
    assert log.matrix("cell_voltages").shape == (1, 13)


def test_newer_firmware_adds_humidity_and_learned_capacity():
    log = one(jbd(3, jbd_info(tail=struct.pack(">BHHHH", 45, 0, 1900, 1280, 0))))
    row = log.to_polars().to_dicts()[0]
    assert (row["humidity"], row["full_charge_capacity"]) == (0.45, 19.0)


def test_a_clone_that_echoes_other_fields_is_not_believed():
    log = one(jbd(3, jbd_info(tail=struct.pack(">BHHHH", 0, 19600, 19600, 19600, 19600))))
    assert not log.has("full_charge_capacity")
    assert not log.has("balance_current")


def test_the_coarse_mode_has_tenths():
    log = one(jbd(3, jbd_info(current=-1200, tail=struct.pack(">BHHHH", 0x88, 0, 0, 0, 0))))
    assert log.values("battery_current").tolist() == [120.0]
    assert log.values("nominal_capacity").tolist() == [200.0]


def test_trip_counters_are_settings():
    counters = list(range(11))
    log = one(jbd(0xAA, struct.pack(">12H", *counters, 9)), jbd(3, jbd_info()))
    assert [log.settings[name] for name in jbd_registers.TRIP_SETTINGS] == counters
    assert log.settings["trips_discharge_overcurrent"] == 2


def test_parameters_are_settings():
    registers = {
        0x10: 2000,
        0x1C: 3431,
        0x24: 4200,
        0x26: 2800,
        0x29: 0x10000 - 6000,
        0x2A: 4100,
        0x2C: 10,
        0x2D: 0b1100,
        0x2F: 13,
        0x38: 0x9D54,
        0x39: 0xF005,
        0x3F: 0x0A20,
    }
    log = one(*(jbd(number, value.to_bytes(2, "big")) for number, value in registers.items()))
    assert log.role is Role.CONFIG
    expected = {
        "nominal_capacity": 20.0,
        "discharge_temperature_max": 70.0,
        "cell_overvoltage_limit": 4.2,
        "cell_undervoltage_limit": 2.8,
        "discharge_current_limit": 60.0,
        "discharge_overcurrent_delay": 10.0,
        "discharge_overcurrent_recovery": 32.0,
        "balance_start_voltage": 4.1,
        "shunt_resistance": 0.001,
        "series_cells": 13.0,
        "balancer_enabled": True,
        # Byte 9D: x 2, 400 us, 78 mV; byte 54: 320 ms, 19 mV; over 1 mOhm.
        "short_circuit_current": 156.0,
        "short_circuit_delay": 0.0004,
        "short_circuit_recovery": 5.0,
        "discharge_current_limit_2": 38.0,
        "discharge_overcurrent_delay_2": 0.32,
    }
    assert log.settings == pytest.approx(expected)


def test_names():
    log = one(jbd(5, b"JBD-SP04S034-L4S-200A-B-U"), jbd(0xA0, b"\x05DGJBD"), jbd(0xA2, b"\x04S123"), jbd(3, jbd_info()))
    assert log.identity.model == "JBD-SP04S034-L4S-200A-B-U"
    assert log.identity.hardware == "DGJBD"
    assert log.identity.serial == "S123"


def test_a_wrong_checksum_is_not_believed():
    bad = bytearray(jbd(3, jbd_info(current=-30000)))
    bad[6] ^= 1
    stream = packets(jbd(3, jbd_info()), bytes(bad), jbd(4, jbd_cells([3700] * 13)))
    assert Jbd().count(stream) == 2
    (log,) = Jbd().logs(stream, NO_CLOCK, "test")
    assert log.rows == 1
    assert [(damage.kind, damage.count) for damage in log.damage] == [(DamageKind.CHECKSUM, 1)]


def test_a_lost_notification_costs_one_frame():
    pieces = [*split(jbd(3, jbd_info())), *split(jbd(3, jbd_info()))[:1], *split(jbd(3, jbd_info(current=-100)))]
    (log,) = Jbd().logs([Packet(piece, index) for index, piece in enumerate(pieces)], NO_CLOCK, "test")
    assert log.values("battery_current").tolist() == [12.0, 1.0]
    assert [damage.count for damage in log.damage if damage.kind is DamageKind.CHECKSUM] == [1]


def test_an_error_answer_is_no_sample():
    assert Jbd().logs(packets(jbd(3, b"", status=0x80)), NO_CLOCK, "test") == []


def test_switching_by_the_host_is_an_event():
    stream = [
        Packet(jbd_request(3), 0, 1.0, True),
        Packet(jbd(3, jbd_info()), 10, 1.1),
        Packet(jbd_request(0xE1, b"\x00\x02", 0x5A), 20, 2.0, True),
        Packet(jbd(0xE1, b""), 30, 2.1),
        Packet(jbd(3, jbd_info(protection=1 << 12, fets=1)), 40, 3.1),
        Packet(jbd_request(0xE1, b"\x00\x00", 0x5A), 50, 4.0, True),
    ]
    log, events = Jbd().logs(stream, UTC, "test")
    assert log.names("protections") == [(), ("software-lock",)]
    assert events.texts("event") == ["discharge-switched-off", "discharge-switched-on"]
    assert events.source_rows.tolist() == [20, 50]


def test_every_name_is_in_the_vocabulary():
    assert set(jbd_registers.PROTECTION_BITS.values()) <= set(PROTECTIONS)
    names = {parameter.setting for parameters in jbd_registers.PARAMETERS.values() for parameter in parameters}
    assert names | set(jbd_registers.TRIP_SETTINGS) <= set(SETTINGS)


def test_protection_bits_by_the_register_map():
    payload = jbd_info(protection=0x1FFF)
    assert set(jbd_registers.decode_basic_info(payload)["protections"]) == {
        "cell-overvoltage",
        "cell-undervoltage",
        "pack-overvoltage",
        "pack-undervoltage",
        "charge-overtemperature",
        "charge-undertemperature",
        "discharge-overtemperature",
        "discharge-undertemperature",
        "charge-overcurrent",
        "discharge-overcurrent",
        "short-circuit",
        "front-end",
        "software-lock",
    }


def up_status(cells=(3326,) * 16, current=300_000, protection=0):
    data = struct.pack(">HHIHHHHHHHH", 5321, 5321, current, 7300, 7327, 10000, 10000, 714, 730, 2, 100)
    data += struct.pack(">IIHHH", protection, 1 << 15, 3, 0, 2)
    data += struct.pack(">5H", 4, 3329, 1, 3322, 3325) + bytes(18) + struct.pack(">H", len(cells))
    data += struct.pack(f">{len(cells)}H", *cells) + struct.pack(">H2H", 2, 714, 716) + bytes(6)
    return data + b"JBD48100000".ljust(30, b"\0")


def up_frame(address, data):
    body = bytes([address, 0x78]) + struct.pack(">HHH", 0x1000, 0x10A0, len(data)) + data
    return body + struct.pack("<H", crc16(body))


def test_up_packs_are_logs_of_their_own():
    first, second = JbdUp().logs(
        packets(
            up_frame(1, up_status(current=290_000, protection=1 << 18)), up_frame(2, up_status(cells=(3300, 0, 3310)))
        ),
        NO_CLOCK,
        "test",
    )
    assert first.values("battery_current").tolist() == [100.0]
    assert first.names("protections") == [("short-circuit",)]
    assert first.names("warnings") == [("low-soc",)]
    assert first.identity.model == "JBD48100000"
    assert math.isnan(second.matrix("cell_voltages")[0, 1])
    assert second.matrix("battery_temperatures")[0].tolist() == [21.4, 21.6]


def test_up_status_with_counts_that_do_not_fit():
    assert decode_status(up_status()[:80]) is None


@given(
    data=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(jbd, st.integers(0, 255), st.binary(max_size=80), st.sampled_from((0, 0x80))),
            st.builds(jbd_request, st.integers(0, 255), st.binary(max_size=4), st.sampled_from((0x5A, 0xA5))),
            st.builds(lambda cut: jbd(3, jbd_info())[:cut], st.integers(0, 40)),
            st.builds(up_frame, st.integers(1, 16), st.binary(max_size=120)),
        ),
        max_size=8,
    ),
    outgoing=st.booleans(),
)
def test_any_bytes_make_logs_or_none(data, outgoing):
    stream = [Packet(piece, index, float(index), outgoing and index % 2 == 0) for index, piece in enumerate(data)]
    for protocol in (Jbd(), JbdUp()):
        assert protocol.count(stream) >= 0
        assert all(log.rows >= 0 for log in protocol.logs(stream, UTC, "test"))


@given(payload=st.binary(max_size=70))
def test_any_payload_is_decoded_or_not(payload):
    for decode in (jbd_registers.decode_basic_info, jbd_registers.decode_cells, decode_status):
        decode(payload)
    jbd_registers.decode_trip_counters(payload)
    jbd_registers.decode_text(payload)


@given(current=st.integers(-32768, 32767), cells=st.lists(st.integers(1, 5000), min_size=1, max_size=32))
def test_numbers_survive(current, cells):
    log = one(jbd(3, jbd_info(current=current, cells=len(cells))), jbd(4, jbd_cells(cells)))
    assert log.values("battery_current")[0] == pytest.approx(-current / 100)
    assert log.matrix("cell_voltages")[0] == pytest.approx([cell / 1000 for cell in cells])
