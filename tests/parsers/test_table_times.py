"""Clocks of strangers' tables: every way to write a stamp, and what spreadsheets do to them."""

import numpy as np
import pytest

from ridelog.damage import DamageKind, Effect
from ridelog.errors import MappingNeededError, ParseError, RefusedError
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .table_files import COUNT, START, clock_text, load, read_one, read_stamped, ride, voltage


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
    log = read_stamped("Time", lambda i: clock_text(i, step, pattern))
    np.testing.assert_allclose(log.time, np.arange(COUNT) * step, atol=1e-6)
    assert log.clock.start == START
    assert str(log.clock.basis) == "local"
    assert log.clock.reason


@pytest.mark.parametrize(
    ("zone", "offset"), [("Z", 0), ("+02:00", 7200), ("-0700", -25200), ("+05:30", 19800), (" UTC", 0)]
)
def test_a_zone_behind_the_stamp_makes_it_utc(zone, offset):
    log = read_stamped("Time", lambda i: clock_text(i, 1, "%Y-%m-%dT%H:%M:%S") + zone)
    assert str(log.clock.basis) == "utc"
    assert log.clock.start == START - offset


@pytest.mark.parametrize(("factor", "digits"), [(1, 3), (1000, 0), (1_000_000, 0)])
def test_numbers_since_1970(factor, digits):
    log = read_stamped("time", lambda i: f"{(START + i * 0.25) * factor:.{digits}f}")
    assert str(log.clock.basis) == "utc"
    assert log.clock.start == START
    np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.25, atol=1e-5)


@pytest.mark.parametrize("caption", ["unix_ms", "UTC (ms)", "unix"])
def test_a_caption_that_names_nothing_but_the_clock(caption):
    log = read_stamped(caption, lambda i: f"{(START + i * 0.25) * 1000:.0f}")
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
    log = read_stamped(caption, lambda i: f"{i * float(step):.10g}")
    assert str(log.clock.basis) == "none"
    assert log.clock.start is None
    np.testing.assert_allclose(log.time, np.arange(COUNT) * seconds)


def test_seconds_or_milliseconds_is_asked_where_both_make_sense():
    with pytest.raises(MappingNeededError, match=r"'time'.*seconds or milliseconds"):
        read_stamped("time", lambda i: i * 10)
    mapping = {"time": {"column": "time", "kind": "seconds"}}
    assert read_stamped("time", lambda i: i * 10, mapping=mapping).time[1] == 10


class TestDayAndMonth:
    def test_a_day_above_twelve_tells(self):
        assert read_stamped("Date", lambda i: clock_text(i, 1, "%m/%d/%Y %H:%M:%S")).clock.start == START
        assert read_stamped("Date", lambda i: clock_text(i, 1, "%d/%m/%Y %H:%M:%S")).clock.start == START

    def test_neighbouring_days_tell(self):
        log = read_stamped("Time", lambda i: f"0{3 + i // 30}/04/2024 10:00:{i % 30:02d}")
        assert log.clock.start == 1_712_138_400  # 3 April
        log = read_stamped("Time", lambda i: f"04/0{3 + i // 30}/2024 10:00:{i % 30:02d}")
        assert log.clock.start == 1_712_138_400

    def test_the_file_name_tells(self):
        log = read_stamped("Time", lambda i: f"05/04/2024 10:00:{i:02d}", name="ride_2024-04-05.csv")
        assert log.clock.start == 1_712_311_200
        log = read_stamped("Time", lambda i: f"05/04/2024 10:00:{i:02d}", name="ride_20240504.csv")
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
            assert read_stamped("Time", lambda i, p=pattern: clock_text(i, 1, p)).clock.start == START
        with pytest.raises(MappingNeededError, match="year"):
            read_stamped("Time", lambda i: f"24-05-16 10:00:{i:02d}")

    def test_else_it_is_asked(self):
        def stamp(i):
            return f"05/04/2024 10:00:{i:02d}"

        with pytest.raises(MappingNeededError, match="'Time'"):
            read_stamped("Time", stamp)
        for day_first, start in ((True, 1_712_311_200), (False, 1_714_816_800)):
            log = read_stamped("Time", stamp, mapping={"time": {"day_first": day_first}})
            assert log.clock.start == start

    def test_the_draft_names_the_question(self):
        from ridelog.reading import recognise

        data = ride("Time,Voltage (V),Current (A)", lambda i: [f"05/04/2024 10:00:{i:02d}", voltage(i), load(i)])
        source = Source("x.csv", data)
        parser, _ = recognise(source)
        assert "DECIDE whether '5/4'" in parser.draft_mapping(source, ReadOptions())


class TestTimeOfDay:
    def test_past_midnight(self):
        log = read_stamped("Time", lambda i: clock_text(i, 1, hour=23).replace("23:00", "23:59"))
        np.testing.assert_allclose(np.diff(log.time)[:50], 1)
        log = read_stamped(
            "Time", lambda i: f"{(23 + (i + 30) // 60) % 24:02d}:{59 if i < 30 else 0:02d}:{(i + 30) % 60:02d}.5"
        )
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert str(log.clock.basis) == "time-of-day"
        assert log.clock.start == 86370.5

    def test_a_date_beside_it_makes_it_a_date_and_time(self):
        log = read_stamped("Date,Time", lambda i: ["13.05.2024", clock_text(i)], zone="Europe/Paris")
        assert log.clock.start == START
        assert log.clock.zone == "Europe/Paris"

    def test_a_date_that_does_not_turn_at_midnight(self):
        def stamp(i):
            return ["2024-05-13", f"{(23 + (i + 30) // 60) % 24:02d}:{59 if i < 30 else 0:02d}:{(i + 30) % 60:02d}"]

        np.testing.assert_allclose(read_stamped("Date,Time", stamp).time, np.arange(COUNT))

    def test_twelve_hours(self):
        log = read_stamped("Time", lambda i: clock_text(i, 60, "%I:%M:%S %p", hour=11))
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 60)


class TestSpreadsheets:
    def test_minutes_and_seconds_are_restored_over_the_hour_and_told(self):
        log = read_stamped("Time", lambda i: f"{(59 + (i + 30) // 60) % 60:02d}:{(i + 30) % 60:02d}.{i % 10}")
        assert abs(log.time[-1] - (COUNT - 1)) < 1
        (note,) = [found for found in log.damage if found.channel == "time"]
        assert note.effect is Effect.REPAIRED
        assert "spreadsheet" in note.message

    @pytest.mark.parametrize("stamp", ["00:00.0", "4.56E+09", "1,71E+12", "0"])
    def test_a_destroyed_clock_is_refused(self, stamp):
        with pytest.raises(RefusedError) as caught:
            read_stamped("Time", lambda i: stamp, separator=";")
        assert "'Time'" in str(caught.value)
        assert caught.value.advice

    def test_another_clock_is_taken_where_there_is_one_and_the_loss_is_told(self):
        log = read_stamped("Time,seconds", lambda i: ["00:00.0", i * 0.5])
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.5)
        (note,) = [found for found in log.damage if found.effect is Effect.LOST]
        assert "'Time'" in note.message
        assert note.kind is DamageKind.NOTE

    def test_date_numbers(self):
        log = read_stamped("Time", lambda i: f"{45425.375 + i / 86400:.9f}")
        assert log.clock.start == START
        np.testing.assert_allclose(log.time, np.arange(COUNT), atol=0.01)


class TestResolution:
    def test_rows_that_share_whole_seconds_are_spread(self):
        log = read_stamped("Time", lambda i: clock_text(i // 4, 1, "%Y-%m-%d %H:%M:%S"))
        np.testing.assert_allclose(np.diff(log.time), 0.25)
        assert log.clock.resolution_s == 1.0
        assert any("spread" in found.message for found in log.damage)

    def test_a_finer_column_counts_in_between(self):
        log = read_stamped(
            "Time,elapsed (ms)", lambda i: [clock_text(i // 60, 1, "%Y-%m-%d %H:%M:%S"), 100 * i + i % 3]
        )
        np.testing.assert_allclose(log.time[:4], [0, 0.101, 0.202, 0.3], atol=1e-6)
        assert log.clock.start == START

    def test_backward_steps_are_closed_and_told(self):
        log = read_stamped("Time (s)", lambda i: i if i < 40 else i - 5)
        assert (np.diff(log.time) >= 0).all()
        assert any(found.kind is DamageKind.CLOCK_STEP for found in log.damage)

    def test_rows_without_a_stamp_are_told(self):
        log = read_stamped("Time (s)", lambda i: "" if i in (3, 4) else i)
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
