"""What a verdict is worth against the truth of a case."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .catalogue import draw

#: A verdict counts as confident from this probability on.
CONFIDENT = 0.85
#: An onset counts as found when the stated interval, widened by this, holds the true one, s.
ONSET_SLACK_S = 1.0


def score(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """Draw the case, write its files into `folder`, analyze them there, and say how the verdict did.

    `mark` is one of right, acceptable (an expert could not tell more from these logs), undetermined, wrong, refused
    (a file of the case was not read) or maker (the case itself could not be drawn).
    """
    from ridelog import analyze
    from ridelog.errors import RidelogError

    row: dict[str, Any] = {"name": name, "seed": seed}
    try:
        case = draw(name, seed)
    except Exception:
        return row | {"mark": "maker", "error": traceback.format_exc(limit=-2)}
    row |= {"truth": case.cause, "healthy": case.healthy, "hours": case.hours, "true_onset": case.onset}
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in case.files.items():
        (folder / file).write_bytes(data)
    (folder / "TRUTH.json").write_text(json.dumps(row | {"accept": case.accept}, indent=1))
    try:
        incident = analyze([str(folder / file) for file in case.files]).to_dict()
    except RidelogError as error:
        return row | {"mark": "refused", "error": f"{type(error).__name__}: {error}"}
    except Exception:
        return row | {"mark": "refused", "error": traceback.format_exc(limit=-3)}
    verdict = incident["verdict"]
    said = verdict["cause"]
    onset = verdict["onset"]
    row |= {
        "said": said,
        "probability": verdict["probability"],
        "onset": None if onset is None else (onset["earliest_s"], onset["latest_s"]),
        "top3": [item["cause"] for item in incident["causes"][:3]],
        "mark": "right"
        if said == case.cause
        else "acceptable"
        if said in case.accept
        else "undetermined"
        if said == "undetermined"
        else "wrong",
    }
    (folder / "TRUTH.json").write_text(json.dumps(row | {"accept": case.accept}, indent=1))
    (folder / "ridelog.json").write_text(json.dumps(incident, indent=1))
    return row


def summary(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The lines of the table: marks of sick and healthy cases, confident errors, false incidents, onsets, n."""
    lines = [f"{'':10s}{'n':>5s}{'right':>8s}{'accept':>8s}{'undet':>8s}{'wrong':>8s}{'refused':>9s}"]
    rows = [row for row in rows if row["mark"] != "maker"]
    sick = [row for row in rows if not row["healthy"]]
    well = [row for row in rows if row["healthy"]]
    for title, part in (("sick", sick), ("healthy", well), ("all", rows)):
        marks = Counter(row["mark"] for row in part)
        lines.append(
            f"{title:10s}{len(part):5d}{marks['right']:8d}{marks['acceptable']:8d}{marks['undetermined']:8d}"
            f"{marks['wrong']:8d}{marks['refused']:9d}"
        )
    confident = [row for row in rows if row["mark"] == "wrong" and row["probability"] >= CONFIDENT]
    hours = sum(row["hours"] for row in well)
    false = sum(row["mark"] in ("wrong", "undetermined") for row in well)
    timed = [row for row in sick if row.get("onset") and row["true_onset"] is not None and row["mark"] == "right"]
    inside = sum(
        row["onset"][0] - ONSET_SLACK_S <= row["true_onset"] <= row["onset"][1] + ONSET_SLACK_S for row in timed
    )
    lines += [
        f"confident (at least {CONFIDENT:.0%}) and wrong: {len(confident)} of {len(rows)}",
        f"false incidents: {false} in {hours:.1f} healthy hours"
        + (f", {100 * false / hours:.1f} in 100 hours" if hours else ""),
        f"true cause among the first three: {sum(row['truth'] in row.get('top3', ()) for row in sick)} of {len(sick)}",
        f"onset of right verdicts within {ONSET_SLACK_S:g} s of the stated interval: {inside} of {len(timed)}",
    ]
    return lines
