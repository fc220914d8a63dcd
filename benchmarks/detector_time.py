"""Processor time of every detector: `python -m benchmarks.detector_time`.

Rides of 200,000 rows in each log, held in memory (`benchmarks.detector_rides`): the controller alone; a BMS alone that reads 20
cells in every row (four million values); a BMS alone whose log has holes, repeated values and named protections; controller and
BMS together; and rides, charges and rests in which what detectors look for seems to happen some two hundred times. Each
round starts with a fresh case. What several detectors of cells share has rows of its own: what was read of the cells, and how
they are told apart. Whatever else detectors share is charged to the first of them that asks. Prints the least of
some rounds in ms per 200,000 rows the detector may look at (two logs are 400,000 rows), the slowest first, and how passes over
the values of the cells compare.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detector_rides import rides
from ridelog import detection, plugins
from ridelog.alignment import join
from ridelog.battery.estimate import estimate_pack
from ridelog.battery.pack import PackOptions
from ridelog.detectors.cell_reads import cell_reads
from ridelog.detectors.cell_signs import cell_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ridelog.log import Log
    from ridelog.ride import Track

#: What the project asks of a detector, ms of the processor per 200,000 rows.
_WANTED_MS = 20.0


def detector_times(make: Callable[[], Sequence[Log]], rounds: int) -> dict[str, float]:
    """Least processor time of every detector over rounds that each start with fresh logs, s.

    Args:
        make: Gives the logs of the ride anew, so that nothing read from them is kept.
        rounds: How often.
    """
    least: dict[str, float] = {}
    for _ in range(rounds + 1):
        ride = join(list(make()))
        case = detection.Case(ride, estimate_pack(ride, PackOptions()), ride.settings)
        work: dict[str, Callable[[], object]] = {
            "what was read of the cells": partial(_for_boards, case, _read),
            "how cells are told apart": partial(_for_boards, case, cell_signs),
            **{detector.name: partial(detector.detect, case) for detector in plugins.detectors()},
        }
        for name, task in work.items():
            begin = time.process_time()
            task()
            spent = time.process_time() - begin
            least[name] = min(least.get(name, spent), spent)
    return least


def _for_boards(case: detection.Case, work: Callable[[detection.Case, Track], object]) -> None:
    for track in case.ride.bms:
        work(case, track)


def _read(case: detection.Case, track: Track) -> object:
    reads = cell_reads(case, track)
    return reads.whole, reads.extremes, reads.counts


def _passes(cells: int, rows: int) -> tuple[float, float]:
    """Processor time in s of one sum over the values of the cells, and of one comparison with a copy of the result."""
    values = np.random.default_rng(1).normal(3.8, 0.01, (rows, cells))
    spent = []
    for work in (lambda: values.sum(), lambda: np.diff(values, axis=1)):
        times = []
        for _ in range(5):
            begin = time.process_time()
            work()
            times.append(time.process_time() - begin)
        spent.append(min(times))
    return spent[0], spent[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of each log")
    parser.add_argument("--cells", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=12, help="detectors to list for each ride")
    options = parser.parse_args()
    summed, differences = _passes(options.cells, options.rows)
    print(f"One sum over all cells {1000 * summed:.1f} ms, one difference of neighbours {1000 * differences:.1f} ms.")
    for name, make in rides(options.rows, options.cells).items():
        logs = len(make())
        scale = 1000 * 200_000 / (options.rows * logs)
        times = {detector: scale * spent for detector, spent in detector_times(make, options.rounds).items()}
        above = sum(spent > _WANTED_MS for spent in times.values())
        print(f"\n{name}: {logs} x {options.rows:,} rows; {above} of {len(times)} above {_WANTED_MS:.0f} ms")
        for detector, spent in sorted(times.items(), key=lambda item: -item[1])[: options.most]:
            print(f"  {detector:32s} {spent:8.1f} ms")


if __name__ == "__main__":
    main()
