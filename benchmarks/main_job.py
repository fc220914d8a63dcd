"""The main job against its floor: `python -m benchmarks.main_job`.

Prints, in one run, wall and processor time of: `ridelog --help` and `import ridelog` against bare Python, a
200,000-row VESC log to a finished report against the floor (imports, SHA-256, a bare polars parse, downsampling and
writing one HTML file), its peak memory, an ordinary one-hour ride, and each detector.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.vesc_log import write_log

_FLOOR = """
import sys, hashlib, json, resource
import numpy as np, polars as pl
data = open(sys.argv[1], 'rb').read()
hashlib.sha256(data).hexdigest()
names = data[:data.index(b'\\n')].decode().strip().split(';')
frame = pl.read_csv(data, separator=';', has_header=False, skip_rows=1, new_columns=names,
                    schema_overrides=[pl.Float64] * len(names))
parts = []
for name in names[:20]:
    values = frame[name].to_numpy()
    size = len(values) // 1250 * 1250
    grid = values[:size].reshape(1250, -1)
    parts.append(np.stack([grid[:, 0], grid.min(1), grid.max(1), grid[:, -1]], 1).ravel().round(3).tolist())
open(sys.argv[2], 'w').write('<script>' + json.dumps(parts) + '</script>' + ' ' * 700000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""

_OURS = """
import sys, resource
from ridelog.cli import run
run(['analyze', sys.argv[1], '-o', sys.argv[2]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@dataclass(frozen=True)
class Run:
    """Wall time and processor time of one process in s, and what it printed."""

    wall: float
    cpu: float
    output: str


def _run(command: list[str]) -> Run:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Run(wall, cpu, result.stdout)


def _median(commands: dict[str, list[str]], rounds: int) -> dict[str, Run]:
    """Median times of each command, the rounds interleaved so that a drifting machine drifts for all."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(_run(command))
    return {
        name: Run(
            statistics.median(run.wall for run in found),
            statistics.median(run.cpu for run in found),
            found[-1].output,
        )
        for name, found in runs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    python = sys.executable
    ridelog = str(Path(python).parent / "ridelog")

    start = _median(
        {
            "python": [python, "-c", "pass"],
            "import ridelog": [python, "-c", "import ridelog"],
            "ridelog --help": [ridelog, "--help"],
        },
        2 * rounds + 1,
    )
    for name, run in start.items():
        print(f"{name:32s} {1000 * run.wall:8.0f} ms   CPU {1000 * run.cpu:6.0f} ms")

    with tempfile.TemporaryDirectory() as folder:
        for rows, label in ((36_000, "1 hour (36,000 rows)"), (200_000, "200,000 rows x 55 columns")):
            log = Path(folder) / f"2026-01-01_12-00-00_{rows}.csv"
            write_log(log, rows)
            out = str(Path(folder) / "report.html")
            both = _median(
                {"floor": [python, "-c", _FLOOR, str(log), out], "ridelog": [python, "-c", _OURS, str(log), out]},
                rounds,
            )
            floor, ours = both["floor"], both["ridelog"]
            print(f"\n{label}: {log.stat().st_size / 1e6:.0f} MB, report {Path(out).stat().st_size / 1e6:.2f} MB")
            for name, run in both.items():
                peak = float(run.output.split()[-1])
                print(f"  {name:30s} {run.wall:8.2f} s   CPU {run.cpu:6.2f} s   peak {peak:6.0f} MiB")
            print(f"  ridelog / floor                {ours.wall / floor.wall:8.2f}     CPU {ours.cpu / floor.cpu:6.2f}")
            if rows == 200_000:
                _detectors(str(log))


def _detectors(path: str) -> None:
    from ridelog import detection, plugins
    from ridelog.alignment import join
    from ridelog.battery.estimate import estimate_pack
    from ridelog.battery.pack import PackOptions
    from ridelog.reading import read

    begin = time.perf_counter()
    logs = read(path)
    print(f"\n  read                           {1000 * (time.perf_counter() - begin):8.1f} ms")
    ride = join(logs)
    pack_times = []
    for _ in range(3):
        begin = time.perf_counter()
        pack = estimate_pack(ride, PackOptions())
        pack_times.append(time.perf_counter() - begin)
    print(f"  pack estimate                  {1000 * min(pack_times):8.1f} ms")
    case = detection.Case(ride, pack, ride.settings)
    for detector in plugins.detectors():
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            outcome = detector.detect(case)
            times.append(time.perf_counter() - begin)
        print(f"  {detector.code} {detector.name:26s} {1000 * min(times):8.1f} ms  {outcome.status}")


if __name__ == "__main__":
    main()
