"""The main job against its floor: `python -m benchmarks.main_job`.

Prints, in one run: `ridelog --help` and `import ridelog` against bare Python, a 200,000-row VESC log to a finished
report against the floor (imports, SHA-256, a bare polars parse, downsampling and writing one HTML file), its peak
memory, an ordinary one-hour ride, and each detector's time.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
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


def _run(command: list[str]) -> tuple[float, str]:
    start = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, result.stdout


def _median(commands: dict[str, list[str]], rounds: int) -> dict[str, tuple[float, str]]:
    """Median time of each command, the rounds interleaved so that a drifting machine drifts for all."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    last: dict[str, str] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds, last[name] = _run(command)
            times[name].append(seconds)
    return {name: (statistics.median(values), last[name]) for name, values in times.items()}


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
    for name, (seconds, _) in start.items():
        print(f"{name:32s} {1000 * seconds:8.0f} ms")

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
            for name, (seconds, output) in both.items():
                print(f"  {name:30s} {seconds:8.2f} s   peak {float(output.split()[-1]):6.0f} MiB")
            print(f"  ridelog / floor                {ours[0] / floor[0]:8.2f}")
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
