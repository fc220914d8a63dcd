"""Products of long, narrow matrices in slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The linear algebra library keeps to one thread below this many multiplications; a second thread costs more than it
#: brings here, and a hundred times more on a machine whose cores are taken.
_MOST: Final = 200_000


def product(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Left @ right^T for matrices (a, n) and (b, n) with n large; shape (a, b)."""
    size = max(64, _MOST // max(len(left) * len(right), 1))
    if left.shape[1] <= size:
        return np.asarray(left @ right.T)
    total = np.zeros((len(left), len(right)))
    for first in range(0, left.shape[1], size):
        total += left[:, first : first + size] @ right[:, first : first + size].T
    return total
