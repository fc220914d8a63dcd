"""How experts read the records of a `faults` listing: what each kind of record gives away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

_OVER_VOLTAGE, _UNDER_VOLTAGE, _DRIVER, _OVERCURRENT = 1, 2, 3, 4
FET_HOT, MOTOR_HOT = 5, 6
#: Control cycles since the output was enabled: at standstill a dead stage trips within this many, and a trip in motion
#: comes after at least this many. Nothing lies between in 22 forum threads with such a record.
_AT_ONCE, _IN_MOTION = 21, 100
#: No FET of a running controller is this hot, degC (252-441 degC seen with firmware of another board).
_IMPOSSIBLE_DEGC = 150.0
#: Absolute limits that are set by default, A: a current just above a lower limit points to a setting.
_DEFAULT_LIMIT_A = 125.0
_LIMIT_SHARE = 0.07
#: Over-currents pass one level when they agree within this share, each with a filtered current that follows the raw one this
#: closely, not all of them below this duty: a current that creeps up to a ceiling. A short or a lost rotor overshoots it by
#: half and more (labelled listings: 215 A where 127 A were filtered, 155 A beside 35 A).
_ONE_LEVEL, _FOLLOWED, _DRIVING_DUTY = 0.06, 0.06, 0.1
#: Electrical speed, 1/min, from which an observer loses a rotor (33,000 to 48,000 in labelled listings; lower with many poles).
_FAST_ERPM = 20_000.0
#: Raw and filtered current this many times apart are no ripple of a motor with three leads (34.7 and 154.9 A in a listing whose
#: phase plug had come off; a lost observer shows about 2).
_FAR_APART, _LEAST_A = 2.5, 20.0
#: Speed over duty is the speed at full duty, 1/min: default limits are 100,000. Below so little duty the figure says nothing.
_NO_MOTOR_ERPM, _TELLING_DUTY = 300_000.0, 0.02

#: A motor turns at least this fast at full duty, 1/min; at a tenth of what its duty gives it does not follow the voltage, and
#: from so much duty on no start needs it (engineering judgement: half the pack's voltage over a few ten mOhm is no start).
_FULL_DUTY_ERPM, _FOLLOWING, _STALLED_DUTY = 8_000.0, 0.1, 0.3


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


def _high_at_rest(records: list[Record]) -> list[Record]:
    """Over-voltages that no braking can have made: nothing turned and nothing flowed."""
    aside = [*_ringing(records), *_source_gone_braking(records)]
    return [
        r
        for r in records
        if r.code == _OVER_VOLTAGE
        and r not in aside
        and abs(r.erpm) < 500
        and np.fmax(abs(r.current), abs(r.filtered)) < 5
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
        if r.code == FET_HOT and (r.degrees >= _IMPOSSIBLE_DEGC or (r.cycles <= 1 and abs(r.erpm) < 500))
    ]


def _real_heat(records: list[Record]) -> list[Record]:
    impossible = _impossible_heat(records)
    return [r for r in records if r.code == FET_HOT and r not in impossible]


def _motor_heat(records: list[Record]) -> list[Record]:
    return [r for r in records if r.code == MOTOR_HOT]


def _low_limit(records: list[Record]) -> list[Record]:
    found = []
    for r in records:
        crept = abs(r.current) < 1.5 * abs(r.filtered)
        if r.code == _OVERCURRENT and crept and 20 < abs(r.filtered) < _DEFAULT_LIMIT_A:
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
        if abs(r.erpm) >= _FAST_ERPM and 0.5 <= abs(r.duty) <= 0.95 and abs(r.current) >= 1.5 * abs(r.filtered)
    ]


def _slow_overcurrent(records: list[Record]) -> list[Record]:
    return [r for r in _running_overcurrent(records) if abs(r.duty) < 0.05]


def _stalled(records: list[Record]) -> list[Record]:
    """Over-currents under a duty that would spin the motor, while it hardly turns."""
    return [
        r
        for r in _running_overcurrent(records)
        if abs(r.duty) >= _STALLED_DUTY and abs(r.erpm) < _FOLLOWING * _FULL_DUTY_ERPM * abs(r.duty)
    ]


def _at_one_level(records: list[Record]) -> list[Record]:
    """Over-currents of which each creeps past the same level in a motor that turns."""
    stalled = _stalled(records)
    found = [
        r
        for r in records
        if r.code == _OVERCURRENT
        and r not in stalled
        and abs(r.filtered) > _LEAST_A
        and abs(abs(r.current) / abs(r.filtered) - 1) <= _FOLLOWED
    ]
    sizes = [abs(r.current) for r in found]
    alike = len(found) >= 2 and max(sizes) <= (1 + _ONE_LEVEL) * min(sizes)
    alike &= any(abs(r.duty) >= _DRIVING_DUTY for r in found)
    return found if alike and len(found) == sum(r.code == _OVERCURRENT for r in records) else []


def _currents_apart(records: list[Record]) -> list[Record]:
    """Over-currents and trips of the gate driver whose raw and filtered current are far apart, or of opposite direction."""
    found = []
    for r in records:
        low, high = sorted((abs(r.current), abs(r.filtered)))
        opposite = r.current * r.filtered < 0 and low > 0.5 * _LEAST_A
        far = high > _LEAST_A and (opposite or high >= _FAR_APART * max(low, 1.0))
        if r.code in (_DRIVER, _OVERCURRENT) and far:
            found.append(r)
    return found


def _senseless_speed(records: list[Record]) -> list[Record]:
    """The rotor was not where the controller thought: a speed no motor has, or speeds that differ tenfold at like duty."""
    overcurrents = [r for r in records if r.code == _OVERCURRENT]
    wild = [r for r in overcurrents if abs(r.duty) >= _TELLING_DUTY and abs(r.erpm) > _NO_MOTOR_ERPM * abs(r.duty)]
    if wild:
        return wild
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
RULES: Final[tuple[tuple[str, Callable[[list[Record]], list[Record]], str], ...]] = (
    ("listing.driver-at-once", _driver_at_once, "the gate driver failed as soon as the output was enabled"),
    ("listing.driver-in-motion", _driver_in_motion, "the gate driver tripped in motion"),
    ("listing.driver-lost-rotor", _driver_lost_rotor, "at full duty the speed shown makes no sense"),
    ("listing.overvoltage-ringing", _ringing, "over-voltage with a raw current far from the filtered one"),
    ("listing.overvoltage-braking", _source_gone_braking, "over-voltage while braking"),
    ("listing.overvoltage-at-rest", _high_at_rest, "over-voltage with nothing turning and nothing braking"),
    ("listing.undervoltage-no-load", _source_gone_driving, "the supply was gone without any load"),
    ("listing.undervoltage-full-throttle", _source_gone_full_throttle, "it was gone at full throttle"),
    ("listing.undervoltage-under-load", _supply_collapsed, "the supply collapsed under a current"),
    ("listing.impossible-current", _impossible_current, "a current with the output off"),
    ("listing.impossible-temperature", _impossible_heat, "a temperature that cannot be"),
    ("listing.fet-temperature", _real_heat, "the power stage was too hot"),
    ("listing.motor-temperature", _motor_heat, "the motor sensor read too hot"),
    ("listing.overcurrent-at-a-low-limit", _low_limit, "the current just passed a round limit below the usual one"),
    ("listing.overcurrent-at-one-level", _at_one_level, "each just passed the same level"),
    ("listing.currents-far-apart", _currents_apart, "raw and filtered current are far apart"),
    ("listing.overcurrent-at-speed", _fast_overcurrent, "the current ran away at high speed"),
    ("listing.overcurrent-without-duty", _slow_overcurrent, "an over-current at almost no duty"),
    ("listing.overcurrent-stalled", _stalled, "the motor hardly turned under a duty that would spin it"),
    ("listing.senseless-speed", _senseless_speed, "speeds that do not fit one another"),
    ("listing.overcurrent", _running_overcurrent, "over-current in the motor"),
    (
        "listing.ohms-in-the-supply",
        _ohms_in_the_supply,
        "the voltage fell far while driving and rose far while braking",
    ),
)
