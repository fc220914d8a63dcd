"""What an Arduino sketch prints about a Daly BMS: values already decoded, one line each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from ridelog.clock import Clock, ClockBasis
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .frames.samples import Origin, Sample, cells, hottest, sample_log
from .hex_lines import read_stamp

_MARK: Final = b"<DALY-BMS DEBUG>"
#: 54.10V, 0.00A, 77.10SOC
_BASIC: Final = re.compile(r"(-?\d+(?:\.\d+)?)V, (-?\d+(?:\.\d+)?)A, (-?\d+(?:\.\d+)?)SOC")
#: Frame No.: 1 Cell No: 1. 3869mV
_CELL: Final = re.compile(r"Cell No: (\d{1,2})\. (\d{1,5})mV")
#: Frame No.: 1 Sensor No: 1. 26°C
_SENSOR: Final = re.compile(r"Sensor No: (\d{1,2})\. (-?\d{1,3})")
#: Cell Balance State: 00000000000000
_BALANCE: Final = re.compile(r"Cell Balance State: ([01]{1,48})\b")
#: Summary lines: words, channel, and what the number means.
_SUMMARY: Final[tuple[tuple[re.Pattern[str], str, Callable[[str], object]], ...]] = (
    (re.compile(r"Discharge MOSFet Status:\s+([01])\b"), "discharge_fet", lambda text: text == "1"),
    (re.compile(r"^\s*Charge MOSFet Status:\s+([01])\b"), "charge_fet", lambda text: text == "1"),
    (re.compile(r"Number of Cells:\s+(\d{1,2})\b"), "cell_count", float),
    (re.compile(r"Cycles:\s+(\d{1,6})\b"), "cycle_count", float),
)
_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("basic values"),
    "battery_current": Origin("basic values", "positive when discharging, as the protocol is commonly read"),
    "soc": Origin("basic values", "percent to fraction"),
    "cell_voltages": Origin("Cell No", "mV to V"),
    "battery_temperatures": Origin("Sensor No"),
    "battery_temperature": Origin("Sensor No", derived="the hottest of the sensors"),
    "cells_balancing": Origin("Cell Balance State"),
    "balancing": Origin("Cell Balance State"),
    "discharge_fet": Origin("Discharge MOSFet Status"),
    "charge_fet": Origin("Charge MOSFet Status"),
    "cell_count": Origin("Number of Cells"),
    "cycle_count": Origin("BMS Chrg / Dischrg Cycles"),
}
_SLOTS: Final = 48


class DalyArduino(Parser):
    """Serial monitor of an Arduino that reads a Daly BMS with the debug output of its library switched on.

    Lines start with `<DALY-BMS DEBUG>`; a poll starts with `54.10V, 0.00A, 77.10SOC`, then come `Cell No: 1. 3869mV`,
    `Sensor No: 1. 26`, `Cell Balance State: 0000` and a summary in words. The bytes of the frames are not printed. The
    serial monitor can put the time of day before each line (`17:33:21.123 -> `). The summary repeats the cells under
    the words "Remaining Capacity", which is not believed.
    """

    name: ClassVar[str] = "daly-arduino"
    title: ClassVar[str] = "Arduino serial monitor with the values of a Daly BMS"
    device: ClassVar[str] = "Daly BMS, read by an Arduino"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = tuple(_ORIGINS)
    clock: ClassVar[str] = "time of day where the serial monitor prints it"

    def sniff(self, source: Source) -> Sniff:
        """Look for the mark of the library and a line with the basic values."""
        if _MARK in source.head and _BASIC.search(source.head.decode("utf-8", "replace")):
            return Sniff.yes("lines marked '<DALY-BMS DEBUG>' with the basic values of a Daly BMS")
        return Sniff.no("no lines marked '<DALY-BMS DEBUG>' with values")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the contract of a parser
        """Read the values.

        Raises:
            ParseError: If no poll is complete enough to hold the basic values.
        """
        samples = _polls(source.data.decode("utf-8-sig", "replace"))
        if not samples:
            raise ParseError("holds no line like '54.10V, 0.00A, 77.10SOC'.", path=source.label)
        timed = all(sample.time is not None for sample in samples)
        clock = (
            Clock(
                ClockBasis.TIME_OF_DAY, None, "", 0.001, "The serial monitor printed the time of day before each line."
            )
            if timed
            else Clock(ClockBasis.NONE, None, "", 1.0, "The lines carry no stamps.")
        )
        identity = Identity(device="Daly BMS", family="daly", software="Arduino sketch")
        return [sample_log(samples, _ORIGINS, clock=clock, parser=self.name, identity=identity)]


def _polls(text: str) -> list[Sample]:
    samples: list[Sample] = []
    millivolts: list[int] = []
    probes: list[float | None] = []
    for number, line in enumerate(text.splitlines(), start=1):
        basic = _BASIC.search(line)
        if basic is not None:
            time, basis = read_stamp(line[: basic.start()])
            values = dict(
                zip(("pack_voltage", "battery_current", "soc"), (float(part) for part in basic.groups()), strict=True)
            )
            sample = Sample(number, time if basis is ClockBasis.TIME_OF_DAY else None, {**values})
            sample.values["soc"] = round(values["soc"] / 100, 6)
            samples.append(sample)
            millivolts, probes = [0] * _SLOTS, []
        elif samples:
            _add_line(samples[-1], line, millivolts, probes)
    return samples


def _add_line(sample: Sample, line: str, millivolts: list[int], probes: list[float | None]) -> None:
    cell, sensor, balance = _CELL.search(line), _SENSOR.search(line), _BALANCE.search(line)
    if cell is not None and 1 <= int(cell[1]) <= _SLOTS:
        millivolts[int(cell[1]) - 1] = int(cell[2])
        sample.values["cell_voltages"] = cells(millivolts, 0)
    elif sensor is not None and 1 <= int(sensor[1]) <= _SLOTS:
        probes.extend([None] * (int(sensor[1]) - len(probes)))
        probes[int(sensor[1]) - 1] = float(sensor[2])
        sample.values["battery_temperatures"] = list(probes)
        sample.values["battery_temperature"] = hottest(probes)
    elif balance is not None:
        sample.values["cells_balancing"] = [digit == "1" for digit in balance[1]]
        sample.values["balancing"] = "1" in balance[1]
    for pattern, channel, meaning in _SUMMARY:
        match = pattern.search(line)
        if match is not None:
            sample.values[channel] = meaning(match[1])
