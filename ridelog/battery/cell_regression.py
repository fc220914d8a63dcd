"""Robust regression of the deviations of all cells at once on the same terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .products import product
from .quantiles import row_medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows that must carry weight for a coefficient to be told.
FEWEST_ROWS: Final = 20
#: Rounds of reweighting; standard deviations from which a row counts less, and from which it does not count.
_ROUNDS: Final = 3
_HUBER: Final = 1.5
_REFUSE: Final = 8.0
#: Blocks of time over which the misfit is summed for the errors, so that slow wander counts.
_BLOCKS: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Coefficients and standard errors, shape (terms, cells), and the misfit, shape (cells, rows)."""

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    misfit: NDArray[np.float64]


def regressed(deviation: NDArray[np.float64], design: NDArray[np.float64]) -> Regression:
    """Huber regression of every cell on the same terms; errors from sums over blocks of time, so that slow wander counts.

    Args:
        deviation: What is to be explained, V, shape (cells, rows), NaN for what was not read.
        design: The terms, shape (terms, rows).
    """
    cells, rows = deviation.shape
    terms = len(design)
    size = np.sqrt((design**2).mean(axis=1)) + 1e-12
    scaled = design / size[:, None]
    missing = np.isnan(deviation)
    known = (~missing).astype(np.float64)
    holes = bool(missing.any())
    filled, weight = np.where(missing, 0.0, deviation) if holes else deviation, known
    outer = (scaled[:, None, :] * scaled[None, :, :]).reshape(terms * terms, rows)
    for round_number in range(_ROUNDS):
        gram = product(weight, outer).reshape(cells, terms, terms)
        gram[:, range(terms), range(terms)] += 1e-9 * rows + 1e-12
        inverse = np.linalg.inv(gram)
        values = np.einsum("kij,kj->ik", inverse, product(weight * filled, scaled))
        misfit = filled.copy()
        for term in range(terms):
            misfit -= values[term][:, None] * scaled[term]
        if round_number < _ROUNDS - 1:
            off = np.abs(misfit)
            spread = 1.4826 * row_medians(np.where(missing, np.nan, off) if holes else off)
            spread = np.maximum(np.nan_to_num(spread, nan=1e-4), 1e-4)
            ratio = off / spread[:, None]
            weight = known * (ratio <= _REFUSE) * np.minimum(1.0, _HUBER / np.maximum(ratio, 1e-9))
    edges = np.arange(min(_BLOCKS, rows)) * rows // min(_BLOCKS, rows)
    pull = weight * misfit
    sums = np.stack([np.add.reduceat(pull * scaled[term], edges, axis=1) for term in range(terms)])
    middle = np.einsum("ikb,jkb->kij", sums, sums) * len(edges) / max(len(edges) - terms, 1)
    covariance = inverse @ middle @ inverse
    errors = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2).T, 0.0))
    unread = weight.sum(axis=1) < FEWEST_ROWS
    values, errors = values / size[:, None], errors / size[:, None]
    values[:, unread] = np.nan
    errors[:, unread] = np.nan
    return Regression(values, errors, np.where(missing, np.nan, misfit) if holes else misfit)
