"""Texts whose lines name their values: every poll a row, whatever prints them; prose and settings are refused."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.errors import MappingNeededError, RidelogError, UnrecognisedError
from ridelog.log import Role
from ridelog.parsers.named_values import find_named_values
from ridelog.reading import read_source
from ridelog.sources import Source

from . import value_line_files as files
from .table_files import load, voltage

INDEX = range(files.COUNT)


def read(data):
    logs = read_source(Source("log.txt", data))
    assert {log.parser for log in logs} == {"value-lines"}
    return logs


def holds(log, digits=2):
    """Hold the voltage and the current of a log to those it was built of."""
    assert log.rows == files.COUNT
    np.testing.assert_allclose(log.values("pack_voltage"), [voltage(i) for i in INDEX], atol=0.6 * 10**-digits)
    np.testing.assert_allclose(log.values("battery_current"), [load(i) for i in INDEX], atol=0.006)


def test_pairs_with_a_time_among_them():
    (log,) = read(files.pairs())
    holds(log)
    np.testing.assert_allclose(log.time, [i * 0.5 for i in INDEX])
    np.testing.assert_allclose(log.values("motor_rpm"), [900 + i for i in INDEX])
    assert log.role is Role.CONTROLLER


def test_a_serial_monitor_with_stamps_and_units():
    (log,) = read(files.monitor())
    holds(log)
    assert log.clock.basis is ClockBasis.TIME_OF_DAY
    assert log.clock.start == pytest.approx(9 * 3600 + 30)
    np.testing.assert_allclose(log.values("motor_temperature"), [30 + i % 4 for i in INDEX])


@pytest.mark.parametrize(
    "lead", ["  00017     {:%m/%d/%Y %H:%M:%S}   Riding   ", "[{:%d/%m/%Y %H:%M:%S}] ", "{:%b %d %H:%M:%S} pi bms[12] "]
)
def test_a_stamp_behind_something_else(lead):
    text = "".join(
        f"{lead.format(files.stamp(i))}Vpack:{voltage(i):7.3f}V, BattAmps:{load(i):6.2f}\n" for i in range(files.COUNT)
    )
    (log,) = read(text.encode())
    holds(log)
    np.testing.assert_allclose(log.time, [2 * i for i in INDEX])
    assert log.clock.basis is not ClockBasis.NONE


@pytest.mark.parametrize("skipped", [0, 2])
def test_blocks_without_stamps_are_numbered_and_say_so(skipped):
    """Also where the log begins in the middle of a block."""
    (log,) = read(files.blocks().split(b"\n", skipped)[-1])
    assert log.clock.basis is ClockBasis.NONE
    assert any("numbered" in damage.message for damage in log.damage)
    whole = slice(1, None) if skipped else slice(None)
    np.testing.assert_allclose(log.values("pack_voltage")[whole], [voltage(i) for i in INDEX][whole], atol=0.006)
    np.testing.assert_allclose(log.values("battery_current")[whole], [load(i) for i in INDEX][whole], atol=0.006)


def test_the_table_of_a_tool():
    (log,) = read(files.tool_table())
    holds(log, 3)
    assert log.role is Role.BMS
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(i) for i in INDEX])
    np.testing.assert_allclose(log.values("soc"), [(90 - i // 10) / 100 for i in INDEX])


def test_json_without_stamps():
    polls = [
        {
            "soc": {"total_voltage": round(voltage(i), 2), "current": round(load(i), 2), "soc_percent": 90.0 - i},
            "cell_voltage_range": {"highest_voltage": max(files.cells(i)), "highest_cell": 2 + i % 3},
            "cell_voltages": {str(place + 1): cell for place, cell in enumerate(files.cells(i))},
        }
        for i in INDEX
    ]
    (log,) = read("\n".join(json.dumps(poll, indent=2) for poll in polls).encode())
    holds(log)
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(i) for i in INDEX])
    np.testing.assert_allclose(log.values("soc"), [0.9 - i / 100 for i in INDEX])
    np.testing.assert_allclose(log.values("cell_voltage_max"), [max(files.cells(i)) for i in INDEX])
    assert log.clock.basis is ClockBasis.NONE


def test_dates_and_numbers_as_python_prints_them():
    lines = "".join(
        f"{{'at': {files.stamp(i)!r}, 'voltage': Decimal('{voltage(i):.2f}'), 'current': np.float64({load(i):.2f})}}\n"
        for i in INDEX
    )
    (log,) = read(lines.replace("'at'", "'time'").encode())
    holds(log)
    np.testing.assert_allclose(log.time, [2 * i for i in INDEX])


def test_the_rpm_of_a_vesc_library_is_the_electrical_one():
    lines = "".join(
        f"avgMotorCurrent: {load(i):.2f}\navgInputCurrent: {load(i) / 2:.2f}\ndutyCycleNow: 0.41\nrpm: {40_000 + i}\n"
        f"inputVoltage: {voltage(i):.2f}\n\n"
        for i in INDEX
    )
    (log,) = read(lines.encode())
    np.testing.assert_allclose(log.values("erpm"), [40_000 + i for i in INDEX])
    assert not log.has("motor_rpm")


@pytest.mark.parametrize("reading", ["0.0", "missing"])
def test_a_cell_that_reads_nothing_keeps_its_place(reading):
    third, other = b"voltage_cell03 ", files.cells(0)
    polls = files.tool_table().split(b"Command")
    lines = polls[1].split(b"\n")
    lines = [
        b"voltage_cell03       0.0            V" if line.startswith(third) else line
        for line in lines
        if reading != "missing" or not line.startswith(third)
    ]
    (log,) = read(b"Command".join([polls[0], b"\n".join(lines), *polls[2:]]))
    first = log.matrix("cell_voltages")[0]
    assert first[2] == 0 or np.isnan(first[2])
    np.testing.assert_allclose(np.delete(first, 2), np.delete(other, 2))


def test_one_poll_with_its_cells_is_a_snapshot():
    text = files.tool_table(1).replace(b"battery_current ", b"something_else ")
    (log,) = read(text)
    assert log.rows == 1
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(0)])


def test_the_way_of_the_current_of_one_poll_is_asked_for():
    with pytest.raises(MappingNeededError, match="battery_current"):
        read(files.tool_table(1))


def test_dicts_of_python_among_other_lines():
    (log,) = read(files.dicts())
    holds(log)
    np.testing.assert_allclose(log.time, [2 * i for i in INDEX])
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(i) for i in INDEX])
    assert log.table.column("discharge_fet").to_pylist() == [i < files.COUNT - 5 for i in INDEX]
    assert not log.has("cycle_count") and not log.has("battery_temperature")


def test_dicts_of_two_devices_are_two_logs():
    one, two = read(files.dicts(devices=("left", "right")))
    holds(one)
    holds(two)


def test_topics_of_a_broker():
    (log,) = read(files.topics())
    holds(log)
    assert log.clock.basis is ClockBasis.UTC
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(i) for i in INDEX])


def test_topics_that_end_alike_are_told_by_what_stands_before():
    (log,) = read(files.topics(cell="cells/{}/voltage", total="pack/voltage/state"))
    holds(log)
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(i) for i in INDEX])


def test_what_is_nearly_python_warns_nobody(recwarn):
    find_named_values("\n".join(f"12:00:0{i} data {{'voltage': 53.1, 'n': 1if 1else 2}}" for i in range(9)))
    assert not recwarn.list


def test_messages_of_a_broker_with_objects():
    (log,) = read(files.messages())
    holds(log)
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(i) for i in INDEX])


def test_a_list_of_millivolts_under_a_voltage():
    (log,) = read(files.console())
    holds(log, 1)
    np.testing.assert_allclose(log.matrix("cell_voltages"), [files.cells(i) for i in INDEX], atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "My board: 12s4p.\nVoltage: 50.4V when full.\nCurrent: 60A at most.\nIt died at 20 km/h.\n",
        "[battery]\nmax_voltage = 54.6\nmax_current = 30\ncell_count = 13\n",
        "2024-02-10 13:29:43 INFO:Serial:> Connection voltage: 51.64V | Max current: 50.0A\n" * 4,
        "Uptime: 10 s\nHeap: 2000\n" * 20,
    ],
)
def test_prose_and_settings_are_no_log(text):
    with pytest.raises(UnrecognisedError):
        read(text.encode())


def test_a_current_that_is_dead_while_power_flows_is_not_believed():
    lines = "".join(
        f"time: {i} voltage: {voltage(i):.2f} current: 0.0 power: {voltage(i) * load(i):.1f}\n" for i in INDEX
    )
    (log,) = read(lines.encode())
    assert "power" in log.channels
    assert not log.has("battery_current") or log.derived("battery_current")
    assert any("zero in every row" in damage.message for damage in log.damage)


@given(st.text(alphabet="aV:= {}[]'\",0123456789.-\n<>(|/%°", max_size=300))
@example("{'a': <X: 1>, 'b': nan}\n" * 3)
@example("a" * 2000 + ":")
def test_any_text_is_taken_or_not(text):
    found = find_named_values(text)
    assert all(isinstance(record, dict) for _, record in found.rows)


@given(st.binary(max_size=400))
def test_any_bytes_behind_a_log_do_no_harm(tail):
    try:
        logs = read_source(Source("log.txt", files.pairs() + tail))
    except RidelogError:
        return
    assert all(log.rows >= files.COUNT - 1 for log in logs)


@given(st.floats(-400, 400).map(lambda number: round(number, 3)))
def test_numbers_are_read_as_written(number):
    (row,) = find_named_values(f"current: {number} A").rows
    assert row[1] == {"current": f"{number} A"}
