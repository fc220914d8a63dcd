"""Workbooks, and what a spreadsheet program does to a table."""

import numpy as np
import pytest

from ridelog.errors import ParseError, RefusedError, UnrecognisedError
from ridelog.log import Role

from .table_files import COUNT, load, loads, read, read_one, ride, voltage, workbook


class TestSpreadsheets:
    ROWS = ("Time (s)", "Voltage (V)", "Current (A)", "Cell 1 (mV)", "Cell 2 (mV)")

    def test_a_workbook(self):
        rows = [self.ROWS, *([i * 0.5, round(voltage(i), 2), load(i), 3700, 3710] for i in range(COUNT))]
        log = read_one(workbook(rows), "battery.xlsx")
        assert log.role is Role.BMS
        assert log.source_rows[:2].tolist() == [2, 3]
        np.testing.assert_allclose(log.matrix("cell_voltages")[0], [3.7, 3.71])
        np.testing.assert_allclose(log.values("battery_current"), loads())

    def test_a_workbook_with_real_dates_and_notes_above(self):
        from datetime import datetime, timedelta

        start = datetime(2024, 5, 13, 9, 0)
        rows = [
            ("Date", "Voltage (V)", "Current (A)"),
            *((start + timedelta(seconds=i), round(voltage(i), 2), load(i)) for i in range(COUNT)),
        ]
        log = read_one(workbook(rows, before=[("Export of my battery",), ()]), "battery.xlsx")
        assert log.clock.start == 1_715_590_800
        np.testing.assert_allclose(log.time, np.arange(COUNT), atol=0.001)
        assert log.source_rows[0] == 4

    def test_a_workbook_about_something_else_is_refused(self):
        data = workbook([("Item", "Price"), ("Milk", 1.2), ("Bread", 3.4)])
        with pytest.raises(UnrecognisedError) as caught:
            read(data, "shopping.xlsx")
        assert "table" in caught.value.reasons

    def test_a_workbook_with_one_cell_far_away_is_not_filled_up(self):
        import openpyxl

        from .table_files import io

        book = openpyxl.Workbook()
        for row in [self.ROWS, *([i * 0.5, 50.1, load(i), 3700, 3710] for i in range(5))]:
            book.active.append(list(row))
        book.active["XFD1048576"] = 1
        file = io.BytesIO()
        book.save(file)
        with pytest.raises(ParseError, match="large"):
            read(file.getvalue(), "trap.xlsx")


def test_a_clock_destroyed_by_a_spreadsheet_is_refused_by_name():
    data = ride("Time,Voltage (V),Current (A)", lambda i: ["00:00.0", f"{voltage(i):.2f}", load(i)])
    with pytest.raises(RefusedError, match="spreadsheet"):
        read(data)
