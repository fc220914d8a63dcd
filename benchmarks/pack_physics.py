"""How well the pack estimate does on made-up rides, and how fast it is. Prints numbers; asserts nothing.

    python benchmarks/pack_physics.py [--seeds 6] [--variant 1] [--families NAME,NAME] [--verbose]

The rides are those of `ridelog.simulate`, whose physics shares no code with the estimate. Truth of the resistance is
the immediate one of the pack and its leads at the mean temperature of the ride and half charge.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ridelog.alignment import join
from ridelog.battery.estimate import estimate_pack
from ridelog.errors import RidelogError
from ridelog.log import Log, LogBuilder, Role
from ridelog.reading import read
from ridelog.ride import RIDING_ROLES, Ride, Track
from ridelog.simulate import families, simulate, write_case
from ridelog.simulate.case import Case

LONG_RIDE_S = 300.0


def logs_of(case: Case, folder: Path) -> tuple[list[Log], int]:
    logs, unread = [], 0
    for path in write_case(case, folder):
        if path.name == "truth.json" or not path.is_file():
            continue
        try:
            logs += read(str(path))
        except RidelogError:
            unread += 1
    return logs, unread


@dataclass
class Score:
    """What was counted over all rides."""

    errors: list[float] = field(default_factory=list)
    inside: list[bool] = field(default_factory=list)
    confident: list[bool] = field(default_factory=list)
    series: list[tuple[str, bool, float, bool]] = field(default_factory=list)
    excursions: list[float] = field(default_factory=list)
    unread: int = 0


def evaluate(names: list[str], seeds: int, variant: int, verbose: bool) -> Score:
    total = Score()
    for name in names:
        for seed in range(seeds):
            case = simulate(name, seed, variant=variant)
            with tempfile.TemporaryDirectory() as folder:
                logs, unread = logs_of(case, Path(folder))
            total.unread += unread
            if logs:
                weigh(case, join(logs), total, f"  {name} {seed}: " if verbose else "")
    return total


def weigh(case: Case, ride: Ride, total: Score, label: str) -> None:
    pack = estimate_pack(ride)
    truth = case.truth["pack"]
    best, sure = pack.series.best, pack.series.confidence
    right = best == truth["series"]
    if case.truth["duration_s"] >= LONG_RIDE_S and best is not None:
        total.series.append((pack.series.source, right, sure, truth["series"] in pack.series.probabilities))
        if label and not right:
            print(f"{label}{best} at {sure:.2f}, truth {truth['series']} {truth['chemistry']}: {pack.series.reason}")
    for track in ride.tracks:
        found = pack.resistance.get(track.index)
        if track.log.role not in RIDING_ROLES:
            continue
        if found is not None:
            ratio = found.ohm / truth["ride_resistance_ohm"]
            total.errors.append(ratio - 1)
            total.confident.append(found.confidence >= 0.7)
            total.inside.append(found.low_ohm <= truth["ride_resistance_ohm"] <= found.high_ohm)
            if label and abs(ratio - 1) > 0.1:
                print(f"{label}{track.log.parser} {ratio - 1:+.0%}, sure {found.confidence:.2f} {found.reason}")
        if case.truth["healthy"] and track.index in pack.residual:
            residual = pack.residual[track.index]
            score = np.abs(np.nan_to_num(residual.score))
            row = int(np.argmax(score))
            total.excursions.append(float(score[row]))
            if label and score[row] > 8:
                where = f"{track.time[row]:.1f} of {track.time[-1]:.0f} s"
                print(f"{label}score {score[row]:.1f}, {residual.volts[row]:+.2f} V at {where}")


def report(total: Score) -> None:
    size = np.abs(np.array(total.errors))
    inside, confident = np.array(total.inside), np.array(total.confident)
    print(f"logs not read: {total.unread}")
    for words, chosen in (("resistance", np.ones(len(size), dtype=bool)), ("  confident ones", confident)):
        if chosen.any():
            print(
                f"{words}, {chosen.sum()} tracks: median error {np.median(size[chosen]):.1%}, "
                f"bias {np.median(np.array(total.errors)[chosen]):+.1%}, "
                f"90 % below {np.quantile(size[chosen], 0.9):.1%}, "
                f"truth inside the interval {np.mean(inside[chosen]):.0%}"
            )
    for source in sorted({row[0] for row in total.series}):
        rows = [row for row in total.series if row[0] == source]
        certain = [row for row in rows if row[2] >= 0.9]
        wrong = sum(not row[1] for row in certain)
        print(
            f"series by {source}: {len(rows)} rides of 5 min and more, right {np.mean([row[1] for row in rows]):.1%}, "
            f"truth named {np.mean([row[3] for row in rows]):.1%}, certain {len(certain)}, certain and wrong {wrong}"
        )
    if total.excursions:
        worst = np.array(total.excursions)
        print(
            f"healthy rides, largest score: median {np.median(worst):.1f}, 90 % {np.quantile(worst, 0.9):.1f}, "
            f"largest {worst.max():.1f}"
        )


def speed(rows: int = 200_000, cells: int = 24) -> None:
    rng = np.random.default_rng(0)
    stamps = np.arange(rows) * 0.1
    amps = np.repeat(rng.uniform(-20, 60, rows // 50 + 1), 50)[:rows]
    volts = 98.0 - np.cumsum(amps) * 0.1 / 3600 * 0.1 - 0.07 * amps + rng.normal(0, 0.03, rows)
    every = volts[:, None] / cells + rng.normal(0, 0.003, (rows, cells)) + rng.normal(0, 0.004, cells)
    builder = LogBuilder(stamps, np.arange(rows))
    builder.add("pack_voltage", np.round(volts, 1))
    builder.add("battery_current", np.round(amps, 2))
    builder.add("cell_voltages", np.round(every, 3))
    log = builder.build(Role.BMS, "made up")
    cells_read = np.ascontiguousarray(log.matrix("cell_voltages"))
    taken, worked, yardstick = [], [], []
    for _ in range(15):
        begin, busy = time.perf_counter(), time.process_time()
        estimate_pack(Ride((Track(0, log),)))
        taken.append(1000 * (time.perf_counter() - begin))
        worked.append(1000 * (time.process_time() - busy))
        busy = time.process_time()
        np.cumsum(cells_read, axis=0)
        yardstick.append(1000 * (time.process_time() - busy))
    ratio = float(np.median(np.array(worked) / np.array(yardstick)))
    print(
        f"{rows} rows x {cells} cells: best {min(taken):.0f} ms, median {np.median(taken):.0f} ms; "
        f"of the processor: best {min(worked):.0f} ms, median {np.median(worked):.0f} ms; "
        f"{ratio:.2f} x a running sum over the cells (best {min(yardstick):.0f} ms)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--variant", type=int, default=1)
    parser.add_argument("--families", default="")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    names = options.families.split(",") if options.families else [one.name for one in families()]
    if options.families in ("healthy", "none"):
        names = [one.name for one in families() if one.healthy]
    report(evaluate(names, options.seeds, options.variant, options.verbose))
    speed()


if __name__ == "__main__":
    main()
