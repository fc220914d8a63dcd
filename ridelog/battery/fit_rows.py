"""The rows a resistance is fitted to: neighbours joined, windows with terms of their own, normal equations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from .polarisation import polarisation_current
from .products import product
from .quantiles import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Time constants tried, in s.
TIME_CONSTANTS_S: Final = (3.0, 5.0, 8.0, 12.0, 18.0, 27.0, 40.0)
#: Terms of a window: an intercept, a slope and a bend against the charge taken.
OWN_TERMS: Final = 3
#: Rows of the design after these: voltage, current, then the current through each time constant.
VOLTS: Final = OWN_TERMS
AMPS: Final = OWN_TERMS + 1
#: Length of a window in s (5-10 minutes).
_WINDOW_S: Final = 480.0
#: A pause this long starts a new window, in s.
_PAUSE_S: Final = 60.0
_MOST_WINDOWS: Final = 120
#: Shortest window with a slope, and with a bend, against the charge, in s. A shorter one would explain the ride away.
_SLOPE_S: Final = 90.0
_BEND_S: Final = 240.0
#: Rows after joining neighbours; the model is linear, so means obey it as rows do.
_MOST_ROWS: Final = 8_000


@dataclass(frozen=True, slots=True, eq=False)
class FitRows:
    """The rows of a fit.

    Attributes:
        time: Stamps in s, shape (n,).
        design: The windows' own terms, voltage, current and delayed currents, shape (5 + time constants, n).
        weight: Usable rows that were joined, shape (n,).
        windows: The windows, in order.
    """

    time: NDArray[np.float64]
    design: NDArray[np.float64]
    weight: NDArray[np.float64]
    windows: list[slice]


@dataclass(frozen=True, slots=True, eq=False)
class NormalEquations:
    """Sums over rows after the windows' own terms are taken out.

    Attributes:
        gram: Of voltage, current and delayed currents, shape (2 + time constants, 2 + time constants).
        own: Coefficients of each of them on the windows' terms, shape (windows, 3, 2 + time constants).
    """

    gram: NDArray[np.float64]
    own: NDArray[np.float64]


def fit_rows(
    time: NDArray[np.float64],
    volts: NDArray[np.float64],
    amps: NDArray[np.float64],
    charge_ah: NDArray[np.float64],
    usable: NDArray[np.bool_],
) -> FitRows:
    """Join neighbouring rows until there are at most 8,000, and lay out the terms of the model."""
    join = -(-len(time) // _MOST_ROWS)
    if join == 1:
        weight = usable.astype(np.float64)
        when, whole, charge = time, amps, charge_ah
        used_volts, used_amps = np.where(usable, volts, 0.0), np.where(usable, amps, 0.0)
    else:
        kept = len(time) // join * join
        part = usable[:kept].reshape(-1, join).astype(np.float64)
        # A product with ones is a sum along the short side, several times faster than asking for the sum.
        mean = np.full(join, 1.0 / join)
        weight = part @ np.ones(join)
        share = np.maximum(weight, 1.0)
        used_volts = np.einsum("ij,ij->i", volts[:kept].reshape(-1, join), part) / share
        used_amps = np.einsum("ij,ij->i", amps[:kept].reshape(-1, join), part) / share
        stamps = time[:kept].reshape(-1, join)
        when, apart = stamps @ mean, stamps[:, -1] - stamps[:, 0]
        whole = amps[:kept].reshape(-1, join) @ mean
        charge = charge_ah[:kept].reshape(-1, join) @ mean
        weight[apart > 5 * max(quantile(apart, 0.5), 1e-9)] = 0.0
    start = float(np.median(whole[: max(1, int(np.searchsorted(when, when[0] + 3.0)))]))
    edges = _windows(when)
    design = np.zeros((OWN_TERMS + 2 + len(TIME_CONSTANTS_S), len(when)))
    design[0] = 1.0
    starts, ends = np.array(edges[:-1]), np.array(edges[1:])
    length = when[ends - 1] - when[starts]
    least, most = np.minimum.reduceat(charge, starts), np.maximum.reduceat(charge, starts)
    span = np.where((length >= _SLOPE_S) & (most > least), most - least, np.inf)
    middle, half, bent = (
        np.repeat(one, ends - starts) for one in (0.5 * (most + least), 0.5 * span, length >= _BEND_S)
    )
    design[1] = (charge - middle) / half
    design[2] = design[1] ** 2 * bent
    design[VOLTS], design[AMPS] = used_volts, used_amps
    for place, tau in enumerate(TIME_CONSTANTS_S):
        design[AMPS + 1 + place] = polarisation_current(when, whole, tau, start)
    return FitRows(when, design, weight, [slice(first, last) for first, last in pairwise(edges)])


def _windows(time: NDArray[np.float64]) -> list[int]:
    """Edges of the windows: of equal length between pauses, none with hardly any rows."""
    fewest = max(20, len(time) // _MOST_WINDOWS)
    steps = np.diff(time)
    pauses = [0, *(np.flatnonzero(steps > max(_PAUSE_S, 20 * float(np.median(steps)))) + 1).tolist(), len(time)]
    edges = [0]
    for first, last in pairwise(pauses):
        if first - edges[-1] >= fewest and len(time) - first >= fewest:
            edges.append(first)
        length = float(time[last - 1] - time[first])
        pieces = min(int(length / _WINDOW_S + 0.5), (last - first) // fewest)
        edges += [
            cut
            for cut in (first + (last - first) * piece // pieces for piece in range(1, pieces))
            if cut - edges[-1] >= fewest
        ]
    return [*edges, len(time)]


def normal_equations(rows: FitRows, weight: NDArray[np.float64]) -> NormalEquations:
    """Weighted normal equations, with every window's own terms solved for and taken out."""
    weighted = rows.design * weight
    whole = np.stack([product(weighted[:, part], rows.design[:, part]) for part in rows.windows])
    inner = whole[:, :OWN_TERMS, :OWN_TERMS].copy()
    # A term a window does not have is a row of zeros: something on the diagonal gives it the coefficient zero.
    size = np.maximum(inner[:, 0, 0], 1e-12)
    inner[:, range(OWN_TERMS), range(OWN_TERMS)] += 1e-9 * size[:, None] + 1e-12
    own = np.linalg.solve(inner, whole[:, :OWN_TERMS, OWN_TERMS:])
    gram = (whole[:, OWN_TERMS:, OWN_TERMS:] - np.matmul(whole[:, OWN_TERMS:, :OWN_TERMS], own)).sum(axis=0)
    return NormalEquations(gram, np.asarray(own, dtype=np.float64))


def without_own_terms(rows: FitRows, equations: NormalEquations, mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """A sum of the variables (0 voltage, 1 current, 2... delayed currents) without the windows' own terms.

    Args:
        rows: The rows.
        equations: Their normal equations.
        mix: Factor of each variable, shape (2 + time constants,).

    Returns:
        The sum, shape (n,).
    """
    left = np.zeros(len(rows.time))
    for variable in np.flatnonzero(mix):
        left += mix[variable] * rows.design[OWN_TERMS + variable]
    lengths = [window.stop - window.start for window in rows.windows]
    for term, coefficients in enumerate((equations.own @ mix).T):
        left -= rows.design[term] * np.repeat(coefficients, lengths)
    return left


def every_without_own_terms(rows: FitRows, equations: NormalEquations) -> NDArray[np.float64]:
    """Every variable without the windows' own terms, shape (2 + time constants, n)."""
    left = rows.design[OWN_TERMS:].copy()
    for window, own in zip(rows.windows, equations.own, strict=True):
        left[:, window] -= own.T @ rows.design[:OWN_TERMS, window]
    return left


def largest_change(
    amps: NDArray[np.float64], span: int = 1, gap_after: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Largest change of the current over `span` rows near each row.

    Args:
        amps: Current in A, shape (n,).
        span: Rows a change is taken over; it counts for as many rows to each side, and one more.
        gap_after: Whether a gap follows each row, shape (n - 1,): nothing is compared across one.

    Returns:
        Change in A, shape (n,).
    """
    count = len(amps)
    if count <= span:
        return np.zeros(count)
    change = np.abs(amps[span:] - amps[:-span])
    if gap_after is not None and gap_after.any():
        for step in range(span):
            change[gap_after[step : step + len(change)]] = 0.0
    # A change from row n - span to row n stands for the rows from n - 2 span - 1 to n + span + 1.
    width = 3 * span + 3
    largest = np.zeros(count + width)
    first = span + 1
    largest[first : first + len(change)] = change
    done = 1
    while done < width:
        step = min(done, width - done)
        np.maximum(largest[step:], largest[:-step], out=largest[step:])
        done += step
    return largest[2 * span + 2 : 2 * span + 2 + count]


def change_span(interval_s: float) -> int:
    """Rows that make up a tenth of a second: how far voltage and current of a row can lie apart in time."""
    return int(np.clip(round(0.1 / max(interval_s, 1e-3)), 1, 20))
