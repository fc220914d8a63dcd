"""Two signals: at which offset they belong together, how surely, or why that cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .bases import QUARTER_HOUR_S, agrees
from .correlation import Correlogram, Peak, grid_step, on_grid
from .fine import Fine, Windows
from .fitting import Line, lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .signals import Signal

#: Least correlation of the coarse search, and least ratio of the highest peak to the next (methods of alignment).
_LEAST_CORRELATION, _LEAST_RATIO = 0.5, 1.3
#: Largest probability, as a natural logarithm, that chance made the peak: 1 in 10,000.
_BY_CHANCE: Final = -9.2
#: The same where the stamps of both clocks say so, too: 1 in 400 (engineering judgement).
_BY_CHANCE_AND_CLOCKS: Final = -6.0
#: Least correlation with what the slower log would have shown, for the same quantity and for another one.
_LEAST_FINE, _LEAST_FINE_OTHER = 0.7, 0.55
#: Agreement from fewer separate stretches than this is a single event, which other rides have too.
_LEAST_FEATURES: Final = 3.0
#: Delay between measuring and stamping that no comparison can see: radio and app, s (methods of alignment).
RADIO_S: Final = 0.3
_REACH_S: Final = 3.0
#: Stamps of two clocks that are set, up to a time zone, differ by less than this, s; engineering judgement.
_STAMPS_S: Final = 5.0
#: Fastest drift between two clocks that is followed over a whole ride.
_MOST_DRIFT: Final = 300e-6
#: So many windows that found their place count although the rest of the ride lies elsewhere.
_FEWEST_BY_THEMSELVES: Final = 4
#: Two peaks are rivals when windows that fit one fit the other, too; less than this share and each has its own part.
_SHARED: Final = 0.3


@dataclass(frozen=True, slots=True)
class Match:
    """Where two signals belong together; times are those of the second log's own clock.

    Attributes:
        lines: Offset over time, what is added to the second log's stamps to get the first one's.
        correlation: Correlation over all that both saw.
        systematic_s: What the comparison cannot see, s.
        quantity: What was compared.
        method: "current", "voltage" or "activity".
        windows_s: Middles of the lively windows, shape (n,).
        fits: Which of them found their place, shape (n,).
        sign: -1 when one signal falls where the other rises, else 1.
    """

    lines: tuple[Line, ...]
    correlation: float
    systematic_s: float
    quantity: str
    method: str
    windows_s: NDArray[np.float64]
    fits: NDArray[np.bool_]
    sign: float

    @property
    def offset_s(self) -> float:
        """Offset of the longest line at its middle."""
        return max(self.lines, key=lambda line: line.windows).offset_s

    @property
    def matched(self) -> int:
        """Number of windows that found their place."""
        return int(self.fits.sum())

    @property
    def lively(self) -> int:
        """Number of windows in which enough happens."""
        return len(self.fits)

    def at(self, seconds: float) -> float:
        """Offset at a moment."""
        held = [line for line in self.lines if line.start_s <= seconds]
        return (held[-1] if held else self.lines[0]).at(seconds)

    def covers(self, begin_s: float, end_s: float) -> bool:
        """Tell whether most lively windows of a stretch found their place, or it has none."""
        inside = (self.windows_s >= begin_s) & (self.windows_s <= end_s)
        return bool(inside.any()) and float(np.mean(self.fits[inside])) >= 0.5


def match(first: Signal, second: Signal, sign: int, wall_s: float | None) -> Match | str:
    """Find where two signals belong together.

    Args:
        first: Signal of the log whose clock is kept.
        second: Signal of the other log.
        sign: 1 when both rise together, -1 when one falls, 0 when the sign may be wrong.
        wall_s: Offset by the clocks themselves, None if they say nothing; only decides between equals.

    Returns:
        The match, or the reason why there is none.
    """
    if min(len(first.time), len(second.time)) < 12:
        return "one of the logs has too few rows"
    step = grid_step(first, second)
    slower_s = max(first.interval_s, second.interval_s)
    smooth = slower_s if slower_s > 1.5 * min(first.interval_s, second.interval_s) else 0.0
    grids = [on_grid(source, step, smooth if source.interval_s < slower_s else 0.0) for source in (first, second)]
    search = Correlogram(grids[0], grids[1], slower_s)
    every = search.peaks()
    peaks = [peak for peak in every if not sign or peak.score * sign > 0]
    if not peaks:
        return "the two logs do not overlap for long enough in any way they could be laid over each other"
    best = peaks[0]
    if search.by_chance(best) > _BY_CHANCE or abs(best.correlation) < _LEAST_CORRELATION:
        stamped = _by_the_clocks(search, best, sign, wall_s)
        if stamped is None:
            return (
                f"no offset stands out in the {first.quantity}: the logs may not overlap, or too little happens in them"
            )
        best = stamped
    if search.features(best.offset_s) < _LEAST_FEATURES and not agrees(best.offset_s, wall_s, 60.0):
        return "only a single event looks alike in both logs, and their clocks do not confirm that it is the same"
    found = _refined(first, second, best)
    if isinstance(found, str):
        return found
    rivals = [
        peak
        for peak in every
        if abs(peak.offset_s - best.offset_s) > search.apart_s and abs(peak.score) * _LEAST_RATIO > abs(best.score)
    ]
    if rivals and not _confirmed(best, rivals, wall_s) and any(_contradicts(first, second, found, r) for r in rivals):
        return "several offsets fit about equally well: the riding repeats itself, or the logs do not overlap"
    return found


def _by_the_clocks(search: Correlogram, best: Peak, sign: int, wall_s: float | None) -> Peak | None:
    """The peak where the clocks themselves say, when none elsewhere is much higher and chance hardly explains it.

    On a short overlap no offset stands out from all the others there could be; from the few that the stamps allow it can.
    """
    if wall_s is None:
        return None
    rest = (search.offset_s - wall_s + QUARTER_HOUR_S / 2) % QUARTER_HOUR_S - QUARTER_HOUR_S / 2
    found = search.best_at(np.abs(rest) <= _STAMPS_S)
    if found is None:
        return None
    peak, chance = found
    if chance > _BY_CHANCE_AND_CLOCKS or abs(peak.correlation) < _LEAST_CORRELATION or peak.score * sign < 0:
        return None
    return peak if abs(peak.score) * _LEAST_RATIO > abs(best.score) else None


def _confirmed(best: Peak, rivals: list[Peak], wall_s: float | None) -> bool:
    """Tell whether the clocks themselves speak for the highest peak and against all others."""
    return agrees(best.offset_s, wall_s, 5.0) and not any(agrees(peak.offset_s, wall_s, 60.0) for peak in rivals)


def _contradicts(first: Signal, second: Signal, found: Match, rival: Peak) -> bool:
    """Tell whether another offset fits the same windows; one that fits others only shows that a clock was set."""
    other = _refined(first, second, rival)
    if isinstance(other, str):
        # What cannot be told apart coarsely, and not be refined, leaves the first in doubt as well.
        return rival.correlation * found.sign > 0
    mine, theirs = found.windows_s[found.fits], other.windows_s[other.fits]
    if not len(mine) or not len(theirs):
        return True
    near = np.abs(theirs[:, None] - mine[None, :]).min(axis=1) < 15.0
    return float(np.mean(near)) > _SHARED


def _refined(first: Signal, second: Signal, peak: Peak) -> Match | str:
    sign = 1.0 if peak.correlation > 0 else -1.0
    swapped = second.interval_s < first.interval_s
    faster, slower = (second, first) if swapped else (first, second)
    offset = -peak.offset_s if swapped else peak.offset_s
    fine = Fine(faster, slower, offset, sign)
    if len(fine.time) < 8:
        return "the two logs share too few rows"
    width = fine.width(max(1.5 * slower.interval_s, 1.5))
    windows = fine.windows(width, max(_REACH_S, 2 * slower.interval_s, _MOST_DRIFT * slower.duration_s / 2))
    fits = windows.matched
    whole = fine.correlation(width)
    same = first.quantity == second.quantity
    least = _LEAST_FINE if same else _LEAST_FINE_OTHER
    if int(fits.sum()) < 2:
        fits = windows.lively & (windows.correlation >= least)
    if not fits.any() or (max(whole, _typical(windows)) < least and int(fits.sum()) < _FEWEST_BY_THEMSELVES):
        return f"the {first.quantity} of the two logs looks alike at one offset, but not closely enough to rely on it"
    fallback = 0.15 * slower.interval_s + 0.05
    found = lines(windows.time[fits], offset + width.between_s + windows.shift_s[fits], fallback)
    times = windows.time[windows.lively]
    if swapped:
        times = times + found[0].offset_s
        found = [_turned(line) for line in found]
    return Match(
        tuple(found),
        whole,
        # The widths that fit as well, and the coarseness of their grid.
        RADIO_S + 0.5 * max(width.error_s, 0.25 * slower.interval_s),
        first.quantity if same else f"{first.quantity} and {second.quantity}",
        first.quantity if same and first.quantity in ("current", "voltage") else "activity",
        times,
        fits[windows.lively],
        sign,
    )


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
        line.end_s + line.at(line.end_s),
    )
