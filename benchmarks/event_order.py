"""Claims about the order of events on two logs, against the truth: `python -m benchmarks.event_order --pairs 120`.

Every pair is a controller log and a BMS log of one made-up incident. Counted are the pairs of findings whose order the
incident tells (`order` of the JSON), and the orders between pieces of evidence that the reasoning builds on (what came
first, what is only a consequence). Each is right or wrong by two truths: by the true clocks of the two logs, and by the
moments at which the board opened and the controller faulted, where the simulator knows them. "Too close to order" is
counted beside them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.alignment import draw

if TYPE_CHECKING:
    from ridelog.diagnosis.evidence import EvidenceRow
    from ridelog.finding import Evidence, Finding, Interval
    from ridelog.incident import Incident

BOARDS = ("vesc+jk", "vesc+jbd", "vesc+ant", "vesc+daly", "vesc+plain")
#: A finding is about a true event when that lies within its onset or this near, s.
_NEAR_S = 3.0
#: Detectors whose onset is the moment a board opens, and those whose onset is a fault of the controller.
_OPENS, _FAULTS = ("BT01", "BC01"), ("CF01",)


def cases(count: int) -> list[tuple[str, int, str]]:
    """Spread the pairs over incidents with a moment, and over boards."""
    from ridelog.simulate.catalogue import families

    usable = [
        family for family in families() if family.moment and not family.healthy and set(BOARDS) & set(family.suites)
    ]
    result = []
    for number in range(count):
        family = usable[number % len(usable)]
        suites = [suite for suite in BOARDS if suite in family.suites]
        seed = 700 + number // len(usable)
        result.append((family.name, seed, suites[(number + seed) % len(suites)]))
    return result


def one_case(family: str, seed: int, suite: str) -> dict[str, Any]:
    """Judge the claims of one incident."""
    from ridelog.alignment import AlignmentOptions
    from ridelog.pipeline import Options, investigate

    row: dict[str, Any] = {"family": family, "seed": seed, "suite": suite}
    try:
        logs, truth = draw(family, seed, suite)
        board = next(index for index, log in enumerate(logs) if str(log.role) == "bms" and log.rows > 5)
        entry = next(entry for entry in truth["logs"] if entry["role"] == "bms" and entry.get("reference_own_s"))
        told = investigate(logs)
        true_clock = AlignmentOptions(offsets={board: float(entry["offset_to_ride_s"])})
        known = investigate(logs, Options(alignment=true_clock))
    except Exception as error:
        return {**row, "broken": f"{type(error).__name__}: {error}"}
    clock = told.ride.tracks[board].clock
    own = float(entry["reference_own_s"])
    error_s = float(clock.to_ride(np.array([own]))[0]) - own - float(entry["offset_to_ride_s"])
    row.update(aligned=clock.aligned, counts=Counter(), wrong=[])
    _judge_findings(row, told, error_s, truth)
    _judge_evidence(row, told, known)
    return row


def _judge_findings(row: dict[str, Any], told: Incident, error_s: float, truth: Mapping[str, Any]) -> None:
    for pair in told.order:
        first, second = told.findings[pair.first], told.findings[pair.second]
        if pair.relation != "before":
            row["counts"]["findings too close to order"] += 1
            continue
        intervals = [_true(finding, told, error_s) for finding in (first, second)]
        _count(row, "findings by the true clocks", intervals[0], intervals[1], f"{first.code} {second.code}")
        moments = [_moment(finding, truth) for finding in (first, second)]
        if moments[0] is not None and moments[1] is not None:
            right = moments[0] <= moments[1] + 1e-3
            row["counts"]["findings by the true moments", "right" if right else "wrong"] += 1
            if not right:
                row["wrong"].append((first.code, second.code, moments))


def _judge_evidence(row: dict[str, Any], told: Incident, known: Incident) -> None:
    """Orders between pieces of evidence, against the same reasoning with the true clocks."""
    from ridelog.diagnosis.evidence import builtin_table

    rows = builtin_table().rows
    mine, theirs = _timed(told, rows), _timed(known, rows)
    for one, at in mine.items():
        for other, later in mine.items():
            if one != other and at.surely_before(later) and one in theirs and other in theirs:
                _count(row, "evidence by the true clocks", theirs[one], theirs[other], f"{one} {other}")


def _timed(incident: Incident, rows: Mapping[str, EvidenceRow]) -> dict[str, Interval]:
    strongest: dict[str, Evidence] = {}
    for check in incident.checks:
        for name, item in check.evidence.items():
            marks = name in rows and rows[name].event and item.at is not None and str(item.seen) == "observed"
            if marks and (name not in strongest or item.strength > strongest[name].strength):
                strongest[name] = item
    return {name: item.at for name, item in strongest.items() if item.at is not None}


def _true(finding: Finding, told: Incident, error_s: float) -> Interval:
    """Onset of a finding on the true clock, without what the uncertainty of the clocks added."""
    clock = told.ride.tracks[finding.log].clock
    if clock.method == "reference":
        return finding.onset
    return finding.onset.widened(-clock.uncertainty_s).shifted(-error_s)


def _moment(finding: Finding, truth: Mapping[str, Any]) -> float | None:
    """True moment of the event a finding is about, s of the ride's clock; None when it is not known."""
    board = truth.get("bms") or {}
    times = (
        [float(when) for when, _ in board.get("trips", ())]
        if finding.code in _OPENS
        else [float(when) for when, _ in truth.get("faults", ())]
        if finding.code in _FAULTS
        else []
    )
    if truth.get("onset_s") is None or not times:
        return None
    zero = float(truth["onset_s"]) - float(truth["onset_ride_s"])
    near = [
        when - zero
        for when in times
        if finding.onset.earliest_s - _NEAR_S <= when - zero <= finding.onset.latest_s + _NEAR_S
    ]
    return min(near, key=lambda when: abs(when - finding.onset.middle_s)) if near else None


def _count(row: dict[str, Any], kind: str, first: Interval, second: Interval, what: str) -> None:
    answer = "right" if first.surely_before(second) else "wrong" if second.surely_before(first) else "not certain"
    row["counts"][kind, answer] += 1
    if answer == "wrong":
        row["wrong"].append((what, first, second))


def report(rows: Sequence[dict[str, Any]]) -> None:
    """Print the table."""
    judged = [row for row in rows if "counts" in row]
    counts: Counter[Any] = sum((row["counts"] for row in judged), Counter())
    print(f"{len(judged)} incidents, {sum(row['aligned'] for row in judged)} aligned")
    for kind in ("findings by the true clocks", "findings by the true moments", "evidence by the true clocks"):
        right, wrong, unsure = (counts[kind, answer] for answer in ("right", "wrong", "not certain"))
        total = right + wrong + unsure
        share = f"{100 * right / total:.1f} % right" if total else "none"
        print(f"{kind:30s} {total:5d} claims: {right} right, {wrong} wrong, {unsure} not certain by the truth; {share}")
    print(f"{'findings too close to order':30s} {counts['findings too close to order']:5d}")
    for row in judged:
        for item in row["wrong"]:
            print("   wrong:", row["family"], row["seed"], row["suite"], item)
    for text, count in Counter(row["broken"] for row in rows if "broken" in row).most_common(8):
        print(f"broken x{count}: {text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    pairs = cases(arguments.pairs)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        report(list(pool.map(one_case, *zip(*pairs, strict=True), chunksize=2)))


if __name__ == "__main__":
    main()
