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

#: LogUI's fields in their order: key, name, unit, precision.
LOCAL = (
    ("Input Voltage", "Input Voltage", "V", 2),
    ("Current", "Current", "A", 2),
    ("Current In", "Current In", "A", 2),
    ("Duty", "Duty", "", 2),
    ("RPM", "RPM", "", 2),
    ("Temp Fet", "Temp Fet", "degC", 1),
    ("Temp Motor", "Temp Motor", "degC", 1),
    ("Batt", "Batt", "%", 2),
    ("kmh_vesc", "Speed VESC", "km/h", 2),
    ("roll", "roll", "", 2),
    ("pitch", "pitch", "", 2),
    ("fault", "fault", "", 0),
    ("trip_vesc", "trip_vesc", "m", 2),
    ("cnt_ah", "Amp Hours", "Ah", 2),
    ("ADC1", "ADC1", "V", 2),
)
TIME = ("t_day", "Time", "s", 3)
VALUES = dict(
    zip(
        [field[0] for field in LOCAL],
        [50.12, 20.5, 6.25, 0.31, 9000, 41.5, 55.1, 63.5, 18, 0.1, -0.05, 0, 120.5, 1.25, 0.9],
        strict=True,
    )
)


def header(fields):
    return ";".join(
        f"{key}:{name}:{unit}:{digits}:0:{int(key.startswith('t_day'))}" for key, name, unit, digits in fields
    )


def line(fields, values):
    return ";".join("" if values.get(key) is None else f"{values[key]:.{digits}f}" for key, _, _, digits in fields)


def make(fields, rows, newline="\n"):
    return newline.join([header(fields), *(line(fields, row) for row in rows)]) + newline


def ride(count=20, start=100.0, step=0.1, **changes):
    rows = []
    for index in range(count):
        row = {**VALUES, "RPM": 9000 + index, "t_day": start + step * index}
        row.update({key: value(index) if callable(value) else value for key, value in changes.items()})
        rows.append(row)
    return rows


def read(text, name="log_001.csv", **options):
    source = Source(name, text if isinstance(text, bytes) else text.encode())
    assert VescExpress().sniff(source).rank == 2
    return VescExpress().parse(source, ReadOptions(**options))


FIELDS = (*LOCAL, TIME)


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


BMS = (
    ("bms_v_tot", "BMS Voltage", "V", 2),
    ("BMS_C1", "BMS_C1", "V", 3),
    ("BMS_C2", "BMS_C2", "V", 3),
    ("BMS_C3", "BMS_C3", "V", 3),
    ("bms_i_in_ic", "BMS Current", "A", 2),
    ("bms_soc", "bms_soc", "%", 2),
    ("bms_hum", "bms_hum", "%", 2),
    ("bms_temp_hum", "bms_temp_hum", "degC", 2),
    ("BMS_T1", "BMS_T1", "degC", 3),
    ("BMS_T2", "BMS_T2", "degC", 3),
)
BMS_VALUES = {
    "bms_v_tot": 12.03,
    "BMS_C1": 4.011,
    "BMS_C2": 4.012,
    "BMS_C3": 4.007,
    "bms_soc": 88.5,
    "bms_hum": 41,
    "bms_temp_hum": 30.5,
    "BMS_T1": 25.25,
    "BMS_T2": 26.5,
}


def bms_rows(sign, count=40, **changes):
    load = {"bms_i_in_ic": lambda i: sign * (3 + i % 7), "Current In": lambda i: 3 + i % 7}
    return ride(count, **(BMS_VALUES | load | changes))


def only_where(values, spoken):
    """The values in the rows that `spoken` picks, empty cells in the others."""
    return {key: lambda i, value=value: value if spoken(i) else None for key, value in values.items()}


@pytest.mark.parametrize("sign", [1, -1])
def test_the_bms_is_a_log_of_its_own_with_discharge_positive(sign):
    controller, bms = read(make((*LOCAL, *BMS, TIME), bms_rows(sign)))
    assert (controller.role, bms.role) == (Role.CONTROLLER, Role.BMS)
    assert bms.matrix("cell_voltages").shape == (bms.rows, 3)
    assert bms.matrix("cell_voltages")[0].tolist() == [4.011, 4.012, 4.007]
    assert bms.matrix("battery_temperatures")[0].tolist() == [25.25, 26.5]
    assert bms.values("battery_temperature")[0] == 26.5
    assert bms.values("soc")[0] == 0.885
    assert bms.values("humidity")[0] == pytest.approx(0.41)
    assert bms.values("bms_temperature")[0] == 30.5
    np.testing.assert_allclose(bms.values("battery_current"), [3 + i % 7 for i in range(40)])
    assert not bms.derived("battery_current")
    assert "cell_voltages" not in controller.channels
    assert "bms_v_tot" not in controller.table.column_names


def test_the_sign_by_the_voltage_when_no_controller_current_is_there():
    fields = (*(field for field in LOCAL if field[0] != "Current In"), *BMS, TIME)
    load = np.where(np.arange(400) % 40 < 20, 2.0, 30.0) + np.arange(400) % 3
    values = BMS_VALUES | {"bms_v_tot": lambda i: 40 - 0.1 * load[i], "bms_i_in_ic": lambda i: -load[i]}
    _, bms = read(make(fields, ride(400, **values)))
    np.testing.assert_allclose(bms.values("battery_current"), load)


def test_the_bms_has_only_the_rows_in_which_it_spoke():
    rows = ride(40, **only_where(BMS_VALUES | {"bms_i_in_ic": 3}, lambda i: i % 5 == 2))
    controller, bms = read(make((*LOCAL, *BMS, TIME), rows))
    assert controller.rows == 40
    assert bms.source_rows.tolist() == list(range(4, 42, 5))
    np.testing.assert_allclose(bms.time, np.arange(8) * 0.5, atol=1e-6)
    assert bms.clock.start == pytest.approx(controller.clock.start + 0.2)


def test_values_logged_again_and_again_are_thinned():
    rows = ride(100, **BMS_VALUES, bms_i_in_ic=lambda i: 3 + i // 50)
    _, bms = read(make((*LOCAL, *BMS, TIME), rows))
    assert bms.rows == 10
    np.testing.assert_allclose(np.diff(bms.time), 1.0, atol=0.05)


def test_a_cell_not_read_keeps_its_place():
    _, bms = read(make((*LOCAL, *BMS, TIME), bms_rows(1, BMS_C2=0)))
    np.testing.assert_array_equal(bms.matrix("cell_voltages")[0], [4.011, np.nan, 4.007])
    gap = tuple(field for field in BMS if field[0] != "BMS_C2")
    _, bms = read(make((*LOCAL, *gap, TIME), bms_rows(1)))
    np.testing.assert_array_equal(bms.matrix("cell_voltages")[0], [4.011, np.nan, 4.007])


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


SAVED = (
    ("kmh_vesc", "Speed VESC", "km/h", 2),
    ("t_day", "Time", "s", 0),
    ("t_day_pos", "Time GNSS", "s", 0),
    ("setup_curr_motor", "Current Motors", "A", 2),
    ("setup_curr_battery", "Current Battery", "A", 2),
    ("setup_power", "Power", "W", 0),
    ("erpm", "ERPM", "", 0),
    ("duty", "Duty", "%", 1),
    ("fault", "Fault Code", "", 0),
    ("v_in", "Input Voltage", "V", 2),
    ("soc", "Battery Level", "%", 1),
    ("t_mosfet", "Temp MOSFET", "\u00b0C", 1),
    ("t_motor", "Temp Motor", "\u00b0C", 1),
    ("cnt_ah", "Ah Discharged", "Ah", 3),
    ("roll", "Roll", "\u00b0", 1),
    ("v1_curr_motor", "V1 Current", "A", 2),
    ("v1_curr_battery", "V1 Current Battery", "A", 2),
    ("v1_cnt_ah", "V1 Ah", "Ah", 3),
    ("num_vesc", "VESC num", "", 0),
)
SAVED_VALUES = {
    "kmh_vesc": 36,
    "setup_curr_motor": 40,
    "setup_curr_battery": 12,
    "setup_power": 600,
    "erpm": 9000,
    "duty": 31.5,
    "fault": 0,
    "v_in": 50.1,
    "soc": 63,
    "t_mosfet": 41,
    "t_motor": 55,
    "cnt_ah": 2.5,
    "roll": 5.7,
    "v1_curr_motor": 20,
    "v1_curr_battery": 6,
    "v1_cnt_ah": 1.25,
    "num_vesc": 2,
}


def saved(t_day, t_day_pos):
    return make(SAVED, [SAVED_VALUES | {"t_day": a, "t_day_pos": b} for a, b in zip(t_day, t_day_pos, strict=True)])


def test_a_real_time_log_saved_by_vesc_tool():
    seconds = [36_000] * 4 + [36_001] * 10 + [36_002] * 10 + [36_003] * 3
    (log,) = read(saved(seconds, seconds), "export.csv")
    assert log.rows == 27
    np.testing.assert_allclose(np.diff(log.time), 0.1, atol=1e-6)
    assert log.values("speed")[0] == 10
    assert log.values("duty")[0] == pytest.approx(0.315)
    assert log.values("soc")[0] == pytest.approx(0.63)
    assert log.values("power")[0] == 600
    assert log.values("total_battery_current")[0] == 12
    assert log.values("battery_current")[0] == 6
    assert log.values("total_amp_hours_used")[0] == 2.5
    assert log.values("amp_hours_used")[0] == 1.25
    assert log.values("roll")[0] == pytest.approx(5.7)
    assert log.clock.basis is ClockBasis.TIME_OF_DAY
    assert log.clock.zone == "UTC"
    assert [item.channel for item in log.damage if item.kind is DamageKind.NOTE] == ["time"]


def test_a_saved_log_in_local_time():
    seconds = list(range(36_000, 36_030))
    (log,) = read(saved(seconds, [second - 7200 for second in seconds]), "log_2026-02-03 10-00-20.csv")
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == np.datetime64("2026-02-03T10:00:00").astype(float)


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
