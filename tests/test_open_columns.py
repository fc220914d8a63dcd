"""A column whose meaning the data do not decide: asked for when the file is alone, left out beside another log."""

from datetime import UTC, datetime

import numpy as np
import pytest

import ridelog
from ridelog.clock import ClockBasis
from ridelog.errors import MappingNeededError
from ridelog.log import Role
from tests.vesc_bytes import vesc_log


@pytest.fixture
def board(tmp_path):
    """A board at a steady voltage: nothing tells which way its current flows."""
    rng = np.random.default_rng(3)
    lines = ["time,pack_voltage,current," + ",".join(f"cell_{cell}" for cell in range(1, 5))]
    for second in range(120):
        cells = ",".join(f"{3.9:.3f}" for _ in range(4))
        lines.append(f"{second},15.60,{rng.choice([-1.5, 1.5]):.2f},{cells}")
    path = tmp_path / "board.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def ride(tmp_path):
    path = tmp_path / "2026-05-01_12-00-00.csv"
    path.write_bytes(vesc_log())
    return path


def test_alone_it_is_asked_for(board):
    with pytest.raises(MappingNeededError, match="'current'"):
        ridelog.analyze([str(board)])


@pytest.mark.parametrize("board_first", [True, False])
def test_beside_another_log_it_is_left_out_and_said(board, ride, board_first):
    paths = [board, ride] if board_first else [ride, board]
    incident = ridelog.analyze([str(path) for path in paths])
    roles = [track.log.role for track in incident.ride.tracks]
    assert roles == ([Role.BMS, Role.CONTROLLER] if board_first else [Role.CONTROLLER, Role.BMS])
    log = next(track.log for track in incident.ride.tracks if track.log.role is Role.BMS)
    assert log.has("cell_voltages", "pack_voltage")
    assert not log.has("battery_current")
    assert "current" in log.table.column_names
    assert any("'current'" in damage.message for damage in log.damage)


def undecided(tmp_path, day="01/05/2026"):
    """A log of the pack whose dates may be read both ways."""
    lines = ["Date,Time,voltage (V),current (A)"]
    lines += [
        f"{day},12:{second // 60:02d}:{second % 60:02d},{50 - 0.1 * (second % 7):.2f},{5 + second % 7}"
        for second in range(120)
    ]
    path = tmp_path / "pack.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_an_undecided_date_is_read_as_the_day_of_the_other_log(tmp_path, ride):
    with pytest.raises(MappingNeededError, match="day/month"):
        ridelog.analyze([undecided(tmp_path)])
    for paths in ([undecided(tmp_path), str(ride)], [str(ride), undecided(tmp_path)]):
        incident = ridelog.analyze(paths)
        log = next(track.log for track in incident.ride.tracks if track.log.parser == "table")
        assert log.clock.basis is ClockBasis.LOCAL
        assert log.clock.start == datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()


def test_an_undecided_date_of_another_day_gives_the_time_of_day(tmp_path, ride):
    incident = ridelog.analyze([undecided(tmp_path, "03/07/2025"), str(ride)])
    log = next(track.log for track in incident.ride.tracks if track.log.parser == "table")
    assert log.clock.basis is ClockBasis.TIME_OF_DAY
    assert log.clock.start == 12 * 3600
    assert any("only the time of day is used" in damage.message for damage in log.damage)


def steps_of_ten(tmp_path, rows):
    """A log of the pack whose whole numbers rise by ten a row: seconds of a slow logger or milliseconds of a fast one."""
    lines = ["time,voltage,current,soc"]
    lines += [f"{10 * row},{50 - 0.1 * (row % 7):.2f},{5 + row % 7},{90 - row // 100}" for row in range(rows)]
    path = tmp_path / "pack.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.mark.parametrize(("rows", "length"), [(8, 70.0), (7_000, 69.99)])
def test_seconds_or_milliseconds_are_told_by_the_length_of_the_other_log(tmp_path, rows, length):
    ride = tmp_path / "2026-05-01_12-00-00.csv"
    ride.write_bytes(vesc_log(seconds=80.0))
    with pytest.raises(MappingNeededError, match="seconds or milliseconds"):
        ridelog.analyze([steps_of_ten(tmp_path, rows)])
    incident = ridelog.analyze([steps_of_ten(tmp_path, rows), str(ride)])
    log = next(track.log for track in incident.ride.tracks if track.log.parser == "table")
    assert log.duration_s == pytest.approx(length)
    assert any("as long as the other log" in damage.message for damage in log.damage)


def test_they_are_asked_for_where_no_length_tells(tmp_path, ride):
    with pytest.raises(MappingNeededError, match="seconds or milliseconds"):
        ridelog.analyze([steps_of_ten(tmp_path, 760), str(ride)])


def test_a_time_of_day_stands_in_for_a_counter_that_is_open(tmp_path):
    lines = ["time,clock,voltage,current,soc"]
    lines += [
        f"{10 * row},12:{row // 6:02d}:{row % 6 * 10:02d},{50 - 0.1 * (row % 7):.2f},{5 + row % 7},{90 - row // 100}"
        for row in range(120)
    ]
    path = tmp_path / "pack.csv"
    path.write_text("\n".join(lines) + "\n")
    (log,) = ridelog.read(path)
    assert log.duration_s == 1190
