"""What an audit costs and whether it holds what it promises, in one run: `python -m benchmarks.audit --real FOLDER`.

Makes a fleet (once; it is kept in the folder of `--keep`), audits it, and prints: throughput per core, the second run
over unchanged input, the ranking against the truth, memory from 200 rides to all, parallel efficiency, and the page in
Chromium. `--kills 30` adds runs that are killed at random moments. The full size takes about a quarter of an hour on two
free cores; wall times of a loaded machine mean little, so the load is printed beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.audit_kills import contents, killed_at_random
from benchmarks.audit_page import measure_page

#: Rides of the smaller audit that memory is compared with.
_FEW = 200

_AUDIT = """
import json, sys, time, resource, ridelog
from ridelog.fleet.runner import AuditOptions
from ridelog.fleet.jobs import AnalysisOptions
start = time.perf_counter()
done = ridelog.audit(sys.argv[3:], sys.argv[1], AuditOptions(
    jobs=int(sys.argv[2]), progress=False, analysis=AnalysisOptions(reports='none')))
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps(dict(wall=time.perf_counter() - start, cpu=done.cpu_s, rides=done.rides, analyzed=done.analyzed,
    size=done.size, busy=done.busy, child_mb=done.peak_megabytes, main_mb=used.ru_maxrss / 1024,
    main_cpu=used.ru_utime + used.ru_stime)))
"""


def make_fleet(folder: Path, vehicles: int, rides: int, seed: int, jobs: int) -> None:
    """A fleet of 5 ageing packs, 2 bad loggers and 3 trips, unless it is there already."""
    if (folder / "truth.json").is_file():
        return
    from ridelog.simulate.fleet import simulate_fleet

    shutil.rmtree(folder, ignore_errors=True)
    start, used = time.perf_counter(), _processors()
    traits = ["ageing-pack"] * 5 + ["bad-logger"] * 2
    simulate_fleet(vehicles, rides, seed, folder, incident_share=0.0, trips=3, traits=traits, jobs=jobs)
    print(
        f"fleet made: {rides} rides of {vehicles} vehicles, seed {seed}: {time.perf_counter() - start:.0f} s wall, "
        f"{_processors() - used:.0f} core seconds"
    )


def _processors() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def run(inputs: list[str], out: Path, jobs: int) -> dict[str, float]:
    """One audit in a process of its own: wall time, processor time, rides and peak memory."""
    result = subprocess.run(
        [sys.executable, "-c", _AUDIT, str(out), str(jobs), *inputs], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(result.stdout)
    return figures


def sample(fleet: Path, rides: int, target: Path, offset: float = 0.0) -> str:
    """A folder of so many rides of the fleet, evenly spaced by size (the largest among them at offset 0), as hard links."""
    folders = sorted(
        (item for item in fleet.glob("*/*") if item.is_dir()),
        key=lambda item: (-sum(file.stat().st_size for file in item.iterdir()), item.as_posix()),
    )
    every = max(len(folders) / rides, 1.0)
    places = sorted({int((number + offset) * every) for number in range(rides)} & set(range(len(folders))))
    shutil.rmtree(target, ignore_errors=True)
    for place in places:
        own = target / folders[place].relative_to(fleet)
        own.mkdir(parents=True)
        for file in folders[place].iterdir():
            os.link(file, own / file.name)
    return str(target)


def ranking(out: Path, fleet: Path) -> None:
    """Where the vehicles came, beside what they are."""
    rows = contents(out)["vehicles"]
    told = json.loads((fleet / "truth.json").read_text())["rides"]
    traits = {item["vehicle"]: item["trait"]["name"] for item in told}
    for item in told:
        if item["ride"]["cause"] != "none":
            traits[item["vehicle"]] += ", trip"
    print("ranking (place, vehicle, what it is, risk, data quality, first reason):")
    for row in rows:
        known = traits.get(row["vehicle"], "real")
        if row["rank"] <= 10 or known != "sound":
            reason = row["reasons"][0] if row["reasons"] else ""
            print(
                f"  {row['rank']:3d} {row['vehicle']:12s} {known:18s} {row['risk']:.3f} {row['data_quality']:.2f} {reason}"
            )
    # Vehicles of equal risk stand in the order of their names: the last place of equals is what counts.
    ranks = {row["vehicle"]: sum(other["risk"] >= row["risk"] for other in rows) for row in rows}
    ageing = sorted(ranks.get(name, len(rows)) for name, trait in traits.items() if trait.startswith("ageing"))
    sound = [
        row["vehicle"] for row in rows if row["risk"] > 0 and traits.get(row["vehicle"], "real") in ("sound", "real")
    ]
    print(f"      sound vehicles with a risk: {', '.join(sound) or 'none'}")
    loggers = [row["risk"] for row in rows if traits.get(row["vehicle"], "").startswith("bad-logger")]
    goal("ageing vehicles in the first 8", f"places {ageing}", bool(ageing) and max(ageing) <= 8)
    goal("no bad logger ranked as a bad pack", f"risks {loggers}", max(loggers, default=0.0) < 0.1)


def goal(name: str, figure: str, met: bool) -> None:
    """A goal, its figure and whether it is met."""
    print(f"{'met ' if met else 'OPEN'}  {name}: {figure} (load average {os.getloadavg()[0]:.1f})", flush=True)


def efficiency(fleet: Path, rides: int, work: Path) -> None:
    """Two processes against one, on other rides each time and in the order 1 2 2 1, so that drift and caches do not count."""
    sums = {1: dict.fromkeys(("wall", "cpu", "main_cpu", "rides"), 0.0), 2: {}}
    sums[2] = dict(sums[1])
    busy = []
    for number, jobs in enumerate((1, 2, 2, 1)):
        half = number // 2
        part = sample(fleet, rides, work / f"half{half}", 0.25 + half / 2)
        shutil.rmtree(work / "pair", ignore_errors=True)
        figures = run([part], work / "pair", jobs)
        for name in sums[jobs]:
            sums[jobs][name] += figures[name]
        if jobs == 2:
            busy.append(figures["busy"])
    one, two = sums[1], sums[2]
    by_wall = one["wall"] / two["wall"] / 2
    share = sum(busy) / len(busy)
    overhead = two["main_cpu"] / two["cpu"]
    print(
        f"two processes beside one, {one['rides']:.0f} rides each: wall {one['wall']:.1f} s and {two['wall']:.1f} s; "
        f"processor time of the analysis {one['cpu']:.1f} s and {two['cpu']:.1f} s; leading takes {overhead:.1%} of it; "
        f"the processes have work {share:.1%} of the time"
    )
    goal("parallel efficiency on 2 cores >= 90 %", f"{by_wall:.1%} by the wall clock (start and publishing included)",
         by_wall >= 0.9)  # fmt: skip
    by_cpu = one["cpu"] / two["cpu"] * share
    print(
        f"      where other work runs beside it: {by_cpu:.1%} (processor time of one over two, times the share with work)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, default=Path("audit_benchmark"), help="folder for fleets and results")
    parser.add_argument("--vehicles", type=int, default=40)
    parser.add_argument("--rides", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20_608, help="a seed nobody looked at is the one that counts")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--real", type=Path, help="a folder of real rides of one vehicle, audited along")
    parser.add_argument(
        "--pair-rides", type=int, default=500, help="rides of each run that measures efficiency; 0: none"
    )
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--kill-rides", type=int, default=120, help="rides of the run that is killed")
    parser.add_argument("--no-page", action="store_true", help="no browser")
    options = parser.parse_args()
    fleet = options.keep / f"fleet_{options.vehicles}x{options.rides}_{options.seed}"
    work = options.keep / "work"
    make_fleet(fleet, options.vehicles, options.rides, options.seed, options.jobs)
    shutil.rmtree(work, ignore_errors=True)
    inputs = [str(fleet), *([str(options.real)] if options.real else [])]
    whole = run(inputs, work / "whole", options.jobs)
    print(
        f"{options.jobs} processes: {whole['rides']:.0f} rides, {whole['size'] / 1e9:.2f} GB, {whole['wall']:.1f} s wall, "
        f"{whole['cpu']:.1f} core seconds: {whole['rides'] / whole['cpu']:.2f} rides/s and "
        f"{whole['size'] / whole['cpu'] / 1e6:.1f} MB/s per core, {whole['cpu'] / whole['size'] * 1e9:.0f} core seconds per GB"
    )
    again = run(inputs, work / "whole", options.jobs)
    ratio = whole["wall"] / again["wall"]
    goal("second run over unchanged input >= 50 x faster", f"{again['wall']:.2f} s, {ratio:.0f} x", ratio >= 50)
    ranking(work / "whole", fleet)
    if whole["rides"] > _FEW:
        few = run([sample(fleet, _FEW, work / "few_rides")], work / "few", options.jobs)
        child, main_ratio = whole["child_mb"] / few["child_mb"], whole["main_mb"] / few["main_mb"]
        goal(
            f"memory from {few['rides']:.0f} to {whole['rides']:.0f} rides, ratio <= 1.15",
            f"x {child:.2f} a process that analyzes ({few['child_mb']:.0f} to {whole['child_mb']:.0f} MB), "
            f"x {main_ratio:.2f} the one that leads ({few['main_mb']:.0f} to {whole['main_mb']:.0f} MB)",
            max(child, main_ratio) <= 1.15,
        )
    if options.pair_rides:
        efficiency(fleet, options.pair_rides, work)
    if not options.no_page:
        measure_page(work / "whole", work)
    if options.kills:
        part = sample(fleet, options.kill_rides, work / "kill_rides")
        alone = run([part], work / "alone", options.jobs)
        kills, equal = killed_at_random([part], work / "killed", options.kills, alone["wall"], work / "alone")
        goal(
            f"tables of {alone['rides']:.0f} rides after kill -9 at random moments equal an undisturbed run's",
            f"{kills}; {equal}",
            equal.startswith("equal"),
        )


if __name__ == "__main__":
    main()
