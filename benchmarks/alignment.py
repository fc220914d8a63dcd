"""Clock alignment against the truth of simulated pairs: `python -m benchmarks.alignment --pairs 300`.

Every pair is a controller log and a BMS log of one made-up ride; its clocks are then set apart by minutes, hours or
days. Prints the error of the offset at the middle of the ride by rate of the BMS, how often it is inside the stated
uncertainty, and how often a pair was accepted and wrong by more than three times the stated uncertainty. The second
part lays logs of different rides over each other: none of these may be accepted. The third part times a 30-minute pair.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ridelog.log import Log

#: Accepted and wrong by more than this many times the stated uncertainty is a confident misalignment.
CONFIDENT = 3.0


def logs_of(files: dict[str, bytes]) -> list[Log]:
    """Read the files of a case."""
    from ridelog.pipeline import Options, read_all

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, data in files.items():
            path = Path(folder) / name
            path.write_bytes(data)
            paths.append(str(path))
        return read_all(paths, Options())


def draw(family: str, seed: int, suite: str) -> tuple[list[Log], Any]:
    """Simulate one case of a family: its logs and the truth."""
    from ridelog.simulate.catalogue import simulate

    case = simulate(family, seed, suite)
    return logs_of(dict(case.files)), case.truth


def one_pair(family: str, seed: int, suite: str) -> dict[str, Any]:
    """Align one pair and compare with the truth."""
    from ridelog.alignment import join

    row: dict[str, Any] = {"family": family, "seed": seed, "suite": suite}
    try:
        logs, truth = draw(family, seed, suite)
        started = time.perf_counter()
        ride = join(logs)
        row["took_s"] = time.perf_counter() - started
    except Exception as error:
        return {**row, "broken": f"{type(error).__name__}: {error}"}
    board = next((track for track in ride.tracks if str(track.log.role) == "bms" and track.log.rows > 5), None)
    entry = next((log for log in truth["logs"] if log["role"] == "bms" and log.get("reference_own_s")), None)
    if board is None or entry is None:
        return {**row, "broken": "no board"}
    own = float(entry["reference_own_s"])
    there = float(board.clock.to_ride(np.array([own]))[0]) - own
    return {
        **row,
        "rate_hz": 1 / board.log.interval_s,
        "aligned": board.clock.aligned,
        "reason": board.clock.reason,
        "method": board.clock.method,
        "error_s": there - float(entry["offset_to_ride_s"]),
        "uncertainty_s": board.clock.uncertainty_s,
        "duration_s": min(log.duration_s for log in logs if log.rows > 5),
    }


def one_stranger(family: str, seed: int, suite: str) -> dict[str, Any]:
    """Lay the controller's log of one ride over the BMS log of another."""
    from ridelog.alignment import join

    row: dict[str, Any] = {"family": family, "seed": seed, "suite": suite}
    try:
        first, _ = draw(family, seed, suite)
        second, _ = draw(family, seed + 1000, suite)
    except Exception as error:
        return {**row, "broken": f"{type(error).__name__}: {error}"}
    boards = [log for log in second if str(log.role) == "bms"]
    controllers = [log for log in first if str(log.role) == "controller"]
    clock = join([*controllers, *boards]).tracks[-1].clock
    return {**row, "aligned": clock.aligned, "reason": clock.reason}


def thirty_minutes() -> float:
    """Best time of three to align half an hour at 10 Hz with half an hour at 1 Hz, s."""
    from ridelog.alignment import join
    from ridelog.clock import Clock, ClockBasis
    from ridelog.log import LogBuilder, Role

    rng = np.random.default_rng(0)
    stamps = np.arange(18_000) / 10
    amps = np.repeat(rng.gamma(1.2, 12, 1800), 10) * (rng.random(18_000) < 0.95)
    amps = np.convolve(amps, np.ones(8) / 8, "same")
    logs = []
    for part, role in ((slice(None), Role.CONTROLLER), (slice(300, None, 10), Role.BMS)):
        builder = LogBuilder(stamps[part], np.arange(len(stamps[part])))
        builder.add("battery_current", amps[part])
        logs.append(builder.build(role, "benchmark", clock=Clock(ClockBasis.NONE)))
    best = np.inf
    for _ in range(3):
        started = time.perf_counter()
        assert join(logs).tracks[1].clock.aligned
        best = min(best, time.perf_counter() - started)
    return float(best)


def cases(count: int) -> list[tuple[str, int, str]]:
    """Spread the pairs over families and boards."""
    from ridelog.simulate.catalogue import families

    boards = ("vesc+jk", "vesc+jbd", "vesc+ant", "vesc+daly", "vesc+plain")
    usable = [family for family in families() if set(boards) & set(family.suites)]
    result = []
    for number in range(count):
        family = usable[number % len(usable)]
        suites = [suite for suite in boards if suite in family.suites]
        seed = number // len(usable)
        result.append((family.name, seed, suites[(number + seed) % len(suites)]))
    return result


def report(rows: Sequence[dict[str, Any]]) -> None:
    """Print the tables."""
    broken = [row for row in rows if "broken" in row]
    rows = [row for row in rows if "broken" not in row]
    print("BMS rate        n aligned  median error  95 % error  inside  stated")
    bands = ((0.0, 0.2), (0.2, 0.5), (0.5, 1.0), (1.0, 2.0), (2.0, 9.0), (0.0, 9.0))
    for low, high in bands:
        those = [row for row in rows if low <= row["rate_hz"] < high]
        good = [row for row in those if row["aligned"]]
        if not those:
            continue
        errors = np.array([abs(row["error_s"]) for row in good] or [np.nan])
        inside = np.mean([abs(row["error_s"]) <= row["uncertainty_s"] for row in good] or [np.nan])
        stated = np.median([row["uncertainty_s"] for row in good] or [np.nan])
        print(
            f"{low:3.1f}-{high:3.1f} Hz {len(those):6d} {len(good) / len(those):7.2f} {np.median(errors):9.3f} s "
            f"{np.quantile(errors, 0.95):9.3f} s {inside:9.3f} {stated:6.2f} s"
        )
    wrong = [row for row in rows if row["aligned"] and abs(row["error_s"]) > CONFIDENT * row["uncertainty_s"]]
    print(f"confident misalignments: {len(wrong)}")
    for row in wrong:
        print("  ", row)
    missed = [row for row in rows if row["aligned"] and row["uncertainty_s"] < abs(row["error_s"])]
    for row in missed:
        print(
            f"   outside: {row['family']} {row['seed']} {row['suite']} {row['error_s']:.3f} > {row['uncertainty_s']:.3f}"
            f" at {row['rate_hz']:.2f} Hz, {row['duration_s']:.0f} s; {row['reason']}"
        )
    for reason, count in Counter(row["reason"] for row in rows if not row["aligned"]).most_common():
        print(f"   not aligned x{count}: {reason}")
        print("     ", [(row["family"], row["seed"], row["suite"]) for row in rows if row["reason"] == reason][:6])
    took = [row["took_s"] for row in rows]
    print(f"time a pair: median {np.median(took):.3f} s, longest {max(took):.3f} s")
    for text, count in Counter(row["broken"] for row in broken).most_common(8):
        print(f"broken x{count}: {text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--strangers", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        pairs = cases(arguments.pairs)
        report(list(pool.map(one_pair, *zip(*pairs, strict=True), chunksize=4)))
        if arguments.strangers:
            others = cases(arguments.strangers)
            rows = list(pool.map(one_stranger, *zip(*others, strict=True), chunksize=4))
            taken = [row for row in rows if row.get("aligned")]
            print(f"logs of different rides: {len(rows)} pairs, {len(taken)} accepted")
            for row in taken:
                print("  ", row)
    print(f"30 minutes, 10 Hz and 1 Hz: {1000 * thirty_minutes():.0f} ms")


if __name__ == "__main__":
    main()
