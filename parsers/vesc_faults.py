"""The `faults` listing of the VESC terminal, pasted from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.faults import fault_by_name
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import Column
from .vesc_fault_records import MOST_RECORDS, NUMBERS, FaultListing, FaultRecord, find_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMNS: Final[tuple[Column, ...]] = (
    Column("Motor", "fault_motor"),
    Column("Current", "motor_current", conversion="unfiltered, at the moment of the fault"),
    Column("Current filtered", "motor_current_filtered"),
    Column("Voltage", "pack_voltage", conversion="unfiltered, at the moment of the fault"),
    Column("Gate drv voltage", "gate_driver_voltage"),
    Column("Duty", "duty"),
    Column("RPM", "erpm"),
    Column("Tacho", "tachometer"),
    Column("Cycles running", "cycles_running"),
    Column("Temperature", "fet_temperature", conversion="first FET sensor, also for faults of the motor temperature"),
)
_MARKS: Final = ("FAULT_CODE_", "faults were registered since start", "No faults registered since startup")
#: The firmware keeps this many records and then starts over.
_RING = 25


class VescFaults(Parser):
    """Text of the terminal command `faults`, with or without prose around it; a line a field, `label : value`.

    Fields in the order of the firmware: Fault, Motor (from 5.00), Current, Current filtered, Voltage, Gate drv
    voltage (some boards), Duty, RPM (electrical), Tacho, Cycles running (control cycles since the output was enabled),
    TIM duty, TIM val samp, TIM current samp, TIM top, Comm step, Temperature (of the FETs), and for the gate driver
    `DRV83xx_FAULTS` with its flags, for the phase filter an `Info` line. Padding, blank lines, quote marks, indents and
    markup may come and go; a record may be cut off anywhere; a record may be quoted again. Records have no time: they
    are in the order the firmware stored them, the first of a burst only, at most 25 since the controller was last
    switched on, so an empty listing after a restart says nothing.
    """

    name: ClassVar[str] = "vesc-faults"
    title: ClassVar[str] = "VESC terminal 'faults' listing, pasted as text"
    device: ClassVar[str] = "VESC controller"
    roles: ClassVar[tuple[Role, ...]] = (Role.EVENTS,)
    gives: ClassVar[tuple[str, ...]] = (
        "fault_code",
        "fault_name",
        *(column.channel for column in COLUMNS),
        "driver_faults",
        "event_text",
    )
    clock: ClassVar[str] = "none: the records are only in order"

    def sniff(self, source: Source) -> Sniff:
        """Look for a record or for the line that says there is none."""
        text = _text(source.head)
        if not any(mark in text for mark in _MARKS):
            return Sniff.no("no FAULT_CODE_ name and no heading of a VESC 'faults' listing")
        listing = find_records(text)
        if listing.records:
            return Sniff.yes("holds records of a VESC 'faults' listing")
        if listing.nothing_line or listing.headings:
            return Sniff.yes("holds a VESC 'faults' listing without records")
        return Sniff.no("no record of a VESC 'faults' listing (Fault : FAULT_CODE_..., Current : ...)")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the text says it all
        """Read the records."""
        listing = find_records(_text(source.data))
        records = listing.records
        if not records and not listing.nothing_line and not listing.headings:
            raise ParseError("holds no record of a 'faults' listing.", path=source.label)
        builder = LogBuilder(np.zeros(len(records)), np.array([record.line for record in records], dtype=np.int64))
        faults = [fault_by_name(record.name) for record in records]
        codes = np.array([np.nan if fault is None else float(fault.code) for fault in faults])
        names = [
            record.name.removeprefix("FAULT_CODE_") if fault is None else fault.name
            for record, fault in zip(records, faults, strict=True)
        ]
        builder.add("fault_code", codes, source="Fault", conversion="name to number")
        builder.add("fault_name", names, source="Fault", conversion="present name of the firmware")
        for column in COLUMNS:
            values = _values(records, column.source)
            builder.add(column.channel, values, source=column.source, conversion=column.conversion)
        flags = [None if record.driver_faults is None else list(record.driver_faults) for record in records]
        builder.add("driver_faults", flags, source="DRV83xx_FAULTS")
        builder.add("event_text", [record.info or None for record in records], source="Info")
        builder.keep("Fault", [record.name for record in records])
        converted = {column.source for column in COLUMNS}
        for label in NUMBERS:
            if label not in converted and any(label in record.numbers for record in records):
                builder.keep(label, _values(records, label))
        log = builder.build(
            Role.EVENTS,
            self.name,
            clock=Clock(ClockBasis.NONE, reason="A 'faults' listing has no times; rows are in the order stored."),
            identity=Identity(device=self.device, family="vesc", firmware=_firmware(records), software="VESC terminal"),
            damage=_damage(listing, [record.name for record, fault in zip(records, faults, strict=True) if not fault]),
        )
        return [log]


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace").replace("\u00a0", " ")


def _values(records: Sequence[FaultRecord], label: str) -> NDArray[np.float64]:
    return np.array([record.numbers.get(label, np.nan) for record in records], dtype=np.float64)


def _firmware(records: Sequence[FaultRecord]) -> str:
    """What the fields and names tell about the version."""
    if any("Motor" in record.numbers for record in records):
        return "5.00 or later"
    if any(record.name == "FAULT_CODE_DRV8302" for record in records):
        return "3.27 or before"
    if any(record.decimals == 3 for record in records):
        return "3.10 or later"
    if any(record.decimals == 2 for record in records):
        return "before 3.10"
    return ""


def _damage(listing: FaultListing, unknown: Sequence[str]) -> list[Damage]:
    damage: list[Damage] = []
    if len(listing.records) + len(listing.repeated) >= MOST_RECORDS:
        message = f"The text holds more than {MOST_RECORDS} records; the rest is not read."
        damage.append(Damage(DamageKind.NOTE, Effect.LOST, message))
    if listing.repeated:
        message = f"{len(listing.repeated)} records are quoted again with the same values; each is kept once."
        rows = listing.repeated[:20]
        damage.append(Damage(DamageKind.DUPLICATE_ROW, Effect.REPAIRED, message, len(listing.repeated), rows))
    cut = [record for record in listing.records if "Temperature" not in record.numbers]
    if cut:
        message = f"{len(cut)} records are cut off before their last field; what is missing is empty."
        rows = tuple(record.line for record in cut[:20])
        damage.append(Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(cut), rows))
    if not listing.records:
        line = (listing.nothing_line,) if listing.nothing_line else ()
        message = (
            "The listing holds no fault. The controller keeps it only until it is switched off, and starts over after "
            f"{_RING} records, so this does not show that there was none."
        )
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, 1, line))
    for name in listing.active:
        message = f"The fault {name} was active when the list was printed."
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, 1, (), "fault_code"))
    if unknown:
        message = f"Faults no VESC firmware has ({', '.join(sorted(set(unknown)))}): kept by name, without a number."
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, len(unknown), (), "fault_code"))
    return damage
