"""Fit the one temperature of the reasoning on some families of simulated incidents and score it on others.

`python -m benchmarks.calibrate --seeds 200:206` draws every family, fits the temperature on half of the families (and
sensor suites) and scores on the other half, on seeds and a physics variant that the fit did not see; `--rows` takes the
rows that `python -m benchmarks.incidents --save` wrote instead. `--write` puts the reliability table into
docs/calibration.md. The temperature itself is set by hand in `ridelog/diagnosis/evidence.toml`.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import zlib
from pathlib import Path
from typing import Any

from benchmarks.incidents import brier, calibration, right, run, top3, within
from ridelog.diagnosis.evidence import builtin_table

DOCS = Path(__file__).resolve().parent.parent / "docs"


def rescaled(row: dict[str, Any], factor: float) -> dict[str, Any]:
    """The row with its probabilities as a temperature `factor` times as high would have given them.

    What nothing gets more than (`most_sure` of the evidence table) is taken out first and holds afterwards too.
    """
    if not row.get("ranked"):
        return row
    most = builtin_table().model.most_sure
    probabilities = [max(probability / most, 1e-12) for _, probability in row["ranked"]]
    rest = max(1.0 - sum(probabilities), 1e-12)
    weights = [math.exp(math.log(value) / factor) for value in (*probabilities, rest)]
    total = sum(weights)
    ranked = [(cause, most * weight / total) for (cause, _), weight in zip(row["ranked"], weights, strict=False)]
    if row["said"] == row["ranked"][0][0]:
        return {**row, "ranked": ranked, "probability": ranked[0][1]}
    return {**row, "ranked": ranked}


def fit(rows: list[dict[str, Any]]) -> float:
    """Factor on the temperature with the smallest log-loss of the named causes."""

    def loss(factor: float) -> float:
        total = 0.0
        for row in rows:
            if row["said"] in ("none", "undetermined"):
                continue
            probability = min(max(rescaled(row, factor)["probability"], 1e-6), 1 - 1e-6)
            total -= math.log(probability if right(row) else 1 - probability)
        return total

    return min((0.5 + 0.05 * step for step in range(60)), key=loss)


def interval(rows: list[dict[str, Any]], rounds: int = 400) -> tuple[float, float]:
    """95 % bootstrap interval of the calibration error."""
    chance = random.Random(7)
    errors = sorted(calibration([chance.choice(rows) for _ in rows])[0] for _ in range(rounds))
    return errors[int(0.025 * rounds)], errors[int(0.975 * rounds)]


def most_sure(rows: list[dict[str, Any]], from_probability: float = 0.95) -> tuple[int, int, float]:
    """Named incidents of at least that probability, how many of them are right, and the share they support.

    The share is the mean of the Jeffreys posterior, (right + 0.5) / (n + 1): below 1 however many are right.
    """
    sure = [row for row in rows if row["said"] not in ("none", "undetermined")]
    sure = [row for row in sure if row["probability"] >= from_probability]
    hits = sum(map(right, sure))
    return len(sure), hits, (hits + 0.5) / (len(sure) + 1)


def main() -> None:
    from ridelog.simulate.catalogue import families

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="200:203")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rows", type=Path, action="append", default=[], help="rows saved by benchmarks.incidents")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split(":"))
    names = [family.name for family in families()]
    if arguments.rows:
        drawn = [row for path in arguments.rows for row in json.loads(path.read_text(encoding="utf-8"))]
    else:
        drawn = [row for variant in (1, 2) for row in run(names, range(first, last), variant, arguments.jobs)]
    rows = [row for row in drawn if "broken" not in row and not row["healthy"]]
    seeds = sorted({row["seed"] for row in rows})
    variants = sorted({row["variant"] for row in rows})
    both = len(variants) > 1

    def held_out(row: dict[str, Any]) -> bool:
        half = zlib.crc32(f"{row['family']} {row['suite']}".encode()) % 2 == 0
        return half or (both and row["variant"] == 2)

    fitted = fit([row for row in rows if not held_out(row)])
    scored = [row for row in rows if held_out(row)]
    after = [rescaled(row, fitted) for row in scored]
    lines = [f"fitted on {len(rows) - len(scored)} incidents: factor {fitted:.2f} on the temperature"]
    for title, those in (("as set", scored), ("with the factor", after)):
        error, table = calibration(those)
        low, high = interval(those)
        named = [row for row in those if row["said"] not in ("none", "undetermined")]
        lines += [
            f"held out, {title}: n = {len(those)} ({len(named)} named), ECE {error:.3f} ({low:.3f}-{high:.3f}), "
            f"Brier {brier(those):.3f}, top-1 {sum(map(right, those)) / len(those):.3f}, "
            f"within what cannot be told apart {sum(map(within, those)) / len(those):.3f}, "
            f"top-3 {sum(map(top3, those)) / len(those):.3f}",
            "",
            "| n | said | true |",
            "| --- | --- | --- |",
            *(f"| {count} | {said:.2f} | {true:.2f} |" for count, said, true in table),
            "",
        ]
    count, hits, share = most_sure(scored)
    lines.append(f"said 0.95 or more: n = {count}, right {hits}; that supports {share:.3f}")
    print("\n".join(lines))
    if arguments.write:
        text = (
            "# Calibration\n\nOn simulated incidents; real ones differ, and no labelled collection of real scooter trips "
            "exists. A factor on the temperature is fitted on half of the family and sensor combinations "
            "and scored on the other half"
            f"{' and on the second variant of the physics' if both else ''}; 'as set' is the temperature that stands in "
            f"the evidence table. Made by `python -m benchmarks.calibrate --write` from seeds {seeds[0]} to {seeds[-1]}, "
            f"physics variant {' and '.join(map(str, variants))}.\n\n"
        )
        page = DOCS / "calibration.md"
        # What stands below the tables was written by hand.
        _, heading, written = page.read_text(encoding="utf-8").partition("\n## ")
        page.write_text(text + "\n".join(lines) + heading + written, encoding="utf-8")


if __name__ == "__main__":
    main()
