"""Two logs: from what both saw to how their clocks relate, or why that cannot be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import ClockFit, ClockPiece

from .bases import between_clocks, wall_clock_offset
from .matching import Match, match
from .segments import boundaries, stretches
from .signals import Signal, signal

if TYPE_CHECKING:
    from ridelog.log import Log

#: Quantities compared, in order: of the reference, of the other log, and the sign they must agree with (0 for any).
_PAIRS: Final = (
    ("current", "current", 0),
    ("voltage", "voltage", 1),
    ("speed", "speed", 1),
    ("current", "voltage", -1),
    ("voltage", "current", -1),
    ("acceleration", "current", 1),
    ("current", "acceleration", 1),
)
#: A stretch lies elsewhere when its own offset differs by this from the rest's, s.
_ELSEWHERE_S: Final = 0.4
#: Share of the lively windows that must have found their place in the end.
_LEAST_SHARE: Final = 0.4


def align_pair(reference: Log, log: Log) -> ClockFit:
    """Find how the clock of a log relates to that of the reference log.

    Args:
        reference: Log whose clock is kept.
        log: Log to bring onto it.

    Returns:
        The fit; `aligned` is False, with the reason, when no offset stands out.
    """
    reasons: list[str] = []
    signals: dict[tuple[int, str], Signal | str] = {}
    wall = wall_clock_offset(reference.clock, log.clock)
    for one, other, sign in _PAIRS:
        for side, quantity, source in ((0, one, reference), (1, other, log)):
            if (side, quantity) not in signals:
                signals[side, quantity] = signal(source, quantity)
        first, second = signals[0, one], signals[1, other]
        if isinstance(first, str) or isinstance(second, str):
            if isinstance(first, str) and first:
                reasons.append(f"the reference log {first}")
            if isinstance(second, str) and second:
                reasons.append(f"this log {second}")
            continue
        found = _by_stretches(reference, log, first, second, sign, wall)
        if not isinstance(found, str):
            return _fit(reference, log, found)
        reasons.append(found)
    if not reasons:
        return ClockFit(False, "Not aligned: the two logs have no quantity in common.", method="none")
    return ClockFit(False, f"Not aligned: {reasons[0]}.", method="none")


def _by_stretches(
    reference: Log, log: Log, first: Signal, second: Signal, sign: int, wall: float | None
) -> list[tuple[float, Match]] | str:
    """Match the whole log, and apart from it the stretches that lie elsewhere because a clock was set.

    Returns:
        Start of each stretch on the log's own clock and its match, in order; or why there is none.
    """
    whole = match(first, second, sign, wall)
    cuts = boundaries(log)
    if not isinstance(whole, str):
        cuts = np.unique(np.concatenate((cuts, boundaries(reference) - whole.offset_s)))
    found: list[tuple[float, Match]] = [] if isinstance(whole, str) else [(0.0, whole)]
    if len(cuts):
        for begin, end in stretches(log, cuts):
            if not isinstance(whole, str) and whole.covers(begin, end):
                if found[-1][1] is not whole:
                    found.append((begin, whole))
                continue
            own = match(first, second.part(begin, end), sign, wall)
            if isinstance(own, str):
                continue
            if not isinstance(whole, str) and abs(own.at(begin) - whole.at(begin)) < _ELSEWHERE_S:
                continue
            found.append((begin, own))
    if isinstance(whole, str):
        return found or whole
    matches = {id(item): item for _, item in found}.values()
    if sum(item.matched for item in matches) < _LEAST_SHARE * whole.lively:
        return f"the {first.quantity} of the two logs looks alike at one offset, but only for a small part of the ride"
    return found


def _fit(reference: Log, log: Log, found: list[tuple[float, Match]]) -> ClockFit:
    pieces: list[ClockPiece] = []
    for number, (begin, item) in enumerate(found):
        end = found[number + 1][0] if number + 1 < len(found) else np.inf
        start = 0.0 if not number else begin
        for line in item.lines:
            from_here = start if line is item.lines[0] else max(line.start_s, start)
            if from_here < end and (line is item.lines[-1] or line.end_s > start):
                pieces.append(ClockPiece(from_here, line.at(from_here), line.drift * 1e6))
    every = [line for _, item in found for line in item.lines]
    error, scatter = max(line.error_s for line in every), max(line.scatter_s for line in every)
    matches = list({id(item): item for _, item in found}.values())
    main = max(matches, key=lambda item: item.matched)
    # Stamps cut to whole seconds lie up to a second early, and nobody says by how much the first one did.
    coarse = max(reference.clock.resolution_s, log.clock.resolution_s)
    systematic = max(item.systematic_s for item in matches) + (0.5 * coarse if coarse > 0.1 else 0.0)
    reason = (
        f"By the {main.quantity} of both logs: {sum(item.matched for item in matches)} stretches agree within "
        f"{scatter:.2g} s, correlation {main.correlation:.2f}."
    )
    if len(pieces) > 1:
        reason += f" A clock was set on the way: {len(pieces)} pieces."
    reason += between_clocks(reference.clock, log.clock, pieces[0].offset_s)
    return ClockFit(True, reason, tuple(pieces), systematic + 2 * error, scatter, systematic, main.method)
