"""The slow part of a battery's response: its current seen through a first-order lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A step of this many time constants leaves nothing of what was before (e^-40).
_FORGOTTEN = 40.0
#: Most time constants that fit into one block of the scan without leaving the range of a float (e^600).
_BLOCK_SPAN = 600.0


def polarisation_current(
    time: NDArray[np.float64], amps: NDArray[np.float64], time_constant_s: float, start_a: float = 0.0
) -> NDArray[np.float64]:
    """Current through a first-order lag: the x in V = OCV - R0 I - R1 x, dx/dt = (I - x) / tau.

    The recursion is scanned in blocks, all blocks at once, so that uneven steps cost no loop over rows.

    Args:
        time: Stamps in s, shape (n,), never decreasing.
        amps: Current in A, shape (n,), finite, taken as linear between stamps.
        time_constant_s: tau in s.
        start_a: x at the first stamp in A.

    Returns:
        x in A, shape (n,).
    """
    count = len(time)
    if count == 0:
        return np.empty(0)
    steps = np.minimum(np.diff(time) / time_constant_s, _FORGOTTEN)
    inflow = -np.expm1(-steps) * 0.5 * (amps[1:] + amps[:-1])
    size = 512
    spans = _blocks(steps, size).sum(axis=1)
    while size > 8 and spans.max(initial=0.0) > _BLOCK_SPAN:
        size //= 2
        spans = _blocks(steps, size).sum(axis=1)
    grown = np.cumsum(_blocks(steps, size), axis=1)
    np.exp(grown, out=grown)
    inside = np.cumsum(_blocks(inflow, size) * grown, axis=1)
    inside /= grown
    carried = np.empty((len(inside), 1))
    state = start_a
    for block, (last, growth) in enumerate(zip(inside[:, -1].tolist(), grown[:, -1].tolist(), strict=True)):
        carried[block, 0] = state
        state = last + state / growth
    inside += carried / grown
    return np.concatenate(([start_a], inside.ravel()[: count - 1]))


def _blocks(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    rows = -(-len(values) // size)
    if rows * size == len(values):
        return values.reshape(rows, size)
    padded = np.zeros(rows * size)
    padded[: len(values)] = values
    return padded.reshape(rows, size)
