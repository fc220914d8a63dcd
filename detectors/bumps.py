"""Whether openings of the power path come with bumps of the road, by the acceleration that some controllers log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ridelog.episodes import rolling_extreme

if TYPE_CHECKING:
    from ridelog.ride import Track

#: A bump and what it shakes loose lie within this time, s; a log slower than this a row does not show bumps.
_AROUND_S, _SLOWEST_S = 0.5, 0.2
#: Openings that lie in the roughest rows of the ride by more than chance: this probability at the most (engineering judgement),
#: from so many openings and rows.
_CHANCE, _FEWEST, _FEWEST_ROWS = 0.05, 3, 300


def come_with_bumps(track: Track, openings: list[tuple[int, int]]) -> bool:
    """Tell whether openings fall into the roughest moments of a ride more than chance lets them (COM-02).

    Args:
        track: A controller log; without an acceleration in g, or slower than five rows a second, nothing is told.
        openings: First and last row of each.
    """
    axes = [track.values(f"acceleration_{axis}") for axis in "xyz"]
    known = [axis for axis in axes if np.isfinite(axis).all()]
    rows = track.log.rows
    if not known or len(openings) < _FEWEST or rows < _FEWEST_ROWS or track.log.interval_s > _SLOWEST_S:
        return False
    jerk = np.sqrt(np.sum([np.diff(axis, prepend=axis[0]) ** 2 for axis in known], axis=0))
    reach = max(int(_AROUND_S / max(track.log.interval_s, 1e-3)), 1)
    rough = rolling_extreme(jerk, reach, highest=True)
    order = np.sort(rough)
    # Share of the ride that is at least as rough as each opening; the product of chance values has a known distribution.
    share = np.array([1.0 - np.searchsorted(order, rough[first], side="left") / rows for first, _ in openings])
    logs = -float(np.log(np.maximum(share, 1.0 / rows)).sum())
    terms = np.cumprod(np.concatenate(([1.0], logs / np.arange(1, len(openings)))))
    return float(np.exp(-logs) * terms.sum()) <= _CHANCE
