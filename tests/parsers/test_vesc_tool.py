import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import ParseError, RidelogError
from ridelog.log import Role
from ridelog.parsers.vesc_meter import battery_level
from ridelog.parsers.vesc_tool import VescTool
from ridelog.parsing import ReadOptions
from ridelog.sources import Source

from .vesc_tool_files import HEADER_A, HEADER_B, HEADER_C, VALUES, row, rows, text


def read(data, name="log.csv", **options):
    source = Source(name, data)
    assert VescTool().sniff(source).rank == 2
    (log,) = VescTool().parse(source, ReadOptions(**options))
    return log


def damage(log, kind, channel=None):
    return [item for item in log.damage if item.kind is kind and channel in (None, item.channel)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [HEADER_A, HEADER_B, HEADER_C])
def test_each_generation(header, newline):
    log = read(text(rows(20, header), header, newline))
    assert log.role is Role.CONTROLLER
    assert log.rows == 20
    assert log.source_rows.tolist() == list(range(2, 22))
    np.testing.assert_allclose(log.time, np.arange(20) * 0.1, atol=1e-9)
    assert log.values("pack_voltage").tolist() == [50.0] * 20
    assert log.values("battery_current").tolist() == [4.5] * 20
    assert log.values("erpm").tolist() == [9000 + index for index in range(20)]
    assert log.values("tachometer")[-1] == 1570
    assert log.identity.family == "vesc"
    assert "modulation" in log.derived("battery_current")
    assert not log.damage


def test_the_full_layout_in_canonical_units():
    log = read(text(rows(20)))
    assert log.values("duty")[0] == 0.431
    assert log.values("soc")[0] == 0.5
    assert log.values("energy_left")[0] == 200
    assert log.values("speed")[0] == 5.5
    assert log.values("distance")[3] == 103
    assert log.values("roll")[0] == pytest.approx(math.degrees(0.1))
    assert log.values("yaw")[0] == pytest.approx(90)
    assert log.values("acceleration_z")[0] == 0.99
    assert log.values("angular_rate_z")[0] == -3
    assert log.values("controller_count")[0] == 2
    assert log.values("total_battery_current")[0] == 9
    assert log.values("gps_time")[0] == 36_000
    assert log.values("gps_accuracy")[0] == 4.2
    assert set(log.channels) <= set(VescTool.gives)


def test_without_a_header():
    log = read("\n".join(rows(5, HEADER_A)).encode() + b"\n")
    assert log.rows == 5
    assert log.source_rows.tolist() == [1, 2, 3, 4, 5]
    assert log.values("fault_code").tolist() == [0] * 5
    assert damage(log, DamageKind.MISSING_HEADER)
    assert log.clock.basis is ClockBasis.TIME_OF_DAY


def test_the_comma_variant_with_lines_before_the_header():
    header = HEADER_A.replace(";", ",")
    lines = ["FW: 5.2", "HW: 75_300_R2", header, *rows(5, header)]
    log = read("\n".join(lines).encode())
    assert log.rows == 5
    assert log.source_rows[0] == 4
    assert (log.identity.firmware, log.identity.hardware) == ("5.2", "75_300_R2")
    assert log.clock.basis is ClockBasis.BOOT


def test_a_subset_of_columns_in_another_order():
    header = "ms_today;fault_code;current_in;input_voltage;speed_meters_per_sec;note;"
    lines = [f"{100 * index};0;{index};48.5;3.5;ok;" for index in range(5)]
    log = read(text(lines, header))
    assert log.values("battery_current").tolist() == [0, 1, 2, 3, 4]
    assert log.values("speed").tolist() == [3.5] * 5
    assert log.table.column("note").to_pylist() == ["ok"] * 5


def test_empty_cells_are_null_and_mean_local_time():
    header = "ms_today;input_voltage;current_in;temp_motor;erpm;gnss_lat;gnss_lon;"
    log = read(
        text([f"{36_000_000 + 100 * i};48.5;;40;;47.1;8.1;" for i in range(5)], header), "2024-05-01_10-00-00.csv"
    )
    assert log.clock.basis is ClockBasis.LOCAL
    assert "battery_current" not in log.channels


def test_date_and_zone_from_the_file_name():
    log = read(text(rows(5)), "2024-05-01_12-00-03.csv")
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.zone == "+02:00"
    assert log.clock.start == np.datetime64("2024-05-01T10:00:00").astype(float)


def test_the_local_date_is_not_the_utc_date():
    evening = read(text(rows(5, ms_today=7_200_000)), "My ride 2024-05-01_19-00-02.csv")
    assert evening.clock.zone == "-07:00"
    assert evening.clock.start == np.datetime64("2024-05-02T02:00:00").astype(float)


def test_a_half_hour_zone_and_a_longitude_beyond_plus_12():
    india = read(text(rows(5)), "2024-05-01_15-30-03.csv")
    assert india.clock.zone == "+05:30"
    auckland = read(text(rows(5, gnss_lat="-36.8", gnss_lon="174.7")), "2024-01-01_23-00-01.csv")
    assert auckland.clock.zone == "+13:00"
    hawaii = read(text(rows(5, gnss_lat="21.3", gnss_lon="-157.8")), "2024-01-01_00-00-01.csv")
    assert hawaii.clock.zone == "-10:00"


def test_a_name_with_a_time_that_no_zone_explains_gives_no_date():
    log = read(text(rows(5)), "2024-05-01_12-07-33.csv")
    assert log.clock.basis is ClockBasis.TIME_OF_DAY


def test_older_generations_stamp_local_time():
    log = read(text(rows(5, HEADER_A), HEADER_A), "2019-09-04_10-00-01.csv")
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == np.datetime64("2019-09-04T10:00:00").astype(float)


def test_midnight():
    stamps = [86_399_800, 86_399_900, 0, 100, 200]
    lines = [row(0, ms_today=s, ms_today_setup=(s - 40) % 86_400_000, ms_today_imu=s) for s in stamps]
    log = read(text(lines))
    np.testing.assert_allclose(log.time, [0, 0.1, 0.2, 0.3, 0.4], atol=1e-9)
    assert np.isfinite(log.values("speed")).all()


@pytest.mark.parametrize("broken", [3_600_060, 360, 86_000_000, 99_999_999_999, -5, 0])
def test_a_broken_stamp_is_not_midnight(broken):
    lines = rows(10)
    lines[6] = row(6, ms_today=broken)
    log = read(text(lines))
    assert log.source_rows.tolist() == [2, 3, 4, 5, 6, 7, 9, 10, 11]
    assert log.time[-1] == pytest.approx(0.9)
    assert damage(log, DamageKind.BROKEN_ROW, "time")[0].rows == (8,)


def test_a_block_that_is_old_repeated_or_never_came():
    lines = [
        row(0, ms_today_setup=36_000_000 - 51_500, speed_meters_per_sec=9.9, ms_today_imu=-1),
        row(1, ms_today_setup=36_000_060, speed_meters_per_sec=1.5, ms_today_imu=-1),
        row(2, ms_today_setup=36_000_060, speed_meters_per_sec=1.5, ms_today_imu=-1),
        row(3, ms_today_setup=36_000_260, speed_meters_per_sec=1.5, ms_today_imu=-1),
    ]
    log = read(text(lines))
    np.testing.assert_array_equal(log.values("speed"), [np.nan, 1.5, np.nan, 1.5])
    (stale,) = damage(log, DamageKind.STALE_BLOCK)
    assert (stale.count, stale.rows) == (1, (2,))
    assert "51.5 s" in stale.message
    assert not log.has("roll")
    assert log.has("pack_voltage")


def test_a_fix_counts_once_and_none_is_null():
    log = read(text(rows(25)))
    assert np.flatnonzero(np.isfinite(log.values("latitude"))).tolist() == [0, 10, 20]
    none = {"gnss_lat": "0.00000000", "gnss_lon": "0.00000000", "gnss_alt": "0.00000000"}
    assert not read(text(rows(5, gnss_posTime=-1, **none))).has("latitude")
    zero = read(text([row(index, gnss_posTime=index, **none) for index in range(5)]))
    assert not zero.has("latitude")
    assert not zero.has("altitude")


@pytest.mark.parametrize("reading", ["-273.1", "-100", "-50.4", "-58.3", "0"])
def test_a_motor_without_sensor(reading):
    log = read(text(rows(20, temp_motor=reading)))
    assert not log.has("motor_temperature")
    assert damage(log, DamageKind.MISSING_SENSOR, "motor_temperature")


def test_a_motor_sensor_that_fails_now_and_then_stays_in_evidence():
    lines = [row(index, temp_motor="-100" if index == 7 else 41.5) for index in range(20)]
    log = read(text(lines))
    assert log.values("motor_temperature")[7] == -100
    assert damage(log, DamageKind.IMPOSSIBLE_VALUE, "motor_temperature")[0].rows == (9,)


def test_sensors_of_the_power_stage_that_are_not_fitted():
    log = read(text(rows(20, temp_mos_1=0, temp_mos_2=0, temp_mos_3=0)))
    assert log.has("fet_temperature")
    assert not log.has("fet_temperature_1")
    assert len(damage(log, DamageKind.MISSING_SENSOR)) == 3


def test_a_board_without_imu():
    still = dict.fromkeys(("roll", "pitch", "yaw", "accX", "accY", "accZ", "gyroX", "gyroY", "gyroZ"), 0)
    log = read(text(rows(20, **still)))
    assert not log.has("roll")
    assert not log.has("acceleration_z")


def ride(series_cells, chemistry, energy_wh, low, high, count=400, seed=1):
    """Rows whose level and energy are those of the firmware's own formula."""
    walk = np.random.default_rng(seed).normal(0, 0.002, count).cumsum()
    volts = np.round(np.linspace(high, low, count) + walk, 1)
    levels = battery_level(volts, series_cells, chemistry)
    return [
        row(
            index,
            input_voltage=volts[index],
            battery_level=math.trunc(levels[index] * 1000) / 1000,
            battery_wh_tot=f"{levels[index] * energy_wh:.3f}",
        )
        for index in range(count)
    ]


@pytest.mark.parametrize(
    ("series_cells", "chemistry", "capacity", "low", "high"),
    [
        (10, "nmc", 12.0, 34, 41),
        (12, "nmc", 7.5, 42, 49),
        (14, "nmc", 6.0, 49, 57),
        (20, "nmc", 21.0, 68, 83),
        (16, "lfp", 10.0, 47, 53),
    ],
)
def test_the_configured_pack_from_the_meter(series_cells, chemistry, capacity, low, high):
    nominal = {"nmc": 3.7, "lfp": 3.2}[chemistry] * series_cells
    log = read(text(ride(series_cells, chemistry, 0.85 * capacity * nominal, low, high)))
    assert log.settings["series_cells"] == series_cells
    assert log.settings["chemistry"] == chemistry
    assert log.settings["nominal_capacity"] == pytest.approx(capacity, abs=0.02)
    assert log.settings["nominal_energy"] == pytest.approx(0.85 * capacity * nominal, rel=1e-3)
    assert not log.damage


def test_the_battery_formula_at_known_points():
    # 4.2 V a cell is full by all three factors of the formula; 3.2 V is empty.
    assert battery_level(np.array([42.0]), 10, "nmc")[0] == pytest.approx(1.0, abs=1e-3)
    assert battery_level(np.array([32.0]), 10, "nmc")[0] == pytest.approx(0.0, abs=1e-6)


def test_a_level_that_is_no_fraction_is_a_wrong_setting():
    log = read(text(ride(12, "lead-acid", 252.0, 44, 49)))
    (wrong,) = damage(log, DamageKind.WRONG_SETTING, "soc")
    assert "12 cells" in wrong.message
    assert log.settings["series_cells"] == 12
    assert log.settings["chemistry"] == "lead-acid"
    assert not log.has("soc")
    assert not log.has("energy_left")


def test_a_full_pack_under_braking_is_no_wrong_setting():
    lines = [row(index, battery_level=1.012 if index == 5 else 0.99) for index in range(20)]
    log = read(text(lines))
    assert not damage(log, DamageKind.WRONG_SETTING)
    assert np.isnan(log.values("soc")[5])
    assert log.values("soc")[6] == 0.99


def test_counters_come_through_a_restart_as_they_are():
    lines = [
        *rows(5, amp_hours_used=3.5, tachometer=9000),
        *(row(index, amp_hours_used=0, tachometer=0) for index in range(60, 65)),
    ]
    log = read(text(lines))
    assert log.values("amp_hours_used").tolist() == [3.5] * 5 + [0] * 5
    assert log.values("tachometer").tolist() == [9000] * 5 + [0] * 5
    assert np.diff(log.time).max() == pytest.approx(5.6)


def test_damage_in_the_file_costs_no_good_row():
    lines = rows(12)
    lines[4] = lines[4][:60]
    lines.insert(8, HEADER_C)
    data = b"\xef\xbb\xbf" + text(lines) + row(13)[:-30].encode() + b"\0" * 100
    log = read(data)
    assert log.rows == 11
    kinds = {item.kind for item in log.damage}
    assert kinds == {
        DamageKind.BYTE_ORDER_MARK,
        DamageKind.BROKEN_ROW,
        DamageKind.REPEATED_HEADER,
        DamageKind.TRUNCATED_TAIL,
        DamageKind.NUL_BYTES,
    }


def test_an_exact_repeat_is_kept_once_and_the_same_stamp_is_no_repeat():
    log = read(text([row(0), row(0), row(1), row(1, current_in=9)]))
    assert log.values("battery_current").tolist() == [4.5, 4.5, 9]
    assert damage(log, DamageKind.DUPLICATE_ROW)[0].rows == (3,)


def test_nan_is_null():
    log = read(text([row(0, d_axis_voltage="nan"), row(1, d_axis_voltage="-inf"), row(2)]))
    assert np.isnan(log.values("d_axis_voltage")).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ms_today",
        b"time,voltage\n1,2\n",
        b"Input Voltage:Input Voltage:V:2:0:0;t_day:Time:s:3:0:1\n1;2\n",
        b"1;2;3;\n4;5;6;\n",
        b"\x00\x01\x02" * 100,
        b"<?xml version='1.0'?><MCConfiguration/>",
        ";".join(str(index) for index in range(22)).encode() + b";\nnext;line;",
    ],
)
def test_other_files_are_refused(data):
    assert VescTool().sniff(Source("2024-05-01_12-00-03.csv", data)).rank == 0


def test_a_header_alone_is_an_error_with_advice():
    with pytest.raises(RidelogError, match="stamp"):
        read(HEADER_C.encode() + b"\n")


@given(st.binary(max_size=300), st.sampled_from([b"", HEADER_C.encode() + b"\n", text(rows(3)), VALUES.encode()]))
@settings(max_examples=150)
def test_any_bytes_give_a_log_or_a_ridelog_error(tail, head):
    source = Source("x.csv", head + tail)
    try:
        VescTool().sniff(source)
        VescTool().parse(source, ReadOptions())
    except RidelogError:
        pass


@given(st.floats(-200, 200), st.sampled_from(["{:g}", "{:.2f}", "{:e}", "{!r}"]))
@settings(max_examples=100)
def test_any_number_format(value, form):
    cell = form.format(value)
    log = read(text(rows(3, current_in=cell)))
    assert log.values("battery_current").tolist() == [float(cell)] * 3


@pytest.mark.parametrize("separator", [",", "\t"])
def test_saved_again_with_another_separator(separator):
    plain = text(rows(12))
    np.testing.assert_array_equal(
        read(plain.replace(b";", separator.encode())).values("battery_current"), read(plain).values("battery_current")
    )


def test_a_quote_that_swallows_the_captions_is_an_error_of_the_file():
    with pytest.raises(ParseError, match="ms_today"):
        VescTool().parse(Source("log.csv", b'"' + text(rows(40, HEADER_C), HEADER_C)), ReadOptions())
