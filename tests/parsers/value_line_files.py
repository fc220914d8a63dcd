"""Texts whose lines name their values, in the forms programs print them, built by grammar."""

import json
from datetime import datetime, timedelta

from .table_files import load, voltage

COUNT = 40
CELLS = 12
_START = datetime(2024, 5, 13, 9, 0, 30)


def cells(index):
    """Voltages of the cells of a poll, V."""
    return [round(voltage(index) / CELLS + 0.001 * (place % 3), 3) for place in range(CELLS)]


def stamp(index, step_s=2):
    return _START + timedelta(seconds=step_s * index)


def pairs(count=COUNT):
    """One line a poll, equals signs, no units."""
    return _joined(
        f"t={index * 0.5:.1f} V={voltage(index):.2f} I={load(index):.2f} rpm={900 + index}" for index in range(count)
    )


def monitor(count=COUNT):
    """An Arduino serial monitor with stamps: colons, units, several values a line."""
    return _joined(
        f"{stamp(index):%H:%M:%S}.{index % 10}00 -> Battery Voltage: {voltage(index):.2f}V Current: {load(index):.2f} A, "
        f"Motor Temp: {30 + index % 4} °C"
        for index in range(count)
    )


def blocks(count=COUNT):
    """One value a line, a blank line between polls, no stamps."""
    return _joined(
        f"Input voltage: {voltage(index):.2f}\nInput current: {load(index):.2f}\nERPM: {9000 + index}\n"
        for index in range(count)
    )


def tool_table(count=COUNT):
    """Names, values and units in columns below a heading, as a command line tool prints a poll."""
    rule = "-" * 60
    return _joined(
        "\n".join(
            [
                "Command: getCellData - cell data",
                rule,
                "Parameter            Value          Unit",
                *(f"voltage_cell{place + 1:02d}       {cell:<14} V" for place, cell in enumerate(cells(index))),
                f"battery_voltage      {voltage(index):<14.3f} V",
                f"battery_current      {load(index):<14.2f} A",
                f"percent_remain       {90 - index // 10:<14} %",
                "",
            ]
        )
        for index in range(count)
    )


def dicts(count=COUNT, devices=("SP112B",)):
    """A log of a program that prints a dict of Python a poll, among other lines."""
    lines = []
    for index in range(count):
        for device in devices:
            values = {
                "temp_sensors": 2,
                "voltage": round(voltage(index), 2),
                "current": round(-load(index), 2),
                "battery_level": 90.0 - index // 10,
                "cycle_charge": 260.62,
                "chrg_mosfet": True,
                "dischrg_mosfet": index < count - 5,
                "cell_voltages": cells(index),
            }
            lines.append(f"{stamp(index)}.250 DEBUG (Main) [custom.bms] {device} : BMS data sample {values}")
        lines.append(f"{stamp(index)}.251 DEBUG (Main) [custom.bms] Finished in 0.19 seconds (success: True)")
    return _joined(lines)


def topics(count=COUNT, cell="cell_voltages/{}", total="soc/total_voltage"):
    """Messages of a broker with the time each came, one value a topic."""
    lines = []
    for index in range(count):
        said = {total: f"{voltage(index):.2f}", "soc/current": f"{-load(index):.2f}"}
        said |= {cell.format(place + 1): f"{volts:.3f}" for place, volts in enumerate(cells(index))}
        lines += [f"{stamp(index):%Y-%m-%dT%H:%M:%S}+0200 bms/one/{topic} {value}" for topic, value in said.items()]
    return _joined(lines)


def messages(count=COUNT):
    """Messages of a broker with a JSON object each."""
    return _joined(
        f"{stamp(index):%Y-%m-%dT%H:%M:%S}+0200 bms/state "
        + json.dumps({"voltage": round(voltage(index), 2), "current": round(-load(index), 2), "cells": cells(index)})
        for index in range(count)
    )


def console(count=COUNT):
    """Console lines with the name of the program part in brackets, millivolts of the cells in a list."""
    lines = []
    for index in range(count):
        millivolts = ",".join(f"{1000 * cell:.0f}" for cell in cells(index))
        lines += [
            f"{stamp(index):%H:%M:%S} INFO [sampling] bms: Sample(90.1%,U={voltage(index):.1f}V,I={load(index):.2f}A)",
            f"{stamp(index):%H:%M:%S} INFO [sampling] bms volt=[{millivolts}] temp=[24.1, nan]",
        ]
    return _joined(lines)


def _joined(lines):
    return ("\n".join(lines) + "\n").encode()
