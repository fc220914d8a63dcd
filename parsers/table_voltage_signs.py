"""What the voltage of an unknown table says about the direction of its current."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .current_sign import current_sign
from .table_ride import FAIR, FEWEST_MOVING, NO_CURRENT, STRONG, SWITCHED, WEAK, Ride

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A few steps of load count from this number, this correlation and this value of Student's t on: chance reaches it once
#: in some hundred files of that length (engineering judgement, a short bench log has no more).
_FEW_STEPS = 5
_CLEAR_CORRELATION = 0.7
_CERTAINTY = 6.0
#: Steps of load are looked for over about these times, s: the charge of a battery matters in none of them. A smooth
#: ride has none within a second (engineering judgement).
_LAGS = (1.0, 3.0, 10.0)
#: A clear step of load is this part of the largest current, and the voltage answers by so much of itself, so many times
#: more than between other rows; more than the upper limit is no battery, but a bus that lost it (engineering judgement).
_CLEAR_STEP = 0.4
_CLEAR_ANSWER = (0.003, 0.15)
_ABOVE_NOISE = 5.0
#: Below this part of the usual voltage a bus has lost its supply.
_LOST = 0.7
#: Parts of a file whose mean currents are as near as this are compared for the level of the voltage; this part of the
#: current runs one way, and the voltage changes by at least this much of itself (engineering judgement: neither the
#: recovery of a battery nor its warming does that at the same current).
_PARTS = 12
_SAME_CURRENT = 1.3
_ONE_WAY = 0.95
_LEVEL_CHANGE = 0.015


def by_steps(ride: Ride) -> tuple[int, str] | None:
    """The voltage falls when more current is drawn."""
    if ride.voltage is None:
        return None
    usable = _on_supply(ride, ride.voltage)
    voltage, current = ride.voltage[usable], ride.current[usable]
    for lag in _LAGS:
        sign = current_sign(ride.seconds[usable], voltage, current, lag)
        if sign.factor:
            text = f"the voltage at {sign.steps} steps of load (correlation {sign.correlation:+.2f})"
            return int(sign.factor) * STRONG, text
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
    return -int(np.sign(correlation)) * STRONG, text


def by_clear_steps(ride: Ride) -> tuple[int, str] | None:
    """Few steps, but clear ones: the voltage falls as a load sets in, and that of a battery recovers as it ends.

    A bus behind a switch that opens falls as its load ends: without cells or switches in the table only loads that set
    in count.
    """
    if ride.voltage is None:
        return None
    usable = _on_supply(ride, ride.voltage)
    voltage, current = ride.voltage[usable], ride.current[usable]
    if len(voltage) < FEWEST_MOVING:
        return None
    steps, answers = np.diff(current), np.diff(voltage)
    large = np.abs(steps) >= max(SWITCHED, _CLEAR_STEP * float(np.max(np.abs(current))))
    share = np.abs(answers) / voltage[:-1]
    noise = float(np.median(np.abs(answers[~large]))) if (~large).any() else 0.0
    clear = large & (share >= _CLEAR_ANSWER[0]) & (share <= _CLEAR_ANSWER[1])
    clear &= np.abs(answers) >= _ABOVE_NOISE * noise
    sets_in = clear & (np.abs(current[1:]) > np.abs(current[:-1]))
    votes = np.sign(steps[clear] * answers[clear])
    if len(set(votes.tolist())) != 1 or (int(sets_in.sum()) < 2 and not ride.of_battery):
        return None
    return -int(votes[0]) * FAIR, f"the voltage at {len(votes)} clear steps of load"


def _on_supply(ride: Ride, voltage: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows in which the supply is there, and a current is known: a bus that has lost its battery answers to no load.

    Without load its voltage is lower than under load, or it falls after the last load of the file.
    """
    known = np.isfinite(voltage) & (voltage > 0) & np.isfinite(ride.current)
    if not known.any():
        return known
    known &= voltage > _LOST * float(np.median(voltage[known]))
    size = np.abs(np.nan_to_num(ride.current))
    loaded = known & (size >= 0.3 * float(np.max(size)))
    if ride.of_battery or not loaded.any():
        return known
    idle = size <= 0.05 * float(np.max(size))
    lost = known & idle & (voltage < float(np.min(voltage[loaded])))
    last = int(np.flatnonzero(~idle)[-1]) if (~idle).any() else len(size)
    if lost[last + 1 :].any():
        known[last + 1 :] = False
    supplied: NDArray[np.bool_] = known & ~lost
    return supplied


def by_level(ride: Ride) -> tuple[int, str] | None:
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
    if abs(last - first) < 0.01 * first or abs(mean) < 0.5 * usual or usual <= NO_CURRENT:
        return None
    text = f"the voltage under light load, first and last ({first:.4g} V, {last:.4g} V)"
    return int(np.sign((first - last) * mean)) * WEAK, text


def by_same_current(ride: Ride) -> tuple[int, str] | None:
    """A current that runs one way all through raises or lowers the voltage it finds at the same current later."""
    if ride.voltage is None:
        return None
    usable = np.flatnonzero(_on_supply(ride, ride.voltage))
    if len(usable) < 2 * _PARTS:
        return None
    current = ride.current[usable]
    net, total = float(np.sum(current)), float(np.sum(np.abs(current)))
    if total <= NO_CURRENT * len(current) or abs(net) < _ONE_WAY * total:
        return None
    parts = np.array_split(usable, _PARTS)
    flows = np.array([abs(float(np.mean(ride.current[part]))) for part in parts])
    levels = np.array([float(np.mean(ride.voltage[part])) for part in parts])
    changes = [
        (levels[later] - levels[first]) / levels[first]
        for first in range(_PARTS // 3)
        for later in range(2 * _PARTS // 3, _PARTS)
        if 1 / _SAME_CURRENT <= flows[later] / max(flows[first], 1e-9) <= _SAME_CURRENT
    ]
    if not changes or abs(float(np.median(changes))) < _LEVEL_CHANGE or len(set(np.sign(changes).tolist())) > 1:
        return None
    change = float(np.median(changes))
    text = f"the voltage at the same current, early and late ({change:+.1%})"
    return -int(np.sign(change * net)) * FAIR, text
