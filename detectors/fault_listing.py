"""FD01: what a `faults` listing of the controller means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.faults import FAULTS
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

_OVER_VOLTAGE, _UNDER_VOLTAGE, _DRIVER, _OVERCURRENT, _FET_HOT, _MOTOR_HOT = 1, 2, 3, 4, 5, 6
#: Control cycles since the output was enabled: at standstill a dead stage trips within this many, and a trip in motion
#: comes after at least this many. Nothing lies between in 22 forum threads with such a record.
_AT_ONCE, _IN_MOTION = 21, 100
#: No FET of a running controller is this hot, degC (252-441 degC seen with firmware of another board).
_IMPOSSIBLE_DEGC = 150.0
#: Absolute limits that are set by default, A: a current just above a lower limit points to a setting.
_DEFAULT_LIMIT_A = 125.0
_LIMIT_SHARE = 0.07


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the listing, NaN for what it does not say."""

    row: int
    code: int
    current: float
    filtered: float
    volts: float
    duty: float
    erpm: float
    cycles: float
    degrees: float


def _standstill(record: Record) -> bool:
    return record.cycles <= _AT_ONCE if np.isfinite(record.cycles) else abs(record.erpm) < 500


def _driver_at_once(records: list[Record]) -> list[Record]:
    return [r for r in records if r.code == _DRIVER and _standstill(r)]


def _driver_in_motion(records: list[Record]) -> list[Record]:
    return [r for r in records if r.code == _DRIVER and r.cycles >= _IN_MOTION]


def _driver_lost_rotor(records: list[Record]) -> list[Record]:
    found = _driver_in_motion(records)
    return [r for r in found if abs(r.duty) > 0.9 and abs(r.erpm) < 1000 and abs(r.filtered) < 10]


def _ringing(records: list[Record]) -> list[Record]:
    return [
        r
        for r in records
        if r.code == _OVER_VOLTAGE and abs(r.current) > 50 and abs(r.current) > 3 * max(abs(r.filtered), 5.0)
    ]


def _source_gone_braking(records: list[Record]) -> list[Record]:
    ringing = _ringing(records)
    return [
        r for r in records if r.code == _OVER_VOLTAGE and r not in ringing and np.fmin(r.current, r.filtered) < -2.0
    ]


def _source_gone_driving(records: list[Record]) -> list[Record]:
    return [
        r
        for r in records
        if r.code == _UNDER_VOLTAGE
        and abs(r.filtered if np.isfinite(r.filtered) else r.current) < 5
        and abs(r.duty) > 0.2
    ]


def _source_gone_full_throttle(records: list[Record]) -> list[Record]:
    return [r for r in _source_gone_driving(records) if abs(r.duty) >= 0.9]


def _supply_collapsed(records: list[Record]) -> list[Record]:
    return [r for r in records if r.code == _UNDER_VOLTAGE and np.fmax(r.current, r.filtered) > 20]


def _impossible_current(records: list[Record]) -> list[Record]:
    return [
        r
        for r in records
        if r.code == _OVERCURRENT
        and r.cycles <= 1
        and abs(r.duty) < 0.02
        and np.fmax(abs(r.current), abs(r.filtered)) > 100
    ]


def _impossible_heat(records: list[Record]) -> list[Record]:
    return [
        r
        for r in records
        if r.code == _FET_HOT and (r.degrees >= _IMPOSSIBLE_DEGC or (r.cycles <= 1 and abs(r.erpm) < 500))
    ]


def _real_heat(records: list[Record]) -> list[Record]:
    impossible = _impossible_heat(records)
    return [r for r in records if r.code == _FET_HOT and r not in impossible]


def _motor_heat(records: list[Record]) -> list[Record]:
    return [r for r in records if r.code == _MOTOR_HOT]


def _low_limit(records: list[Record]) -> list[Record]:
    found = []
    for r in records:
        if r.code == _OVERCURRENT and np.isfinite(r.filtered) and 20 < abs(r.filtered) < _DEFAULT_LIMIT_A:
            limit = 10 * np.floor(abs(r.filtered) / 10)
            if abs(r.filtered) <= limit * (1 + _LIMIT_SHARE):
                found.append(r)
    return found


def _running_overcurrent(records: list[Record]) -> list[Record]:
    aside = [*_impossible_current(records), *_low_limit(records)]
    return [r for r in records if r.code == _OVERCURRENT and r not in aside]


def _fast_overcurrent(records: list[Record]) -> list[Record]:
    return [
        r
        for r in _running_overcurrent(records)
        if abs(r.erpm) >= 30_000 and 0.5 <= abs(r.duty) <= 0.95 and abs(r.current) >= 1.5 * abs(r.filtered)
    ]


def _slow_overcurrent(records: list[Record]) -> list[Record]:
    return [r for r in _running_overcurrent(records) if abs(r.duty) < 0.05]


def _senseless_speed(records: list[Record]) -> list[Record]:
    """Two over-currents at like duty whose speeds differ tenfold: the rotor was not where the controller thought."""
    found = [r for r in _running_overcurrent(records) if abs(r.duty) > 0.2]
    for one in found:
        for other in found:
            if abs(one.duty - other.duty) < 0.25 and abs(one.erpm) > 10 * max(abs(other.erpm), 1.0):
                return [one, other]
    return []


def _ohms_in_the_supply(records: list[Record]) -> list[Record]:
    low = [r for r in records if r.code in (_OVERCURRENT, _UNDER_VOLTAGE) and np.fmax(r.current, r.filtered) > 20]
    high = [r for r in records if r.code == _OVER_VOLTAGE and r.filtered < 0]
    pairs = [(a, b) for a in low for b in high if b.volts > 1.8 * a.volts]
    return [pairs[0][0], pairs[0][1]] if pairs else []


#: Evidence, how it is recognised, and what the listing then says.
_RULES: Final[tuple[tuple[str, Callable[[list[Record]], list[Record]], str], ...]] = (
    ("listing.driver-at-once", _driver_at_once, "the gate driver failed as soon as the output was enabled"),
    ("listing.driver-in-motion", _driver_in_motion, "the gate driver tripped in motion"),
    ("listing.driver-lost-rotor", _driver_lost_rotor, "at full duty the speed shown makes no sense"),
    ("listing.overvoltage-ringing", _ringing, "over-voltage with a raw current far from the filtered one"),
    ("listing.overvoltage-braking", _source_gone_braking, "over-voltage while braking"),
    ("listing.undervoltage-no-load", _source_gone_driving, "the supply was gone without any load"),
    ("listing.undervoltage-full-throttle", _source_gone_full_throttle, "it was gone at full throttle"),
    ("listing.undervoltage-under-load", _supply_collapsed, "the supply collapsed under a current"),
    ("listing.impossible-current", _impossible_current, "a current with the output off"),
    ("listing.impossible-temperature", _impossible_heat, "a temperature that cannot be"),
    ("listing.fet-temperature", _real_heat, "the power stage was too hot"),
    ("listing.motor-temperature", _motor_heat, "the motor sensor read too hot"),
    ("listing.overcurrent-at-a-low-limit", _low_limit, "the current just passed a round limit below the usual one"),
    ("listing.overcurrent-at-speed", _fast_overcurrent, "the current ran away at high speed"),
    ("listing.overcurrent-without-duty", _slow_overcurrent, "an over-current at almost no duty"),
    ("listing.senseless-speed", _senseless_speed, "speeds that do not fit one another"),
    ("listing.overcurrent", _running_overcurrent, "over-current in the motor"),
    (
        "listing.ohms-in-the-supply",
        _ohms_in_the_supply,
        "the voltage fell far while driving and rose far while braking",
    ),
)


#: Faults that say the same in a listing as in a log.
_OTHERS: Final[dict[int, str]] = {
    **dict.fromkeys((9, 10, 29), "fault.supply"),
    **dict.fromkeys((11, 12, 13, 20, 21, 22, 25, 26, 28, 30), "fault.rotor-sensor"),
    **dict.fromkeys((14, 23, 24), "fault.configuration"),
    **dict.fromkeys((15, 16, 17), "fault.current-sensor"),
    **dict.fromkeys((18, 27), "fault.unbalanced-currents"),
}


class FaultListing(Detector):
    """A `faults` listing read as experts read it.

    What it finds:
        In the records the controller printed: gate driver failures at standstill and trips in motion, a supply that
        was gone while driving or braking, over-currents at speed, at no duty and at a low limit, impossible readings.

    Why it matters:
        The listing holds the values at the moment of the fault, which a log of ten rows a second often misses.

    Evidence:
        listing.driver-at-once, listing.driver-in-motion, listing.driver-lost-rotor, listing.overvoltage-ringing,
        listing.overvoltage-braking, listing.undervoltage-no-load, listing.undervoltage-full-throttle,
        listing.undervoltage-under-load, listing.impossible-current, listing.impossible-temperature,
        listing.fet-temperature, listing.motor-temperature, listing.overcurrent-at-a-low-limit,
        listing.overcurrent-at-speed, listing.overcurrent-without-duty, listing.senseless-speed, listing.overcurrent,
        listing.ohms-in-the-supply; fault.supply, fault.rotor-sensor, fault.configuration, fault.current-sensor and
        fault.unbalanced-currents as in a log.

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
    evidence: ClassVar[tuple[str, ...]] = (*(name for name, _, _ in _RULES), *dict.fromkeys(_OTHERS.values()))

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one listing."""
        records = _records(track)
        if not records:
            return Outcome.unable("the listing names no fault.")
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        for name, recognise, words in _RULES:
            found = recognise(records)
            if not found:
                evidence[name] = Evidence.absent("no record of the listing is of this kind")
                continue
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
            findings = [self._of(track, records, "faults")]
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
            severity=Severity.WARNING if first.code in (_FET_HOT, _MOTOR_HOT) else Severity.CRITICAL,
            message=f"The controller's fault list, {times}{name}; {words}.",
            measurements=tuple(Measurement(text, value, unit) for text, value, unit in values if np.isfinite(value)),
            channels=("fault_code",),
        )


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
