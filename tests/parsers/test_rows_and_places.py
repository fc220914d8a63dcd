"""Over all formats of one row a line: no row is lost silently, no cell moves, no percent stays where a fraction belongs."""

import csv
import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog import plugins
from ridelog.damage import Effect
from ridelog.reading import read_source
from ridelog.sources import Source

from .samples import SAMPLES

#: Lines before the first row, for the formats that write a row on each line.
HEADERS = {
    name: 2 if parser == "ackmaniac" else 0 if parser == "vesc-logger-2016" else 1
    for name, (parser, _) in SAMPLES.items()
    if parser
    in {
        *("vesc-tool", "vesc-express", "vesc-logger-2016", "cardputer", "float-control", "floaty-csv", "ackmaniac"),
        *("ponewheel", "wheellog", "euc-world", "darknessbot", "euc-planet", "m365-power", "jbdtools"),
        *("smart-bms-utility", "daly-epdatalog", "jk-export", "jk-usb-csv"),
    }
}

#: All but pOnewheel, whose rows may lack cells at any place: such a row keeps its time, and its values are told as lost.
FIXED = [name for name in HEADERS if not name.startswith("ponewheel")]


def read(name, data):
    return read_source(Source(f"{name}.csv", data))


def lost(log):
    return sum(found.count for found in log.damage if found.effect is Effect.LOST)


def lines_of(name):
    data = SAMPLES[name][1]
    lines = data.splitlines(keepends=True)
    return lines[: HEADERS[name]], [line for line in lines[HEADERS[name] :] if line.strip()]


@pytest.mark.parametrize("name", HEADERS)
def test_rows_are_the_lines_below_the_header(name):
    _, rows = lines_of(name)
    assert read(name, SAMPLES[name][1])[0].rows == len(rows)


@pytest.mark.parametrize("name", FIXED)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_line_is_a_row_or_told_as_lost(name, data):
    header, rows = lines_of(name)
    taken = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=5)))
    # The first line of a file without a header says what it is.
    broken = data.draw(st.lists(st.integers(0 if header else 1, len(taken)), max_size=3))
    chosen = [rows[index] for index in taken]
    end = b"\r\n" if chosen[0].endswith(b"\r\n") else b"\n"
    for place in sorted(broken, reverse=True):
        chosen.insert(place, b"#" * 30 + end)
    log = read(name, b"".join(header + chosen))[0]
    assert log.rows == len(taken)
    assert lost(log) == len(broken)


@pytest.mark.parametrize("name", FIXED)
def test_a_row_that_is_cut_off_is_told(name):
    header, rows = lines_of(name)
    log = read(name, b"".join(header + rows[:-1]) + rows[-1][: len(rows[-1]) // 3])[0]
    assert log.rows == len(rows) - 1
    assert lost(log) == 1


@pytest.mark.parametrize("name", [name for name, lines in HEADERS.items() if lines])
def test_a_header_between_the_rows_is_no_row_and_costs_no_column(name):
    header, rows = lines_of(name)
    whole = read(name, SAMPLES[name][1])[0]
    log = read(name, b"".join(header + rows[:20] + header + rows[20:]))[0]
    assert (log.rows, log.channels) == (whole.rows, whole.channels)


@pytest.mark.parametrize(
    "name",
    [
        "jk-usb-csv",
        "cardputer",
        "float-control",
        "floaty-csv",
        "ackmaniac",
        "wheellog-24",
        "euc-world-2",
        "darknessbot-b",
    ],
)
def test_a_spreadsheet_with_decimal_commas_changes_no_format(name):
    """Saved again in German: semicolons between the cells, a comma in the numbers."""
    whole = read(name, SAMPLES[name][1])[0]
    text = SAMPLES[name][1].decode()
    cells = [re.sub(r"(?<![\d.:])(-?\d+)\.(\d+)(?=,|$)", r"\1§\2", line) for line in text.splitlines()]
    log = read(name, "\r\n".join(line.replace(",", ";").replace("§", ",") for line in cells).encode())[0]
    assert (log.parser, log.rows, log.channels) == (whole.parser, whole.rows, whole.channels)
    for channel in {"pack_voltage", "battery_current", "speed"} & set(whole.channels):
        np.testing.assert_allclose(log.values(channel), whole.values(channel))


@pytest.mark.parametrize(
    "name", ["hex-dump-jbd", "home-assistant", "vesc-tool", "vesc-faults", "wheellog-24", "jk-usb-csv"]
)
def test_the_windows_command_line_writes_sixteen_bits_a_character(name):
    whole, data = read(name, SAMPLES[name][1]), SAMPLES[name][1].decode().encode("utf-16")
    assert [(log.parser, log.rows, log.channels) for log in read(name, data)] == [
        (log.parser, log.rows, log.channels) for log in whole
    ]


@pytest.mark.parametrize(
    "name", [name for name in HEADERS if name not in ("vesc-logger-2016", "ackmaniac", "vesc-express")]
)
def test_a_column_of_notes_that_somebody_added_costs_nothing_and_is_kept(name):
    whole, (header, rows) = read(name, SAMPLES[name][1])[0], lines_of(name)
    captions = header[-1].decode("gbk" if name == "jbdtools" else "utf-8").rstrip("\r\n")
    separator = max(";\t,", key=captions.count)
    between = "" if captions.endswith(separator) else separator

    def added(line, word):
        return line.rstrip(b"\r\n") + f"{between}{word}\n".encode()

    data = b"".join((*header[:-1], added(header[-1], "Remark"), *(added(row, "a b") for row in rows)))
    log = read(name, data)[0]
    assert (log.rows, log.channels) == (whole.rows, whole.channels)
    assert "remark" in {column.lower() for column in log.table.column_names}


#: Sample -> what the caption of the cell looks like, and the separator.
CELLS = {
    "smart-bms-utility": ("c{}", ";"),
    "daly-epdatalog": ("Cell Voltage {} (mV)", ","),
    "jbdtools": ("Cell{}", "\t"),
    "cardputer-bms": ("cell_{:02d}", ","),
}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("cell", ["0", ""])
def test_a_cell_that_reads_nothing_keeps_its_place(name, cell):
    caption, separator = CELLS[name]
    encoding = "gbk" if name == "jbdtools" else "utf-8"
    table = [
        line.split(separator)
        for line in SAMPLES[name][1].decode(encoding).replace("\r\n", "\n").strip("\n").split("\n")
    ]
    names = [title.strip() for title in table[0]]
    place = names.index(caption.format(2))
    whole = next(log for log in read(name, SAMPLES[name][1]) if log.has("cell_voltages")).matrix("cell_voltages")
    table[5][place] = cell
    data = "\n".join(separator.join(row) for row in table) + "\n"
    log = next(log for log in read(name, data.encode(encoding)) if log.has("cell_voltages"))
    cells = log.matrix("cell_voltages")
    assert cells.shape == whole.shape
    assert np.isnan(cells[4, 1])
    others = np.ones(whole.shape, bool)
    others[4, 1] = False
    np.testing.assert_allclose(cells[others], whole[others])


#: Sample -> the second cell in one of the rows, and what stands there when it reads 0.
CELL_TEXTS = {
    "daly-arduino": ("Cell No: 2. 3701mV", "Cell No: 2. 0mV"),
    "vesc-express": (";4.110;", ";0.000;"),
    "ponewheel-cells": (" 4.051 ", " 0.000 "),
    "home-assistant": ("_cell_voltage_2,", "_cell_voltage_2,0,2024-05-13T09:01:02.500Z\nsensor.jk_bms_cell_voltage_2,"),
    "home-assistant-json": (
        '"state": "3.237", "last_changed": "2024-05-13T09:00:00.010',
        '"state": "0", "last_changed": "2024-05-13T09:00:00.010',
    ),
    "esphome-log-2026": ("'jk-bms cell voltage 2' >> 3.", "'jk-bms cell voltage 2' >> 0 V\n3."),
}
#: Where the cells of the other parsers are held to the same.
CELLS_ELSEWHERE = {
    "vescape": "test_vescape.py",
    "hex-dump": "frames/",
    "frame-lines": "frames/",
    "raw-frames": "frames/",
    "btsnoop": "frames/",
    "table": "test_table_plain.py",
    "value-lines": "test_value_lines.py",
    "long-table": "test_long_table.py",
}


@pytest.mark.parametrize("name", CELL_TEXTS)
@pytest.mark.parametrize("reading", ["0", "missing"])
def test_a_cell_in_the_text_that_reads_nothing_keeps_its_place(name, reading):
    old, new = CELL_TEXTS[name]
    if reading == "missing":
        new = {"daly-arduino": "", "vesc-express": ";;", "ponewheel-cells": " -- "}.get(
            name, new.replace(",0,", ",unknown,").replace(">> 0 V", ">> nan V").replace('"0"', '"unknown"')
        )
    data = SAMPLES[name][1]
    assert old.encode() in data
    whole = next(log for log in read(name, data) if log.has("cell_voltages")).matrix("cell_voltages")
    log = next(log for log in read(name, data.replace(old.encode(), new.encode(), 1)) if log.has("cell_voltages"))
    cells = log.matrix("cell_voltages")
    assert cells.shape[1] == whole.shape[1]
    rows = np.flatnonzero(np.isnan(cells).any(axis=1))
    assert len(rows)
    assert (np.isnan(cells[rows]) == (np.arange(cells.shape[1]) == 1)).all()
    np.testing.assert_allclose(cells[0, 2:], whole[0, 2:])


def test_every_parser_that_gives_cells_is_held_to_it():
    held = {SAMPLES[name][0] for name in (*CELLS, *CELL_TEXTS)} | set(CELLS_ELSEWHERE)
    assert {parser.name for parser in plugins.parsers() if "cell_voltages" in parser.gives} == held


#: Sample -> caption of a column in percent, the channel, and how the cell is written.
PERCENT = {
    "wheellog-24": ("battery_level", "soc", "{:.0f}"),
    "wheellog-15": ("battery_level", "soc", "{:.0f}"),
    "wheellog-21": ("battery_level", "soc", "{:.0f}"),
    "wheellog-18": ("pwm", "pwm", "{:.2f}"),
    "euc-world-2019": ("battery_level", "soc", "{:.0f}"),
    "euc-world-2": ("battery", "soc", "{:.0f}"),
    "darknessbot-b": ("Battery level", "soc", "{:.1f}"),
    "euc-planet-1": ("Battery level", "soc", "{:.0f}"),
    "ponewheel": ("battery", "soc", "{:.0f}"),
    "euc-world-2.64": ("battery", "soc", "{:.0f}"),
    "darknessbot-a": ("Battery level", "soc", "{:.0f}"),
    "euc-planet-4": ("Battery level", "soc", "{:.0f}"),
    "m365-power": ("batteryLife", "soc", "{:.0f}"),
    "cardputer": ("duty_pct", "duty", "{:.1f}"),
    "float-control": ("Duty%", "duty", "{:.0f}%"),
    "ackmaniac": ("DutyCycle", "duty", "{:.1f}"),
    "smart-bms-utility": ("socPercent", "soc", "{:.0f}"),
    "daly-epdatalog": ("State Of Charge (%)", "soc", "{:.1f}"),
    "jk-usb-csv": ("soc", "soc", "{:.0f}"),
}


@pytest.mark.parametrize("name", PERCENT)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_percentage_becomes_a_fraction(name, data):
    """Also one that could be a fraction by its size: 1 % of a battery is 0.01, not 1."""
    caption, channel, form = PERCENT[name]
    header, rows = lines_of(name)
    separator = ";" if name == "smart-bms-utility" else ","
    names = [title.strip() for title in header[-1].decode("utf-8-sig").strip().split(separator)]
    place = names.index(caption)
    percent = [data.draw(st.integers(0, 100)) for _ in rows]
    percent[0] = 37
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    for row, value in zip(csv.reader(io.StringIO(b"".join(rows).decode()), delimiter=separator), percent, strict=True):
        row[place] = form.format(float(value))
        writer.writerow(row)
    log = read(name, b"".join(header) + out.getvalue().encode())[0]
    np.testing.assert_allclose(np.abs(log.values(channel)), np.array(percent) / 100, atol=1e-9)


#: Sample -> a value as it stands in every row, how it is written, the channel and what stands for the whole.
WRITTEN = {
    "metr-json": ("45.5", "{:.2f}", "duty", 100),
    "9bmetrics": ("\t34\t90", "\t34\t{:.0f}", "soc", 100),
    "vesc-express": (";0.42;", ";{:.4f};", "duty", 1),
    "vesc-tool": (";0.431;", ";{:.4f};", "duty", 1),
    "vesc-faults": ("Duty             : 0.59", "Duty             : {:.4f}", "duty", 1),
    "vesc-logger-2016": ('"dutyCycleNow": 0.41', '"dutyCycleNow": {:.4f}', "duty", 1),
    "floaty-csv": (",0.92,", ",{:.4f},", "soc", 1),
    "floaty-json": ('"batteryPercent": 0.92', '"batteryPercent": {:.4f}', "soc", 1),
    "freesk8": (",0.455,", ",{:.4f},", "duty", 1),
    "jbdtools": ("81%", "{:.0f}%", "soc", 100),
    "daly-arduino": ("A, 80.00SOC", "A, {:.2f}SOC", "soc", 100),
    "home-assistant": ("state_of_charge,90", "state_of_charge,{:.0f}", "soc", 100),
    "home-assistant-json": ('"state": "90"', '"state": "{:.0f}"', "soc", 100),
    "esphome-log": ("state 90.00000 %", "state {:.5f} %", "soc", 100),
}
#: Where the fractions of the other parsers are held to the same.
ELSEWHERE = {
    "vescape": "bytes of packets: test_vescape.py",
    "euc-world-xlsx": "cells of a workbook: test_contract.py",
    "hex-dump": "bytes of frames: frames/",
    "frame-lines": "bytes of frames: frames/",
    "raw-frames": "bytes of frames: frames/",
    "btsnoop": "bytes of frames: frames/",
    "table": "told by the data: test_table_units.py",
    "value-lines": "told by the data, as in a table",
    "long-table": "told by the data, as in a table",
}


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=10, deadline=None)
@given(percent=st.integers(0, 100))
def test_any_percentage_or_fraction_anywhere_becomes_a_fraction(name, percent):
    old, form, channel, whole = WRITTEN[name]
    data = SAMPLES[name][1]
    assert old.encode() in data
    log = read(name, data.replace(old.encode(), form.format(percent / 100 * whole).encode()))[0]
    assert log.values(channel)[0] == pytest.approx(percent / 100, abs=1e-9)


def test_every_parser_that_gives_a_fraction_is_held_to_it():
    fractions = {"soc", "soh", "duty", "pwm", "humidity", "remote_input"}
    held = {SAMPLES[name][0] for name in (*PERCENT, *WRITTEN)} | set(ELSEWHERE)
    assert {parser.name for parser in plugins.parsers() if fractions & set(parser.gives)} == held
