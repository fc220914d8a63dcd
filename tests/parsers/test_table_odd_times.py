"""Clocks that small loggers and people write in their own ways: figures, dates written once, the newest row on top."""

import numpy as np
import pytest

from ridelog.damage import DamageKind

from .table_files import COUNT, START, clock_text, read_stamped, voltage


class TestFiguresOfOneNumber:
    def test_a_time_of_day_beside_a_day(self):
        log = read_stamped("date,time", lambda i: ["20240513", f"{int(clock_text(i, 3, '%H%M%S'))}"])
        assert log.clock.basis == "local"
        assert log.clock.start == START
        np.testing.assert_allclose(log.time, 3.0 * np.arange(COUNT))

    def test_a_time_of_day_with_a_fraction(self):
        log = read_stamped("UTC time", lambda i: clock_text(i, 2, "%H%M%S") + ".50")
        assert log.clock.basis == "time-of-day"
        np.testing.assert_allclose(log.time, 2.0 * np.arange(COUNT))

    @pytest.mark.parametrize("step", [1, 2, 5])
    def test_a_counter_of_seconds_stays_one(self, step):
        log = read_stamped("time", lambda i: 100 + i * step)
        np.testing.assert_allclose(log.time, step * np.arange(COUNT))


def test_a_zone_in_words_behind_its_offset():
    zone = "GMT+0200 (Central European Summer Time)"
    log = read_stamped("time", lambda i: clock_text(i, 1, "%a %b %d %Y %H:%M:%S ") + zone)
    assert (log.clock.basis, log.clock.start) == ("utc", START - 7200)


class TestDatesWrittenOnce:
    def test_in_front_of_the_first_time_of_day(self):
        log = read_stamped("time", lambda i: ("2024-05-13 " if not i else "") + clock_text(i))
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert log.clock.start == START

    def test_and_again_where_the_day_turns(self):
        def stamp(i):
            day = {0: "2024-05-13 ", 30: "2024-05-14 "}.get(i, "")
            return day + clock_text(i - 30, hour=0)

        log = read_stamped("time", stamp)
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert log.clock.start == 1_715_644_770

    def test_past_midnight_without_another_date(self):
        log = read_stamped("time", lambda i: ("13/05/2024 " if not i else "") + clock_text(i - 30, hour=0))
        np.testing.assert_allclose(log.time, np.arange(COUNT))

    def test_an_open_order_of_day_and_month_leaves_the_time_of_day(self):
        log = read_stamped("time", lambda i: ("03/04/2024 " if not i else "") + clock_text(i))
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert log.clock.basis.name == "TIME_OF_DAY"

    def test_in_the_first_row_of_a_column_of_its_own(self):
        log = read_stamped("date,time", lambda i: ["2024-05-13" if not i else "", clock_text(i)])
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
        log = read_stamped("time", lambda i: f"{day}09:00:{point.join(milliseconds(i, '%d'))}", separator=separator)
        np.testing.assert_allclose(log.time, 0.137 * np.arange(COUNT), atol=1e-6)
        assert any("without leading zeros" in note.message for note in log.damage)
        assert not any(note.kind is DamageKind.CLOCK_STEP for note in log.damage)

    def test_in_seconds_from_the_start(self):
        log = read_stamped("t", lambda i: ".".join(milliseconds(i, "%d")))
        np.testing.assert_allclose(log.time, 0.137 * np.arange(COUNT))

    @pytest.mark.parametrize("strip", [False, True])
    def test_decimals_stay_decimals(self, strip):
        def stamp(i):
            text = "09:00:" + ".".join(milliseconds(i, "%03d"))
            return text.rstrip("0").rstrip(".") if strip and i % 1000 else text

        log = read_stamped("time", stamp)
        np.testing.assert_allclose(log.time, 0.137 * np.arange(COUNT), atol=1e-6)
        assert not any("leading zeros" in note.message for note in log.damage)

    def test_a_clock_that_really_steps_back_stays_so(self):
        log = read_stamped("time", lambda i: "09:00:" + ".".join(milliseconds(i if i < 40 else i - 2, "%03d")))
        assert any(note.kind is DamageKind.CLOCK_STEP for note in log.damage)


class TestNewestFirst:
    @pytest.mark.parametrize(
        "stamp",
        [lambda i: clock_text(i), lambda i: START + i, lambda i: i * 0.5, lambda i: f"2024-05-13 {clock_text(i)}"],
    )
    def test_rows_are_turned_and_told(self, stamp):
        log = read_stamped("time", lambda i: stamp(COUNT - 1 - i))
        step = 0.5 if log.time[1] == 0.5 else 1
        np.testing.assert_allclose(log.time, step * np.arange(COUNT))
        np.testing.assert_allclose(log.values("pack_voltage"), [round(voltage(i), 2) for i in range(COUNT - 1, -1, -1)])
        assert log.table["source_row"].to_pylist() == list(range(COUNT + 1, 1, -1))
        assert any("newest row stands on top" in note.message for note in log.damage)

    def test_past_midnight(self):
        log = read_stamped("time", lambda i: clock_text(29 - i, hour=0))
        np.testing.assert_allclose(log.time, np.arange(COUNT))

    def test_one_step_back_turns_nothing(self):
        log = read_stamped("time", lambda i: clock_text(i if i < 50 else i - 3))
        assert not any("newest" in note.message for note in log.damage)


class TestMinutesAndSeconds:
    @pytest.mark.parametrize("caption", ["Elapsed", "Time"])
    @pytest.mark.parametrize("rows_a_second", [1, 4])
    def test_from_zero(self, caption, rows_a_second):
        log = read_stamped(caption, lambda i: f"{i // rows_a_second // 60:02d}:{i // rows_a_second % 60:02d}")
        np.testing.assert_allclose(log.time[::rows_a_second], np.arange(COUNT // rows_a_second))
        assert any("minutes and seconds" in note.message for note in log.damage)

    def test_more_than_a_day_has_hours(self):
        log = read_stamped("Time", lambda i: f"{(3000 + i) // 60}:{(3000 + i) % 60:02d}")
        np.testing.assert_allclose(log.time, np.arange(COUNT))

    @pytest.mark.parametrize("pattern", ["%H:%M:%S", "%H:%M"])
    def test_a_time_of_day_that_ends_at_midnight_stays_one(self, pattern):
        step = 1 if pattern.endswith("%S") else 60
        log = read_stamped("Time", lambda i: clock_text(i - COUNT + 1, step, pattern, hour=0))
        np.testing.assert_allclose(log.time, step * np.arange(COUNT))
        assert log.clock.basis.name == "TIME_OF_DAY"

    def test_a_time_of_day_stays_one(self):
        log = read_stamped("Time", lambda i: f"09:{i // 20:02d}")
        assert log.time[-1] == pytest.approx(2 * 60 + 57, abs=3)
        assert log.clock.basis.name == "TIME_OF_DAY"
