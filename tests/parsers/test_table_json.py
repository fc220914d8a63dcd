"""Decoded values in JSON, as loggers of a rider's own and brokers of messages write them; JSON that is cut off."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.damage import DamageKind
from ridelog.errors import RidelogError, UnrecognisedError
from ridelog.log import Role
from ridelog.reading import read_source
from ridelog.reports.words import row_kind
from ridelog.sources import Source

from . import bms_files, board_files
from .table_files import COUNT, load, read_one, voltage

START = 1_715_601_600


def cells_of(i):
    return [round(voltage(i) / 12 + 0.001 * place, 3) for place in range(12)]


def record(i):
    return {
        "ts": START + i,
        "voltage": round(voltage(i), 2),
        "current": round(-load(i), 2),
        "soc": 81 - i // 20,
        "cells": cells_of(i),
        "temps": [21.4, 22, 20.9],
        "charge_fet": True,
        "discharge_fet": i < COUNT - 5,
    }


RECORDS = [record(i) for i in range(COUNT)]
LINES = "".join(json.dumps(row) + "\n" for row in RECORDS)


def as_bms(data, rows=COUNT, name="bms.json"):
    log = read_one(data if isinstance(data, bytes) else data.encode(), name)
    assert log.role is Role.BMS
    np.testing.assert_allclose(log.values("pack_voltage"), [row["voltage"] for row in RECORDS[:rows]])
    np.testing.assert_allclose(log.values("battery_current"), [-row["current"] for row in RECORDS[:rows]])
    assert log.table["cell_voltages"].to_pylist() == [row["cells"] for row in RECORDS[:rows]]
    return log


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.replace("\n", "\r\n\r\n"),
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        json.dumps({"device": "BMS", "version": 3, "samples": RECORDS}),
        json.dumps({"result": {"data": RECORDS}}, indent=1),
        "\n".join(json.dumps(row, indent=1) for row in RECORDS),
        "\n".join(json.dumps({"topic": "bms/1", "payload": json.dumps(row)}) for row in RECORDS),
        "\n".join(json.dumps({"ts": row.pop("ts"), "data": row}) for row in map(record, range(COUNT))),
    ],
    ids=["lines", "windows", "list", "list in lines", "document", "deep", "objects", "messages", "nested"],
)
def test_records_of_a_bms(text):
    log = as_bms(text)
    np.testing.assert_allclose(log.time, np.arange(COUNT))
    assert log.clock.start == START
    assert log.values("soc")[0] == pytest.approx(0.81)
    assert log.table["battery_temperatures"][0].as_py() == [21.4, 22.0, 20.9]
    assert log.table["discharge_fet"].to_pylist() == [row["discharge_fet"] for row in RECORDS]
    assert set(log.table["charge_fet"].to_pylist()) == {True}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding):
    log = as_bms(LINES.encode(encoding))
    assert log.table["source_row"].to_pylist() == list(range(1, COUNT + 1))


@pytest.mark.parametrize("lost", [4, 9, 60, 150])
@pytest.mark.parametrize(
    "text", [LINES, json.dumps(RECORDS), json.dumps(RECORDS, indent=1), json.dumps({"log": RECORDS})]
)
def test_a_cut_tail_costs_its_record(text, lost):
    log = as_bms(text[:-lost], COUNT - 1)
    assert [note.kind for note in log.damage].count(DamageKind.TRUNCATED_TAIL) == 1


def test_a_broken_line_is_told_and_its_neighbours_stay():
    lines = LINES.splitlines()
    lines[30] = lines[30][:50]
    log = read_one("\n".join(lines).encode())
    assert len(log.time) == COUNT - 1
    (broken,) = (note for note in log.damage if note.kind is DamageKind.BROKEN_ROW)
    assert broken.rows == (31,)


def test_cells_by_name_keep_their_place_when_one_is_missing():
    rows = [
        {
            "time": f"2024-05-13T12:00:{i:02d}Z",
            "total_voltage": voltage(i),
            "battery_current": load(i),
            "cell_voltages": {
                f"cell_{place + 1}": cell for place, cell in enumerate(cells_of(i)) if (i, place) != (7, 3)
            },
            "temperatures": {"mos": 33, "t1": 21, "t2": 22},
            "mosfet": {"charge": "on", "discharge": "off"},
        }
        for i in range(COUNT)
    ]
    log = read_one("\n".join(json.dumps(row) for row in rows).encode())
    expected = cells_of(7)
    expected[3] = None
    assert log.table["cell_voltages"][7].as_py() == expected
    assert log.table["battery_temperatures"][0].as_py() == [21.0, 22.0]
    assert log.table["charge_fet"][0].as_py() is True
    assert log.table["discharge_fet"][0].as_py() is False


def test_units_in_keys():
    rows = [
        {"t_ms": i * 500, "voltage_mV": voltage(i) * 1000, "current_mA": load(i) * 1000, "soc_pct": 50, "speed_mph": 10}
        for i in range(COUNT)
    ]
    log = read_one(json.dumps(rows).encode())
    np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.5)
    np.testing.assert_allclose(log.values("pack_voltage"), [voltage(i) for i in range(COUNT)])
    np.testing.assert_allclose(log.values("battery_current"), [load(i) for i in range(COUNT)])
    np.testing.assert_allclose(log.values("speed"), 4.4704)


def test_columns_and_rows_with_names():
    values = {
        "time": [i * 0.5 for i in range(COUNT)],
        "voltage": [voltage(i) for i in range(COUNT)],
        "current": [load(i) for i in range(COUNT)],
    }
    names, rows = list(values), [list(row) for row in zip(*values.values(), strict=True)]
    numbered = {name: {str(i): value for i, value in enumerate(column)} for name, column in values.items()}
    for document in (values, {"columns": names, "data": rows}, [names, *rows], numbered):
        log = read_one(json.dumps(document).encode())
        np.testing.assert_allclose(log.values("pack_voltage"), values["voltage"])
        np.testing.assert_allclose(log.values("battery_current"), values["current"])
        np.testing.assert_allclose(log.time, values["time"])


def test_packs_in_a_list_are_no_cells():
    rows = [
        {
            "ts": START + i,
            "soc": 50,
            "voltage": voltage(i),
            "current": load(i),
            "packs": [{"voltage": voltage(i) + n / 10} for n in range(4)],
        }
        for i in range(COUNT)
    ]
    assert not read_one(json.dumps(rows).encode()).has("cell_voltages")


@pytest.mark.parametrize(
    "text", ['{"name": "settings", "limit": 3}', "[]", "{}", '{"a": [1, 2, 3]}', '["voltage", "time"]']
)
def test_other_json_is_refused(text):
    with pytest.raises(UnrecognisedError):
        read_source(Source("other.json", text.encode()))


FILES = {
    "floaty-json": board_files.floaty_json,
    "metr-json": board_files.metr,
    "vesc-logger-2016": board_files.vesc_logger_2016,
    "vescape": board_files.vescape,
    "frame-lines": bms_files.frame_lines,
}


@pytest.mark.parametrize("parser", FILES)
def test_json_of_known_loggers_in_sixteen_bits(parser):
    data = FILES[parser]()
    plain, wide = (read_source(Source("ride.json", text)) for text in (data, data.decode().encode("utf-16")))
    assert [log.parser for log in wide] == [parser] * len(plain)
    for one, other in zip(plain, wide, strict=True):
        assert one.table.equals(other.table)


@pytest.mark.parametrize("parser", ["floaty-json", "metr-json"])
def test_a_document_that_is_cut_off_keeps_what_was_written(parser):
    data = FILES[parser]()
    (whole,) = read_source(Source("ride.json", data))
    key = {"floaty-json": b'"logs"', "metr-json": b'"voltage"'}[parser]
    start = data.index(key)
    (log,) = read_source(Source("ride.json", data[: start + (len(data) - start) // 2]))
    assert log.parser == parser
    assert DamageKind.TRUNCATED_TAIL in {note.kind for note in log.damage}
    rows = len(log.time)
    assert 0 < rows <= len(whole.time)
    np.testing.assert_allclose(log.time, whole.time[:rows])


@given(
    st.binary(max_size=30),
    st.integers(0, len(LINES)),
    st.sampled_from([LINES, json.dumps(RECORDS), json.dumps(RECORDS, indent=1)]),
)
def test_any_damage_ends_in_a_result_or_a_refusal(piece, place, text):
    data = text.encode()
    try:
        logs = read_source(Source("ride.json", data[:place] + piece + data[place + len(piece) :]))
    except RidelogError:
        return
    assert all(len(log.time) <= COUNT + 1 for log in logs)


def test_records_of_a_document_are_not_called_lines():
    """Rows are named by what they are counted by: records of a document, rows of a sheet, lines of anything else."""
    records = [{"time": i, "voltage": 50.0 - i / 10, "current": 5.0 + i % 3, "speed_kmh": 20} for i in range(30)]
    lines = "\n".join(json.dumps(record) for record in records).encode()
    of_document = read_one(json.dumps({"ride": records}).encode())
    of_lines = read_one(lines)
    assert row_kind(of_document) == "record"
    assert row_kind(of_lines) == "line"
