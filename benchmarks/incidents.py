"""Verdicts against the truth of simulated incidents: `python -m benchmarks.incidents --seeds 0:5`.

Each family of made-up rides is drawn with the given seeds and analyzed from its files, as a rider would hand them over.
Prints, by family and in all: how often the true cause is first, first within what the logs cannot tell apart, among the
first three; calibration error and Brier score; false incidents in healthy hours; onsets inside the stated interval.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ridelog.finding import Check
    from ridelog.incident import Incident

#: An onset counts as found when the stated interval, widened by this, holds the true one, s.
ONSET_SLACK_S = 1.0


def one_case(family: str, seed: int, variant: int) -> dict[str, Any]:
    """Simulate and analyze one case: the truth and what ridelog said."""
    from ridelog.pipeline import analyze
    from ridelog.simulate.catalogue import simulate

    row: dict[str, Any] = {"family": family, "seed": seed, "variant": variant}
    try:
        case = simulate(family, seed, None, variant)
    except Exception as error:
        return {**row, "broken": f"simulator: {type(error).__name__}: {error}"}
    truth = case.truth
    row |= {
        key: truth[key]
        for key in ("cause", "healthy", "suite", "onset_s", "contributing", "indistinguishable", "duration_s")
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, data in case.files.items():
            path = Path(folder) / name
            path.write_bytes(data)
            paths.append(str(path))
        try:
            incident = analyze(paths)
        except Exception:
            return {**row, "broken": traceback.format_exc(limit=-3)}
    verdict = incident.verdict
    reference = next((log for log in truth["logs"] if log["file"].endswith(_name(incident))), truth["logs"][0])
    row |= {
        "said": verdict.cause,
        "probability": verdict.probability,
        "ranked": [(item.cause, item.probability) for item in incident.causes],
        "factors": [(item.cause, item.probability) for item in incident.contributing],
        "onset": None if verdict.onset is None else [verdict.onset.earliest_s, verdict.onset.latest_s],
        "true_onset": _true_onset(truth, reference),
        "checks": {
            check.name: [str(check.status), *[str(finding.severity) for finding in check.findings]]
            for check in incident.checks
        },
        "blind": [check.name for check in incident.checks if _blind(check)],
    }
    return row


def _blind(check: Check) -> bool:
    """A detector that says itself that its first evidence could not be observed in these logs, and raised no alarm."""
    first = next(iter(check.evidence.values()), None)
    return (
        first is not None
        and first.seen == "not observable"
        and not any(finding.severity != "info" for finding in check.findings)
    )


def _name(incident: Incident) -> str:
    return Path(incident.ride.tracks[incident.ride.reference].log.origin.path).name


def _true_onset(truth: dict[str, Any], log: dict[str, Any]) -> float | None:
    """The true onset on the clock of the reference log, from that log's first row."""
    if truth["onset_s"] is None:
        return None
    for key in ("onset_log_s", "onset_s"):
        if log.get(key) is not None:
            return float(log[key])
    return None


def run(families: Sequence[str], seeds: Iterable[int], variant: int, jobs: int) -> list[dict[str, Any]]:
    """All cases, in order."""
    cases = [(family, seed, variant) for family in families for seed in seeds]
    if jobs == 1:
        return [one_case(*case) for case in cases]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(one_case, *zip(*cases, strict=True), chunksize=4))


def right(row: dict[str, Any]) -> bool:
    """The verdict is the true cause."""
    return bool(row["said"] == row["cause"])


def within(row: dict[str, Any]) -> bool:
    """The verdict is the true cause or one that these logs cannot tell from it."""
    return right(row) or row["said"] in row["indistinguishable"]


def top3(row: dict[str, Any]) -> bool:
    """The true cause is among the first three."""
    return right(row) or row["cause"] in [cause for cause, _ in row["ranked"][:3]]


def calibration(rows: Sequence[dict[str, Any]], bins: int = 10) -> tuple[float, list[tuple[int, float, float]]]:
    """Expected calibration error over equal-mass bins of the verdict's probability, and the bins (n, said, true)."""
    scored = sorted((row["probability"], right(row)) for row in rows if row["said"] not in ("none", "undetermined"))
    if not scored:
        return float("nan"), []
    table, error = [], 0.0
    for number in range(bins):
        part = scored[number * len(scored) // bins : (number + 1) * len(scored) // bins]
        if part:
            said = sum(probability for probability, _ in part) / len(part)
            true = sum(hit for _, hit in part) / len(part)
            table.append((len(part), said, true))
            error += abs(said - true) * len(part) / len(scored)
    return error, table


def brier(rows: Sequence[dict[str, Any]]) -> float:
    """Mean squared error of the verdict's probability over incidents."""
    scored = [(row["probability"], right(row)) for row in rows if row["said"] not in ("none", "undetermined")]
    return sum((probability - hit) ** 2 for probability, hit in scored) / max(len(scored), 1)


def report(rows: Sequence[dict[str, Any]]) -> None:
    """Print the tables."""
    broken = [row for row in rows if "broken" in row]
    rows = [row for row in rows if "broken" not in row]
    by_family: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_family[row["family"]].append(row)
    print(f"{'family':36s} {'cause':30s}   n  top1 within top3 onset  said instead")
    for family, those in by_family.items():
        onsets = [_onset_hit(row) for row in those if row.get("true_onset") is not None and row["onset"]]
        wrong = Counter(f"{row['said']}[{row['suite']}]" for row in those if not right(row))
        said = ", ".join(f"{name} x{count}" for name, count in wrong.most_common(4))
        print(
            f"{family:36s} {those[0]['cause']:30s} {len(those):3d} {_share(map(right, those))} "
            f"{_share(map(within, those))} {_share(map(top3, those))} {_share(onsets)}  {said}"
        )
    incidents = [row for row in rows if not row["healthy"]]
    healthy = [row for row in rows if row["healthy"]]
    hours = sum(row["duration_s"] for row in healthy) / 3600
    false = [row for row in healthy if row["said"] != "none"]
    tellable = [row for row in incidents if not row["indistinguishable"]]
    error, table = calibration(incidents)
    print(
        f"\nincidents {len(incidents)}: top-1 {_share(map(right, incidents))}, "
        f"within {_share(map(within, incidents))}, top-3 {_share(map(top3, incidents))}; "
        f"where the sensors can tell ({len(tellable)}): {_share(map(right, tellable))}, top-3 {_share(map(top3, tellable))}"
    )
    said = Counter(row["said"] for row in incidents)
    print(f"undetermined {said['undetermined']}, none {said['none']}")
    print(f"ECE {error:.3f}, Brier {brier(incidents):.3f}")
    for count, said, true in table:
        print(f"  n {count:4d}  said {said:.2f}  true {true:.2f}")
    rate = 100 * len(false) / hours if hours else math.nan
    print(f"healthy {len(healthy)} rides, {hours:.1f} h: {len(false)} false incidents, {rate:.2f} per 100 h")
    if broken:
        print(f"\nbroken {len(broken)}:")
        for text, count in Counter(row["broken"] for row in broken).most_common(8):
            print(f"  x{count}: {text}")


def _onset_hit(row: dict[str, Any]) -> bool:
    earliest, latest = row["onset"]
    return bool(earliest - ONSET_SLACK_S <= row["true_onset"] <= latest + ONSET_SLACK_S)


def _share(hits: Iterable[bool]) -> str:
    values = list(hits)
    return f"{sum(values) / len(values):5.2f}" if values else "    -"


def main() -> None:
    from ridelog.simulate.catalogue import families

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:5", help="FIRST:LAST, the last not included")
    parser.add_argument("--variant", type=int, default=1)
    parser.add_argument("--family", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--save", type=Path)
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split(":"))
    names = [family.name for family in families() if not arguments.family or family.name in arguments.family]
    rows = run(names, range(first, last), arguments.variant, arguments.jobs)
    if arguments.save:
        arguments.save.write_text(json.dumps(rows, indent=0))
    report(rows)


if __name__ == "__main__":
    main()
