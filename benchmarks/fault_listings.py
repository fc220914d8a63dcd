"""Causes from real `faults` listings of forum threads: `python -m benchmarks.fault_listings`.

The labels come from whole threads, in which the owner said what it was; ridelog gets only the records of the listing,
written anew without the prose around them. Threads in which something was changed and the fault went, or the defect was
seen, count as resolved: only these are scored. On the others nobody knows the truth.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LABELS: Final = ("Current", "Current filtered", "Voltage", "Duty", "RPM", "Cycles running", "Temperature")
#: Where the folder of real logs is looked for unless RIDELOG_REAL_LOGS names it: beside the checkout.
_BESIDE: Final = Path(__file__).resolve().parent.parent.parent / "shared" / "real_logs"


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread: what its owner found, and what ridelog says from the listing alone.

    Attributes:
        name: Number of the thread.
        truth: The causes the thread established or suspects, the first one first.
        resolved: Whether something was changed and the fault went, or the defect was seen.
        verdict: Cause ridelog names.
        ranked: Causes and probabilities, most probable first.
    """

    name: str
    truth: tuple[str, ...]
    resolved: bool
    verdict: str
    ranked: tuple[tuple[str, float], ...]

    @property
    def first(self) -> bool:
        """Whether the true cause is ranked first."""
        return any(cause == self.truth[0] for cause, _ in self.ranked[:1])

    @property
    def within_two(self) -> bool:
        """Whether the true cause is among the first two."""
        return any(cause == self.truth[0] for cause, _ in self.ranked[:2])


def real_logs() -> Path:
    """The folder of real logs."""
    return Path(os.environ.get("RIDELOG_REAL_LOGS", _BESIDE))


def listing(records: Sequence[Sequence[str | None]]) -> str:
    """Write records as the VESC terminal prints them; a value that the thread lost is left out."""
    lines = ["The following faults were registered since start:"]
    for fault, *values in records:
        lines.append(f"Fault            : FAULT_CODE_{fault}")
        lines += [f"{label:17s}: {value}" for label, value in zip(_LABELS, values, strict=True) if value is not None]
        lines.append("")
    return "\n".join(lines) + "\n"


def threads(folder: Path) -> Iterator[Thread]:
    """Analyze the listing of every labelled thread in `folder`."""
    from ridelog import analyze

    with tempfile.TemporaryDirectory() as place:
        for line in (folder / "vesc_faults" / "LABELS.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            path = Path(place) / "faults.txt"
            path.write_text(listing(row["records"]), encoding="utf-8")
            incident = analyze(str(path))
            ranked = tuple((item.cause, item.probability) for item in incident.causes)
            yield Thread(row["thread"], tuple(row["cause_ids"]), row["resolved"], incident.verdict.cause, ranked)


def main() -> None:
    """Print one row a thread and the score of the resolved ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="print the threads that were not resolved too")
    arguments = parser.parse_args()
    found = list(threads(real_logs()))
    resolved = [thread for thread in found if thread.resolved]
    print("| thread | true cause | first | second |\n|---|---|---|---|")
    for thread in found if arguments.all else resolved:
        told = [f"{cause} {100 * probability:.0f} %" for cause, probability in thread.ranked[:2]] + ["", ""]
        print(f"| {thread.name} | {thread.truth[0]} | {told[0]} | {told[1]} |")
    first, second = sum(thread.first for thread in resolved), sum(thread.within_two for thread in resolved)
    print(f"\n{len(resolved)} resolved: first {first}, among the first two {second}")


if __name__ == "__main__":
    main()
