"""Cost of an audit: per log and per GB, parallel efficiency, memory, resuming, ranking. Run it on a quiet machine.

    python -m benchmarks.audit FLEET [--small N] [--real FOLDER]

FLEET is a folder of `ridelog simulate fleet` or of `make_fleet` below; with `--make` it is made first.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TABLES = ("logs", "findings", "causes", "pack_health", "cell_health", "errors", "trends", "vehicles")


def make_fleet(folder: Path, vehicles: int, rides: int) -> None:
    from ridelog.simulate.fleet import simulate_fleet

    traits = ["ageing-pack"] * 5 + ["bad-logger"] * 2
    simulate_fleet(vehicles, rides, 11, folder, incident_share=3 / rides, traits=traits)


def run(inputs: list[str], out: Path, jobs: int) -> dict[str, float]:
    """One audit in a process of its own: wall time, processor time, rides and peak memory."""
    code = (
        "import json, sys, time, resource, ridelog; from ridelog.fleet.runner import AuditOptions;"
        "from ridelog.fleet.jobs import AnalysisOptions; t = time.perf_counter();"
        "s = ridelog.audit(sys.argv[3:], sys.argv[1], AuditOptions(jobs=int(sys.argv[2]), progress=False,"
        " analysis=AnalysisOptions(reports='none')));"
        "print(json.dumps(dict(wall=time.perf_counter() - t, cpu=s.cpu_s, rides=s.rides, analyzed=s.analyzed, size=s.size,"
        " child_mb=s.peak_megabytes, main_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(out), str(jobs), *inputs], check=True, capture_output=True, text=True
    )
    return json.loads(result.stdout)


def contents(out: Path) -> dict[str, list[dict]]:
    import pyarrow.parquet as pq

    return {name: pq.read_table(out / name).to_pylist() for name in TABLES}


def killed_at_random(inputs: list[str], out: Path, kills: int, seconds: float) -> None:
    """Kill the run, or one of the processes that analyze, at random moments; start it again each time."""
    chance = random.Random(1)
    command = [sys.executable, "-m", "ridelog", "audit", *inputs, "--out", str(out), "--reports", "none"]
    for number in range(kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.2, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            if number % 2:
                children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
                for child in children.split()[:1]:
                    subprocess.run(["kill", "-9", child])
                try:
                    process.wait(0.3 * seconds)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
            else:
                process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def ranking(out: Path, fleet: Path) -> None:
    rows = contents(out)["vehicles"]
    traits = {
        item["vehicle"]: item["trait"]["name"] for item in json.loads((fleet / "truth.json").read_text())["rides"]
    }
    for row in rows[:12]:
        reason = row["reasons"][0] if row["reasons"] else ""
        print(
            f"  {row['rank']:3d} {row['vehicle']:12s} {traits.get(row['vehicle'], 'real'):12s} {row['risk']:.3f}  {reason}"
        )
    ranks = {name: row["rank"] for row in rows for name in [row["vehicle"]]}
    ageing = sorted(ranks[name] for name, trait in traits.items() if trait.startswith("ageing"))
    loggers = [(row["rank"], row["risk"]) for row in rows if traits.get(row["vehicle"]) == "bad-logger"]
    print(f"ageing vehicles at ranks {ageing}; bad loggers (rank, risk) {loggers}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("fleet", type=Path)
    parser.add_argument("--make", nargs=2, type=int, metavar=("VEHICLES", "RIDES"))
    parser.add_argument("--real", type=Path, help="a folder of real rides of one vehicle, audited along")
    parser.add_argument("--small", type=int, default=0, help="vehicles of a part of the fleet, for the memory ratio")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("audit_benchmark"))
    options = parser.parse_args()
    if options.make:
        make_fleet(options.fleet, *options.make)
    shutil.rmtree(options.work, ignore_errors=True)
    inputs = [str(options.fleet), *([str(options.real)] if options.real else [])]
    whole = run(inputs, options.work / "two", 2)
    print(
        f"2 processes: {whole['rides']:.0f} rides, {whole['size'] / 1e9:.2f} GB, {whole['wall']:.1f} s wall, "
        f"{whole['cpu']:.1f} s of processors: {whole['rides'] / whole['cpu']:.2f} rides/s and "
        f"{whole['size'] / whole['cpu'] / 1e6:.1f} MB/s per core, "
        f"{whole['cpu'] / whole['size'] * 1e9:.0f} core seconds per GB"
    )
    print(f"memory: {whole['child_mb']:.0f} MB a process that analyzes, {whole['main_mb']:.0f} MB the one that leads")
    again = run(inputs, options.work / "two", 2)
    print(
        f"second run: {again['wall']:.2f} s, {whole['wall'] / again['wall']:.0f} x faster, {again['analyzed']:.0f} analyzed"
    )
    ranking(options.work / "two", options.fleet)
    if options.small:
        part = [str(options.fleet / f"vehicle_{number:03d}") for number in range(options.small)]
        one, two = (run(part, options.work / f"small{jobs}", jobs) for jobs in (1, 2))
        print(
            f"parallel efficiency on 2 cores: wall {one['wall']:.1f} s and {two['wall']:.1f} s, "
            f"{one['wall'] / two['wall'] / 2:.0%}; by processor time {one['cpu']:.1f} s and {two['cpu']:.1f} s, "
            f"{one['cpu'] / two['cpu']:.0%}"
        )
        print(
            f"memory from {two['rides']:.0f} to {whole['rides']:.0f} rides: "
            f"x {whole['child_mb'] / two['child_mb']:.2f} a process that analyzes, "
            f"x {whole['main_mb'] / two['main_mb']:.2f} the one that leads"
        )
    if options.kills:
        started = time.perf_counter()
        killed_at_random(inputs, options.work / "killed", options.kills, whole["wall"] / 3)
        same = contents(options.work / "killed") == contents(options.work / "two")
        print(f"killed {options.kills} times and resumed ({time.perf_counter() - started:.0f} s): tables equal: {same}")


if __name__ == "__main__":
    main()
