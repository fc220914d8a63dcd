"""Files of JBDTools built byte by byte: both generations of the live record, and the history."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.channels import PROTECTIONS
from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import RidelogError
from ridelog.log import Role
from ridelog.parsers.jbdtools import JbdTools
from ridelog.parsers.jbdtools_history import read_type
from ridelog.parsing import ReadOptions
from ridelog.sources import Source

CELLS = 13
PARSER = JbdTools()


def header_1_1(cells=CELLS, sensors=2):
    names = ["Date", "时间", "PackVoltage", "Current", *(f"Cell{n}" for n in range(1, cells + 1))]
    names += ["Average Cell", "Max Cell", "Min Cell", "RSOC", "Remain Capacity", "Full Capacity", "Cycle"]
    names += [*(f"Temp{n}" for n in range(1, sensors + 1)), "Chg MOS Status", "Dsg MOS Status"]
    return [*names, "ProtectStatus", "BalanceStatus"]


def header_2_9(cells=CELLS, sensors=2):
    names = [
        "日期(date)",
        "时间(time))",
        "总电压(voltage)",
        "电流(current)",
        *(f"Cell{n}" for n in range(1, cells + 1)),
    ]
    names += ["平均电压(avg cell))", "最高电压(max_cell))", "最低电压(min_cell)", "RSOC", "剩余容量(remaincap))"]
    names += ["标容量称(fcc))", "循环次数(cycle))", *(f"温度(temp){n}" for n in range(1, sensors + 1))]
    return [*names, "充电MOS状态(C_FET))", "放电MOS状态(D_FET))", "ProtectStatus", "BalanceStatus"]


def live_row(time="10:00:00", *, current=-12.0, cells=(3.7,) * CELLS, protect="0", balance="0", discharge="ON"):
    row = ["2021-05-24", time, "48.10V", f"{current:0.2f}A", *(f"{cell:0.3f} V" for cell in cells)]
    row += ["3.700 V", "3.701 V", "3.699 V", "64%", "12800mAH", "20000mAH", "42", "25.1", "26.0"]
    return [*row, "ON", discharge, protect, balance]


HISTORY_HEADER = (
    "时间 类型 总电压 电流 剩余容量 满充容量 最高单体 最高序号 最低单体 最低序号 最高温度 最低温度 MOS管状态".split()
)


def history_row(time, kind, *, current="-1.00", fets="ALL ON"):
    return [time, kind, "48.10", current, "12.80", "20.00", "3.701", "2", "3.699", "5", "26.0", "25.0", fets]


def file(*rows, encoding="gbk", newline="\n", trailing="\t"):
    return "".join("\t".join(row) + trailing + newline for row in rows).encode(encoding)


def read(data):
    source = Source("record.xls", data)
    assert PARSER.sniff(source).rank == 2
    (log,) = PARSER.parse(source, ReadOptions(zone="Europe/Berlin"))
    return log


@pytest.mark.parametrize("header", [header_1_1(), header_2_9()])
def test_live_record(header):
    log = read(
        file(header, live_row(), live_row("10:00:01", current=60.5, protect="200", balance="5", discharge="OFF"))
    )
    assert log.role is Role.BMS
    assert log.time.tolist() == [0.0, 1.0]
    assert log.source_rows.tolist() == [2, 3]
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == 1621850400.0
    assert log.clock.zone == "Europe/Berlin"
    first, second = log.to_polars().to_dicts()
    expected = {
        "pack_voltage": 48.1,
        "battery_current": 12.0,
        "cell_voltage_average": 3.7,
        "cell_voltage_max": 3.701,
        "cell_voltage_min": 3.699,
        "soc": 0.64,
        "remaining_capacity": 12.8,
        "full_charge_capacity": 20.0,
        "cycle_count": 42.0,
        "cell_voltages": [3.7] * CELLS,
        "battery_temperatures": [25.1, 26.0],
        "battery_temperature": 26.0,
        "charge_fet": True,
        "discharge_fet": True,
        "protections": [],
        "balancing": False,
    }
    assert {name: first[name] for name in expected} == expected
    assert second["battery_current"] == -60.5
    assert second["discharge_fet"] is False
    assert second["protections"] == ["discharge-overcurrent"]
    assert [index for index, on in enumerate(second["cells_balancing"]) if on] == [0, 2]
    assert log.damage == ()


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("trailing", ["\t", ""])
def test_live_record_saved_in_other_ways(encoding, newline, trailing):
    log = read(
        file(header_2_9(), live_row(), live_row("10:00:02"), encoding=encoding, newline=newline, trailing=trailing)
    )
    assert log.rows == 2
    assert log.matrix("cell_voltages").shape == (2, CELLS)
    assert not any(damage.kind is DamageKind.BROKEN_ROW for damage in log.damage)


def test_all_protection_bits_without_0x():
    log = read(file(header_1_1(), live_row(protect="1fff"), live_row("10:00:01", protect="c0de0000c0de")))
    assert len(log.names("protections")[0]) == 13
    assert set(log.names("protections")[0]) <= set(PROTECTIONS)
    assert log.names("protections")[1] is None
    assert any(damage.kind is DamageKind.BROKEN_ROW and "ProtectStatus" in damage.message for damage in log.damage)


def test_a_cell_that_reads_nothing_keeps_its_index():
    log = read(file(header_1_1(), live_row(cells=[3.7, 0.0, *[3.69] * 11])))
    cells = log.matrix("cell_voltages")[0]
    assert [math.isnan(cell) for cell in cells] == [index == 1 for index in range(CELLS)]
    assert [damage.kind for damage in log.damage] == [DamageKind.MISSING_SENSOR]


def test_a_row_cut_by_a_power_loss_is_told():
    whole = file(header_2_9(), live_row(), live_row("10:00:01"))
    log = read(whole[:-60])
    assert log.rows == 1
    assert any(damage.rows == (3,) or damage.kind is DamageKind.TRUNCATED_TAIL for damage in log.damage)


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_a_damaged_byte_does_not_change_the_encoding(encoding):
    data = file(header_2_9(), live_row(), live_row("10:00:01"), live_row("10:00:02"), encoding=encoding)
    log = read(data.replace(b"10:00:01", b"10:00:0\xff"))
    assert log.rows == 2
    assert {damage.kind for damage in log.damage} == {DamageKind.ENCODING, DamageKind.BROKEN_ROW}


def test_exact_repeats_stay_once():
    log = read(file(header_1_1(), live_row(), live_row(), live_row("10:00:01")))
    assert log.rows == 2
    assert [damage.kind for damage in log.damage] == [DamageKind.DUPLICATE_ROW]


def test_a_clock_that_was_set_back():
    log = read(file(header_1_1(), live_row("10:00:05"), live_row("10:00:01"), live_row("10:00:02")))
    assert log.time.tolist() == [0.0, 0.0, 1.0]
    assert [damage.kind for damage in log.damage] == [DamageKind.CLOCK_STEP]


def test_history():
    log = read(
        file(
            HISTORY_HEADER,
            history_row("2021-5-4 03:02:01", "开始放电"),
            history_row("2021-5-4 03:12:01", "保护:放电电流; 单体欠压", current="-110.00", fets="放电OFF"),
            history_row("2021-5-4 03:12:33", "保护释放", current="0.00"),
            history_row("2021-5-4 04:00:00", "定时", current="2.50", fets="充电OFF"),
            history_row("2021-12-14 04:00:00", "告警:压差大", fets="ALL OFF"),
        )
    )
    rows = log.to_polars().to_dicts()
    assert [row["event"] for row in rows] == [
        "discharge-started",
        "discharge-overcurrent",
        "protection-released",
        None,
        "cell-difference-warning",
    ]
    assert rows[1]["protections"] == ["discharge-overcurrent", "cell-undervoltage"]
    assert rows[2]["protections"] == []
    assert rows[3]["protections"] is None
    assert rows[4]["warnings"] == ["cell-difference"]
    assert [row["battery_current"] for row in rows] == [1.0, 110.0, 0.0, -2.5, 1.0]
    assert [row["discharge_fet"] for row in rows] == [True, False, True, True, False]
    assert [row["charge_fet"] for row in rows] == [True, True, True, False, False]
    assert (rows[0]["cell_max_index"], rows[0]["cell_min_index"]) == (1, 4)
    assert (rows[0]["remaining_capacity"], rows[0]["full_charge_capacity"]) == (12.8, 20.0)
    assert rows[0]["最低温度"] == "25.0"
    assert log.time[:3].tolist() == [0.0, 600.0, 632.0]
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == 1620097321.0


def test_history_written_newest_first():
    log = read(
        file(
            HISTORY_HEADER,
            history_row("2021-5-4 03:12:33", "保护释放"),
            history_row("2021-5-4 03:12:01", "保护:短路保护"),
            history_row("2021-5-4 03:02:01", "定时"),
        )
    )
    assert log.texts("event") == [None, "short-circuit", "protection-released"]
    assert log.source_rows.tolist() == [4, 3, 2]


def test_a_record_before_the_clock_was_set_is_kept():
    log = read(
        file(
            HISTORY_HEADER,
            history_row("2021-5-4 03:02:01", "定时"),
            history_row("2000-0-0 00:00:00", "保护:短路保护"),
            history_row("2021-5-4 03:12:33", "保护释放"),
        )
    )
    assert log.texts("event")[1] == "short-circuit"
    assert log.time.tolist() == [0.0, 0.0, 632.0]
    assert [damage.kind for damage in log.damage] == [DamageKind.CLOCK_STEP]


@pytest.mark.parametrize(
    ("text", "event", "protections"),
    [
        ("保护:整组过压", "pack-overvoltage", ("pack-overvoltage",)),
        ("保护：放电低温", "discharge-undertemperature", ("discharge-undertemperature",)),
        ("保护:前端错误;软件锁定", "front-end", ("front-end", "software-lock")),
        ("保护:新的东西", "other", ("other",)),
        ("非法存储", "invalid-record", None),
        ("什么", "other-event", None),
        ("", None, None),
    ],
)
def test_record_types(text, event, protections):
    record = read_type(text)
    assert (record.event, record.protections) == (event, protections)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"ms_today;input_voltage;\n",
        b"Date,Time,Voltage,Current\n",
        "时间\t类型\n".encode("gbk"),
        b"\xff\xfe",
    ],
)
def test_other_files_are_not_claimed(data):
    assert PARSER.sniff(Source("x.xls", data)).rank == 0


def test_a_header_without_rows_is_told():
    with pytest.raises(RidelogError, match="stamp"):
        PARSER.parse(Source("x.xls", file(header_1_1())), ReadOptions())


@given(data=st.binary(max_size=400))
def test_any_bytes_are_sniffed(data):
    PARSER.sniff(Source("x.xls", data))


@given(
    rows=st.lists(
        st.one_of(st.binary(max_size=80), st.just(file(live_row())), st.just(file(live_row("10:00:07"))[:70]))
    ),
    cut=st.integers(0, 300),
)
def test_any_bytes_behind_a_header_give_a_log_or_the_one_error(rows, cut):
    data = file(header_2_9()) + b"\n".join(rows)
    data = data[: len(data) - min(cut, len(data) - len(file(header_2_9())))]
    try:
        (log,) = PARSER.parse(Source("x.xls", data), ReadOptions())
    except RidelogError:
        return
    assert log.rows >= 1


@given(rows=st.lists(st.lists(st.text(max_size=12), max_size=14), max_size=5))
def test_any_history_gives_a_log_or_the_one_error(rows):
    data = file(HISTORY_HEADER, history_row("2021-5-4 03:02:01", "定时"), *rows, encoding="utf-8")
    try:
        PARSER.parse(Source("x.xls", data), ReadOptions())
    except RidelogError:
        return
