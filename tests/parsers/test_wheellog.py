from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import ParseError, RefusedError, UnrecognisedError
from ridelog.log import Role
from ridelog.parsers.timed_rows import timed_rows
from ridelog.parsers.wheellog import WheelLog
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source, recognise
from ridelog.sources import Source

from .wheel_files import (
    RAW_FILE,
    WHEELLOG_HEADERS,
    euc_world_2019_file,
    ride,
    wheellog_file,
    wheellog_row,
    zero_row,
)


def read(data, path="ride.csv", **options):
    (log,) = read_source(Source(path, data), ReadOptions(**options))
    return log


def damage(log, kind):
    return [found for found in log.damage if found.kind is kind]


def joined(*lines, end="\n"):
    return (end.join(lines) + end).encode()


@pytest.mark.parametrize("columns", WHEELLOG_HEADERS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_layout_gives_the_same_ride_in_canonical_units(columns, end):
    log = read(wheellog_file(columns, end=end))
    moments = ride()
    assert log.role is Role.WHEEL
    assert log.rows == len(moments)
    assert np.allclose(log.time, [moment.seconds for moment in moments], atol=1e-6)
    assert np.allclose(log.values("pack_voltage"), [moment.voltage for moment in moments])
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments])
    assert np.allclose(log.values("speed"), [moment.speed for moment in moments], atol=0.002)
    assert np.allclose(log.values("soc"), [moment.soc for moment in moments], atol=0.006)
    assert log.values("odometer")[0] == 2_203_648
    assert log.values("controller_temperature")[0] == 35
    assert log.values("processor_temperature")[0] == 33
    assert log.values("pitch")[0] == 1.25
    assert log.values("roll")[0] == -0.5
    assert set(log.texts("mode")) == {"Drive"}
    assert log.has("latitude") == (columns in (21, 24))
    assert log.has("pwm") == (columns in (18, 24))
    assert log.source_rows.tolist() == list(range(2, 2 + len(moments)))
    assert not damage(log, DamageKind.BROKEN_ROW)


def test_pwm_and_satellite_speed_are_a_fraction_and_metres_a_second():
    log = read(wheellog_file(24))
    moment = ride()[7]
    assert log.values("pwm")[7] == pytest.approx((40 + moment.current / 2) / 100, abs=1e-4)
    assert log.values("gps_speed")[7] == pytest.approx(moment.speed + 0.25 / 3.6)
    assert log.values("altitude")[7] == 200.5
    assert log.values("gps_distance")[-1] == pytest.approx(ride()[-1].distance, abs=0.5)


def test_over_modulation_stays_above_one():
    moments = ride(3)
    log = read(joined(WHEELLOG_HEADERS[24], *(wheellog_row(moment, pwm="101.00") for moment in moments)))
    assert log.values("pwm").tolist() == [1.01] * 3


def test_clock_is_local_and_counts_from_the_first_stamp():
    log = read(wheellog_file(24), zone="Europe/Berlin")
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.zone == "Europe/Berlin"
    assert log.clock.start == pytest.approx(datetime(2024, 5, 24, 9, 35, 23, 15_000, UTC).timestamp(), abs=1e-6)


def test_the_folder_names_the_wheel():
    data = wheellog_file(24)
    folder = "/sdcard/Download/WheelLog Logs/F4_E0_2A_B0_2A_75/2024_05_24_09_35_23.csv"
    assert read(data, folder).identity.serial == "F4:E0:2A:B0:2A:75"
    assert read(data, "/sdcard/Download/2024_05_24_09_35_23.csv").identity.serial == ""


@pytest.mark.parametrize(("first", "second"), [(24, 18), (18, 24), (21, 15), (15, 21)])
def test_a_tail_without_header_and_with_another_number_of_columns_is_read(first, second):
    moments = ride(120)
    data = joined(
        WHEELLOG_HEADERS[first],
        *(wheellog_row(moment, first) for moment in moments[:70]),
        *(wheellog_row(moment, second) for moment in moments[70:]),
    )
    log = read(data)
    assert log.rows == 120
    assert np.allclose(log.values("pack_voltage"), [moment.voltage for moment in moments])
    assert np.allclose(log.values("odometer"), [round(2_203_646 + moment.distance) for moment in moments])
    located = np.isfinite(log.values("latitude"))
    assert located[:70].all() == (first in (21, 24))
    assert located[70:].all() == (second in (21, 24))
    assert log.source_rows.tolist() == list(range(2, 122))
    (told,) = damage(log, DamageKind.MISSING_HEADER)
    assert told.rows == (72,)
    assert not damage(log, DamageKind.BROKEN_ROW)


def test_layouts_may_change_more_than_once_and_repeat_their_header():
    moments = ride(90)
    data = joined(
        WHEELLOG_HEADERS[24],
        *(wheellog_row(moment, 24) for moment in moments[:30]),
        *(wheellog_row(moment, 18) for moment in moments[30:60]),
        WHEELLOG_HEADERS[24],
        *(wheellog_row(moment, 24) for moment in moments[60:]),
    )
    log = read(data)
    assert log.rows == 90
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments])
    assert damage(log, DamageKind.REPEATED_HEADER)[0].rows == (62,)


def test_a_header_whose_rows_all_have_the_other_layout():
    moments = ride(20)
    log = read(joined(WHEELLOG_HEADERS[24], *(wheellog_row(moment, 18) for moment in moments)))
    assert np.allclose(log.values("pack_voltage"), [moment.voltage for moment in moments])


@pytest.mark.parametrize("columns", [18, 24])
def test_commas_in_an_alert_stay_in_the_alert(columns):
    moments = ride(60)
    rows = [wheellog_row(moment, columns) for moment in moments]
    rows[20] = wheellog_row(moments[20], columns, alert="Speed, PWM, current")
    rows[59] = wheellog_row(moments[59], columns, alert="low battery, 3 %")
    log = read(joined(WHEELLOG_HEADERS[columns], *rows))
    assert log.rows == 60
    assert log.texts("alert")[20] == "Speed, PWM, current"
    assert log.texts("alert")[59] == "low battery, 3 %"
    assert log.texts("alert")[21] is None
    assert not damage(log, DamageKind.BROKEN_ROW)


def test_a_torn_row_of_the_length_of_another_layout_is_no_row():
    moments = ride(40)
    rows = [wheellog_row(moment, 24) for moment in moments]
    rows[20] = ",".join(rows[20].split(",")[:18])
    log = read(joined(WHEELLOG_HEADERS[24], *rows))
    assert log.rows == 39
    assert damage(log, DamageKind.BROKEN_ROW)[0].rows == (22,)
    assert np.all(log.values("pack_voltage") > 90)


def test_a_row_cut_off_at_the_end_is_told():
    data = wheellog_file(24, count=50)
    log = read(data[: data.rindex(b"\n", 0, -1) + 60])
    assert log.rows == 49
    assert damage(log, DamageKind.TRUNCATED_TAIL)


def test_rows_that_repeat_with_their_stamp_are_kept_once():
    moments = ride(50)
    rows = [wheellog_row(moment) for moment in moments]
    stalled = [row for index, row in enumerate(rows) for _ in range(3 if index % 10 == 4 else 1)]
    log = read(joined(WHEELLOG_HEADERS[24], *stalled))
    assert log.rows == 50
    (told,) = damage(log, DamageKind.DUPLICATE_ROW)
    assert told.count == 10
    assert told.rows[:2] == (7, 8)


def test_rows_of_one_stamp_that_differ_are_all_kept():
    moments = ride(10)
    rows = [wheellog_row(moment) for moment in moments]
    rows.insert(5, wheellog_row(moments[4], gps_speed="99.5"))
    log = read(joined(WHEELLOG_HEADERS[24], *rows))
    assert log.rows == 11
    assert not damage(log, DamageKind.DUPLICATE_ROW)


def test_rows_of_zeros_do_not_move_the_totals():
    moments = ride(50)
    data = joined(
        WHEELLOG_HEADERS[24],
        zero_row(moments[0]),
        zero_row(moments[0]),
        *(wheellog_row(moment) for moment in moments[1:-1]),
        zero_row(moments[-1]),
    )
    log = read(data)
    assert log.rows == 48
    assert damage(log, DamageKind.EMPTY_ROW)[0].count == 2
    assert damage(log, DamageKind.DUPLICATE_ROW)[0].count == 1
    odometer = log.values("odometer")
    assert odometer[-1] - odometer[0] == pytest.approx(moments[-2].distance - moments[1].distance, abs=1.0)
    assert log.values("pack_voltage").min() > 90


def test_zeros_in_which_the_app_held_distance_and_charge_are_no_lost_battery():
    moments = ride(50)
    lines = [wheellog_row(moment) for moment in moments]
    names = WHEELLOG_HEADERS[24].split(",")
    for place in range(20, 24):
        cells = dict(zip(names, lines[place].split(","), strict=True))
        cells |= {
            name: "0" for name in names if name not in ("date", "time", "battery_level", "totaldistance", "distance")
        }
        lines[place] = ",".join(cells.values())
    log = read(joined(WHEELLOG_HEADERS[24], *lines))
    assert log.rows == 46
    assert damage(log, DamageKind.EMPTY_ROW)[0].count == 4
    assert log.values("pack_voltage").min() > 90


def test_a_file_of_zeros_alone_is_an_error():
    moments = ride(5)
    with pytest.raises(ParseError, match="zeros"):
        read(joined(WHEELLOG_HEADERS[24], *(zero_row(moment) for moment in moments)))


def test_backward_steps_of_the_phone_are_closed():
    moments = ride(60)
    rows = [wheellog_row(moment) for moment in moments]
    set_back = [
        wheellog_row(moment, time=ride()[moment.index - 13].milliseconds("%H:%M:%S")) for moment in moments[30:]
    ]
    log = read(joined(WHEELLOG_HEADERS[24], *rows[:30], *set_back))
    assert log.rows == 60
    assert (np.diff(log.time) >= 0).all()
    (told,) = damage(log, DamageKind.CLOCK_STEP)
    assert told.rows == (32,)


def test_midnight_is_no_step():
    moments = ride(4)
    stamps = [("2024-05-24", "23:59:59.800"), ("2024-05-24", "23:59:59.999"), ("2024-05-25", "00:00:00.200")]
    rows = [wheellog_row(m, date=day, time=time) for m, (day, time) in zip(moments, stamps, strict=False)]
    log = read(joined(WHEELLOG_HEADERS[24], *rows))
    assert np.allclose(log.time, [0, 0.199, 0.4], atol=1e-6)
    assert not damage(log, DamageKind.CLOCK_STEP)


def test_a_current_made_of_phase_current_and_pwm_is_derived():
    log = read(wheellog_file(24, estimated=True))
    assert "phase current" in log.derived("battery_current")
    assert "voltage" in log.derived("power")
    assert any(found.channel == "battery_current" for found in damage(log, DamageKind.NOTE))
    assert log.derived("motor_current") == ""


def test_a_product_written_without_its_sign_is_derived_too():
    lines = wheellog_file(24, estimated=True).decode().splitlines()
    phase = lines[0].split(",").index("phase_current")
    for number in range(len(lines) // 2, len(lines)):
        fields = lines[number].split(",")
        fields[phase] = f"-{fields[phase].lstrip('-')}"
        lines[number] = ",".join(fields)
    assert "phase current" in read("\n".join(lines).encode()).derived("battery_current")


def test_a_reported_current_is_a_measurement():
    log = read(wheellog_file(24))
    assert log.derived("battery_current") == ""
    assert "voltage" in log.derived("power")


def test_positions_at_zero_are_no_positions():
    moments = ride(20)
    nowhere = {"latitude": "0", "longitude": "0", "gps_speed": "0", "gps_alt": "0", "gps_heading": "0"}
    rows = [wheellog_row(moment, **(nowhere if moment.index < 8 else {})) for moment in moments]
    log = read(joined(WHEELLOG_HEADERS[24], *rows))
    assert np.isnan(log.values("latitude")[:8]).all()
    assert np.isnan(log.values("gps_speed")[:8]).all()
    assert np.isfinite(log.values("latitude")[8:]).all()
    nowhere_all = read(joined(WHEELLOG_HEADERS[24], *(wheellog_row(moment, **nowhere) for moment in moments)))
    assert not nowhere_all.has("latitude")
    assert damage(nowhere_all, DamageKind.MISSING_SENSOR)


def test_scientific_notation_is_a_number():
    moments = ride(3)
    log = read(joined(WHEELLOG_HEADERS[24], *(wheellog_row(moment, latitude="1.0E-4") for moment in moments)))
    assert log.values("latitude").tolist() == [1e-4] * 3


def test_a_trip_that_repeats_the_odometer_is_not_believed():
    moments = ride(30)
    rows = [
        wheellog_row(moment, distance="7080778", totaldistance="7080778") if moment.index < 3 else wheellog_row(moment)
        for moment in moments
    ]
    log = read(joined(WHEELLOG_HEADERS[24], *rows))
    distance = log.values("distance")
    assert np.isnan(distance[:3]).all()
    assert np.nanmax(distance) < 1000
    assert damage(log, DamageKind.IMPOSSIBLE_VALUE)[0].count == 3


def test_a_sensor_that_reads_zero_all_through_is_missing():
    moments = ride(20)
    log = read(joined(WHEELLOG_HEADERS[24], *(wheellog_row(moment, tilt="0", temp2="0") for moment in moments)))
    assert not log.has("pitch")
    assert not log.has("processor_temperature")
    missing = {found.channel for found in damage(log, DamageKind.MISSING_SENSOR)}
    assert {"pitch", "processor_temperature"} <= missing


def test_stamps_a_spreadsheet_has_rewritten_are_refused():
    moments = ride(5)
    rows = [wheellog_row(moment, date="8/23/2022", time="24:00.2") for moment in moments]
    with pytest.raises(RefusedError, match="spreadsheet"):
        read(joined(WHEELLOG_HEADERS[24], *rows))


def test_a_column_of_a_later_version_is_kept():
    moments = ride(10)
    data = joined(
        WHEELLOG_HEADERS[18].replace("alert", "alert,cpu_load"), *(wheellog_row(m, 18) + ",42" for m in moments)
    )
    log = read(data)
    assert log.table.column("cpu_load").to_pylist() == [42.0] * 10


@pytest.mark.parametrize("columns", WHEELLOG_HEADERS)
def test_a_file_that_lost_its_header_is_told_by_the_number_of_columns(columns):
    log = read(wheellog_file(columns).split(b"\n", 1)[1])
    assert np.allclose(log.values("pack_voltage"), [moment.voltage for moment in ride()])
    assert log.source_rows[0] == 1
    assert damage(log, DamageKind.MISSING_HEADER)


def test_byte_order_mark_is_no_obstacle():
    assert read(b"\xef\xbb\xbf" + wheellog_file(24)).rows == 200


def test_the_layout_of_euc_world_is_not_wheellogs():
    assert WheelLog().sniff(Source("x.csv", euc_world_2019_file())).rank == 0


def test_raw_captures_are_refused_with_advice():
    source = Source("RAW_2024_05_24_09_35_23.csv", RAW_FILE)
    parser, _ = recognise(source)
    assert parser.name == "wheellog-raw"
    with pytest.raises(RefusedError) as caught:
        read_source(source)
    assert "ride log" in caught.value.advice


def test_battery_frames_are_not_a_wheels():
    data = b"17:15:05.651,55aaeb9002b652e303\n" * 10
    try:
        parser, _ = recognise(Source("x.csv", data))
    except UnrecognisedError:
        return
    assert parser.name != "wheellog-raw"


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([None, 5.0, 6.0]), st.sampled_from(["a", None]))),
    st.data(),
)
def test_repeats_are_found_wherever_the_memory_of_the_rows_is_cut(rows, data):
    stamps = sorted(stamp for stamp, _, _ in rows)
    frame = pl.DataFrame({"v": [v for _, v, _ in rows], "t": [t for _, _, t in rows]}, schema={"v": float, "t": str})
    cut = data.draw(st.integers(0, len(rows)))
    cut_frame = pl.concat([frame[:cut], frame[cut:]], rechunk=False)
    if not rows:
        return
    kept = timed_rows(cut_frame, np.arange(len(rows)), np.array(stamps), path="", expected="")
    values = list(zip(stamps, frame["v"], frame["t"], strict=True))
    expected = [n for n in range(len(rows)) if not n or values[n] != values[n - 1]]
    assert kept.lines.tolist() == expected
