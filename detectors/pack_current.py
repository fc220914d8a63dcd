"""The current that the pack gives, as a controller log with several controllers on the pack has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track


def pack_current(track: Track) -> NDArray[np.float64]:
    """Current of all controllers in A, where the log has it, else of the one; the pack's resistance goes with it."""
    whole = track.values("total_battery_current")
    summed = np.isfinite(whole).any() and float(np.nanmax(np.abs(whole))) > 0
    return whole if summed else track.values("battery_current")
