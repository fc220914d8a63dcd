"""Real files of boards, skateboards and strangers: every row is there, and the numbers are those of the file."""

import csv
import io
import json
import zipfile

import numpy as np
import pytest

from ridelog.errors import ParseError
from ridelog.log import Role
from ridelog.reading import read

BOARDS = {
    "floatview_demo.csv": "float-control",
    "floatview_fc_imperial.csv": "float-control",
    "floatview_fc_imperial_bms.csv": "float-control",
    "floatview_fc_metric.csv": "float-control",
    "floatview_fc_metric_bms.csv": "float-control",
    "floatview_fc_metric_unknown_state.csv": "float-control",
    "floatview_floaty.csv": "floaty-csv",
}


def rows_of(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", BOARDS)
def test_every_row_of_a_board_is_there(real_logs, name):
    path = real_logs / "float_control" / name
    (log,) = read(str(path))
    assert log.parser == BOARDS[name]
    assert log.rows == len(rows_of(path))


def test_the_demo_ride_holds_the_numbers_of_the_file(real_logs):
    path = real_logs / "float_control" / "floatview_demo.csv"
    rows = rows_of(path)
    (log,) = read(str(path))
    assert log.rows == 285
    for channel, caption, factor in (
        ("pack_voltage", "Voltage", 1),
        ("battery_current", "I-Battery", 1),
        ("motor_current", "I-Motor", 1),
        ("speed", "Speed(km/h)", 1 / 3.6),
        ("erpm", "ERPM", 1),
        ("throttle_2", "ADC2", 1),
    ):
        np.testing.assert_allclose(log.values(channel), [float(row[caption]) * factor for row in rows])
    np.testing.assert_allclose(log.values("duty"), [float(row["Duty%"].rstrip("%")) / 100 for row in rows])
    assert log.texts("mode") == [row["State"] for row in rows]
    assert log.source_rows.tolist() == list(range(2, 287))


def test_a_board_without_any_time_is_an_error(real_logs):
    with pytest.raises(ParseError, match="time stamp"):
        read(str(real_logs / "float_control" / "floatview_fc_metric_bad_time.csv"))


def test_floaty_json_and_csv_tell_the_same(real_logs):
    folder = real_logs / "float_control"
    (one,) = read(str(folder / "floatview_floaty.json"))
    (two,) = read(str(folder / "floatview_floaty.csv"))
    assert one.rows == len(json.loads((folder / "floatview_floaty.json").read_text())["logs"]) == two.rows
    for channel in ("pack_voltage", "speed", "soc", "motor_temperature"):
        np.testing.assert_array_equal(one.values(channel), two.values(channel))


def test_the_cardputer_session(real_logs):
    path = real_logs / "other" / "adamk_example_session.csv"
    rows = rows_of(path)
    (log,) = read(str(path))
    assert (log.parser, log.rows) == ("cardputer", len(rows))
    np.testing.assert_allclose(log.values("battery_current"), [float(row["curr_in_A"]) for row in rows])
    np.testing.assert_allclose(log.values("duty"), [float(row["duty_pct"]) / 100 for row in rows])


def test_the_logger_of_2016(real_logs):
    path = real_logs / "other" / "makevoid_VESC_LOG.TXT"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    (log,) = read(str(path))
    assert (log.parser, log.rows) == ("vesc-logger-2016", len(rows))
    np.testing.assert_allclose(log.values("pack_voltage"), [row["inpVoltage"] for row in rows])
    assert log.duration_s == pytest.approx(rows[-1]["t"] - rows[0]["t"])


@pytest.mark.parametrize(("car", "cells"), [("car1", 96), ("car2", 88)])
def test_months_of_an_electric_car_by_the_general_reader(real_logs, car, cells):
    path = real_logs / "ev_cells" / f"{car}_processed.zip"
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        reader = csv.DictReader(io.TextIOWrapper(file, "utf-8"))
        first = next(reader)
        lines = 1 + sum(1 for _ in reader)
    (log,) = read(str(path))
    assert (log.parser, log.role) == ("table", Role.BMS)
    repeats = sum(found.count for found in log.damage if found.kind == "duplicate-row")
    assert log.rows + repeats == lines
    np.testing.assert_allclose(
        log.matrix("cell_voltages")[0], [float(first[f"V_{cell}"]) for cell in range(1, cells + 1)]
    )
    assert log.values("pack_voltage")[0] == float(first["BMSBatteryVoltage"])
    assert log.values("soc")[0] == pytest.approx(float(first["vehBMSPackSOC"]) / 100)
    # The voltage of both cars falls when the current rises: discharge is positive in these files.
    assert log.values("battery_current")[0] == float(first["BMSBatteryCurrent"])
    hottest = np.nanmax(log.matrix("battery_temperatures"), axis=1)
    assert np.nanmedian(np.abs(hottest - log.values("battery_temperature"))) <= 1


def test_an_hourly_log_decoded_by_somebody_else(real_logs):
    path = real_logs / "jk" / "detail_log_earlier_decoded.csv"
    rows = rows_of(path)
    (log,) = read(str(path))
    assert log.role is Role.BMS
    repeats = sum(found.count for found in log.damage if found.kind == "duplicate-row")
    assert log.rows + repeats == len(rows)
    # It counts charging as positive, which the remaining capacity shows.
    assert log.values("battery_current")[3] == -float(rows[3]["current_a"])
    assert set(log.values("discharge_fet")) <= {0, 1}
