"""What the cell decomposition says of each cell, told apart once for all detectors of cells.

A cell group differs from the median cell by a rest offset a (V), an extra resistance dR (ohm) and a share by which it
falls faster as the pack is emptied. Imbalance is an offset alone, or one that changes as the slope of the open-circuit
curve does; a joint is resistance alone; a weak group falls faster than its charge explains; a sense wire gives one cell
what it takes from its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .cell_charge import ChargeCourse, MissingCharge, charge_course
from .cell_reads import cell_reads
from .low_group import low_group_is_weak, resisting_group_is_weak, resists_beyond, slow_ohm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ridelog.battery.pack import CellEstimate
    from ridelog.detection import Case
    from ridelog.ride import Track

    from .cell_reads import CellReads

#: A rest offset counts from here, V (15 mV warn, methods of cell drift; 3-7 mV is what an active balancer holds, CELL-04).
OFFSET_V: Final = 0.015
#: An offset that matters, V.
OFFSET_HIGH_V: Final = 0.025
#: Extra resistance counts from this share of the median cell's resistance (engineering judgement with a floor of 4
#: robust standard deviations over the cells).
EXTRA_SHARE: Final = 0.25
#: A share of missing capacity that can be told.
CHARGE_SHARE: Final = 0.06
#: Robust standard deviations over the cells and standard errors of the estimate that a sign must exceed.
SIGMAS: Final = 4.0
#: Standard deviations of the other cells that a rest offset must exceed: of twenty ordinary cells one in a hundred packs
#: has one so far off.
OFFSET_SIGMAS: Final = 4.5
#: A group that falls so clearly faster than all others is weak although it stood with them when full: share of capacity,
#: standard errors, and multiples of what the other cells do (engineering judgement).
_CLEAR_SHARE, _CLEAR_SIGMAS, _CLEAR_TIMES = 0.08, 5.0, 6.0
#: A capacity that surely lacks less than this share is not the reason of an offset.
_ORDINARY_SHARE: Final = 0.10
#: Standard errors by which the least growth that any curve gives must exceed what counts; the fall in volts has its own
#: bound beside it.
_GROWTH_SIGMAS: Final = 2.0
#: A group so empty, while the pack has so much left, ends the ride alone (shares of a full cell; engineering judgement:
#: the curve falls steeply below 15 %).
_EMPTY_SHARE, _LEFT_SHARE = 0.15, 0.25
#: A low group so probably weak is called so; several that stand low together were hardly all weak, nor one that is sure to
#: be ordinary. One that ends the ride alone may be either. Engineering judgement.
_WEAK_FROM, _ONE_OF_SEVERAL, _EMPTY_FIRST = 0.9, 0.25, 0.5
#: Charge that shortens the ride as much as it says, share of a full cell, and several times what sound groups differ by.
_LACKING_SHARE: Final = 0.06
#: A low group this likely weak has no joint of its own beside that.
_NO_JOINT: Final = 0.1
#: Neighbours that stand opposite at rest by this much, in V, and whose sum stays within this share of the smaller one.
_PAIR_V, _PAIR_SUM = 0.020, 0.35
#: Standard deviations of all other cells by which both must stand apart, and how many times as far apart as on the fullest
#: quarter of a ride two cells are on its emptiest that differ in charge; and how far, as a share of what they differ by, a
#: level then lies from the line between its neighbours. Engineering judgement.
_PAIR_SIGMAS, _PARTS_TIMES, _JUMPS_SHARE = 4.0, 1.3, 0.2
#: A cell that is missing in more than this share of the polls may have lost its wire.
_LOST_SHARE: Final = 0.01


#: Of the charge of a group: it does not fall faster, nor clearly so, and may be ordinary or not.
_NOT_ASKED: Final = (False, False, False, None)


@dataclass(frozen=True, slots=True)
class CellSigns:
    """Cells by what is wrong with them, indices from 0.

    Attributes:
        weak: Low capacity.
        joint: Extra resistance alone.
        worn: Cells among those of `joint` of which the ride does not tell whether they lack capacity, with how likely that
            looks, 0..1.
        offset: Rest offset alone, a single cell or a few.
        lacking: Cells among those of `offset` that stood with the others for most of the ride, on a flat part of their curve,
            with the least share of a full cell that they lack where the pack was emptiest.
        empty_first: Cells among those of `offset` that are nearly empty while the pack is not.
        perhaps: Cells among those of `offset` that stand low and may lack capacity as well, with how likely that looks,
            0..1: the ride does not tell.
        pairs: First cell of each pair that a sense wire explains, in proportion to the current.
        offset_pairs: First cell of each pair that stands opposite by like amounts at rest and under load alike.
        spread: Difference of the highest and lowest rest offset without the cells above, V.
        scattered: Many cells are apart: a pack that was never balanced.
        when_low: Offset of each cell where the pack was emptiest, V, shape (cells,); the rest offset if not known.
    """

    weak: tuple[int, ...]
    joint: tuple[int, ...]
    worn: Mapping[int, float]
    offset: tuple[int, ...]
    lacking: Mapping[int, float]
    empty_first: tuple[int, ...]
    perhaps: Mapping[int, float]
    pairs: tuple[int, ...]
    offset_pairs: tuple[int, ...]
    spread: float
    scattered: bool
    when_low: NDArray[np.float64]


def cell_signs(case: Case, track: Track) -> CellSigns | None:
    """Tell the cells of one BMS log apart; None without a decomposition. Computed once for all detectors."""
    key = ("cell-signs", track.index)
    if key not in case.shared:
        estimate = case.pack.cells.get(track.index)
        case.shared[key] = (
            None
            if estimate is None
            else _told_apart(
                track, estimate, charge_course(case, track, estimate), _beside_unread(cell_reads(case, track))
            )
        )
    signs = case.shared[key]
    assert signs is None or isinstance(signs, CellSigns)
    return signs


def _told_apart(track: Track, estimate: CellEstimate, whole: ChargeCourse | None, beside: frozenset[int]) -> CellSigns:
    a = estimate.rest_offset
    extra = estimate.extra_resistance
    spread_a = max(_robust(a), 0.0015)
    spread_extra = max(_robust(extra), 1e-5)
    median = estimate.median_resistance
    pairs = tuple(_pairs(extra, spread_extra, median))
    known = a[np.isfinite(a)]
    far = np.abs(known - np.median(known)) > OFFSET_V if len(known) else np.zeros(0, dtype=bool)
    scattered = bool(np.count_nonzero(far) >= max(3, 0.3 * len(a)))
    offset_pairs = () if scattered else tuple(_offset_pairs(a, spread_a, whole))
    in_pair = {cell for first in (*pairs, *offset_pairs) for cell in (first, first + 1)}
    when_low = _when_low(estimate, whole)
    weak, joint, offset, empty_first = [], [], [], []
    perhaps, worn, lacking = {}, {}, {}
    for cell in range(len(a)):
        if cell in in_pair or cell in beside or not np.isfinite(a[cell]):
            continue
        spread_others = _spread_of_others(a, cell, spread_a)
        least = max(OFFSET_V, OFFSET_SIGMAS * spread_others, SIGMAS * _at(estimate.rest_offset_error, cell))
        apart = abs(a[cell]) > least
        resists = _resists(estimate, cell, spread_extra) >= EXTRA_SHARE
        course, low_v = whole, float(when_low[cell])
        if resists and whole is not None:
            course = whole.without_slow(cell, slow_ohm(track, estimate, cell))
            low_v = float(course.offsets[0, cell])
            apart &= a[cell] > 0 or a[cell] + float(np.mean(course.offsets - whole.offsets, axis=0)[cell]) < -least
        if not abs(a[cell]) > OFFSET_HIGH_V and course is not None and (share := _lacks_charge(course, cell)):
            lacking[cell], apart = share, True
        fallen = low_v < -max(OFFSET_V, 2 * spread_a) and low_v < a[cell]
        # What it lacks in charge is asked of a group that stands low, or fell there.
        asked = fallen or bool(apart and a[cell] < 0)
        loses, clearly, ordinary, lacks = _loses_charge(estimate, cell, course) if asked else _NOT_ASKED
        low = bool(apart and a[cell] < 0 and not ordinary)
        may = low_group_is_weak(track, estimate, course, lacks, cell) if low and not loses else 0.0
        if (apart and a[cell] < 0 and loses) or (clearly and fallen) or may > _WEAK_FROM:
            weak.append(cell)
            continue
        # Of a group that stands low, more resistance speaks for less capacity.
        if resists and may < _NO_JOINT and resists_beyond(track, estimate, course, cell, EXTRA_SHARE, apart=apart):
            joint.append(cell)
            worn[cell] = 0.0 if apart else resisting_group_is_weak(track, estimate, course, cell)
        if apart:
            offset.append(cell)
            own, pack = course.when_low(cell) if course is not None else (1.0, 1.0)
            if low and own < _EMPTY_SHARE and pack > _LEFT_SHARE:
                empty_first.append(cell)
                may = max(may, _EMPTY_FIRST)
            if low:
                perhaps[cell] = may
    if len(perhaps) > 1:
        # One group of a pack loses capacity; several that stand low together were not balanced.
        perhaps = {cell: min(may, _ONE_OF_SEVERAL) for cell, may in perhaps.items()}
    explained = sorted({*weak, *joint, *in_pair, *beside} - set(offset))
    others = np.delete(a, explained) if explained else a
    spread = float(np.nanmax(others) - np.nanmin(others)) if np.isfinite(others).any() else 0.0
    return CellSigns(
        tuple(weak),
        tuple(joint),
        worn,
        tuple(offset),
        {cell: lacking[cell] for cell in offset if cell in lacking},
        tuple(empty_first) if not scattered else (),
        perhaps if not scattered else {},
        pairs,
        offset_pairs,
        spread,
        scattered,
        when_low,
    )


def _beside_unread(reads: CellReads) -> frozenset[int]:
    """Cells whose neighbour is missing in polls that read the others: with a broken wire one shows the volts of both."""
    count = reads.cells.shape[1]
    gaps = reads.gaps(0.6 * count)
    if reads.whole or not gaps.polls:
        return frozenset()
    share = gaps.often / gaps.polls
    lost = np.flatnonzero((share > _LOST_SHARE) & (share < 1.0))
    return frozenset(int(cell) for near in (-1, 1) for cell in lost + near if 0 <= cell < count)


def _when_low(estimate: CellEstimate, course: ChargeCourse | None) -> NDArray[np.float64]:
    return estimate.rest_offset if course is None else np.asarray(course.offsets[0])


def _at(values: NDArray[np.float64], cell: int) -> float:
    return float(values[cell]) if len(values) > cell and np.isfinite(values[cell]) else 0.0


def _resists(estimate: CellEstimate, cell: int, spread: float) -> float:
    """Extra resistance as a share of the median cell's, 0 when it is not significant."""
    extra = _at(estimate.extra_resistance, cell)
    error = _at(estimate.extra_resistance_error, cell)
    if not np.isfinite(estimate.median_resistance) or estimate.median_resistance <= 0:
        return 0.0
    if extra < SIGMAS * max(spread, error):
        return 0.0
    return extra / estimate.median_resistance


def _lacks_charge(course: ChargeCourse, cell: int) -> float:
    """Share of a full cell that a group lacks where the pack was emptiest, 0 when it is not plain or does not matter."""
    low = course.offsets[0]
    if not low[cell] < -max(OFFSET_HIGH_V, OFFSET_SIGMAS * _spread_of_others(low, cell, max(_robust(low), 0.0015))):
        return 0.0
    share = course.lacking(cell)
    return share if share >= _LACKING_SHARE else 0.0


def _loses_charge(
    estimate: CellEstimate, cell: int, course: ChargeCourse | None
) -> tuple[bool, bool, bool, MissingCharge | None]:
    """Whether a cell falls faster than its charge explains, so clearly that it needs no offset, surely does not; what it lacks.

    It must leave both what stays the same in volts (a meter, a contact) and what stays the same in charge (imbalance).
    """
    slope, error = _at(estimate.charge_slope, cell), _at(estimate.charge_slope_error, cell)
    if not len(estimate.charge_slope) or not error > 0:
        return False, False, False, None
    others = np.abs(np.delete(estimate.charge_slope, cell))
    others = others[np.isfinite(others)]
    quiet = float(np.median(others)) if len(others) else 0.0
    loses = slope > max(CHARGE_SHARE, SIGMAS * error, 4 * quiet)
    clearly = slope > max(_CLEAR_SHARE, _CLEAR_SIGMAS * error, _CLEAR_TIMES * quiet)
    lacks = course.missing(cell) if course is not None else None
    if lacks is None:
        return False, False, False, None
    doubt = _GROWTH_SIGMAS * lacks.noise
    ordinary = lacks.most + doubt < _ORDINARY_SHARE
    loses &= lacks.least - doubt > CHARGE_SHARE
    return loses, clearly and lacks.least - doubt > _CLEAR_SHARE, ordinary, lacks


def _offset_pairs(a: NDArray[np.float64], spread: float, course: ChargeCourse | None) -> list[int]:
    """Neighbours that stand opposite by like amounts: the wire between them drops a voltage that neither cell lacks.

    Among cells that differ in charge two such neighbours turn up by chance: they must stand out from all others, and not
    part as the pack is emptied.
    """
    found = []
    for cell in range(len(a) - 1):
        one, other = a[cell], a[cell + 1]
        size = min(abs(one), abs(other))
        opposite = one * other < 0 and size > max(_PAIR_V, 3 * spread)
        if not opposite or abs(one + other) >= max(_PAIR_SUM * size, 2 * spread):
            continue
        others = np.delete(a, [cell, cell + 1])
        others = others[np.isfinite(others)]
        if size > _PAIR_SIGMAS * float(np.std(others, ddof=1) if len(others) > 2 else spread) and not _parts(
            course, cell
        ):
            found.append(cell)
    return found


def _parts(course: ChargeCourse | None, first: int) -> bool:
    """Whether two neighbours differ by more, the emptier the pack is: that is their charge, no wire.

    Charge parts them little by little; what jumps from one level of the pack to the next is a contact.
    """
    if course is None:
        return False
    apart = np.abs(course.offsets[:, first] - course.offsets[:, first + 1])
    few = max(len(apart) // 4, 1)
    jumps = float(np.median(np.abs(np.diff(apart, 2)))) if len(apart) > 2 else 0.0
    smooth = jumps < _JUMPS_SHARE * float(np.mean(apart))
    return smooth and bool(np.mean(apart[:few]) > _PARTS_TIMES * np.mean(apart[-few:]))


def _pairs(extra: NDArray[np.float64], spread: float, median: float) -> list[int]:
    """Neighbours with opposite extra resistance and a sum near zero: a tap on the wrong side of a resistive strap."""
    if not np.isfinite(median) or median <= 0:
        return []
    found = []
    for cell in range(len(extra) - 1):
        one, other = extra[cell], extra[cell + 1]
        size = min(abs(one), abs(other))
        if one * other < 0 and size > max(EXTRA_SHARE * median, SIGMAS * spread) and abs(one + other) < 0.35 * size:
            found.append(cell)
    return found


def _spread_of_others(a: NDArray[np.float64], cell: int, usual: float) -> float:
    """Standard deviation of the other cells, without those that are plainly apart, V.

    With ten to twenty cells the median deviation alone is a poor measure of their spread.
    """
    others = np.delete(a, cell)
    others = others[np.isfinite(others)]
    others = others[np.abs(others) <= SIGMAS * usual]
    return max(float(np.std(others, ddof=1)) if len(others) > 4 else usual, 0.0015)


def _robust(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(1.4826 * np.median(np.abs(known - np.median(known)))) if len(known) else 0.0
