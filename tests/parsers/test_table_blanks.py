"""Tables whose columns stand apart by nothing but blanks."""

import numpy as np
import pytest

from ridelog.damage import DamageKind
from ridelog.errors import ParseError, UnrecognisedError
from ridelog.reading import read_source
from ridelog.sources import Source

from .table_files import COUNT, load, read_one, voltage

NAMES = ["time", "voltage", "current", "speed_kmh", "soc"]
SPACED = ["Time (s)", "Pack Voltage (V)", "Battery Current (A)", "Speed (km/h)", "SoC (%)"]
ROWS = [[f"{i * 0.5:.1f}", f"{voltage(i):.2f}", f"{load(i):.2f}", "18", f"{90 - i // 20}"] for i in range(COUNT)]


def lines(header, rows, put, end="\n"):
    return "".join(put(row) + end for row in [header, *rows]).encode()


@pytest.mark.parametrize(
    ("header", "put"),
    [
        (NAMES, " ".join),
        (NAMES, lambda row: " ".join(cell.rjust(12) for cell in row)),
        (NAMES, lambda row: "".join(cell.ljust(12) for cell in row)),
        (SPACED, lambda row: "  ".join(cell.ljust(20) for cell in row)),
        (SPACED, lambda row: " \t ".join(row)),
    ],
    ids=["one blank", "right", "left", "spaced captions", "tabs and blanks"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_lined_up(header, put, end):
    log = read_one(lines(header, ROWS, put, end), "ride.txt")
    np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.5)
    np.testing.assert_allclose(log.values("pack_voltage"), [float(row[1]) for row in ROWS])
    np.testing.assert_allclose(log.values("battery_current"), [float(row[2]) for row in ROWS])
    np.testing.assert_allclose(log.values("speed"), 5.0)
    assert log.values("soc")[0] == pytest.approx(0.9)
    assert log.table["source_row"].to_pylist() == list(range(2, COUNT + 2))


def test_a_header_behind_a_comment_sign():
    log = read_one(b"# by my logger\n# " + lines(NAMES, ROWS, " ".join), "ride.txt")
    np.testing.assert_allclose(log.values("pack_voltage"), [float(row[1]) for row in ROWS])


def test_stamps_with_a_blank_inside():
    rows = [[f"2024-05-13 12:00:{i:02d}", *row[1:]] for i, row in enumerate(ROWS)]
    for put in (" ".join, "  ".join):
        log = read_one(lines(NAMES, rows, put), "ride.txt")
        assert log.clock.start == 1_715_601_600
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        np.testing.assert_allclose(log.values("battery_current"), [float(row[2]) for row in ROWS])


def test_rows_that_start_with_their_number():
    rows = [[str(i), *row] for i, row in enumerate(ROWS)]
    header = ["     ", *NAMES]
    log = read_one(lines(header, rows, lambda row: " ".join(cell.rjust(10) for cell in row)), "ride.txt")
    np.testing.assert_allclose(log.values("pack_voltage"), [float(row[1]) for row in ROWS])


def test_a_row_with_an_empty_cell_is_dropped_and_told():
    rows = [list(row) for row in ROWS]
    rows[10][3] = rows[20][2] = ""
    log = read_one(lines(NAMES, rows, lambda row: "".join(cell.ljust(12) for cell in row).rstrip()), "ride.txt")
    assert len(log.time) == COUNT - 2
    (broken,) = (note for note in log.damage if note.kind is DamageKind.BROKEN_ROW)
    assert broken.rows == (12, 22)
    np.testing.assert_allclose(log.values("soc")[:19], 0.9)


def test_a_column_that_is_empty_all_through_is_refused():
    rows = [[*row[:3], "", row[4]] for row in ROWS]
    data = lines(NAMES, rows, lambda row: "".join(cell.ljust(12) for cell in row).rstrip())
    with pytest.raises(ParseError, match="which cells are empty"):
        read_source(Source("ride.txt", data))


def test_prose_is_no_table():
    text = (
        "The time, voltage and current of my ride\n"
        "It was at 12 o'clock with 75.4 V on the display and 23 km/h of speed\n"
        "voltage 75.4 then current 12 then nothing at 13:05\n"
        "Please tell me what is wrong with battery 2\n"
    )
    with pytest.raises(UnrecognisedError):
        read_source(Source("mail.txt", text.encode()))
