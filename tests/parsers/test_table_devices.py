"""Several devices in one table: each gives a log of its own, and one device never becomes two."""

import json

import numpy as np
import pytest

from ridelog.log import Role
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .table_files import COUNT, load, read_one, ride, voltage


def packs(caption, names, count=2 * COUNT):
    """Two batteries that are polled in turn, the second 1.5 V higher."""

    def row(i):
        place, at = i % 2, i // 2
        return [at, names[place], f"{voltage(at) + 1.5 * place:.2f}", f"{-load(at):.2f}", 80 - 10 * place]

    return ride(f"time (s),{caption},Voltage (V),Current (A),SOC (%)", row, count=count)


@pytest.mark.parametrize(
    ("caption", "names"),
    [
        ("device", ("BMS-A", "BMS-B")),
        ("CAN id", ("VESC 12", "VESC 47")),
        ("mac_address", ("C8:47:8C:00:00:01", "C8:47:8C:00:00:02")),
        ("Pack", (1, 2)),
    ],
)
def test_batteries_in_turn(caption, names):
    logs = read_source(Source("two.csv", packs(caption, names)), ReadOptions())
    assert [log.identity.serial for log in logs] == [str(name) for name in names]
    for place, log in enumerate(logs):
        assert log.role is Role.BMS
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        np.testing.assert_allclose(
            log.values("pack_voltage"), [round(voltage(i) + 1.5 * place, 2) for i in range(COUNT)]
        )
        np.testing.assert_allclose(log.values("battery_current"), [round(load(i), 2) for i in range(COUNT)])
        assert log.table["source_row"].to_pylist() == list(range(2 + place, 2 * COUNT + 2, 2))
    assert sum("devices are told apart" in note.message for note in logs[0].damage) == 1


def test_messages_of_one_battery_by_topic_stay_one_log():
    rows = []
    for i in range(COUNT):
        rows.append({"ts": 1_715_601_600 + i, "topic": "bms/pack", "voltage": voltage(i), "current": load(i)})
        rows.append({"ts": 1_715_601_600 + i + 0.5, "topic": "bms/cells", "cells": [voltage(i) / 12] * 12})
    log = read_one("\n".join(map(json.dumps, rows)).encode())
    assert len(log.time) == 2 * COUNT
    assert log.table["cell_voltages"].null_count in (0, COUNT)


@pytest.mark.parametrize("caption", ["bms", "battery", "status", "source"])
def test_words_that_change_are_no_devices(caption):
    data = ride(
        f"time (s),{caption},Voltage (V),Current (A)",
        lambda i: [i, "OK" if i % 5 else "BUSY", f"{voltage(i):.2f}", f"{load(i):.2f}"],
    )
    assert len(read_one(data).time) == COUNT


@pytest.mark.parametrize(
    "captions", [("VESC1_CURRENT", "VESC2_CURRENT"), ("current_in_1", "current_in_2"), ("esc1 input A", "esc2 input A")]
)
def test_the_currents_of_two_controllers_are_one_of_the_battery(captions):
    one, two = captions
    (log,) = read_source(
        Source(
            "board.csv",
            ride(
                f"time_s,{one},{two},pack_voltage,erpm",
                lambda i: [i, f"{0.6 * load(i):.3f}", f"{0.4 * load(i):.3f}", f"{voltage(i):.2f}", 9000],
            ),
        )
    )
    np.testing.assert_allclose(log.values("battery_current"), [load(i) for i in range(COUNT)], atol=0.002)
    assert not log.derived("battery_current")
    assert any("are added" in damage.message and two in damage.message for damage in log.damage)


def test_two_sensors_of_one_battery_are_not_added():
    (log,) = read_source(
        Source(
            "two.csv",
            ride("time_s,current1,current2,pack_voltage", lambda i: [i, load(i), load(i), f"{voltage(i):.2f}"]),
        )
    )
    np.testing.assert_allclose(log.values("battery_current"), [load(i) for i in range(COUNT)], atol=0.002)
