"""Two logs: from what both saw to how their clocks relate, or why that cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import ClockFit, ClockPiece

from .bases import agrees, between_clocks, wall_clock_offset
from .correlation import Correlogram, Peak, grid_step, on_grid
from .fine import Fine, Windows
from .fitting import Line, lines
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
#: Least correlation of the coarse search, and least ratio of the highest peak to the next (methods of alignment).
_LEAST_CORRELATION, _LEAST_RATIO = 0.5, 1.3
#: Least height of a peak in standard deviations of chance; thousands of offsets reach 4 to 5 by chance.
_LEAST_SCORE: Final = 6.0
#: Least correlation with what the slower log would have shown, for the same quantity and for another one.
_LEAST_FINE, _LEAST_FINE_OTHER = 0.7, 0.55
#: Agreement from fewer separate stretches than this is a single event, which other rides have too.
_LEAST_FEATURES: Final = 3.0
#: Delay between measuring and stamping that no comparison can see: radio and app, s (methods of alignment).
RADIO_S: Final = 0.3
_REACH_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Match:
    """Where two signals belong together."""

    lines: tuple[Line, ...]
    correlation: float
    systematic_s: float
    quantity: str


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
        match = _match(first, second, sign, wall_clock_offset(reference.clock, log.clock))
        if not isinstance(match, str):
            return _fit(reference, log, match)
        reasons.append(match)
    if not reasons:
        return ClockFit(False, "Not aligned: the two logs have no quantity in common.", method="none")
    return ClockFit(False, f"Not aligned: {reasons[0]}.", method="none")


def _match(first: Signal, second: Signal, sign: int, wall_s: float | None) -> _Match | str:
    step = grid_step(first, second)
    slower_s = max(first.interval_s, second.interval_s)
    smooth = slower_s if slower_s > 1.5 * min(first.interval_s, second.interval_s) else 0.0
    grids = [on_grid(source, step, smooth if source.interval_s < slower_s else 0.0) for source in (first, second)]
    search = Correlogram(grids[0], grids[1], slower_s)
    peaks = [peak for peak in search.peaks() if not sign or peak.score * sign > 0]
    if not peaks:
        return "the two logs do not overlap for long enough in any way they could be laid over each other"
    best, ratio = peaks[0], abs(peaks[0].score) / max((abs(peak.score) for peak in search.peaks()[1:]), default=1e-9)
    if abs(best.score) < _LEAST_SCORE:
        return f"no offset stands out in the {first.quantity}: the logs may not overlap, or too little happens in them"
    tied = ratio < _LEAST_RATIO
    if tied and not (agrees(best.offset_s, wall_s, 5.0) and not _rivals(peaks, best, wall_s)):
        return "several offsets fit about equally well: the riding repeats itself, or the logs do not overlap"
    if search.features(best.offset_s) < _LEAST_FEATURES and not agrees(best.offset_s, wall_s, 60.0):
        return "only a single event looks alike in both logs, and their clocks do not confirm that it is the same"
    return _refined(first, second, best)


def _rivals(peaks: list[Peak], best: Peak, wall_s: float | None) -> bool:
    return any(peak is not best and agrees(peak.offset_s, wall_s, 60.0) for peak in peaks)


def _refined(first: Signal, second: Signal, peak: Peak) -> _Match | str:
    sign = 1.0 if peak.correlation > 0 else -1.0
    swapped = second.interval_s < first.interval_s
    faster, slower = (second, first) if swapped else (first, second)
    offset = -peak.offset_s if swapped else peak.offset_s
    fine = Fine(faster, slower, offset, sign)
    if len(fine.time) < 8:
        return "the two logs share too few rows"
    width = fine.width(max(1.5 * slower.interval_s, 1.5))
    windows = fine.windows(width, max(_REACH_S, 2 * slower.interval_s))
    matched = windows.matched
    whole = fine.correlation(width)
    same = first.quantity == second.quantity
    least = _LEAST_FINE if same else _LEAST_FINE_OTHER
    if int(matched.sum()) < 2:
        matched = windows.lively & (windows.correlation >= least)
    share = float(matched.sum()) / max(int(windows.lively.sum()), 1)
    if max(whole, _typical(windows)) < least or not matched.any() or share < 0.4:
        return f"the {first.quantity} of the two logs looks alike at one offset, but not closely enough to rely on it"
    fallback = 0.15 * slower.interval_s + 0.05
    found = lines(windows.time[matched], offset + windows.shift_s[matched], fallback)
    if swapped:
        found = [_turned(line) for line in found]
    # The widths that fit as well, and the tenth of an interval that their grid is coarse.
    systematic = RADIO_S + 0.5 * max(width.error_s, 0.25 * slower.interval_s)
    return _Match(tuple(found), whole, systematic, first.quantity if same else "activity")


def _typical(windows: Windows) -> float:
    scores = windows.correlation[windows.lively]
    return float(np.median(scores)) if len(scores) else 0.0


def _turned(line: Line) -> Line:
    """The same line seen from the other log: its stamps, and the opposite offset."""
    middle = line.middle_s + line.offset_s
    return Line(
        line.start_s + line.at(line.start_s),
        middle,
        -line.offset_s,
        -line.drift,
        line.scatter_s,
        line.error_s,
        line.windows,
    )


def _fit(reference: Log, log: Log, match: _Match) -> ClockFit:
    pieces = []
    for number, line in enumerate(match.lines):
        start = 0.0 if number == 0 else line.start_s
        pieces.append(ClockPiece(start, line.at(start), line.drift * 1e6))
    error = max(line.error_s for line in match.lines)
    scatter = max(line.scatter_s for line in match.lines)
    windows = sum(line.windows for line in match.lines)
    method = match.quantity if match.quantity in ("current", "voltage") else "activity"
    reason = (
        f"By the {match.quantity} of both logs: {windows} stretches agree within {scatter:.2g} s, correlation "
        f"{match.correlation:.2f}."
    )
    if len(pieces) > 1:
        reason += f" A clock was set {len(pieces) - 1} times on the way."
    reason += between_clocks(reference.clock, log.clock, pieces[0].offset_s)
    uncertainty = match.systematic_s + 2 * error
    return ClockFit(True, reason, tuple(pieces), uncertainty, scatter, match.systematic_s, method)
