"""Rows of a BMS log that no pack can make: what its link garbled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.quantiles import quantiles
from ridelog.channels import CHANNELS
from ridelog.log import Role

from .cell_reads import cell_reads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

    from .cell_reads import CellReads

#: Cells that must be impossible in one poll: one alone is a sense wire.
_SEVERAL_CELLS: Final = 2
#: A loose sense wire spoils the same cell again, and its neighbour; this many different ones are no wire.
_WANDERING_CELLS: Final = 3
#: A single row this far from both neighbours, as a share, without a change of current, is no pack.
_JUMP_SHARE: Final = 0.12
#: Neighbours of such a row agree within this share of the voltage.
_NEAR_SHARE: Final = 0.05
#: A drained cell falls by less than this from one poll to the next, V.
_STEP_V: Final = 0.3
#: No pack gives more than its voltage over its resistance; so far beyond, for a resistance that is only part of the path.
_BEYOND_SHORT: Final = 2.0


def garbled_rows(case: Case, track: Track) -> NDArray[np.bool_]:
    """Rows in which cells, voltage or current are what no pack can make, shape (rows,)."""
    current = _possible_current(case, track)
    jumps = _lone_jumps(case, track, current)
    odd = jumps | (np.isfinite(track.values("battery_current")) & ~np.isfinite(current))
    return odd | _cells(cell_reads(case, track), odd)


def led_to(volts: NDArray[np.float64], low: float) -> NDArray[np.bool_]:
    """Rows to which the voltage of a cell fell step by step from a possible one: a pack that is drained to nothing."""
    stretch = np.cumsum(~(np.abs(np.diff(volts, prepend=volts[:1])) < _STEP_V))
    return np.asarray(np.isin(stretch, stretch[volts >= low]))


def _possible_current(case: Case, track: Track) -> NDArray[np.float64]:
    """The current, NaN where it is far beyond that of a short circuit of this pack."""
    current, volts = track.values("battery_current"), track.values("pack_voltage")
    residual = case.pack.residual.get(track.index)
    if track.log.role is not Role.BMS or residual is None or not residual.ohm > 0 or not np.isfinite(volts).any():
        return current
    if np.fmax.reduce(np.abs(current)) <= _BEYOND_SHORT * float(np.fmin.reduce(volts)) / residual.ohm:
        return current
    most = _BEYOND_SHORT * float(np.nanmedian(volts)) / residual.ohm
    return np.where(np.abs(current) > most, np.nan, current)


def _cells(reads: CellReads, odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Polls with several impossible cells, or one where something else is odd too, or one of ever another cell."""
    cells, channel = reads.cells, CHANNELS["cell_voltages"]
    least, most = reads.extremes
    if not (least < channel.low or most > channel.high):
        return np.zeros(len(cells), dtype=bool)
    with np.errstate(all="ignore"):
        outside = np.isfinite(cells) & ((cells < channel.low) | (cells > channel.high))
    for cell in np.flatnonzero(outside.any(axis=0)):
        outside[:, cell] &= ~(led_to(cells[:, cell], channel.low) & (cells[:, cell] < channel.low))
    count = outside.sum(axis=1)
    several = count >= _SEVERAL_CELLS
    alone = count == 1
    which = np.unique(np.argmax(outside, axis=1)[alone])
    # Neighbours share a wire.
    apart = 1 + int(np.count_nonzero(np.diff(which) > 1)) if len(which) else 0
    if apart < _WANDERING_CELLS:
        alone &= odd
    return np.asarray(several | alone)


def _lone_jumps(case: Case, track: Track, current: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Single rows whose voltage leaves both neighbours the same way while the neighbours agree.

    A slow board catches a short pull in one row: what the current explains is taken out first. It may read the current
    a moment before or after, so nothing counts either that the ordinary currents of the ride could have made.
    """
    volts = track.values("pack_voltage")
    found = np.zeros(len(volts), dtype=bool)
    if track.log.role is not Role.BMS or len(volts) < 5 or not np.isfinite(volts).any():
        return found
    lowest = float(np.fmin.reduce(volts))
    residual = case.pack.residual.get(track.index)
    ohm = residual.ohm if residual is not None and np.isfinite(residual.ohm) else None
    bare = volts if ohm is None else volts + ohm * np.nan_to_num(current)
    steps = np.abs(np.diff(bare))
    if not np.fmax.reduce(steps) > _JUMP_SHARE * lowest:
        return found
    middle = float(np.nanmedian(volts))
    apart = _JUMP_SHARE * middle
    if ohm is not None:
        least, most = quantiles(np.nan_to_num(current), (0.005, 0.995))
        apart = max(apart, ohm * float(most - least))
    lone = (steps[:-1] > apart) & (steps[1:] > apart)
    lone &= np.abs(bare[:-2] - bare[2:]) < _NEAR_SHARE * middle
    found[1:-1] = lone
    return found
