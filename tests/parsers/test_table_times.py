"""Clocks of strangers' tables: every way to write a stamp, and what spreadsheets do to them."""

import numpy as np
import pytest

from ridelog.damage import DamageKind, Effect
from ridelog.errors import MappingNeededError, ParseError, RefusedError
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .table_files import COUNT, load, read_one, ride, voltage

#: 2024-05-13 09:00 as if it were UTC.
START = 1_715_590_800


def read(caption, stamp, name="strange.csv", separator=",", more="", **options):
    """A table with one time column (or several, in `caption`), read."""
    data = ride(
        separator.join([caption, "Voltage (V)", "Current (A)"]) + more,
        lambda i: [*(stamp(i) if isinstance(stamp(i), list) else [stamp(i)]), f"{voltage(i):.2f}", f"{load(i):.2f}"],
        separator,
    )
    (log,) = read_source(Source(name, data), ReadOptions(**options))
    return log


def clock_text(index, step=1.0, pattern="%H:%M:%S", hour=9):
    from datetime import datetime, timedelta

    return (datetime(2024, 5, 13, hour, 0) + timedelta(seconds=index * step)).strftime(pattern)


@pytest.mark.parametrize(
    ("pattern", "step"),
    [
        ("%Y-%m-%d %H:%M:%S", 1),
        ("%Y-%m-%dT%H:%M:%S.%f", 0.25),
        ("%Y/%m/%d %H:%M:%S", 1),
        ("%Y-%m-%d_%H-%M-%S", 1),
        ("%Y-%m-%d_%H:%M:%S", 1),
        ("%d.%m.%Y-%H:%M:%S", 1),
        ("%a %b %d %H:%M:%S %Y", 1),
        ("%a %b %d %H:%M:%S CEST %Y", 1),
        ("%a %b %d %Y %H:%M:%S", 1),
        ("%d.%m.%Y %H:%M:%S", 1),
        ("%d/%m/%Y %H:%M:%S", 1),
        ("%m/%d/%Y %I:%M:%S %p", 1),
        ("%Y%m%d %H%M%S", 1),
        ("%Y%m%d%H%M%S", 1),
        ("%d %b %Y %H:%M:%S", 1),
        ("%b %d %Y %H:%M:%S", 1),
        ("%Y年%m月%d日 %H:%M:%S", 1),
    ],
)
def test_dates_in_any_order(pattern, step):
    log = read("Time", lambda i: clock_text(i, step, pattern))
    np.testing.assert_allclose(log.time, np.arange(COUNT) * step, atol=1e-6)
    assert log.clock.start == START
    assert str(log.clock.basis) == "local"
    assert log.clock.reason


@pytest.mark.parametrize(
    ("zone", "offset"), [("Z", 0), ("+02:00", 7200), ("-0700", -25200), ("+05:30", 19800), (" UTC", 0)]
)
def test_a_zone_behind_the_stamp_makes_it_utc(zone, offset):
    log = read("Time", lambda i: clock_text(i, 1, "%Y-%m-%dT%H:%M:%S") + zone)
    assert str(log.clock.basis) == "utc"
    assert log.clock.start == START - offset


@pytest.mark.parametrize(("factor", "digits"), [(1, 3), (1000, 0), (1_000_000, 0)])
def test_numbers_since_1970(factor, digits):
    log = read("time", lambda i: f"{(START + i * 0.25) * factor:.{digits}f}")
    assert str(log.clock.basis) == "utc"
    assert log.clock.start == START
    np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.25, atol=1e-5)


@pytest.mark.parametrize("caption", ["unix_ms", "UTC (ms)", "unix"])
def test_a_caption_that_names_nothing_but_the_clock(caption):
    log = read(caption, lambda i: f"{(START + i * 0.25) * 1000:.0f}")
    assert str(log.clock.basis) == "utc"
    assert log.clock.start == START


@pytest.mark.parametrize(
    ("caption", "step", "seconds"),
    [
        ("Time (s)", "0.5", 0.5),
        ("Time (ms)", "100", 0.1),
        ("Time (min)", "0.5", 30),
        ("millis", "100", 0.1),
        ("time", "0.1", 0.1),
        ("time", "100", 0.1),
        ("elapsed", "1", 1),
        ("t", "0.02", 0.02),
        ("timestamp_us", "20000", 0.02),
    ],
)
def test_numbers_from_the_start(caption, step, seconds):
    log = read(caption, lambda i: f"{i * float(step):.10g}")
    assert str(log.clock.basis) == "none"
    assert log.clock.start is None
    np.testing.assert_allclose(log.time, np.arange(COUNT) * seconds)


def test_seconds_or_milliseconds_is_asked_where_both_make_sense():
    with pytest.raises(MappingNeededError, match=r"'time'.*seconds or milliseconds"):
        read("time", lambda i: i * 10)
    mapping = {"time": {"column": "time", "kind": "seconds"}}
    assert read("time", lambda i: i * 10, mapping=mapping).time[1] == 10


class TestDayAndMonth:
    def test_a_day_above_twelve_tells(self):
        assert read("Date", lambda i: clock_text(i, 1, "%m/%d/%Y %H:%M:%S")).clock.start == START
        assert read("Date", lambda i: clock_text(i, 1, "%d/%m/%Y %H:%M:%S")).clock.start == START

    def test_neighbouring_days_tell(self):
        log = read("Time", lambda i: f"0{3 + i // 30}/04/2024 10:00:{i % 30:02d}")
        assert log.clock.start == 1_712_138_400  # 3 April
        log = read("Time", lambda i: f"04/0{3 + i // 30}/2024 10:00:{i % 30:02d}")
        assert log.clock.start == 1_712_138_400

    def test_the_file_name_tells(self):
        log = read("Time", lambda i: f"05/04/2024 10:00:{i:02d}", name="ride_2024-04-05.csv")
        assert log.clock.start == 1_712_311_200
        log = read("Time", lambda i: f"05/04/2024 10:00:{i:02d}", name="ride_20240504.csv")
        assert log.clock.start == 1_714_816_800

    def test_the_language_tells(self):
        data = ride(
            "Zeit;Spannung (V);Strom (A)",
            lambda i: [f"05/04/2024 10:00:{i:02d}", f"{voltage(i):.2f}", load(i)],
            ";",
        )
        (log,) = read_source(Source("x.csv", data))
        assert log.clock.start == 1_712_311_200

    def test_a_year_of_two_digits(self):
        for pattern in ("%y-%m-%d %H:%M:%S", "%d.%m.%y %H:%M:%S", "%d/%m/%y %H:%M:%S", "%m/%d/%y %H:%M:%S"):
            assert read("Time", lambda i, p=pattern: clock_text(i, 1, p)).clock.start == START
        with pytest.raises(MappingNeededError, match="year"):
            read("Time", lambda i: f"24-05-16 10:00:{i:02d}")

    def test_else_it_is_asked(self):
        def stamp(i):
            return f"05/04/2024 10:00:{i:02d}"

        with pytest.raises(MappingNeededError, match="'Time'"):
            read("Time", stamp)
        for day_first, start in ((True, 1_712_311_200), (False, 1_714_816_800)):
            log = read("Time", stamp, mapping={"time": {"day_first": day_first}})
            assert log.clock.start == start

    def test_the_draft_names_the_question(self):
        from ridelog.reading import recognise

        data = ride("Time,Voltage (V),Current (A)", lambda i: [f"05/04/2024 10:00:{i:02d}", voltage(i), load(i)])
        source = Source("x.csv", data)
        parser, _ = recognise(source)
        assert "DECIDE whether '5/4'" in parser.draft_mapping(source, ReadOptions())


class TestTimeOfDay:
    def test_past_midnight(self):
        log = read("Time", lambda i: clock_text(i, 1, hour=23).replace("23:00", "23:59"))
        np.testing.assert_allclose(np.diff(log.time)[:50], 1)
        log = read(
            "Time", lambda i: f"{(23 + (i + 30) // 60) % 24:02d}:{59 if i < 30 else 0:02d}:{(i + 30) % 60:02d}.5"
        )
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert str(log.clock.basis) == "time-of-day"
        assert log.clock.start == 86370.5

    def test_a_date_beside_it_makes_it_a_date_and_time(self):
        log = read("Date,Time", lambda i: ["13.05.2024", clock_text(i)], zone="Europe/Paris")
        assert log.clock.start == START
        assert log.clock.zone == "Europe/Paris"

    def test_a_date_that_does_not_turn_at_midnight(self):
        def stamp(i):
            return ["2024-05-13", f"{(23 + (i + 30) // 60) % 24:02d}:{59 if i < 30 else 0:02d}:{(i + 30) % 60:02d}"]

        np.testing.assert_allclose(read("Date,Time", stamp).time, np.arange(COUNT))

    def test_twelve_hours(self):
        log = read("Time", lambda i: clock_text(i, 60, "%I:%M:%S %p", hour=11))
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 60)


class TestSpreadsheets:
    def test_minutes_and_seconds_are_restored_over_the_hour_and_told(self):
        log = read("Time", lambda i: f"{(59 + (i + 30) // 60) % 60:02d}:{(i + 30) % 60:02d}.{i % 10}")
        assert abs(log.time[-1] - (COUNT - 1)) < 1
        (note,) = [found for found in log.damage if found.channel == "time"]
        assert note.effect is Effect.REPAIRED
        assert "spreadsheet" in note.message

    @pytest.mark.parametrize("stamp", ["00:00.0", "4.56E+09", "1,71E+12", "0"])
    def test_a_destroyed_clock_is_refused(self, stamp):
        with pytest.raises(RefusedError) as caught:
            read("Time", lambda i: stamp, separator=";")
        assert "'Time'" in str(caught.value)
        assert caught.value.advice

    def test_another_clock_is_taken_where_there_is_one_and_the_loss_is_told(self):
        log = read("Time,seconds", lambda i: ["00:00.0", i * 0.5])
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.5)
        (note,) = [found for found in log.damage if found.effect is Effect.LOST]
        assert "'Time'" in note.message
        assert note.kind is DamageKind.NOTE

    def test_date_numbers(self):
        log = read("Time", lambda i: f"{45425.375 + i / 86400:.9f}")
        assert log.clock.start == START
        np.testing.assert_allclose(log.time, np.arange(COUNT), atol=0.01)


class TestResolution:
    def test_rows_that_share_whole_seconds_are_spread(self):
        log = read("Time", lambda i: clock_text(i // 4, 1, "%Y-%m-%d %H:%M:%S"))
        np.testing.assert_allclose(np.diff(log.time), 0.25)
        assert log.clock.resolution_s == 1.0
        assert any("spread" in found.message for found in log.damage)

    def test_a_finer_column_counts_in_between(self):
        log = read("Time,elapsed (ms)", lambda i: [clock_text(i // 60, 1, "%Y-%m-%d %H:%M:%S"), 100 * i + i % 3])
        np.testing.assert_allclose(log.time[:4], [0, 0.101, 0.202, 0.3], atol=1e-6)
        assert log.clock.start == START

    def test_backward_steps_are_closed_and_told(self):
        log = read("Time (s)", lambda i: i if i < 40 else i - 5)
        assert (np.diff(log.time) >= 0).all()
        assert any(found.kind is DamageKind.CLOCK_STEP for found in log.damage)

    def test_rows_without_a_stamp_are_told(self):
        log = read("Time (s)", lambda i: "" if i in (3, 4) else i)
        assert log.rows == COUNT - 2
        (lost,) = [found for found in log.damage if found.kind is DamageKind.BROKEN_ROW]
        assert lost.rows == (5, 6)


@pytest.mark.parametrize(("unit", "decided"), [("F", True), ("degF", True), ("C", False)])
def test_fahrenheit_is_written_where_the_month_comes_first(unit, decided):
    data = ride(
        f"Time,Voltage (V),Current (A),Temp ({unit})",
        lambda i: [f"05/04/2024 {clock_text(i)}", f"{voltage(i):.2f}", f"{load(i):.2f}", 77],
    )
    source = Source("strange.csv", data)
    if not decided:
        with pytest.raises(MappingNeededError, match="'Time'"):
            read_source(source)
        return
    (log,) = read_source(source)
    assert log.clock.start == pytest.approx(1_714_813_200)
    assert "degF" in log.clock.reason


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_stamps_since_1970_in_any_unit(digits):
    data = ride(
        "timestamp,voltage,current,erpm",
        lambda i: [(1_715_590_000 + i) * 10**digits, f"{voltage(i):.2f}", load(i), 9000],
    )
    log = read_one(data)
    assert (str(log.clock.basis), log.clock.start) == ("utc", 1_715_590_000)
    assert log.duration_s == pytest.approx(COUNT - 1)


def test_a_counter_that_stands_still_is_no_clock_and_no_work_of_a_spreadsheet():
    data = ride("elapsed time,voltage,current,erpm", lambda i: [250, f"{voltage(i):.2f}", load(i), 9000])
    with pytest.raises(ParseError, match="250 in every row") as caught:
        read_one(data)
    assert "spreadsheet" not in str(caught.value)


class TestFiguresOfOneNumber:
    def test_a_time_of_day_beside_a_day(self):
        log = read("date,time", lambda i: ["20240513", f"{int(clock_text(i, 3, '%H%M%S'))}"])
        assert log.clock.basis == "local"
        assert log.clock.start == START
        np.testing.assert_allclose(log.time, 3.0 * np.arange(COUNT))

    def test_a_time_of_day_with_a_fraction(self):
        log = read("UTC time", lambda i: clock_text(i, 2, "%H%M%S") + ".50")
        assert log.clock.basis == "time-of-day"
        np.testing.assert_allclose(log.time, 2.0 * np.arange(COUNT))

    @pytest.mark.parametrize("step", [1, 2, 5])
    def test_a_counter_of_seconds_stays_one(self, step):
        log = read("time", lambda i: 100 + i * step)
        np.testing.assert_allclose(log.time, step * np.arange(COUNT))


def test_a_zone_in_words_behind_its_offset():
    zone = "GMT+0200 (Central European Summer Time)"
    log = read("time", lambda i: clock_text(i, 1, "%a %b %d %Y %H:%M:%S ") + zone)
    assert (log.clock.basis, log.clock.start) == ("utc", START - 7200)


class TestDatesWrittenOnce:
    def test_in_front_of_the_first_time_of_day(self):
        log = read("time", lambda i: ("2024-05-13 " if not i else "") + clock_text(i))
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert log.clock.start == START

    def test_and_again_where_the_day_turns(self):
        def stamp(i):
            day = {0: "2024-05-13 ", 30: "2024-05-14 "}.get(i, "")
            return day + clock_text(i - 30, hour=0)

        log = read("time", stamp)
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert log.clock.start == 1_715_644_770

    def test_past_midnight_without_another_date(self):
        log = read("time", lambda i: ("13/05/2024 " if not i else "") + clock_text(i - 30, hour=0))
        np.testing.assert_allclose(log.time, np.arange(COUNT))

    def test_an_open_order_of_day_and_month_leaves_the_time_of_day(self):
        log = read("time", lambda i: ("03/04/2024 " if not i else "") + clock_text(i))
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert log.clock.basis.name == "TIME_OF_DAY"

    def test_in_the_first_row_of_a_column_of_its_own(self):
        log = read("date,time", lambda i: ["2024-05-13" if not i else "", clock_text(i)])
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert log.clock.start == START


def milliseconds(i, pattern):
    total = 137 * i
    return f"{total // 1000:02d}", pattern % (total % 1000)


class TestMillisecondsWithoutLeadingZeros:
    @pytest.mark.parametrize("day", ["", "2024-05-13 "])
    @pytest.mark.parametrize("point", [".", ":", ","])
    def test_are_recognised_and_told(self, day, point):
        separator = ";" if point == "," else ","
        log = read("time", lambda i: f"{day}09:00:{point.join(milliseconds(i, '%d'))}", separator=separator)
        np.testing.assert_allclose(log.time, 0.137 * np.arange(COUNT), atol=1e-6)
        assert any("without leading zeros" in note.message for note in log.damage)
        assert not any(note.kind is DamageKind.CLOCK_STEP for note in log.damage)

    def test_in_seconds_from_the_start(self):
        log = read("t", lambda i: ".".join(milliseconds(i, "%d")))
        np.testing.assert_allclose(log.time, 0.137 * np.arange(COUNT))

    @pytest.mark.parametrize("strip", [False, True])
    def test_decimals_stay_decimals(self, strip):
        def stamp(i):
            text = "09:00:" + ".".join(milliseconds(i, "%03d"))
            return text.rstrip("0").rstrip(".") if strip and i % 1000 else text

        log = read("time", stamp)
        np.testing.assert_allclose(log.time, 0.137 * np.arange(COUNT), atol=1e-6)
        assert not any("leading zeros" in note.message for note in log.damage)

    def test_a_clock_that_really_steps_back_stays_so(self):
        log = read("time", lambda i: "09:00:" + ".".join(milliseconds(i if i < 40 else i - 2, "%03d")))
        assert any(note.kind is DamageKind.CLOCK_STEP for note in log.damage)


class TestNewestFirst:
    @pytest.mark.parametrize(
        "stamp",
        [lambda i: clock_text(i), lambda i: START + i, lambda i: i * 0.5, lambda i: f"2024-05-13 {clock_text(i)}"],
    )
    def test_rows_are_turned_and_told(self, stamp):
        log = read("time", lambda i: stamp(COUNT - 1 - i))
        step = 0.5 if log.time[1] == 0.5 else 1
        np.testing.assert_allclose(log.time, step * np.arange(COUNT))
        np.testing.assert_allclose(log.values("pack_voltage"), [round(voltage(i), 2) for i in range(COUNT - 1, -1, -1)])
        assert log.table["source_row"].to_pylist() == list(range(COUNT + 1, 1, -1))
        assert any("newest row stands on top" in note.message for note in log.damage)

    def test_past_midnight(self):
        log = read("time", lambda i: clock_text(29 - i, hour=0))
        np.testing.assert_allclose(log.time, np.arange(COUNT))

    def test_one_step_back_turns_nothing(self):
        log = read("time", lambda i: clock_text(i if i < 50 else i - 3))
        assert not any("newest" in note.message for note in log.damage)


class TestMinutesAndSeconds:
    @pytest.mark.parametrize("caption", ["Elapsed", "Time"])
    @pytest.mark.parametrize("rows_a_second", [1, 4])
    def test_from_zero(self, caption, rows_a_second):
        log = read(caption, lambda i: f"{i // rows_a_second // 60:02d}:{i // rows_a_second % 60:02d}")
        np.testing.assert_allclose(log.time[::rows_a_second], np.arange(COUNT // rows_a_second))
        assert any("minutes and seconds" in note.message for note in log.damage)

    def test_more_than_a_day_has_hours(self):
        log = read("Time", lambda i: f"{(3000 + i) // 60}:{(3000 + i) % 60:02d}")
        np.testing.assert_allclose(log.time, np.arange(COUNT))

    @pytest.mark.parametrize("pattern", ["%H:%M:%S", "%H:%M"])
    def test_a_time_of_day_that_ends_at_midnight_stays_one(self, pattern):
        step = 1 if pattern.endswith("%S") else 60
        log = read("Time", lambda i: clock_text(i - COUNT + 1, step, pattern, hour=0))
        np.testing.assert_allclose(log.time, step * np.arange(COUNT))
        assert log.clock.basis.name == "TIME_OF_DAY"

    def test_a_time_of_day_stays_one(self):
        log = read("Time", lambda i: f"09:{i // 20:02d}")
        assert log.time[-1] == pytest.approx(2 * 60 + 57, abs=3)
        assert log.clock.basis.name == "TIME_OF_DAY"
