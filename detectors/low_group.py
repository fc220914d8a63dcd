"""How likely a cell group lacks capacity, where neither its charge nor its resistance decides alone.

A group stands low because it was not balanced or because it holds less; a group resists because of a joint or because its
cells are worn or fewer. What a log shows of each is weighed: odds times ratios of how well either explains it.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from .capacity_of_ride import SHIFTS_V
from .cell_answers import Answer, extra_by_steps, slow_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.pack import CellEstimate
    from ridelog.ride import Track

    from .cell_charge import ChargeCourse, MissingCharge

#: Low capacity against no balance, of groups that stand low alone; engineering judgement.
_WEAK_ODDS: Final = 0.6
#: No sign is worth more than this, either way (its model may be wrong).
_MOST_RATIO: Final = 40.0
#: What a weak group lacks for each full charge taken, least and most, and what sound ones differ by.
_LACKS, _DIFFER = (0.10, 0.45), 0.025
#: Extra resistance of a weak group as a share (a lost parallel cell: as much as it holds less, worn cells more), how often
#: one has none, and the spread of sound groups.
_RESISTS, _RESISTS_NOT, _SOUND_SPREAD = (0.08, 0.75), 0.15, 0.06
#: Sound cells resist more when they are nearly empty: half as much again at 0 and an e-th part of that at 8 % (resistance
#: rises below 15 %); by make it is that or half of that.
_EMPTY_RISE, _EMPTY_SCALE = 0.5, 0.08
#: Charge of a low group and of the pack where no curve tells them: the group may be nearly empty.
_NO_COURSE: Final = (0.10, 0.25)
#: A group that was full with the others lacks this share of what was taken at most (it keeps 60 % of its capacity).
_MOST_LACK: Final = 0.67
#: What a cell's voltage is off by beside its charge (meter, curve), V.
_METER_V: Final = 0.005
#: Weak group against a joint where the offset at rest does not tell, up to this share of extra resistance; above it, seldom.
_JOINT_ODDS, _JOINT_SHARE, _SELDOM = 0.5, 0.9, 0.15
#: Slow part of a group's extra resistance as a share of it: with worn cells, and the spread of that; a joint has none.
_SLOW_SHARE, _SLOW_SPREAD, _NONE_SPREAD = 0.5, 0.2, 0.1
#: A slow part says that cells are worn, not that they hold less: it is worth no more than this for a weak group.
_MOST_FOR_WORN: Final = 4.0
#: By how much an offset differs from what the curves say, V, and how many such differences are independent on a ride.
_COURSE_V, _COURSE_ROWS = 0.008, 3.0
#: Offsets that fit are worth no more than this for a weak group: meters are off by as much.
_MOST_FOR_COURSE: Final = 3.0
#: Standard errors within which steps do not gainsay a resistance.
_SIGMAS: Final = 3.0


def low_group_is_weak(
    track: Track, estimate: CellEstimate, course: ChargeCourse | None, lacks: MissingCharge | None, cell: int
) -> float:
    """Probability that a group that stands low alone lacks capacity, 0..1; the alternative is that it was not balanced."""
    own, pack = course.when_low(cell) if course is not None else _NO_COURSE
    odds = _WEAK_ODDS * _by_growth(lacks) * _by_resistance(extra_share(track, estimate, cell), own, pack)
    odds *= _by_depth(course, cell)
    return odds / (1.0 + odds)


def resisting_group_is_weak(track: Track, estimate: CellEstimate, course: ChargeCourse | None, cell: int) -> float:
    """Probability that a group with more resistance and no offset at rest lacks capacity, 0..1; else it is a joint."""
    share = extra_share(track, estimate, cell)
    if share is None:
        return 0.0
    odds = _JOINT_ODDS * _by_course(course, cell) * (1.0 if share.value < _JOINT_SHARE else _SELDOM)
    slow, extra = slow_part(track, cell), share.value * estimate.median_resistance
    if slow is not None and extra > 0:
        seen, error = slow.value / extra, slow.error / extra
        worn = _normal(seen, _SLOW_SHARE, np.hypot(_SLOW_SPREAD, error))
        odds *= min(_ratio(worn, _normal(seen, 0.0, np.hypot(_NONE_SPREAD, error))), _MOST_FOR_WORN)
    return odds / (1.0 + odds)


def extra_share(track: Track, estimate: CellEstimate, cell: int) -> Answer | None:
    """Extra resistance of a group as a share of the median cell's: by the regression or by steps, the surer of the two."""
    answers = []
    median = estimate.median_resistance
    if np.isfinite(median) and median > 0 and np.isfinite(estimate.extra_resistance[cell]):
        others = np.delete(estimate.extra_resistance, cell)
        spread = 1.4826 * float(np.nanmedian(np.abs(others - np.nanmedian(others))))
        error = float(np.hypot(estimate.extra_resistance_error[cell], spread))
        answers.append(Answer(float(estimate.extra_resistance[cell]) / median, error / median))
    by_steps = extra_by_steps(track, cell)
    if by_steps is not None:
        answers.append(by_steps)
    return min(answers, key=lambda answer: answer.error) if answers else None


def resists_beyond(
    track: Track, estimate: CellEstimate, course: ChargeCourse | None, cell: int, least: float, *, apart: bool
) -> bool:
    """Whether a group resists by `least` (a share) more than what being emptier than the others makes of it.

    The regression may take a bend of the curve for resistance; where the steps of the current say otherwise, it did. Of a
    group that stands apart, as one at the top of LFP does, only the steps are believed.
    """
    own, pack = course.when_low(cell) if course is not None else (1.0, 1.0)
    empty = rise_when_empty(own, pack)
    by_steps = extra_by_steps(track, cell)
    if apart:
        return by_steps is not None and by_steps.value - empty >= max(least, _SIGMAS * by_steps.error)
    if by_steps is not None and by_steps.value + _SIGMAS * by_steps.error < least + empty:
        return False
    share = extra_share(track, estimate, cell)
    return share is not None and share.value - empty >= least


def slow_ohm(track: Track, estimate: CellEstimate, cell: int) -> float:
    """Slow part of a group's extra resistance, ohm: what it drops over a ride looks like an offset at rest.

    That of worn cells where the polls are too slow to see it.
    """
    slow = slow_part(track, cell)
    return max(slow.value if slow is not None else _SLOW_SHARE * float(estimate.extra_resistance[cell]), 0.0)


def rise_when_empty(own: float, pack: float) -> float:
    """Share by which a sound group resists more than the others because it is emptier; states of charge 0..1."""
    return _EMPTY_RISE * float(np.exp(-max(own, 0.0) / _EMPTY_SCALE) - np.exp(-max(pack, 0.0) / _EMPTY_SCALE))


def _by_growth(lacks: MissingCharge | None) -> float:
    """By whether what it lacks grows with the charge taken."""
    if lacks is None:
        return 1.0
    middle = (lacks.least + lacks.most) / 2
    error = float(np.hypot((lacks.most - lacks.least) / 4, lacks.noise))
    grows = float(np.mean(_normal(middle, np.linspace(*_LACKS, 8), np.hypot(error, 0.03))))
    return _ratio(grows, _normal(middle, 0.0, np.hypot(error, _DIFFER)))


def _by_resistance(share: Answer | None, own: float, pack: float) -> float:
    if share is None:
        return 1.0
    empty = rise_when_empty(own, pack)
    error = np.sqrt(_SOUND_SPREAD**2 + (empty / 2) ** 2 + share.error**2)
    sound = _normal(share.value, empty, error)
    resists = float(np.mean(_normal(share.value - empty, np.linspace(*_RESISTS, 12), np.hypot(error / 2, share.error))))
    return _ratio((1 - _RESISTS_NOT) * resists + _RESISTS_NOT * float(sound), sound)


def _by_depth(course: ChargeCourse | None, cell: int) -> float:
    """A group that was full with the others can lack no more than a share of what was taken since."""
    if course is None:
        return 1.0
    offset = min(float(course.offsets[-1, cell]) + _METER_V, 0.0)
    ratios = []
    for table in course.tables:
        own, pack = table.charge(course.levels[-1] + np.array([offset, 0.0]))
        ratios.append(float(pack - own) / max(1.0 - float(pack), 1e-3))
    beyond = max(min(ratios) / _MOST_LACK - 1.0, 0.0)
    return float(np.exp(-min(3.0 * beyond, 2.0)))


def _by_course(course: ChargeCourse | None, cell: int) -> float:
    """By whether its offsets on the way down are those of a group that holds less, or those of one that holds as much.

    Where the curve is flat, and shortly after a full charge, they are the same.
    """
    if course is None:
        return 1.0

    def fits(expected: NDArray[np.float64]) -> float:
        misfit = float(np.mean(((course.offsets[:, cell] - expected) / _COURSE_V) ** 2))
        return float(np.exp(-0.5 * _COURSE_ROWS * misfit))

    weak = []
    for table, shift in product(course.tables, SHIFTS_V):
        pack = table.charge(course.levels + shift)
        lacks = [np.clip(pack - (1.0 - pack) * lack, 0.0, 1.0) for lack in np.linspace(*_LACKS, 8)]
        weak.append(float(np.mean([fits(table.voltage(own) - table.voltage(pack)) for own in lacks])))
    # Which curve the cells follow, and where on it, is not known: the one that allows it most.
    return min(_ratio(max(weak), fits(np.zeros(len(course.levels)))), _MOST_FOR_COURSE)


def _normal(value: float, mean: float | NDArray[np.float64], error: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * ((value - mean) / error) ** 2) / error)


def _ratio(one: float | NDArray[np.float64], other: float | NDArray[np.float64]) -> float:
    return float(np.clip(one / np.maximum(other, 1e-30), 1 / _MOST_RATIO, _MOST_RATIO))
