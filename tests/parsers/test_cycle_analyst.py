"""Logs of the Cycle Analyst: both versions, the rate told by the counters, starts within the file, pastes."""

import numpy as np
import pytest

from ridelog.errors import ParseError
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .cycle_analyst_files import FIRST, THIRD, cycle_analyst
from .table_files import load, voltage

COUNT = 300


def read(data):
    (log,) = read_source(Source("CAlog_0001.txt", data), ReadOptions())
    return log


@pytest.mark.parametrize("captions", [FIRST, THIRD])
@pytest.mark.parametrize("separator", ["\t", " ", ","])
def test_voltage_and_current_of_both_versions(captions, separator):
    log = read(cycle_analyst(captions, separator, count=COUNT))
    assert (log.parser, str(log.role), log.rows) == ("cycle-analyst", "controller", COUNT)
    np.testing.assert_allclose(log.values("pack_voltage"), [voltage(index) for index in range(COUNT)], atol=0.006)
    np.testing.assert_allclose(log.values("battery_current"), [load(index) for index in range(COUNT)], atol=0.006)
    assert log.has("motor_temperature") == (captions is THIRD)


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_decimal_commas(separator):
    log = read(cycle_analyst(separator=separator, count=COUNT).replace(b".", b","))
    assert (log.parser, log.rows) == ("cycle-analyst", COUNT)
    np.testing.assert_allclose(log.values("pack_voltage"), [voltage(index) for index in range(COUNT)], atol=0.006)
    np.testing.assert_allclose(log.values("battery_current"), [load(index) for index in range(COUNT)], atol=0.006)


@pytest.mark.parametrize("rate", [1.0, 5.0, 10.0])
def test_the_counters_tell_the_rate(rate):
    log = read(cycle_analyst(count=COUNT, rate=rate))
    np.testing.assert_allclose(np.diff(log.time), 1 / rate)
    assert f"{rate:g} a second" in log.clock.reason


def test_the_distance_tells_the_rate_where_no_charge_was_taken():
    data = cycle_analyst(count=COUNT, rate=5.0).split(b"\r\n")
    rows = [line.split(b"\t") for line in data if line]
    for row in rows[1:]:
        row[0], row[2] = b"1.500", b"0.00"
    log = read(b"\n".join(b"\t".join(row) for row in rows))
    np.testing.assert_allclose(np.diff(log.time), 0.2)


def test_captions_between_rows_are_a_start_of_the_display():
    log = read(cycle_analyst(count=COUNT) + cycle_analyst(count=COUNT))
    assert log.rows == 2 * COUNT
    assert np.flatnonzero(np.diff(log.time) > 1.5).tolist() == [COUNT - 1]
    assert any("starts again 1 times" in found.message for found in log.damage)


def test_speed_and_distance_are_kept_without_a_unit():
    log = read(cycle_analyst(count=COUNT))
    assert not log.has("speed")
    assert {"S", "D", "Ah", "Flgs"} <= set(log.table.column_names)


def test_a_paste_with_prose_and_a_cut_row():
    text = cycle_analyst(FIRST, " ", count=COUNT).decode().replace("\r\n", "\n")
    log = read(f"My bike cut out, here is the log:\n```\n{text[:-12]}\n```\nwhat is wrong?\n".encode())
    assert log.rows == COUNT - 1
    assert sum(found.count for found in log.damage if str(found.kind) == "broken-row") == 1


def test_captions_alone_are_an_error():
    with pytest.raises(ParseError, match="no row has 14 numbers"):
        read(("\t".join(THIRD) + "\r\n").encode())
