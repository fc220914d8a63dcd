"""Tables of unknown loggers and histories of Home Assistant, built as spreadsheets and people write them, and read."""

import io
import json
from datetime import datetime, timedelta

import numpy as np

from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .tables import table, wave

COUNT = 60
#: 2024-05-13 09:00 as if it were UTC.
START = 1_715_590_800


def load(index):
    """Current of a ride in A: mostly drawn, braking now and then, with steps the voltage answers to."""
    return 12 + 6 * wave(index, 0, 1) + (14 if index % 9 < 3 else 0) - (30 if index % 20 == 19 else 0)


def loads(count=COUNT):
    """The loads of the first rows, in A: shape (count,)."""
    return np.array([load(index) for index in range(count)])


def voltage(index, resistance=0.08, full=50.4):
    return full - resistance * load(index) - 0.003 * index


def ride(header, row, separator=",", end="\n", encoding="utf-8", count=COUNT):
    """A table of `count` rows; `row` gives the cells of one."""
    return table(header, [row(index) for index in range(count)], separator, end).decode().encode(encoding)


def read(data, name="strange.csv", **options):
    """The logs a user gets who hands in this file."""
    return read_source(Source(name, data), ReadOptions(**options))


def read_one(data, name="strange.csv", **options):
    """The one log of a file nobody but the general reader knows."""
    (log,) = read(data, name, **options)
    assert log.parser == "table"
    return log


def read_stamped(caption, stamp, name="strange.csv", separator=",", more="", **options):
    """A table with one time column (or several, in `caption`), read."""
    data = ride(
        separator.join([caption, "Voltage (V)", "Current (A)"]) + more,
        lambda i: [*(stamp(i) if isinstance(stamp(i), list) else [stamp(i)]), f"{voltage(i):.2f}", f"{load(i):.2f}"],
        separator,
    )
    (log,) = read_source(Source(name, data), ReadOptions(**options))
    return log


def clock_text(index, step=1.0, pattern="%H:%M:%S", hour=9):
    """The clock on 2024-05-13, so many steps in s after the hour."""
    return (datetime(2024, 5, 13, hour, 0) + timedelta(seconds=index * step)).strftime(pattern)


def german():
    return ride(
        "Zeit [s];Spannung [V];Strom [A];Geschwindigkeit [km/h];Motortemperatur [°C]",
        lambda i: [
            str(cell).replace(".", ",")
            for cell in (f"{i * 0.5:.1f}", f"{voltage(i):.2f}", f"{load(i):.2f}", "22.5", "41.5")
        ],
        ";",
        "\r\n",
        "cp1252",
    )


def chinese(encoding="gb18030", charging_positive=True):
    sign = -1 if charging_positive else 1
    start = datetime(2024, 5, 13, 9, 0)
    return ride(
        "时间,总电压(V),电流(A),剩余电量,单体1(mV),单体2(mV),单体3(mV),温度1(℃),MOS温度(℃),充电MOS,放电MOS",
        lambda i: [
            (start + timedelta(seconds=i)).strftime("%Y-%m-%d %H:%M:%S"),
            f"{voltage(i, full=12.2):.2f}",
            f"{sign * load(i):.1f}",
            "85%",
            3701 + i % 3,
            0 if i == 7 else 3702,
            3699,
            25,
            31,
            "开",
            "关" if i > 50 else "开",
        ],
        encoding=encoding,
    )


def russian():
    start = datetime(2024, 5, 13, 23, 59, 30)
    return ride(
        "Дата;Время;Напряжение, В;Ток, А;Скорость, км/ч",
        lambda i: [
            (start + timedelta(seconds=i)).strftime("%d.%m.%Y"),
            (start + timedelta(seconds=i)).strftime("%H:%M:%S"),
            *(f"{cell:.2f}".replace(".", ",") for cell in (voltage(i), load(i), 22.5)),
        ],
        ";",
        encoding="cp1251",
    )


def english(separator="\t", encoding="utf-16"):
    return ride(
        separator.join(("timestamp", "Battery Voltage", "Current", "Speed (mph)", "Motor Temp (°F)", "Duty")),
        lambda i: [
            1_715_590_800_000 + 250 * i,
            f"{voltage(i):.2f} V",
            f"{1000 * load(i):.0f} mA",
            14.0,
            104.0,
            "54%",
        ],
        separator,
        encoding=encoding,
    )


def cells_and_motor():
    names = ",".join(f"cell{cell}" for cell in range(1, 13))
    return ride(
        f"Time (s),Voltage (V),Current (A),ERPM,Duty,Motor Current (A),{names},SoC",
        lambda i: [
            i * 0.2,
            f"{voltage(i):.2f}",
            f"{load(i):.2f}",
            9000 + i,
            f"{0.4 + i / 1000:.3f}",
            f"{2 * load(i):.2f}",
            *(f"{voltage(i) / 12 + cell / 1000:.3f}" for cell in range(12)),
            0.81,
        ],
    )


def lined_up():
    """Columns that stand apart by blanks, with a blank inside the stamps."""
    return ride(
        "time voltage current soc",
        lambda i: [f"2024-05-13 12:00:{i % 60:02d}.{i}", f"{voltage(i):8.2f}", f"{load(i):7.2f}", 80],
        " ",
    )


def json_records(count=COUNT):
    """What a logger of a rider's own writes of a BMS, a dictionary each."""
    return [
        {
            "ts": 1_715_601_600 + i,
            "data": {"voltage": round(voltage(i), 2), "current": round(-load(i), 2), "soc": 81},
            "cells": [round(voltage(i) / 12 + 0.001 * place, 3) for place in range(12)],
            "temps": {"mos": 31.5, "t1": 22, "t2": None},
            "mosfet": {"charge": "on", "discharge": i < COUNT - 5},
        }
        for i in range(count)
    ]


def json_lines():
    return "".join(json.dumps(record) + "\n" for record in json_records()).encode()


def json_list():
    return json.dumps(json_records(), indent=1).encode()


def json_document():
    return json.dumps({"device": "BMS", "log": {"samples": json_records()}}).encode()


def two_devices():
    """Two batteries polled in turn, newest row first."""
    return ride(
        "device;time;voltage;current;charging;discharging",
        lambda i: ["AB"[i % 2], f"{(COUNT - i) // 2:02d}:00", f"{voltage(i):.2f}", f"{load(i):.2f}", "on", "on"],
        ";",
    )


def workbook(rows, sheet="Sheet1", before=()):
    """An XLSX file; the first row are the captions."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in (*before, *rows):
        book.active.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def history(device="jk_bms", charging_positive=True, cells=8, polls=COUNT, extra=()):
    """A Home Assistant history: sorted by entity, only changes, each entity stamped a little later than the one before."""
    start = datetime(2024, 5, 13, 9, 0)
    rows = [*extra]
    last = {}

    def add(entity, state, seconds):
        if last.get(entity) != state:
            last[entity] = state
            stamp = start + timedelta(seconds=seconds)
            rows.append((entity, state, stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp.microsecond // 1000:03d}Z"))

    sign = -1 if charging_positive else 1
    for index in range(polls):
        at = 5.0 * index
        pack = voltage(index, full=3.3 * cells, resistance=0.02)
        add(f"sensor.{device}_total_voltage", f"{pack:.3f}", at)
        add(f"sensor.{device}_current", f"{sign * load(index):.2f}", at + 0.004)
        add(f"sensor.{device}_state_of_charge", str(90 - index // 20), at + 0.006)
        for cell in range(1, cells + 1):
            add(f"sensor.{device}_cell_voltage_{cell}", f"{pack / cells + cell / 1000:.3f}", at + 0.008 + cell / 1000)
        add(f"sensor.{device}_power_tube_temperature", "31.5", at + 0.05)
        add(f"sensor.{device}_temperature_sensor_1", "24.0", at + 0.051)
    rows.sort(key=lambda row: (row[0], row[2]))
    return table("entity_id,state,last_changed", rows)
