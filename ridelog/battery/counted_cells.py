"""Series count from cells that were read one by one, checked against the voltage of the whole pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import Ride, Track

from .quantiles import row_medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A cell of any chemistry at work lies between these, in V.
_LOWEST_CELL_V: Final = 1.5
_HIGHEST_CELL_V: Final = 4.6
#: Pack voltage over mean cell may be this far from the count: what rounding does, and the gain error of a meter.
_OFF_WHOLE: Final = 0.35
_GAIN_ERROR: Final = 0.015
_SAMPLES: Final = 400


@dataclass(frozen=True, slots=True, eq=False)
class CountedCells:
    """Cells of one track.

    Attributes:
        track: Index of the track.
        counted: Cells that were read.
        listed: Cells up to the last one that ever gave a value; more than `counted` when some give nonsense.
        by_voltage: Pack voltage over the mean cell, None without a pack voltage of its own.
        pack_v: Median pack voltage in V (sum of the cells without one of its own).
        cell_v: Median voltage of the median cell in V.
        high_v: Highest voltage of the median cell in V.
        spread_v: Usual difference of the highest and the lowest cell in V, 0 when only their mean is read.
    """

    track: int
    counted: int
    listed: int
    by_voltage: float | None
    pack_v: float
    cell_v: float
    high_v: float
    spread_v: float = 0.0

    @property
    def agrees(self) -> bool:
        """The pack voltage fits the number of cells, or there is none to compare."""
        return self.by_voltage is None or abs(self.by_voltage - self.counted) <= max(
            _OFF_WHOLE, _GAIN_ERROR * self.counted
        )


def counted_cells(ride: Ride) -> tuple[CountedCells, ...]:
    """Count the cells of every track that reads cells, or their mean and the pack."""
    found = (_count(track) for track in ride.tracks)
    return tuple(item for item in found if item is not None)


def _count(track: Track) -> CountedCells | None:
    log = track.log
    pack = track.values("pack_voltage")
    measured = np.isfinite(pack).any() and not log.derived("pack_voltage")
    rows = np.arange(min(log.rows, _SAMPLES)) * log.rows // max(min(log.rows, _SAMPLES), 1)
    if log.has("cell_voltages"):
        cells = log.matrix("cell_voltages")[rows]
        plausible = (cells > _LOWEST_CELL_V) & (cells < _HIGHEST_CELL_V)
        seen = np.isfinite(cells).any(axis=1)
        if not seen.any():
            return None
        read = plausible[seen].mean(axis=0) > 0.5
        if read.sum() < 2:
            return None
        seen &= plausible[:, read].any(axis=1)
        cells, pack = cells[seen][:, read], pack[rows][seen]
        cells = np.where(plausible[seen][:, read], cells, np.nan)
        middle, mean = row_medians(cells), np.nanmean(cells, axis=1)
        ratio = _ratio(pack, mean) if measured else None
        listed = int(np.flatnonzero(np.isfinite(log.matrix("cell_voltages")[rows]).any(axis=0))[-1]) + 1
        whole = float(np.nanmedian(pack)) if np.isfinite(pack).any() else float(np.median(mean)) * int(read.sum())
        return CountedCells(
            track.index,
            int(read.sum()),
            listed,
            ratio,
            whole,
            float(np.nanmedian(middle)),
            float(np.nanmax(middle)),
            float(np.median(np.nanmax(cells, axis=1) - np.nanmin(cells, axis=1))),
        )
    mean = track.values("cell_voltage_average")
    if not np.isfinite(mean).any():
        mean = 0.5 * (track.values("cell_voltage_max") + track.values("cell_voltage_min"))
    mean = np.where((mean > _LOWEST_CELL_V) & (mean < _HIGHEST_CELL_V), mean, np.nan)
    if not np.isfinite(mean).any() or not measured:
        return None
    ratio = _ratio(pack, mean)
    if ratio is None:
        return None
    return CountedCells(
        track.index,
        max(1, round(ratio)),
        max(1, round(ratio)),
        ratio,
        float(np.nanmedian(pack)),
        float(np.nanmedian(mean)),
        float(np.nanmax(mean)),
    )


def seen_by_others(ride: Ride, item: CountedCells) -> float | None:
    """How many of a track's mean cells make the voltage that a controller or wheel on the same clock sees.

    Returns:
        The number, None where no other device is on the clock of the track, or where they never ran together.
    """
    board = ride.tracks[item.track]
    for track in ride.riding:
        if not (track.clock.aligned and board.clock.aligned and track.has("pack_voltage")):
            continue
        volts = track.values("pack_voltage")
        known = np.isfinite(volts)
        if known.sum() < 2:
            continue
        seen = np.interp(board.time, track.time[known], volts[known], left=np.nan, right=np.nan)
        cells = board.log.matrix("cell_voltages")
        mean = row_medians(np.where((cells > _LOWEST_CELL_V) & (cells < _HIGHEST_CELL_V), cells, np.nan))
        ratio = _ratio(seen, mean)
        if ratio is not None:
            return ratio
    return None


def _ratio(pack: NDArray[np.float64], mean: NDArray[np.float64]) -> float | None:
    both = np.isfinite(pack) & np.isfinite(mean) & (pack > 1.0)
    return float(np.median(pack[both] / mean[both])) if both.any() else None
