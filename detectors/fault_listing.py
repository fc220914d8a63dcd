"""FD01: what a `faults` listing of the controller means."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.faults import FAULTS
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

from .fault_record_rules import FET_HOT, MOTOR_HOT, RULES, Record

#: Faults that say the same in a listing as in a log.
_OTHERS: Final[dict[int, str]] = {
    **dict.fromkeys((9, 10, 29), "fault.supply"),
    **dict.fromkeys((11, 12, 13, 20, 21, 22, 25, 26, 28, 30), "fault.rotor-sensor"),
    **dict.fromkeys((14, 23, 24), "fault.configuration"),
    **dict.fromkeys((15, 16, 17), "fault.current-sensor"),
    **dict.fromkeys((18, 27), "fault.unbalanced-currents"),
}


_BRAKING, _WITH_PACK = "listing.overvoltage-braking", "listing.overvoltage-with-pack"
#: What meters are off by and a spike adds, as a share of the voltage.
_ROOM_SHARE = 0.02


class FaultListing(Detector):
    """A `faults` listing read as experts read it.

    What it finds:
        In the records the controller printed: gate driver failures at standstill and trips in motion, a supply that
        was gone while driving or braking, over-currents at speed, at no duty, in a stalled motor and at a low limit,
        impossible readings.

    Why it matters:
        The listing holds the values at the moment of the fault, which a log of ten rows a second often misses.

    Evidence:
        listing.driver-at-once, listing.driver-in-motion, listing.driver-lost-rotor, listing.overvoltage-ringing,
        listing.overvoltage-braking, listing.overvoltage-with-pack, listing.overvoltage-at-rest,
        listing.undervoltage-no-load,
        listing.undervoltage-full-throttle, listing.undervoltage-under-load, listing.impossible-current,
        listing.impossible-temperature, listing.fet-temperature, listing.motor-temperature,
        listing.overcurrent-at-a-low-limit, listing.overcurrent-at-one-level, listing.currents-far-apart,
        listing.overcurrent-at-speed, listing.overcurrent-without-duty, listing.overcurrent-stalled,
        listing.senseless-speed, listing.overcurrent, listing.ohms-in-the-supply; fault.supply, fault.rotor-sensor,
        fault.configuration, fault.current-sensor and fault.unbalanced-currents as in a log.

    Looks like it but is not:
        A gate driver fault after an over-current at speed: the event comes first, the damage after it. The temperature
        printed with a motor fault is that of the power stage.

    Needs:
        The text that the terminal command `faults` printed before the controller was switched off.

    Limits:
        The records carry no time, and an empty list after a restart proves nothing. A listing alone cannot tell a BMS
        that opened from a loose contact.

    Example:
        Three over-voltage records of 57.4 V at -20 A on a pack that cannot have more than 42 V.
    """

    code: ClassVar[str] = "FD01"
    name: ClassVar[str] = "fault-listing"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-01", "TRIP-02", "TRIP-04", "REG-02")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.EVENTS,), ("fault_code",), rows=1),)
    evidence: ClassVar[tuple[str, ...]] = (
        *(name for name, _, _ in RULES),
        _WITH_PACK,
        *dict.fromkeys(_OTHERS.values()),
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one listing."""
        records = _records(track)
        if not records:
            return Outcome.unable("the listing names no fault.")
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        for name, recognise, words in RULES:
            found = recognise(records)
            if not found:
                evidence[name] = Evidence.absent("no record of the listing is of this kind")
                continue
            if name == _BRAKING and _with_pack(case, found):
                evidence[name], name = (
                    Evidence.absent("the voltage is no more than the pack has while braking"),
                    _WITH_PACK,
                )
                words = "over-voltage at a voltage the pack has while braking"
            order = records.index(found[0])
            # What came first weighs more: later records are often the damage done by the first.
            strength = 1.0 if order == 0 or len(found) >= len(records) / 2 else 0.7
            evidence[name] = Evidence.observed(f"{len(found)} of {len(records)} records.", strength=strength)
            findings.append(self._of(track, found, words))
        for record in records:
            name = _OTHERS.get(record.code, "")
            if name and name not in evidence:
                alike = [other for other in records if _OTHERS.get(other.code) == name]
                evidence[name] = Evidence.observed(f"{len(alike)} of {len(records)} records.")
                findings.append(self._of(track, alike, "as the controller named it"))
        if not findings:
            findings = [self._of(track, records, "the record holds nothing that tells why")]
        return Outcome.found(findings, evidence)

    def _of(self, track: Track, records: list[Record], words: str) -> Finding:
        first = records[0]
        known = FAULTS.get(first.code)
        name = known.name.replace("_", " ").lower() if known else f"fault {first.code}"
        values = (
            ("voltage", first.volts, "V"),
            ("motor current", first.current, "A"),
            ("filtered motor current", first.filtered, "A"),
            ("duty", first.duty, ""),
            ("electrical speed", first.erpm, "1/min"),
            ("control cycles since the output was enabled", first.cycles, ""),
            ("power stage temperature", first.degrees, "degC"),
        )
        times = f"{len(records)} records: " if len(records) > 1 else ""
        return self.finding(
            track,
            first.row,
            records[-1].row,
            severity=Severity.WARNING if first.code in (FET_HOT, MOTOR_HOT) else Severity.CRITICAL,
            message=f"The controller's fault list, {times}{name}; {words}.",
            measurements=tuple(Measurement(text, value, unit) for text, value, unit in values if np.isfinite(value)),
            channels=("fault_code",),
        )


def _with_pack(case: Case, records: list[Record]) -> bool:
    """Tell whether the pack of the ride explains the voltage of every record: its highest, and what braking adds to it."""
    for track in case.ride.of_role(*RIDING_ROLES):
        residual = case.pack.residual.get(track.index)
        if residual is None or not np.isfinite(residual.ohm) or not np.isfinite(residual.open_circuit).any():
            continue
        braked = float(np.nanmax(-track.values("battery_current"), initial=0.0))
        most = float(np.nanmax(residual.open_circuit)) + residual.ohm * braked
        if all(record.volts <= (1.0 + _ROOM_SHARE) * most for record in records):
            return True
    return False


def _records(track: Track) -> list[Record]:
    columns = [
        track.values(name)
        for name in (
            "fault_code",
            "motor_current",
            "motor_current_filtered",
            "pack_voltage",
            "duty",
            "erpm",
            "cycles_running",
            "fet_temperature",
        )
    ]
    found = []
    for row in range(track.log.rows):
        code, *rest = (float(column[row]) for column in columns)
        if np.isfinite(code) and code > 0:
            found.append(Record(row, int(code), *rest))
    return found
