"""What a missing log does to a verdict: `python -m benchmarks.ablation --seeds 700:701`.

Every simulated incident of several logs is analyzed whole, and again without each of its logs. With less to go by the
cause may become less sure or unknown; it must not turn into a contradicting one above 0.85, and what stays should not
become surer.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

#: A verdict of this probability is called the probable cause.
PROBABLE = 0.85
#: A gain in probability that is no more than the noise of an estimate.
SLACK = 0.02


def ablate(family: str, seed: int, variant: int = 2) -> list[dict[str, Any]]:
    """The verdict with all logs and without each of them, of one simulated incident; [] when it has a single log.

    Raises:
        ValueError: If the simulator has no such family.
    """
    from ridelog.errors import RidelogError
    from ridelog.pipeline import analyze
    from ridelog.simulate.catalogue import simulate

    case = simulate(family, seed, None, variant)
    if len(case.files) < 2:
        return []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, data in case.files.items():
            (Path(folder) / name).write_bytes(data)
        whole = analyze([str(Path(folder) / name) for name in case.files])
        for dropped in case.files:
            try:
                part = analyze([str(Path(folder) / name) for name in case.files if name != dropped])
            except RidelogError as error:
                rows.append({"family": family, "dropped": dropped, "refused": str(error)})
                continue
            ranked = {item.cause: item.probability for item in part.causes}
            rows.append(
                {
                    "family": family,
                    "seed": seed,
                    "suite": case.truth["suite"],
                    "dropped": dropped,
                    "cause": case.truth["cause"],
                    "alike": {*case.truth["indistinguishable"], *case.truth["contributing"]},
                    "whole": (whole.verdict.cause, whole.verdict.probability),
                    "part": (part.verdict.cause, part.verdict.probability),
                    "kept": ranked.get(whole.verdict.cause, 0.0),
                }
            )
    return rows


def contradicts(row: dict[str, Any]) -> bool:
    """Whether the part names, as the probable cause, another than the whole, the truth or what is alike."""
    cause, probability = row["part"]
    fits = cause in (row["whole"][0], row["cause"], *row["alike"], "none", "undetermined")
    return not fits and probability >= PROBABLE


def surer(row: dict[str, Any]) -> bool:
    """Whether the cause that all logs name is more probable without one of them."""
    return row["whole"][0] not in ("none", "undetermined") and row["kept"] > row["whole"][1] + SLACK


def main() -> None:
    from ridelog.simulate.catalogue import families

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="700:701", help="FIRST:LAST, the last not included")
    parser.add_argument("--family", action="append", default=[])
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split(":"))
    names = [family.name for family in families() if not arguments.family or family.name in arguments.family]
    rows = [row for seed in range(first, last) for name in names for row in ablate(name, seed)]
    refused = [row for row in rows if "refused" in row]
    rows = [row for row in rows if "refused" not in row]
    counts = Counter(
        "contradicting" if contradicts(row) else "surer" if surer(row) else "the same or less sure" for row in rows
    )
    for row in rows:
        if contradicts(row) or surer(row):
            print(
                f"{row['family']} [{row['suite']}] without {row['dropped']}: {row['whole'][0]} {row['whole'][1]:.2f} -> "
                f"{row['part'][0]} {row['part'][1]:.2f}, the first at {row['kept']:.2f} (true: {row['cause']})"
            )
    print(f"{len(rows)} logs dropped: {dict(counts)}; {len(refused)} could not be analyzed without one")


if __name__ == "__main__":
    main()
