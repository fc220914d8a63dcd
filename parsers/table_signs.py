"""Which way an unknown table counts its current: everything in the ride that can tell, weighed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from .current_sign import SOUND_VOLTAGE
from .table_ride import FAIR, FEWEST_MOVING, NO_CURRENT, STRONG, SWITCHED, WEAK, Ride
from .table_voltage_signs import by_clear_steps, by_level, by_same_current, by_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What a switch that opens leaves of a current is at most this part of it.
_LEFT = 0.2
_ROWS_BEFORE = 10
#: Faster than this the vehicle moves by its own power most of the time, m/s; duty likewise (engineering judgement).
_MOVING = 1.5
_TURNING = 0.1
#: What the weights must come to; one strong one is enough when no other speaks against it.
_NEEDED = 2
#: Change of state of charge that shows which way the charge went, as a fraction, in Ah and in Wh.
_CHARGE_CHANGE = 0.015
_CAPACITY_CHANGE = 0.1
_ENERGY_CHANGE = 5.0
#: A state of charge that only falls, or only rises, by this much under a current of which this part runs one way tells
#: its direction as well: a percent is the step of most displays (engineering judgement).
_ONE_STEP = 0.0095
_ONE_WAY = 0.95
#: A battery at rest: nearly all of its current is below the first figure, and none above the second, A (engineering
#: judgement: standby and the last minutes of a charge; nothing that ridelog looks for rests on which way so little runs).
_STANDBY_A, _LEAST_USE_A = 0.2, 2.0
_NEARLY_ALWAYS = 0.9
#: A battery level is compared with the charge in this many stretches of the file, and tells from this agreement (the
#: cosine of both series) on; engineering judgement.
_WINDOWS = 40
_AGREEMENT = 0.6
#: Rows whose current is so many times the 90th percentile are impossible beside the others; with more of them than this
#: part it is not the rows that are wrong (engineering judgement).
_WILD_CURRENT = 10.0
_MOST_WILD = 0.2


@dataclass(slots=True)
class SignAnswer:
    """Which way the current is counted.

    Attributes:
        factor: 1.0 where discharging is positive, -1.0 where charging is, 0.0 where the ride does not decide.
        reasons: What the witnesses say, in words.
        witnessed: Whether there was a current to judge at all.
        standby: The ride does not decide, and the current is so small that the direction does not matter.
        votes: Weights of the witnesses, above 0 where they say that discharging is positive.
    """

    factor: float
    reasons: list[str] = field(default_factory=list)
    witnessed: bool = True
    standby: bool = False
    votes: tuple[int, ...] = ()

    def contradicts(self, factor: float) -> bool:
        """Whether the witnesses speak against a direction: a strong one, or all together."""
        return sum(self.votes) * factor < 0 or any(vote * factor <= -STRONG for vote in self.votes)


def find_sign(ride: Ride, wild: float = 200.0) -> SignAnswer:
    """Weigh what the ride says about the direction of its current.

    Rows of impossible values are no witnesses and are passed over.

    Args:
        ride: The columns.
        wild: A current below this is always possible, A (or a power, W).

    Returns:
        The answer; 0 when nothing tells or the witnesses contradict one another.
    """
    sound = _sound_rows(ride, wild)
    left_out = len(sound) - int(sound.sum())
    if not 0 < left_out <= _MOST_WILD * len(sound):
        return _weigh(ride)
    answer = _weigh(ride.part(sound))
    return replace(answer, reasons=[*answer.reasons, f"without {left_out} rows of impossible values"])


def _sound_rows(ride: Ride, wild: float) -> NDArray[np.bool_]:
    """Rows whose voltage and current are of the size of the others, shape (rows,)."""
    size = np.abs(np.nan_to_num(ride.current))
    sound = np.ones(len(size), bool)
    flowing = size[size > NO_CURRENT]
    if len(flowing):
        sound &= size <= max(wild, _WILD_CURRENT * float(np.quantile(flowing, 0.9)))
    if ride.voltage is not None and (ride.voltage > 0).any():
        share = np.nan_to_num(ride.voltage / float(np.median(ride.voltage[ride.voltage > 0])), nan=1.0)
        low = share < SOUND_VOLTAGE[0]
        # A voltage that stays down to the end is that of a supply that is gone.
        low[int(np.flatnonzero(~low)[-1]) + 1 :] = False
        sound &= ~low & (share <= SOUND_VOLTAGE[1])
    return sound


def _weigh(ride: Ride) -> SignAnswer:
    known = np.isfinite(ride.current)
    if not known.any() or float(np.nanmax(np.abs(ride.current))) <= NO_CURRENT:
        return SignAnswer(1.0, ["no current flows in this file"], witnessed=False)
    votes = [
        vote
        for vote in (
            _by_charging(ride),
            _by_power(ride),
            by_steps(ride),
            by_clear_steps(ride),
            _by_motion(ride.current, ride.speed, _MOVING, "while the vehicle moves"),
            _by_motion(ride.current, ride.duty, _TURNING, "while the motor turns"),
            _by_charge(ride, ride.soc, _CHARGE_CHANGE, -1.0, "the state of charge"),
            _by_charge(ride, ride.remaining, _CAPACITY_CHANGE, -1.0, "the remaining capacity"),
            _by_charge(ride, ride.used, _CAPACITY_CHANGE, 1.0, "the counter of used charge"),
            _by_charge(ride, ride.charged, _CAPACITY_CHANGE, -1.0, "the counter of charge put in"),
            _by_charge(ride, ride.used_energy, _ENERGY_CHANGE, 1.0, "the counter of used energy"),
            _by_charge(ride, ride.energy_left, _ENERGY_CHANGE, -1.0, "the energy left"),
            _by_one_way(ride),
            by_level(ride),
            by_same_current(ride),
        )
        if vote is not None
    ]
    strong = any(abs(weight) >= STRONG for weight, _ in votes)
    switches = (
        _by_switch(ride.current, ride.discharge_fet, ride.charge_fet, 1, "the discharge FET", strong),
        _by_switch(ride.current, ride.charge_fet, ride.discharge_fet, -1, "the charge FET", strong),
    )
    votes += [vote for vote in switches if vote is not None]
    total = sum(weight for weight, _ in votes)
    reasons = [reason for weight, reason in votes if weight * total > 0]
    weights = tuple(weight for weight, _ in votes)
    if abs(total) < _NEEDED or any(abs(weight) >= STRONG for weight in weights if weight * total < 0):
        return SignAnswer(0.0, reasons, standby=_at_rest(ride), votes=weights)
    return SignAnswer(float(np.sign(total)), reasons, votes=weights)


def _at_rest(ride: Ride) -> bool:
    """Whether the battery of the table was never used."""
    size = np.abs(ride.current[np.isfinite(ride.current)])
    return bool(
        ride.of_battery
        and size.max() <= _LEAST_USE_A
        and np.count_nonzero(size <= _STANDBY_A) >= _NEARLY_ALWAYS * len(size)
    )


def _by_charging(ride: Ride) -> tuple[int, str] | None:
    if ride.charging is None:
        return None
    flowing = np.isfinite(ride.charging) & (np.abs(ride.current) > NO_CURRENT)
    charge = ride.current[flowing & (ride.charging > 0.5)]
    discharge = ride.current[flowing & (ride.charging < 0.5)]
    score = float(np.sum(np.sign(discharge)) - np.sum(np.sign(charge)))
    count = len(charge) + len(discharge)
    if count < 3 or abs(score) < 0.8 * count:
        return None
    # A column that says one thing all along may be the state of a switch: it can be outvoted.
    weight = STRONG if len(charge) and len(discharge) else FAIR
    return int(np.sign(score)) * weight, f"the column that tells charging from discharging ({count} rows)"


def _by_power(ride: Ride) -> tuple[int, str] | None:
    if ride.power is None:
        return None
    product = ride.power * ride.current
    product = product[np.isfinite(product)]
    total = float(np.sum(np.abs(product)))
    if not total or abs(float(np.sum(product))) < 0.8 * total:
        return None
    return int(np.sign(np.sum(product))) * STRONG, "the powers that are logged for each direction"


def _by_switch(
    current: NDArray[np.float64],
    switch: NDArray[np.float64] | None,
    other: NDArray[np.float64] | None,
    direction: int,
    which: str,
    doubted: bool,
) -> tuple[int, str] | None:
    """A switch that opens alone ends a current of its own direction.

    A single time may be the throttle that is let go before the braking which opens the charge FET: with a strong witness
    beside it (`doubted`) it hardly counts.
    """
    if switch is None:
        return None
    opens = np.flatnonzero((switch[:-1] == 1) & (switch[1:] == 0))
    if other is not None:
        opens = opens[other[opens + 1] == 1]
    # A BMS may tell the switch a row before or after the current.
    before = np.maximum(opens - 1, 0)
    after = np.minimum(opens + 2, len(current) - 1)
    largest = np.where(np.abs(current[opens]) > np.abs(current[before]), current[opens], current[before])
    # A regeneration just before is no witness: the rows before it must run the same way.
    usual = np.array([np.nansum(current[max(0, row - _ROWS_BEFORE) : row + 1]) for row in opens])
    with np.errstate(invalid="ignore"):
        cut = (np.abs(largest) >= SWITCHED) & (np.abs(current[after]) <= _LEFT * np.abs(largest))
        cut &= np.sign(usual) == np.sign(largest)
    votes = np.sign(largest[cut])
    if not len(votes) or len(set(votes.tolist())) > 1:
        return None
    weight = WEAK if doubted and len(votes) == 1 else FAIR
    return int(votes[0]) * direction * weight, f"the current that ends when {which} opens"


def _by_motion(
    current: NDArray[np.float64], motion: NDArray[np.float64] | None, least: float, when: str
) -> tuple[int, str] | None:
    if motion is None:
        return None
    moving = np.isfinite(motion) & (np.abs(motion) > least) & np.isfinite(current)
    if int(moving.sum()) < FEWEST_MOVING:
        return None
    mean = float(np.mean(current[moving]))
    size = float(np.mean(np.abs(current[moving])))
    if size <= NO_CURRENT or abs(mean) < 0.5 * size:
        return None
    return int(np.sign(mean)) * FAIR, f"the current {when} (mean {mean:+.3g} A as logged)"


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
    return int(np.sign(agreement)) * STRONG, text


def _by_one_way(ride: Ride) -> tuple[int, str] | None:
    """A state of charge that moves one way only, under a current that runs one way only."""
    if ride.soc is None:
        return None
    known = np.isfinite(ride.soc) & np.isfinite(ride.current)
    level, current = ride.soc[known], ride.current[known]
    net, total = float(np.sum(current)), float(np.sum(np.abs(current)))
    changes = np.diff(level)
    if total <= NO_CURRENT * len(current) or abs(net) < _ONE_WAY * total or not len(changes):
        return None
    change = float(level[-1] - level[0])
    if abs(change) < _ONE_STEP or (changes * change < 0).any():
        return None
    text = f"the state of charge, which only goes {'down' if change < 0 else 'up'} ({change:+.1%})"
    return -int(np.sign(change * net)) * FAIR, text
