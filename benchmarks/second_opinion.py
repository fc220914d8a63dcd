"""Verdicts on rides made by other hands than the simulator's: `python -m benchmarks.second_opinion --seeds 0:2`.

Every scenario of `benchmarks.second_maker` is drawn with the given seeds and analyzed from its files, as a rider would hand
them over. `--only` takes names, comma-separated, each with an optional `*` at its end; `--keep FOLDER` keeps the cases.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from benchmarks.second_maker.catalogue import SCENARIOS
from benchmarks.second_maker.scoring import score, summary


def line(row: dict[str, Any]) -> str:
    """One case in one line."""
    if "said" not in row:
        return f"{row['mark']:13s}{row['name']}-{row['seed']}: {row['error'].strip().splitlines()[-1]}"
    return f"{row['mark']:13s}{row['name']}-{row['seed']}: true {row['truth']}, said {row['said']} {row['probability']:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:1", help="first:last+1")
    parser.add_argument("--only", default="*", help="names of scenarios, comma-separated, `*` at the end allowed")
    parser.add_argument("--keep", type=Path, help="folder to keep the files, the truth and the answer of every case")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="list the right verdicts too")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split(":"))
    patterns = options.only.split(",")
    names = [name for name in SCENARIOS if any(fnmatchcase(name, pattern) for pattern in patterns)]
    with tempfile.TemporaryDirectory() as scratch:
        base = options.keep or Path(scratch)
        tasks = [(name, seed, base / f"{name}-{seed}") for seed in range(first, last) for name in names]
        rows = []
        if options.jobs > 1:
            with ProcessPoolExecutor(options.jobs) as pool:
                results = pool.map(score, *zip(*tasks, strict=True))
                rows = list(results)
        else:
            for task in tasks:
                rows.append(score(*task))
                if options.all or rows[-1]["mark"] not in ("right", "acceptable"):
                    print(line(rows[-1]), flush=True)
    if options.jobs > 1:
        print("\n".join(line(row) for row in rows if options.all or row["mark"] not in ("right", "acceptable")))
    print(f"{len(names)} scenarios, seeds {options.seeds}")
    print("\n".join(summary(rows)))


if __name__ == "__main__":
    main()
