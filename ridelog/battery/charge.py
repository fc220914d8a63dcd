"""Charge taken out of the pack along a log: by the device's own counters, else by the current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import Track

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A current that was not logged for longer than this, in s, is not guessed: nothing is counted for it.
_LONGEST_BRIDGE_S: Final = 30.0
#: A counter must agree with the current to this share and this charge in Ah where both are known.
_SHARE: Final = 0.2
_LEAST_AH: Final = 0.1


def charge_taken(
    track: Track, steps: NDArray[np.float64], amps: NDArray[np.float64], whole_pack: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Charge taken since the first row, and for how long it was not counted.

    Args:
        track: The track.
        steps: Time from each row to the next in s, shape (rows - 1,).
        amps: Current of the pack in A, shape (rows,), finite.
        whole_pack: The track's own counters count the whole pack's charge.

    Returns:
        Charge in Ah, and time spent in gaps in which it was not counted in s; both of shape (rows,), from 0.
    """
    bridged = steps <= _LONGEST_BRIDGE_S
    seen, blind = (steps, None) if bridged.all() else (np.where(bridged, steps, 0.0), np.where(bridged, 0.0, steps))
    taken = np.zeros(len(amps))
    flow = taken[1:]
    np.add(amps[1:], amps[:-1], out=flow)
    flow *= seen
    flow *= 0.5 / 3600.0
    counted = _counter(track) if whole_pack else None
    if counted is not None:
        part, whole = float(np.diff(counted)[bridged].sum()), float(flow.sum())
        if abs(part - whole) <= _SHARE * abs(whole) + _LEAST_AH:
            return counted, np.zeros(len(amps))
    np.cumsum(flow, out=flow)
    unseen = np.zeros(len(amps))
    if blind is not None:
        np.cumsum(blind, out=unseen[1:])
    return taken, unseen


def _counter(track: Track) -> NDArray[np.float64] | None:
    """The device's count of charge in Ah, shape (rows,), None without one, with holes in it, or after a reset."""
    if not track.has("amp_hours_used"):
        return None
    used, back = track.values("amp_hours_used"), track.values("amp_hours_charged")
    if not track.has("amp_hours_charged"):
        back = np.zeros(len(used))
    if not (np.isfinite(used).all() and np.isfinite(back).all()):
        return None
    if (np.diff(used) < -1e-6).any() or (np.diff(back) < -1e-6).any():
        return None
    counted = used - back
    return np.asarray(counted - counted[0])
