"""Smart BMS Utility, the parameter backups of JBDTools, and EPDataLog: files built byte by byte."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import RidelogError
from ridelog.log import Role
from ridelog.parsers.daly_epdatalog import DalyEpDataLog
from ridelog.parsers.jbd_fig import JbdFig
from ridelog.parsers.quantities import read_quantities
from ridelog.parsers.smart_bms_utility import SmartBmsUtility
from ridelog.parsing import ReadOptions
from ridelog.sources import Source

from . import bms_files

PARSERS = (SmartBmsUtility(), JbdFig(), DalyEpDataLog())


def read(parser, data):
    source = Source("x", data)
    assert [other.name for other in PARSERS if other.sniff(source).rank == 2] == [parser.name]
    (log,) = parser.parse(source, ReadOptions())
    return log


SMART_HEADER = (
    "timestampUTC;totalVoltage;chargingCurrentA;disChargingCurrentA;remainingCapacityAh;socPercent;t1;t2;c1;c2;c3"
)


def smart(*rows, end="\n"):
    return (SMART_HEADER + end + "".join(row + end for row in rows)).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", ";;\n"])
def test_smart_bms_utility(end):
    log = read(
        SmartBmsUtility(),
        smart(
            "2023-05-01 10:00:00;48.10;0.00;12.50;12.80;64;25.1;26.0;3.701;3.700;3.699",
            "2023-05-01 10:00:01;48.30;1.20;0.00;12.80;64;25.1;26.0;3.701;0.000;3.699",
            end=end,
        ),
    )
    assert log.values("battery_current").tolist() == [12.5, -1.2]
    assert log.values("soc").tolist() == [0.64, 0.64]
    assert log.values("remaining_capacity").tolist() == [12.8, 12.8]
    assert log.values("battery_temperature").tolist() == [26.0, 26.0]
    cells = log.matrix("cell_voltages")
    assert cells[0].tolist() == [3.701, 3.7, 3.699]
    assert [math.isnan(cell) for cell in cells[1]] == [False, True, False]
    # The column says UTC, the app writes the wall clock.
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == 1682935200.0
    assert "wall clock" in log.clock.reason


def test_a_cell_column_that_is_missing_is_empty_in_its_place():
    text = smart("2023-05-01 10:00:00;48.10;0.00;12.50;12.80;64;25.1;26.0;3.701;3.700;3.699").replace(
        b"c2;c3", b"c3;c4"
    )
    cells = read(SmartBmsUtility(), text).matrix("cell_voltages")[0]
    assert cells.shape == (4,)
    assert math.isnan(cells[1])


FIG = (
    b"  FileCode               3838\r\r\n  DesignCapacity        2000\r\r\n  DisOverTemp        3431\r\r\n"
    b"  CellOverVoltage        4200\r\r\n  CellUnderVoltage        2800\r\r\n  OverDisCurrent        59536\r\r\n"
    b"  SenseResistor        10\r\r\n  BatteryConfig        12\r\r\n  PackNum        13\r\r\n"
    b"  HardChgOverCurrent        157\r\r\n  HardDsgOverCurrent        84\r\r\n  SCReleaseTime        5\r\r\n"
    b"  DsgOCDelay        10\r\r\n  DsgOCRDelay        32\r\r\n  DeviceName             JBD-SP14S004\r\r\n"
    b"  BarCode                \r\r\n  Something new        7\r\r\n"
)


@pytest.mark.parametrize(
    "data",
    [FIG, FIG.replace(b"\r\r\n", b"\n"), FIG.replace(b"\r\r\n", b"\r\n"), b"\xef\xbb\xbf" + FIG, FIG + bytes(99)],
)
def test_parameter_backup(data):
    log = read(JbdFig(), data)
    assert log.role is Role.CONFIG
    expected = {
        "nominal_capacity": 20.0,
        "discharge_temperature_max": 70.0,
        "cell_overvoltage_limit": 4.2,
        "cell_undervoltage_limit": 2.8,
        "discharge_current_limit": 60.0,
        "shunt_resistance": 0.001,
        "series_cells": 13.0,
        "short_circuit_recovery": 5.0,
        "discharge_overcurrent_delay": 10.0,
        "discharge_overcurrent_recovery": 32.0,
        "short_circuit_delay": 0.0004,
        "discharge_overcurrent_delay_2": 0.32,
        "short_circuit_current": 156.0,
        "discharge_current_limit_2": 38.0,
        "balancer_enabled": True,
    }
    assert log.settings == pytest.approx(expected)
    assert log.identity.model == "JBD-SP14S004"
    rows = {row["setting"]: row for row in log.to_polars().to_dicts()}
    limit = rows["discharge_current_limit"]
    assert (limit["setting_text"], limit["setting_value"], limit["setting_unit"]) == ("59536", 60.0, "A")
    assert limit["source_row"] == 6
    # What has no setting is kept under its own key.
    assert rows["FileCode"]["setting_value"] == 3838.0
    assert rows["short_circuit_current"]["source_row"] == 10


EP_HEADER = (
    "Line #, Timestamp, Battery ID, Current (A), Voltage (V), State Of Charge (%), Total Capacity, "
    "Remaining Capacity (mAH),"
    + "".join(f"Cell Voltage {n} (mV)," for n in range(1, 17))
    + "Highest Cell Voltage (mV), Lowest Cell Voltage (mV),"
    + "".join(f"Temperature {n} (C)," for n in range(1, 5))
    + "Charging (1) Discharging (2) Status, Charging MOS Status, Discharging MOS Status, Balancing Status, "
    "Cell Balancing Status," + "".join(f"Alarm {n}," for n in range(1, 9)) + "\n"
)


def ep_row(
    number, current, *, state=2, discharge=1, cells=(3700,) * 13, alarms=("00000000",) * 8, balance="0100000000000"
):
    row = f"{number}, 2023-06-01 10:00:{number:02d}, 0, {current:.2f}, 48.10, 64.00, 0.00, 12800.00, "
    row += "".join(f"{cell:.2f}, " for cell in cells) + " , " * (16 - len(cells)) + "3701.00, 3699.00, 25.00, 26.00, "
    row += f" ,  , {state}, 1, {discharge}, 1, '{balance}', " + "".join(f"'{bits}', " for bits in alarms)
    return row + "\n"


def ep(*rows):
    return (EP_HEADER + "".join(rows)).encode()


def test_epdatalog():
    tripped = ("00000000", "00000000", "00010000", "00000000", "00000000", "00000000", "00100000", "00000000")
    log = read(
        DalyEpDataLog(),
        ep(ep_row(1, 12.0), ep_row(2, -3.0, state=1), ep_row(3, 0.0, state=0, discharge=0, alarms=tripped)),
    )
    first, second, third = log.to_polars().to_dicts()
    expected = {
        "battery_current": 12.0,
        "pack_voltage": 48.1,
        "soc": 0.64,
        "remaining_capacity": 12.8,
        "cell_voltage_max": 3.701,
        "cell_voltages": [3.7] * 13,
        "battery_temperatures": [25.0, 26.0],
        "bms_state": "discharging",
        "charge_fet": True,
        "discharge_fet": True,
        "balancing": True,
        "protections": [],
        "warnings": [],
    }
    assert {name: first[name] for name in expected} == expected
    assert [index for index, on in enumerate(first["cells_balancing"]) if on] == [1]
    assert second["battery_current"] == -3.0
    assert third["protections"] == ["discharge-overcurrent", "short-circuit"]
    assert third["discharge_fet"] is False
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.damage == ()


@pytest.mark.parametrize("columns", [1, 2, 8])
def test_epdatalog_alarms_in_words(columns):
    header = EP_HEADER.split("Alarm 1")[0] + ",".join(f"Alarm {number}" for number in range(1, columns + 1)) + "\n"
    rows = [ep_row(number, 1.0, alarms=()).rstrip("\n") for number in range(1, 5)]
    words = ["", "Short circuit protect fault", "Short circuit protect fault", ""]
    data = header + "".join(f"{row}{word}{',' * (columns - 1)}\n" for row, word in zip(rows, words, strict=True))
    log = read(DalyEpDataLog(), data.encode())
    assert log.names("protections") == [(), ("short-circuit",), ("short-circuit",), ()]
    assert log.names("warnings") == [()] * 4


def test_epdatalog_alarms_that_are_never_filled_say_nothing():
    data = ep(*(ep_row(number, 1.0, alarms=("",) * 8).replace("''", "") for number in range(1, 4)))
    assert not read(DalyEpDataLog(), data).has("protections")


def test_epdatalog_with_charging_counted_positive():
    log = read(DalyEpDataLog(), ep(*(ep_row(number, -10.0 * number) for number in range(1, 5))))
    assert log.values("battery_current").tolist() == [10.0, 20.0, 30.0, 40.0]
    assert [damage.channel for damage in log.damage] == ["battery_current"]


@pytest.mark.parametrize("day", ["2023-06-01T", "2023/06/01 ", "01.06.2023 "])
def test_epdatalog_whose_stamps_another_program_wrote_anew(day):
    rows = (ep_row(number, 1.0 + number).replace("2023-06-01 ", day) for number in range(1, 5))
    log = read(DalyEpDataLog(), ep(*rows))
    assert log.time.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert log.clock.start == 1685613601.0


def test_epdatalog_cell_that_reads_nothing():
    log = read(DalyEpDataLog(), ep(ep_row(1, 1.0, cells=[3700, 0, 3690])))
    assert [math.isnan(cell) for cell in log.matrix("cell_voltages")[0]] == [False, True, False]
    assert [damage.kind for damage in log.damage] == [DamageKind.MISSING_SENSOR]


def test_epdatalog_garbage_behind_the_balance_bits():
    data = ep(ep_row(1, 1.0), ep_row(2, 1.0)).replace(b"'0100000000000'", b"'0100000000000\x01\x02\xff'", 1)
    log = read(DalyEpDataLog(), data)
    assert log.rows == 2


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["52.84V", "-12.00A", "3.300 V"], [52.84, -12.0, 3.3]),
        (["98%", "5000mAH", "5Ah"], [0.98, 5.0, 5.0]),
        (["3300mV", "25.1", "-5 C"], [3.3, 25.1, -5.0]),
        (["3,3 V", "", "V"], [3.3, math.nan, math.nan]),
    ],
)
def test_quantities(cells, expected):
    import polars as pl

    values, _ = read_quantities(pl.Series(cells))
    np.testing.assert_allclose(values, expected)


@given(
    value=st.floats(-1000, 1000).map(lambda number: round(number, 2)), unit=st.sampled_from(["V", "A", " V", "Ah", ""])
)
def test_a_quantity_survives(value, unit):
    import polars as pl

    values, unread = read_quantities(pl.Series([f"{value:.2f}{unit}"]))
    assert values[0] == pytest.approx(value)
    assert unread == 0


@pytest.mark.parametrize("parser", PARSERS)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_sniffed(parser, data):
    parser.sniff(Source("x", data))


@pytest.mark.parametrize(
    ("parser", "head"), [(PARSERS[0], smart()), (PARSERS[1], FIG[:60]), (PARSERS[2], EP_HEADER.encode())]
)
@given(rows=st.lists(st.one_of(st.binary(max_size=120), st.text(max_size=60).map(str.encode)), max_size=6))
def test_any_bytes_behind_a_header_give_a_log_or_the_one_error(parser, head, rows):
    good = {
        "smart-bms-utility": b"2023-05-01 10:00:00;48.10;0.00;12.50;12.80;64;25.1;26.0;3.701;3.700;3.699",
        "jbd-fig": b"  PackNum        13",
        "daly-epdatalog": ep_row(1, 1.0).encode().strip(),
    }
    data = head + b"\n".join([good[parser.name], *rows])
    try:
        (log,) = parser.parse(Source("x", data), ReadOptions())
    except RidelogError:
        return
    assert log.rows >= 1


def test_words_around_a_parameter_backup_are_no_parameters():
    prose = b"Hi all, here is my config of the 20s pack,\nplease have a look: it trips at 30A.\n\n"
    (plain,) = JbdFig().parse(Source("a.fig", bms_files.jbd_fig()), ReadOptions())
    (log,) = JbdFig().parse(Source("post.txt", prose + bms_files.jbd_fig() + b"\nThanks for any help\n"), ReadOptions())
    assert log.texts("setting") == plain.texts("setting")
    assert log.settings == plain.settings
    assert any("no parameters" in damage.message for damage in log.damage)
