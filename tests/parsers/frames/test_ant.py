import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.channels import PROTECTIONS
from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.log import Role
from ridelog.parsers.frames import ant_codes
from ridelog.parsers.frames.ant_7ea1 import AntNew
from ridelog.parsers.frames.ant_old import AntOld
from ridelog.parsers.frames.protocol import Packet

from .bms_frames import NO_CLOCK, UTC, ant_new, ant_old, ant_realtime, ant_register, packets, split

PROTOCOLS = (AntOld(), AntNew())


def one(protocol, *frames, step=None, clock=NO_CLOCK):
    (log,) = protocol.logs(packets(*frames, step=step), clock, "test")
    return log


@pytest.mark.parametrize(
    ("protocol", "frame"), [(AntOld(), ant_old(current=-107)), (AntNew(), ant_realtime(current=-107))]
)
def test_a_charging_current_stays_negative(protocol, frame):
    assert one(protocol, frame).values("battery_current").tolist() == [-10.7]


@pytest.mark.parametrize(("protocol", "build"), [(AntOld(), ant_old), (AntNew(), ant_realtime)])
def test_a_cell_that_reads_nothing_keeps_its_index(protocol, build):
    cells = [3700, 3710, 0, 3690, 3705]
    log = one(protocol, build(cells=cells))
    read = log.matrix("cell_voltages")[0]
    assert read.shape == (5,)
    assert math.isnan(read[2])
    assert read[[0, 1, 3, 4]] == pytest.approx([3.7, 3.71, 3.69, 3.705])
    (damage,) = [damage for damage in log.damage if damage.channel == "cell_voltages"]
    assert damage.kind is DamageKind.MISSING_SENSOR
    assert "Cell 3" in damage.message


def test_old_status_frame():
    log = one(AntOld(), ant_old(current=80, discharge=3, balance=4, balanced=0b10010, drop=-17, gates=(3, 107)))
    row = log.to_polars().to_dicts()[0]
    expected = {
        "pack_voltage": 48.1,
        "battery_current": 8.0,
        "power": 400.0,
        "soc": 0.64,
        "nominal_capacity": 20.0,
        "remaining_capacity": 12.8,
        "cell_voltage_max": 3.701,
        "cell_max_index": 1,
        "cell_min_index": 4,
        "bms_fet_temperature": 25.0,
        "balancer_temperature": 26.0,
        "battery_temperature": 24.0,
        "discharge_fet_drop": -1.7,
        "discharge_gate_voltage": 0.3,
        "charge_gate_voltage": 10.7,
        "uptime": 3600.0,
        "discharge_fet": False,
        "charge_fet": True,
        "discharge_fet_state": "discharge-overcurrent",
        "charge_fet_state": "on",
        "protections": ["discharge-overcurrent"],
        "balancing": True,
    }
    assert {name: row[name] for name in expected} == expected
    assert [index for index, on in enumerate(row["cells_balancing"]) if on] == [1, 4]
    assert row["battery_temperatures"] == [24.0, 24.0, None, None]
    assert log.derived("protections")


def test_new_realtime_frame():
    frame = ant_realtime(
        protection=1 << 14 | 1 << 17, warning=1 << 19 | 1 << 23 | 1 << 2, discharge=15, drop=481, gates=(1, 104)
    )
    log = one(AntNew(), frame)
    row = log.to_polars().to_dicts()[0]
    expected = {
        "pack_voltage": 48.1,
        "battery_current": 2.2,
        "soc": 0.64,
        "soh": 0.99,
        "bms_state": "discharging",
        "discharge_fet": False,
        "charge_fet": True,
        "discharge_fet_state": "discharge-manual-off",
        "protections": ["discharge-overcurrent", "discharge-manual-off"],
        "warnings": ["cell-undervoltage"],
        "discharge_fet_drop": 48.1,
        "discharge_gate_voltage": 0.1,
        "charge_gate_voltage": 10.4,
        "bms_fet_temperature": 30.0,
        "balancer_temperature": 31.0,
        "charger_connected": False,
        "cell_max_index": 1,
        "cell_min_index": 4,
    }
    assert {name: row[name] for name in expected} == expected
    assert log.settings["chemistry"] == "nmc"


@pytest.mark.parametrize(
    ("number", "name"), [(1, "idle"), (2, "charging"), (3, "standby"), (4, "discharging"), (5, "fault"), (0, None)]
)
def test_state_byte(number, name):
    log = one(AntNew(), ant_realtime(state=number))
    assert log.texts("bms_state") == [name]


def test_every_name_is_in_the_vocabulary():
    states = {*ant_codes.CHARGE_FET_STATES.values(), *ant_codes.DISCHARGE_FET_STATES.values()}
    assert states - {"on", "off"} <= set(PROTECTIONS)
    assert set(ant_codes.PROTECTION_BITS.values()) | set(ant_codes.WARNING_BITS.values()) <= set(PROTECTIONS)


def test_an_unknown_bit_is_told_as_other():
    log = one(AntNew(), ant_realtime(protection=1 << 50))
    assert log.names("protections") == [("other",)]
    assert log.to_polars()["protection bits"].to_list() == ["0004000000000000"]


@pytest.mark.parametrize(("protocol", "build"), [(AntOld(), ant_old), (AntNew(), ant_realtime)])
def test_a_wrong_checksum_is_not_believed(protocol, build):
    bad = bytearray(build(current=9999))
    bad[72] ^= 0x40
    stream = packets(build(), bytes(bad), build())
    assert protocol.count(stream) == 2
    (log,) = protocol.logs(stream, NO_CLOCK, "test")
    assert log.rows == 2
    (damage,) = [damage for damage in log.damage if damage.kind is DamageKind.CHECKSUM]
    assert (damage.count, damage.rows) == (1, (10,))


@pytest.mark.parametrize(("protocol", "build"), [(AntOld(), ant_old), (AntNew(), ant_realtime)])
def test_a_lost_notification_costs_one_frame(protocol, build):
    pieces = [*split(build()), *split(build(current=55))[:-2], *split(build(current=66))]
    stream = [Packet(piece, index, 1000.0 + index) for index, piece in enumerate(pieces)]
    (log,) = protocol.logs(stream, UTC, "test")
    assert log.values("battery_current")[-1] == 6.6
    assert log.rows == 2
    assert [damage.count for damage in log.damage if damage.kind is DamageKind.CHECKSUM] == [1]
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.start == 1000.0


def test_without_times_the_samples_are_numbered():
    log = one(AntNew(), ant_realtime(current=1), ant_realtime(current=2))
    assert log.time.tolist() == [0.0, 1.0]
    assert log.clock.basis is ClockBasis.NONE


def test_the_same_frame_at_the_same_time_is_one_row():
    log = one(AntNew(), ant_realtime(), ant_realtime(), step=0.0, clock=UTC)
    assert log.rows == 1
    assert [damage.count for damage in log.damage if damage.kind is DamageKind.DUPLICATE_ROW] == [1]


def test_a_sensor_that_is_not_fitted_is_told():
    log = one(AntNew(), ant_realtime(temperatures=(25, -40)))
    assert np.isnan(log.matrix("battery_temperatures")[0, 1])
    assert any("sensor 2" in damage.message for damage in log.damage)


def test_settings_of_the_old_protocol():
    registers = {3: 4200, 4: 2900, 11: 1000, 12: 5, 20: 200, 21: 800, 24: 20, 29: 75, 31: 0xF080, 32: 0x02FA, 44: 1000}
    frames = [ant_register(number, value) for number, value in registers.items()]
    log = one(AntOld(), *frames, ant_register(8, 0xFFFF), ant_old())
    expected = {
        "cell_overvoltage_limit": 4.2,
        "cell_undervoltage_limit": 2.9,
        "discharge_current_limit": 100.0,
        "discharge_overcurrent_delay": 5.0,
        "short_circuit_current": 200.0,
        "short_circuit_delay": 0.0008,
        "series_cells": 20.0,
        "bms_fet_temperature_max": 75.0,
        "cell_difference_limit": 1.0,
        "nominal_capacity": 50.0,
    }
    assert log.settings == pytest.approx(expected)


def test_settings_alone_make_a_configuration():
    log = one(AntOld(), ant_register(11, 1000))
    assert log.role is Role.CONFIG
    assert log.texts("setting") == ["discharge_current_limit"]
    assert log.values("setting_value").tolist() == [100.0]


def test_settings_and_names_of_the_new_protocol():
    page = b"".join(value.to_bytes(2, "little") for value in (300, 5, 600, 10, 900, 400, 1000, 250))
    names = b"16ZM".ljust(16, b"\0") + b"16ZMUB00-211026A"
    extra = bytes.fromhex("ff0b000041f2")
    log = one(AntNew(), ant_new(0x12, 0x68, page, extra), ant_new(0x12, 0x26C, names, extra), ant_realtime())
    assert log.settings["discharge_current_limit"] == 60.0
    assert log.settings["discharge_overcurrent_delay"] == 10.0
    assert log.settings["discharge_current_limit_2"] == 90.0
    assert log.settings["discharge_overcurrent_delay_2"] == 0.4
    assert log.settings["short_circuit_current"] == 1000.0
    assert log.settings["short_circuit_delay"] == 0.00025
    # The 'U' of the version is 55, half of the end mark.
    assert log.identity.firmware == "16ZMUB00-211026A"


def test_questions_of_the_host_are_no_frames():
    poll = bytes.fromhex("7ea1010000be1855aa55")
    assert AntNew().count(packets(poll)) == 0
    log = one(AntNew(), poll, ant_realtime(), poll, ant_realtime(current=30))
    assert log.rows == 2
    assert not any(damage.kind is DamageKind.CHECKSUM for damage in log.damage)


def test_a_confirmed_command_is_an_event():
    off = ant_new(0x61, 1, (1).to_bytes(2, "little"))
    refused = ant_new(0x61, 4, (3).to_bytes(2, "little"))
    samples, events = AntNew().logs(
        packets(ant_realtime(), off, refused, ant_realtime(discharge=15), step=1.0), UTC, "test"
    )
    assert events.role is Role.EVENTS
    assert events.texts("event") == ["discharge-switched-off"]
    assert events.clock.start == samples.clock.start + 1.0


def test_a_confirmed_command_of_the_old_protocol_is_an_event():
    _, events = AntOld().logs(packets(ant_old(), ant_register(250, 0, 0xA5)), NO_CLOCK, "test")
    assert events.texts("event") == ["charge-switched-off"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(
    data=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(lambda cut: ant_realtime()[:cut], st.integers(0, 160)),
            st.builds(lambda cut: ant_old()[:cut], st.integers(0, 140)),
            st.builds(ant_new, st.sampled_from((0x11, 0x12, 0x13, 0x61)), st.integers(0, 700), st.binary(max_size=120)),
            st.builds(ant_register, st.integers(0, 255), st.integers(0, 65535), st.sampled_from((0x5A, 0xA5))),
        ),
        max_size=6,
    )
)
def test_any_bytes_make_logs_or_none(protocol, data):
    stream = packets(*data)
    count = protocol.count(stream)
    logs = protocol.logs(stream, NO_CLOCK, "test")
    assert count >= 0
    assert all(log.rows >= 0 for log in logs)


@given(
    cells=st.lists(st.integers(1, 5000), min_size=1, max_size=32),
    current=st.integers(-3000, 3000),
    protection=st.integers(0, 2**45 - 1),
)
def test_realtime_numbers_survive(cells, current, protection):
    log = one(AntNew(), ant_realtime(cells=cells, current=current, protection=protection))
    assert log.matrix("cell_voltages")[0] == pytest.approx([cell / 1000 for cell in cells])
    assert log.values("battery_current")[0] == pytest.approx(current / 10)
    assert bool(log.names("protections")[0]) == bool(protection & ~(1 << 34))
