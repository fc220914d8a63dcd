"""Opposite neighbours by their definition, poll by poll, beside what looks at few polls only."""

import numpy as np
import pytest

from ridelog.detectors.cell_reads import CellReads
from ridelog.detectors.opposite_neighbours import opposite_neighbours


def by_definition(cells):
    """Both leave their own usual place by 30 mV and six times their flicker, and their sum nearly stays, in at least 3 polls."""
    left = cells - np.nanmedian(cells, axis=1, keepdims=True)
    left -= np.nanmedian(left, axis=0)
    flicker = 1.4826 * np.nanmedian(np.abs(left), axis=0)
    found = {}
    for first in range(cells.shape[1] - 1):
        rows = []
        for row, poll in enumerate(left):
            one, other = poll[first : first + 2]
            others = 1.4826 * np.nanmedian(np.abs(poll))
            bound = max(0.030, 6 * flicker[first], 6 * flicker[first + 1], 4 * others)
            apart = np.count_nonzero(np.abs(poll) > 0.030)
            opposite = one * other < 0 and min(abs(one), abs(other)) > bound and apart <= 3
            if opposite and abs(one + other) < 0.35 * max(abs(one), abs(other)):
                rows.append(row)
        if len(rows) >= 3:
            found[first] = rows
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("holes", [False, True])
def test_they_are_those_of_the_definition(seed, holes):
    rng = np.random.default_rng(seed)
    cells = 3.8 + rng.normal(0, 0.002, (300, 12)) + rng.normal(0, 0.015, 12)
    loose = rng.random(300) < rng.choice([0.02, 0.1])
    off = rng.normal(0, 0.12, int(loose.sum()))
    first = int(rng.integers(0, 11))
    cells[loose, first] += off
    cells[loose, first + 1] -= off * rng.choice([1.0, 0.8, 0.5])
    if holes:
        cells[rng.random(cells.shape) < 0.05] = np.nan
        cells[rng.random(300) < 0.1] = np.nan
    cells = np.round(cells, 3)
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning) if holes else np.errstate():
        expected = by_definition(cells)
    found = {pair: rows.tolist() for pair, rows in opposite_neighbours(CellReads(cells)).items()}
    assert found == expected


def test_a_cell_that_stands_off_all_the_time_flickers_no_more_for_it():
    rng = np.random.default_rng(3)
    cells = 3.8 + rng.normal(0, 0.001, (200, 10))
    cells[:, 4] += 0.025
    cells[50:60, 4] += 0.080
    cells[50:60, 5] -= 0.080
    assert {pair: rows.tolist() for pair, rows in opposite_neighbours(CellReads(cells)).items()} == {
        4: list(range(50, 60))
    }


def test_a_cell_that_is_never_read_has_no_neighbour():
    cells = 3.8 + np.random.default_rng(1).normal(0, 0.001, (50, 8))
    cells[:, 3] = np.nan
    assert opposite_neighbours(CellReads(cells)) == {}
