"""Which way an unknown table counts its current: everything in the ride that can tell, weighed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .current_sign import current_sign

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A current that never exceeds this is none, A (engineering judgement: the noise of a shunt).
_NO_CURRENT = 0.05
#: A few steps of load count from this number, this correlation and this value of Student's t on: chance reaches it once
#: in some hundred files of that length (engineering judgement, a short bench log has no more).
_FEW_STEPS = 5
_CLEAR_CORRELATION = 0.7
_CERTAINTY = 6.0
#: Steps of load are looked for over about these times, s: the charge of a battery matters in none of them. A smooth
#: ride has none within a second (engineering judgement).
_LAGS = (1.0, 3.0, 10.0)
#: A load of a battery that ends at once: it was this part of the largest, and the voltage answers by so much of itself,
#: so many times more than between other rows; more than the upper limit is no battery, but a bus that lost it
#: (engineering judgement).
_END_OF_LOAD = 0.5
_END_ANSWER = (0.003, 0.15)
_ABOVE_NOISE = 5.0
#: A switch that opens ends a current of at least this, A; what is left is at most this part of it.
_SWITCHED = 0.5
_LEFT = 0.2
#: Faster than this the vehicle moves by its own power most of the time, m/s; duty likewise (engineering judgement).
_MOVING = 1.5
_TURNING = 0.1
_FEWEST_MOVING = 8
#: Change of state of charge that shows which way the charge went, as a fraction, and in Ah.
_CHARGE_CHANGE = 0.015
_CAPACITY_CHANGE = 0.1
#: A battery level is compared with the charge in this many stretches of the file, and tells from this agreement (the
#: cosine of both series) on; engineering judgement.
_WINDOWS = 40
_AGREEMENT = 0.6
#: Weights of the witnesses and what they must come to; one strong one is enough when no other speaks against it.
_STRONG, _FAIR, _WEAK = 3, 2, 1
_NEEDED = 2


@dataclass(slots=True)
class Ride:
    """What a table holds that can witness the direction of its current; NaN where a value is missing.

    Attributes:
        seconds: Stamps in s, shape (rows,), never decreasing.
        current: Current as logged, A.
        voltage: Pack voltage (or the sum of the cells), V.
        speed: Speed, any unit that is 0 at rest, in m/s where it is known.
        duty: Duty as a fraction.
        soc: State of charge as a fraction.
        remaining: Remaining capacity, Ah.
        used: Counter of the charge taken, Ah.
        power: Power whose sign is known, W, positive when discharging.
        charging: 1 where the table says that it charges, 0 where it says that it discharges.
        discharge_fet: 1 where the switch of the battery lets a discharge through, 0 where it does not.
        charge_fet: The same for a charge.
        of_battery: Whether the voltage is that of the battery itself, also when a switch has cut it off.
    """

    seconds: NDArray[np.float64]
    current: NDArray[np.float64]
    voltage: NDArray[np.float64] | None = None
    speed: NDArray[np.float64] | None = None
    duty: NDArray[np.float64] | None = None
    soc: NDArray[np.float64] | None = None
    remaining: NDArray[np.float64] | None = None
    used: NDArray[np.float64] | None = None
    power: NDArray[np.float64] | None = None
    charging: NDArray[np.float64] | None = None
    discharge_fet: NDArray[np.float64] | None = None
    charge_fet: NDArray[np.float64] | None = None
    of_battery: bool = False


@dataclass(slots=True)
class SignAnswer:
    """Which way the current is counted.

    Attributes:
        factor: 1.0 where discharging is positive, -1.0 where charging is, 0.0 where the ride does not decide.
        reasons: What the witnesses say, in words.
        witnessed: Whether there was a current to judge at all.
    """

    factor: float
    reasons: list[str] = field(default_factory=list)
    witnessed: bool = True


def find_sign(ride: Ride) -> SignAnswer:
    """Weigh what the ride says about the direction of its current.

    Args:
        ride: The columns.

    Returns:
        The answer; 0 when nothing tells or the witnesses contradict one another.
    """
    known = np.isfinite(ride.current)
    if not known.any() or float(np.nanmax(np.abs(ride.current))) <= _NO_CURRENT:
        return SignAnswer(1.0, ["no current flows in this file"], witnessed=False)
    votes = [
        vote
        for vote in (
            _by_charging(ride),
            _by_power(ride),
            _by_steps(ride),
            _by_end_of_load(ride),
            _by_switch(ride.current, ride.discharge_fet, ride.charge_fet, 1, "the discharge FET"),
            _by_switch(ride.current, ride.charge_fet, ride.discharge_fet, -1, "the charge FET"),
            _by_motion(ride.current, ride.speed, _MOVING, "while the vehicle moves"),
            _by_motion(ride.current, ride.duty, _TURNING, "while the motor turns"),
            _by_charge(ride, ride.soc, _CHARGE_CHANGE, -1.0, "the state of charge"),
            _by_charge(ride, ride.remaining, _CAPACITY_CHANGE, -1.0, "the remaining capacity"),
            _by_charge(ride, ride.used, _CAPACITY_CHANGE, 1.0, "the counter of used charge"),
            _by_level(ride),
        )
        if vote is not None
    ]
    total = sum(weight for weight, _ in votes)
    reasons = [reason for weight, reason in votes if weight * total > 0]
    against = [weight for weight, _ in votes if weight * total < 0]
    if abs(total) < _NEEDED or any(abs(weight) >= _STRONG for weight in against):
        return SignAnswer(0.0, reasons)
    return SignAnswer(float(np.sign(total)), reasons)


def _by_charging(ride: Ride) -> tuple[int, str] | None:
    if ride.charging is None:
        return None
    flowing = np.isfinite(ride.charging) & (np.abs(ride.current) > _NO_CURRENT)
    charge = ride.current[flowing & (ride.charging > 0.5)]
    discharge = ride.current[flowing & (ride.charging < 0.5)]
    score = float(np.sum(np.sign(discharge)) - np.sum(np.sign(charge)))
    count = len(charge) + len(discharge)
    if count < 3 or abs(score) < 0.8 * count:
        return None
    return int(np.sign(score)) * _STRONG, f"the column that tells charging from discharging ({count} rows)"


def _by_power(ride: Ride) -> tuple[int, str] | None:
    if ride.power is None:
        return None
    product = ride.power * ride.current
    product = product[np.isfinite(product)]
    total = float(np.sum(np.abs(product)))
    if not total or abs(float(np.sum(product))) < 0.8 * total:
        return None
    return int(np.sign(np.sum(product))) * _STRONG, "the powers that are logged for each direction"


def _by_steps(ride: Ride) -> tuple[int, str] | None:
    """The voltage falls when more current is drawn."""
    if ride.voltage is None:
        return None
    usable = np.isfinite(ride.voltage) & np.isfinite(ride.current) & (ride.voltage > 0)
    voltage, current = ride.voltage[usable], ride.current[usable]
    for lag in _LAGS:
        sign = current_sign(ride.seconds[usable], voltage, current, lag)
        if sign.factor:
            text = f"the voltage at {sign.steps} steps of load (correlation {sign.correlation:+.2f})"
            return int(sign.factor) * _STRONG, text
    steps, answers = np.diff(current), np.diff(voltage)
    large = (
        np.abs(steps) >= max(0.5, 0.1 * float(np.quantile(np.abs(current), 0.99, method="nearest")))
        if len(current)
        else np.zeros(0, bool)
    )
    steps, answers = steps[large], answers[large]
    size = float(np.linalg.norm(steps) * np.linalg.norm(answers))
    if len(steps) < _FEW_STEPS or not size:
        return None
    correlation = float(steps @ answers) / size
    certainty = abs(correlation) * np.sqrt((len(steps) - 1) / max(1 - correlation**2, 1e-12))
    if abs(correlation) < _CLEAR_CORRELATION or certainty < _CERTAINTY:
        return None
    text = f"the voltage at {len(steps)} steps of load (correlation {correlation:+.2f})"
    return -int(np.sign(correlation)) * _STRONG, text


def _by_end_of_load(ride: Ride) -> tuple[int, str] | None:
    """The voltage of a battery recovers when a load ends at once, as behind a switch that opens."""
    if ride.voltage is None or not ride.of_battery:
        return None
    usable = np.isfinite(ride.voltage) & np.isfinite(ride.current) & (ride.voltage > 0)
    voltage, current = ride.voltage[usable], ride.current[usable]
    if len(voltage) < _FEWEST_MOVING:
        return None
    steps, answers = np.diff(current), np.diff(voltage)
    ends = (np.abs(current[1:]) < _LEFT * np.abs(current[:-1])) & (
        np.abs(current[:-1]) >= max(_SWITCHED, _END_OF_LOAD * float(np.max(np.abs(current))))
    )
    share = np.abs(answers) / voltage[:-1]
    noise = float(np.median(np.abs(answers[~ends]))) if (~ends).any() else 0.0
    clear = ends & (share >= _END_ANSWER[0]) & (share <= _END_ANSWER[1]) & (np.abs(answers) >= _ABOVE_NOISE * noise)
    votes = np.sign(steps[clear] * answers[clear])
    if not len(votes) or len(set(votes.tolist())) > 1:
        return None
    return -int(votes[0]) * _FAIR, f"the voltage at {len(votes)} sudden ends of the load"


def _by_switch(
    current: NDArray[np.float64],
    switch: NDArray[np.float64] | None,
    other: NDArray[np.float64] | None,
    direction: int,
    which: str,
) -> tuple[int, str] | None:
    """A switch that opens alone ends a current of its own direction."""
    if switch is None:
        return None
    opens = np.flatnonzero((switch[:-1] == 1) & (switch[1:] == 0))
    if other is not None:
        opens = opens[other[opens + 1] == 1]
    # A BMS may tell the switch a row before or after the current.
    before = np.maximum(opens - 1, 0)
    after = np.minimum(opens + 2, len(current) - 1)
    largest = np.where(np.abs(current[opens]) > np.abs(current[before]), current[opens], current[before])
    with np.errstate(invalid="ignore"):
        cut = (np.abs(largest) >= _SWITCHED) & (np.abs(current[after]) <= _LEFT * np.abs(largest))
    votes = np.sign(largest[cut])
    if not len(votes) or len(set(votes.tolist())) > 1:
        return None
    return int(votes[0]) * direction * _FAIR, f"the current that ends when {which} opens"


def _by_motion(
    current: NDArray[np.float64], motion: NDArray[np.float64] | None, least: float, when: str
) -> tuple[int, str] | None:
    if motion is None:
        return None
    moving = np.isfinite(motion) & (np.abs(motion) > least) & np.isfinite(current)
    if int(moving.sum()) < _FEWEST_MOVING:
        return None
    mean = float(np.mean(current[moving]))
    size = float(np.mean(np.abs(current[moving])))
    if size <= _NO_CURRENT or abs(mean) < 0.5 * size:
        return None
    return int(np.sign(mean)) * _FAIR, f"the current {when} (mean {mean:+.3g} A as logged)"


def _by_charge(
    ride: Ride, level: NDArray[np.float64] | None, least: float, direction: float, what: str
) -> tuple[int, str] | None:
    """A battery level falls, or a counter rises, by what the current takes out."""
    if level is None:
        return None
    known = np.flatnonzero(np.isfinite(level) & np.isfinite(ride.current))
    if len(known) < 4:
        return None
    seconds, current = ride.seconds[known], ride.current[known]
    steps = np.diff(seconds)
    usual = float(np.median(steps))
    # What flowed while nothing was logged is not known: only steps of the usual length count.
    logged = steps <= max(5 * usual, 5.0)
    charge = np.where(logged, (current[1:] + current[:-1]) / 2 * steps, 0.0) / 3600
    change = np.where(logged, np.diff(level[known]), 0.0)
    edges = np.linspace(0, len(steps), min(_WINDOWS, max(1, len(steps) // 3)) + 1).astype(np.int64)[:-1]
    charges, changes = np.add.reduceat(charge, edges), np.add.reduceat(change, edges)
    size = float(np.linalg.norm(charges) * np.linalg.norm(changes))
    if float(np.sum(np.abs(changes))) < least or not size:
        return None
    agreement = float(charges @ changes) / size * direction
    if abs(agreement) < _AGREEMENT:
        return None
    text = f"{what} against the charge that flows as logged (agreement {agreement:+.2f})"
    return int(np.sign(agreement)) * _STRONG, text


def _by_level(ride: Ride) -> tuple[int, str] | None:
    """Over a whole log the voltage falls while the battery is discharged."""
    if ride.voltage is None:
        return None
    known = np.flatnonzero(np.isfinite(ride.voltage) & np.isfinite(ride.current) & (ride.voltage > 0))
    if len(known) < 20:
        return None
    size = np.abs(ride.current[known])
    light = size <= 0.2 * float(np.max(size))
    third = len(known) // 3
    early, late = known[:third][light[:third]], known[-third:][light[-third:]]
    if len(early) < 3 or len(late) < 3:
        return None
    first, last = float(np.median(ride.voltage[early])), float(np.median(ride.voltage[late]))
    mean, usual = float(np.mean(ride.current[known])), float(np.mean(size))
    if abs(last - first) < 0.01 * first or abs(mean) < 0.5 * usual or usual <= _NO_CURRENT:
        return None
    text = f"the voltage under light load, first and last ({first:.4g} V, {last:.4g} V)"
    return int(np.sign((first - last) * mean)) * _WEAK, text
