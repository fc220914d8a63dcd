"""For how long a current was beyond a limit, by the polls of a board or by the rows of a controller beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import episodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: A limit is passed by this factor on the whole and by that in every row; engineering judgement with room for the error of
#: the current meter.
FAR, _EVERY_ROW = 1.3, 1.1
#: Two polls this many intervals apart at most have none missing between them.
_ONE_POLL: Final = 1.5
#: Interruptions of a current, s.
_JOIN_S: Final = 0.5
#: Share of a mean that the way of summing may change.
_ROUNDING: Final = 1e-9


def beyond(current: NDArray[np.float64], time: NDArray[np.float64], limit: float) -> list[tuple[int, int]]:
    """First and last row of the stretches above a limit: a little in every row, far on the whole."""
    found = episodes(current > _EVERY_ROW * limit, time, _JOIN_S)
    if not found:
        return []
    known = np.append(np.isfinite(current), False)
    edges = (np.array(found) + np.array((0, 1))).ravel()
    sums = np.add.reduceat(np.where(known, np.append(current, 0.0), 0.0), edges)[::2]
    means = sums / np.add.reduceat(known, edges, dtype=np.intp)[::2]
    return [
        (first, last)
        for (first, last), level in zip(found, (means / (FAR * limit)).tolist(), strict=True)
        if level > 1 + _ROUNDING or (level > 1 - _ROUNDING and np.nanmean(current[first : last + 1]) > FAR * limit)
    ]


def between(track: Track, current: NDArray[np.float64], first: int, last: int, limit: float) -> float:
    """Time that two polls or more show a current above the limit, s: between its crossings, less half a poll's interval.

    One poll may be a short peak, and so may two with one missing between them.
    """
    usual, time = track.log.interval_s, track.time
    if last == first or float(np.diff(time[first : last + 1]).max()) > _ONE_POLL * usual:
        return 0.0
    lasted = float(time[last] - time[first])
    for inside, outside in ((first, first - 1), (last, last + 1)):
        if 0 <= outside < len(time) and abs(float(time[outside] - time[inside])) <= _ONE_POLL * usual:
            above, below = float(current[inside] - limit), float(limit - current[outside])
            share = above / (above + below) if below > 0 else 1.0
            lasted += share * abs(float(time[outside] - time[inside]))
    return max(lasted - usual / 2, 0.0)


def by_controller(case: Case, track: Track, first: int, last: int, limit: float) -> float:
    """How long a single controller on the same clock drew as much around these polls of the BMS, s: it sees it better."""
    riding = [other for other in case.ride.riding if other.clock.aligned and other.has("battery_current")]
    if len(riding) != 1 or not track.clock.aligned or last == first:
        return 0.0
    near = track.clock.uncertainty_s + track.log.interval_s
    start, end = np.searchsorted(riding[0].time, (track.time[first] - near, track.time[last] + near))
    stretch = slice(int(start), int(end))
    found = beyond(riding[0].values("battery_current")[stretch], riding[0].time[stretch], limit)
    return max((float(riding[0].time[stretch][b] - riding[0].time[stretch][a]) for a, b in found), default=0.0)
