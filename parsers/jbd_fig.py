"""Parameter backups of JBDTools (`.fig`): the settings of a JBD BMS."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.settings import SETTINGS
from ridelog.sources import Source

from .frames import jbd_registers as registers
from .frames.jbd_registers import Settings

_LINE: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)(?:\s+(\S.*?))?\s*$")
_MUST: Final = ("FileCode", "DesignCapacity")
#: Key of the file to register of the BMS.
_WORDS: Final = {
    "DesignCapacity": 0x10,
    "FullChargeVol": 0x12,
    "ChargeEndVol": 0x13,
    "ChgOverTemp": 0x18,
    "ChgLowTemp": 0x1A,
    "DisOverTemp": 0x1C,
    "DisLowTemp": 0x1E,
    "PackOverVoltage": 0x20,
    "PackOVRelease": 0x21,
    "PackUnderVoltage": 0x22,
    "PackUVRelease": 0x23,
    "CellOverVoltage": 0x24,
    "CellOVRelease": 0x25,
    "CellUnderVoltage": 0x26,
    "CellUVRelease": 0x27,
    "OverChargeCurrent": 0x28,
    "OverDisCurrent": 0x29,
    "BalanceStartVoltage": 0x2A,
    "BalanceWindow": 0x2B,
    "SenseResistor": registers.SHUNT,
    "BatteryConfig": registers.FUNCTIONS,
    "PackNum": 0x2F,
}
#: Keys that hold one byte of a register, in s.
_SECONDS: Final = {
    "PackUVDelay": "pack_undervoltage_delay",
    "PackOVDelay": "pack_overvoltage_delay",
    "CellUVDelay": "cell_undervoltage_delay",
    "CellOVDelay": "cell_overvoltage_delay",
    "ChgOCDelay": "charge_overcurrent_delay",
    "ChgOCRDelay": "charge_overcurrent_recovery",
    "DsgOCDelay": "discharge_overcurrent_delay",
    "DsgOCRDelay": "discharge_overcurrent_recovery",
    "SCReleaseTime": "short_circuit_recovery",
}
#: The two bytes of register 38; their keys are named after something else.
_SHORT_CIRCUIT: Final = "HardChgOverCurrent"
_OVERCURRENT: Final = "HardDsgOverCurrent"


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    key: str
    text: str

    @property
    def word(self) -> int | None:
        """The value as an unsigned word, None for text."""
        return int(self.text) if re.fullmatch(r"\d{1,5}", self.text) and int(self.text) <= 0xFFFF else None


class JbdFig(Parser):
    """Text of one `Key        value` a line, in the units of the BMS's own registers.

    Temperatures are in 0.1 K, pack voltages in 10 mV, cells in mV, currents in 10 mA as unsigned words (54536 is
    -110 A, a discharge limit), the shunt in 0.1 mOhm. `HardChgOverCurrent` and `HardDsgOverCurrent` hold the short
    circuit and the second overcurrent limit of the measuring chip, as voltages over the shunt.
    """

    name: ClassVar[str] = "jbd-fig"
    title: ClassVar[str] = "JBDTools parameter backup (.fig)"
    device: ClassVar[str] = "JBDTools (Windows) for a JBD BMS"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONFIG,)
    gives: ClassVar[tuple[str, ...]] = ("setting", "setting_text", "setting_value", "setting_unit")
    clock: ClassVar[str] = "none"

    def sniff(self, source: Source) -> Sniff:
        """Look for the first keys."""
        head = source.head[:4096].rstrip(b"\0")
        keys = {line.key for line in _lines(head)} if b"\0" not in head else set()
        if not keys.issuperset(_MUST):
            return Sniff.no("no lines with the keys FileCode and DesignCapacity")
        return Sniff.yes("the keys are those of a JBDTools parameter backup")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the parameters."""
        lines = _lines(source.data)
        if not lines:
            raise ParseError("holds no parameter.", path=source.label)
        words = {_WORDS[line.key]: line.word for line in lines if line.key in _WORDS and line.word is not None}
        rows = [_row(line) for line in lines]
        settings: Settings = {name: value for name, _, value, _, _ in rows if name in SETTINGS and value is not None}
        derived = _chip_limits(lines, words)
        rows += [(name, "", float(value), SETTINGS[name].unit, line) for name, value, line in derived]
        settings |= {name: value for name, value, _ in derived}
        if registers.FUNCTIONS in words:
            settings["balancer_enabled"] = registers.decode_parameters(words)["balancer_enabled"]
        builder = LogBuilder(np.zeros(len(rows)), [line for *_, line in rows])
        builder.add("setting", [name for name, *_ in rows], source="key")
        builder.add("setting_text", [text for _, text, *_ in rows], source="value")
        values = [np.nan if value is None else value for _, _, value, _, _ in rows]
        scaled = "register units to those of the setting"
        builder.add("setting_value", np.array(values, dtype=np.float64), source="value", conversion=scaled)
        builder.add("setting_unit", [unit for *_, unit, _ in rows], derived="the setting")
        texts = {line.key: line.text for line in lines}
        log = builder.build(
            Role.CONFIG,
            self.name,
            clock=Clock(ClockBasis.NONE, reason="A parameter backup has no time."),
            identity=Identity(
                device="JBD BMS",
                family="jbd",
                model=texts.get("DeviceName", ""),
                hardware=texts.get("ManufacturerName", ""),
                serial=texts.get("BarCode", ""),
                software="JBDTools",
            ),
            damage=_unread(source.data, lines),
            settings=settings,
        )
        return [log]


def _lines(data: bytes) -> list[_Line]:
    found = []
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        match = _LINE.match(line[:200].decode("gb18030", "replace").strip("\r"))
        if match is not None:
            found.append(_Line(number, match[1], match[2] or ""))
    return _without_prose(found)


def _without_prose(lines: list[_Line]) -> list[_Line]:
    """Lines without the words of a post around the parameters: those before the first known key, sentences behind the last."""
    known = [
        place for place, line in enumerate(lines) if line.key in _WORDS or line.key in _SECONDS or line.key in _MUST
    ]
    if not known:
        return lines
    return [
        line for place, line in enumerate(lines) if place >= known[0] and (place <= known[-1] or " " not in line.text)
    ]


def _row(line: _Line) -> tuple[str, str, float | None, str, int]:
    """Name, text, value, unit and line of one parameter; canonical where there is a setting for it."""
    word = line.word
    parameters = registers.PARAMETERS.get(_WORDS.get(line.key, -1), ())
    if word is not None and parameters:
        name = parameters[0].setting
        return name, line.text, parameters[0].read(word), SETTINGS[name].unit, line.number
    if word is not None and line.key in _SECONDS:
        name = _SECONDS[line.key]
        return name, line.text, float(word), SETTINGS[name].unit, line.number
    return line.key, line.text, None if word is None else float(word), "", line.number


def _chip_limits(lines: list[_Line], words: dict[int, int]) -> list[tuple[str, float, int]]:
    """Settings of the measuring chip with the line they come from."""
    by_key = {line.key: line for line in lines if line.word is not None}
    if _SHORT_CIRCUIT not in by_key or _OVERCURRENT not in by_key:
        return []
    short_circuit, overcurrent = by_key[_SHORT_CIRCUIT], by_key[_OVERCURRENT]
    limits = registers.decode_hardware_currents(
        (short_circuit.word or 0) & 0xFF, (overcurrent.word or 0) & 0xFF, words.get(registers.SHUNT, 0) / 10_000
    )
    return [
        (name, float(value), short_circuit.number if name.startswith("short") else overcurrent.number)
        for name, value in limits.items()
    ]


def _unread(data: bytes, lines: list[_Line]) -> tuple[Damage, ...]:
    filled = [number for number, line in enumerate(data.split(b"\n"), start=1) if line.strip(b" \t\r\0")]
    lost = sorted(set(filled) - {line.number for line in lines})
    if not lost:
        return ()
    message = f"{len(lost)} lines are no parameters."
    return (Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(lost), tuple(lost[:20])),)
