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
#: Rows scanned in one go: what is needed on the way stays in the processor's cache.
_STRETCH = 16_384


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
    delayed = np.empty(len(time))
    delayed[:1] = start_a
    for first in range(0, len(time) - 1, _STRETCH):
        part = slice(first, first + _STRETCH + 1)
        _scan(time[part], amps[part], time_constant_s, delayed[part])
    return delayed


def _scan(
    time: NDArray[np.float64], amps: NDArray[np.float64], time_constant_s: float, delayed: NDArray[np.float64]
) -> None:
    """Fill `delayed` from its second value on; its first is given."""
    steps = np.minimum(np.diff(time) / time_constant_s, _FORGOTTEN)
    inflow = 0.5 * (amps[1:] + amps[:-1])
    count, size = len(steps), 512
    spans = _blocks(steps, size).sum(axis=1)
    while size > 8 and spans.max() > _BLOCK_SPAN:
        size //= 2
        spans = _blocks(steps, size).sum(axis=1)
    grown = np.cumsum(_blocks(steps, size), axis=1)
    np.exp(grown, out=grown)
    # What flows in during a step, (1 - e^-step) times its current, grown to the end of the block.
    gained = np.empty_like(grown)
    gained[:, 0] = grown[:, 0] - 1.0
    np.subtract(grown[:, 1:], grown[:, :-1], out=gained[:, 1:])
    gained *= _blocks(inflow, size)
    inside = np.cumsum(gained, axis=1)
    carried = np.empty((len(inside), 1))
    state = float(delayed[0])
    for block, (gain, growth) in enumerate(zip(inside[:, -1].tolist(), grown[:, -1].tolist(), strict=True)):
        carried[block, 0] = state
        state = (gain + state) / growth
    inside += carried
    inside /= grown
    delayed[1:] = inside.ravel()[:count]


def _blocks(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    rows = -(-len(values) // size)
    if rows * size == len(values):
        return values.reshape(rows, size)
    padded = np.zeros(rows * size)
    padded[: len(values)] = values
    return padded.reshape(rows, size)
