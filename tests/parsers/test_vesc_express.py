"""Logs with headers of six parts: cells, clock, devices, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import RidelogError
from ridelog.log import Role
from ridelog.parsers.vesc_express import VescExpress
from ridelog.parsers.vesc_meter import battery_level
from ridelog.parsing import ReadOptions
from ridelog.sources import Source

from .vesc_express_files import BMS, FIELDS, LOCAL, TIME, VALUES, bms_rows, make, only_where, read, ride


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_logui_log(newline):
    (log,) = read(make(FIELDS, ride(), newline))
    assert log.role is Role.CONTROLLER
    assert log.rows == 20
    assert log.source_rows.tolist() == list(range(2, 22))
    np.testing.assert_allclose(log.time, np.arange(20) * 0.1, atol=1e-6)
    first = {
        "pack_voltage": 50.12,
        "motor_current": 20.5,
        "battery_current": 6.25,
        "duty": 0.31,
        "erpm": 9000,
        "fet_temperature": 41.5,
        "motor_temperature": 55.1,
        "soc": 0.635,
        "speed": 5.0,
        "roll": math.degrees(0.1),
        "fault_code": 0,
        "distance": 120.5,
        "amp_hours_used": 1.25,
        "throttle_1": 0.9,
    }
    assert {name: pytest.approx(log.values(name)[0]) for name in first} == first
    assert "modulation" in log.derived("battery_current")
    assert not log.damage
    assert set(log.channels) <= set(VescExpress.gives)


def test_empty_cells_carry_on_and_are_null_before_the_first():
    rows = ride(6, RPM=lambda i: {1: 100, 4: 200}.get(i), Duty=lambda i: 0.5 if i == 3 else None)
    (log,) = read(make(FIELDS, rows))
    np.testing.assert_array_equal(log.values("erpm"), [np.nan, 100, 100, 100, 200, 200])
    np.testing.assert_array_equal(log.values("duty"), [np.nan] * 3 + [0.5] * 3)
    assert not log.damage


def test_a_sender_that_falls_silent_is_not_carried_on_for_ever():
    rows = ride(60, **only_where(VALUES, lambda i: i < 20))
    (log,) = read(make(FIELDS, rows))
    known = np.flatnonzero(np.isfinite(log.values("pack_voltage")))
    assert known[0] == 0
    assert 2.8 <= log.time[known[-1]] <= 3.0
    assert [item.kind for item in log.damage] == [DamageKind.STALE_BLOCK]


def test_the_clock_counts_from_the_start_of_the_logger():
    (log,) = read(make(FIELDS, ride(start=412.5)))
    assert log.clock.basis is ClockBasis.BOOT
    assert log.clock.start == 412.5
    assert log.clock.resolution_s == 0.001
    (late,) = read(make(FIELDS, ride(start=20_000.0)))
    assert late.clock.resolution_s == pytest.approx(2**-9)


def test_satellite_time_gives_the_time_of_day_and_the_name_the_date():
    fields = (*LOCAL, TIME, ("t_day_pos", "Time GNSS", "s", 3))
    rows = ride(t_day_pos=lambda i: 63_420.0 + 0.1 * i if i % 10 == 0 else None)
    (log,) = read(make(fields, rows), "log_007_2025-04-07_17-37-00.csv")
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.start == np.datetime64("2025-04-07T17:37:00").astype(float)
    (undated,) = read(make(fields, rows))
    assert undated.clock.basis is ClockBasis.TIME_OF_DAY
    assert undated.clock.zone == "UTC"
    assert undated.clock.start == pytest.approx(63_420)


@pytest.mark.parametrize(
    "name", ["log_012_2025-04-07_17-37-00.csv", "log_012_25-04-07_17-37-00.csv", "25-04-07 17-37-00.csv"]
)
def test_date_and_time_in_the_name_of_an_express_log(name):
    (log,) = read(make(FIELDS, ride()), name)
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.start == np.datetime64("2025-04-07T17:37:00").astype(float)
    assert log.clock.resolution_s == 1.0


def test_a_live_log_of_vesc_tool_has_local_time():
    (log,) = read(make(FIELDS, ride(start=63_410.0, count=200)), "log_2026-02-03 17-37-00.csv")
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == np.datetime64("2026-02-03T17:36:50").astype(float)
    (nameless,) = read(make(FIELDS, ride(start=63_410.0)), "x.csv")
    assert nameless.clock.basis is ClockBasis.TIME_OF_DAY


def test_the_clock_wraps_after_a_day():
    (log,) = read(make(FIELDS, ride(t_day=lambda i: (86_399.0 + 0.1 * i) % 86_400)))
    np.testing.assert_allclose(np.diff(log.time), 0.1, atol=1e-6)


def test_a_cut_row_and_zero_bytes():
    text = make(FIELDS, ride()).encode()
    (log,) = read(text[:-25] + b"\0" * 300)
    assert log.rows == 19
    assert {item.kind for item in log.damage} == {DamageKind.TRUNCATED_TAIL, DamageKind.NUL_BYTES}


def test_a_header_in_the_middle():
    text = make(FIELDS, ride(5)) + make(FIELDS, ride(5, start=100.5))
    (log,) = read(text)
    assert log.rows == 10
    assert [item.kind for item in log.damage] == [DamageKind.REPEATED_HEADER]


def test_motor_without_sensor_and_wrong_battery_setting():
    (log,) = read(make(FIELDS, ride(**{"Temp Motor": -58.3, "Batt": 915})))
    assert not log.has("motor_temperature")
    assert not log.has("soc")
    assert {item.kind for item in log.damage} == {DamageKind.MISSING_SENSOR, DamageKind.WRONG_SETTING}


def test_the_configured_cells_from_the_level():
    volts = np.round(np.linspace(41, 35, 300), 2)
    level = battery_level(volts, 10, "nmc") * 100
    rows = ride(300, **{"Input Voltage": lambda i: volts[i], "Batt": lambda i: level[i]})
    (log,) = read(make(FIELDS, rows))
    assert log.settings == {"series_cells": 10, "chemistry": "nmc"}


def test_second_motor_and_controllers_on_the_bus():
    keys = {"Current": 11, "Current In": 4, "RPM": 900}
    values = {f"{owner} {key}": value for owner in ("M2", "V12") for key, value in keys.items()}
    more = tuple((key, key, "", 2) for key in values)
    values["V12 Input Voltage"] = 49.9
    fields = (*LOCAL, *more, ("V12 Input Voltage", "V12 Input Voltage", "V", 2), TIME)
    main, second, bus = read(make(fields, ride(**values)))
    assert [log.role for log in (main, second, bus)] == [Role.CONTROLLER] * 3
    assert main.values("erpm")[0] == 9000
    assert second.values("erpm")[0] == 900
    assert second.identity.model == "second motor"
    assert bus.values("controller_id")[0] == 12
    assert bus.values("pack_voltage")[0] == 49.9
    assert main.values("total_battery_current")[0] == pytest.approx(6.25 + 4 + 4)
    assert main.values("controller_count")[0] == 3


def test_a_logger_without_a_motor_hands_the_vehicle_to_the_first_on_the_bus():
    fields = (
        ("Input Voltage", "Input Voltage", "V", 2),
        ("V5 Current", "V5 Current", "A", 2),
        ("V5 RPM", "V5 RPM", "", 2),
        ("V6 Current", "V6 Current", "A", 2),
        TIME,
        ("gnss_lat", "Latitude", "deg", 7),
        ("gnss_lon", "Longitude", "deg", 7),
    )
    values = {"V5 Current": 3, "V5 RPM": 700, "V6 Current": 4, "gnss_lat": 47.1, "gnss_lon": 8.2}
    first, second = read(make(fields, ride(**values)))
    assert first.values("pack_voltage")[0] == 50.12
    assert first.values("motor_current")[0] == 3
    assert first.values("latitude")[0] == 47.1
    assert first.values("controller_id")[0] == 5
    assert second.values("motor_current")[0] == 4


def test_fields_with_parts_left_out_and_fields_nobody_knows():
    text = (
        "Input Voltage:Vin:V:2:0:0;My Sensor:My Sensor:bar:1:0:0;Duty:Duty;t_day:Time:s:3:0:1\n"
        "50;1.5;0.2;10\n51;1.6;0.3;11\n"
    )
    (log,) = read(text)
    assert log.values("pack_voltage").tolist() == [50, 51]
    assert log.values("duty").tolist() == [0.2, 0.3]
    assert log.table.column("My Sensor").to_pylist() == [1.5, 1.6]


def test_fields_that_occur_twice():
    (one, bms) = read(make((*LOCAL, *BMS, LOCAL[1], BMS[0], TIME), bms_rows(1)))
    assert one.values("motor_current")[0] == 20.5
    assert one.table.column("Current (2)").to_pylist()[0] == 20.5
    assert bms.values("pack_voltage")[0] == 12.03
    assert bms.table.column("bms_v_tot (2)").to_pylist()[0] == 12.03


def test_a_log_without_time_is_an_error_that_says_so():
    with pytest.raises(RidelogError, match="t_day"):
        read(make(LOCAL, ride()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a:b",
        b"a;b\n1;2\n",
        b"time: 12:30:11\n",
        b'{"a": 1, "b": "c:d", "e": {"f": [1, 2]}, "g": 3}\n',
        b"Fault : FAULT_CODE_DRV\n",
        b"\xff\xfe\0",
        b"2024-01-01 12:00:00;3\n",
    ],
)
def test_other_files_are_refused(data):
    assert VescExpress().sniff(Source("log_001.csv", data)).rank == 0


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=150)
def test_any_bytes_give_logs_or_a_ridelog_error(noise, header_first):
    data = (make((*LOCAL, *BMS, TIME), bms_rows(1, 4)).encode() if header_first else b"") + noise
    source = Source("log_001.csv", data)
    try:
        VescExpress().sniff(source)
        VescExpress().parse(source, ReadOptions())
    except RidelogError:
        pass


@given(st.floats(-300, 300), st.sampled_from(["{:.2f}", "{:g}", "{:e}", "{!r}"]))
@settings(max_examples=60)
def test_any_number_format(value, form):
    cell = form.format(value)
    text = f"Input Voltage:V:V:2:0:0;Current:Current:A:2:0:0;t_day:Time:s:3:0:1\n50;{cell};1\n50;{cell};2\n"
    (log,) = read(text)
    assert log.values("motor_current").tolist() == [float(cell)] * 2
