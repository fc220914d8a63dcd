"""Tables with one value a row: values of one moment become one row, whatever the order of the file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.errors import RidelogError, UnrecognisedError
from ridelog.reading import read_source
from ridelog.sources import Source

from . import long_table_files as files
from .table_files import load, voltage
from .value_line_files import cells

INDEX = range(files.COUNT)


def read(data):
    logs = read_source(Source("export.csv", data))
    assert {log.parser for log in logs} == {"long-table"}
    return logs


def holds(log):
    assert log.rows == files.COUNT
    assert log.clock.basis is ClockBasis.UTC
    np.testing.assert_allclose(log.time, [2 * i for i in INDEX], atol=1e-6)
    np.testing.assert_allclose(log.values("pack_voltage"), [voltage(i) for i in INDEX], atol=0.006)
    np.testing.assert_allclose(log.values("battery_current"), [load(i) for i in INDEX], atol=0.006)
    np.testing.assert_allclose(log.matrix("cell_voltages"), [cells(i) for i in INDEX])


@pytest.mark.parametrize(
    "data", [files.influx(), files.influx(annotated=False), files.dashboard(), files.messages()], ids=range(4)
)
def test_values_of_one_moment_are_one_row(data):
    (log,) = read(data)
    holds(log)


def test_two_devices_are_two_logs():
    one, two = read(files.influx(devices=("left", "right")))
    holds(one)
    holds(two)


def test_a_value_that_is_missing_leaves_its_place():
    lines = files.influx(annotated=False).split(b"\r\n")
    gone = [line for line in lines if not (b",cell_3," in line and b",2024-05-13T09:00:36.000Z," in line)]
    assert len(gone) == len(lines) - 1
    (log,) = read(b"\r\n".join(gone))
    third = log.matrix("cell_voltages")[:, 2]
    assert np.flatnonzero(np.isnan(third)).tolist() == [3]


@pytest.mark.parametrize(
    "text",
    [
        "time,name,value\n2024-05-13T09:00:00Z,disk,3\n2024-05-13T09:00:02Z,memory,4\n",
        "time,name\n2024-05-13T09:00:00Z,voltage\n",
        "time,name,value\n",
    ],
)
def test_other_values_are_no_log(text):
    with pytest.raises(UnrecognisedError):
        read(text.encode())


@given(st.binary(max_size=300), st.integers(0, 4000))
def test_damage_anywhere_does_no_harm(junk, place):
    data = files.messages(10)
    try:
        read_source(Source("export.csv", data[:place] + junk + data[place:]))
    except RidelogError:
        return
