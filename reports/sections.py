"""What each section of the page says, as plain values for the templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ridelog.diagnosis.causes import causes
from ridelog.finding import Finding, Status

from . import words
from .cause_titles import cause_title
from .order import order_notes
from .repeats import repeats
from .verdict import in_a_listing

if TYPE_CHECKING:
    from ridelog.incident import Advice, Incident, RankedCause, Reason

Values = dict[str, object]


def ranked(incident: Incident) -> list[Values]:
    """The causes, the most probable first, and the share that is left for something else."""
    rows = [_cause(cause, index) for index, cause in enumerate(incident.causes)]
    rest = 1 - sum(cause.probability for cause in incident.causes)
    if rows and rest > 0.005:
        rows.append({"title": "Something else, or not known", "share": rest, "rest": True, "shown": True})
    return rows


def _cause(cause: RankedCause, rank: int) -> Values:
    known = causes().get(cause.cause)
    return {
        "title": cause_title(cause.cause),
        "id": cause.cause,
        "meaning": known.summary if known else "",
        "share": cause.probability,
        "shown": rank < 3,
        "supporting": reasons(cause.supporting),
        "contradicting": reasons(cause.contradicting),
        "not_observable": reasons(cause.not_observable),
    }


def reasons(items: Sequence[Reason]) -> list[Values]:
    """Evidence, the heaviest first."""
    ordered = sorted(items, key=lambda item: (-abs(item.weight), item.evidence))
    return [
        {
            "sentence": item.sentence or item.evidence.replace("-", " "),
            "strength": words.strength(item.weight) if item.weight else "",
            "weight": words.number(item.weight, 2),
            "rules": ", ".join(item.rules),
            "id": item.evidence,
        }
        for item in ordered
    ]


def advice(items: Sequence[Advice]) -> list[tuple[str, list[Advice]]]:
    """Advice by kind: do, check, do not, good to know."""
    found = {kind: [item for item in items if item.kind == kind] for kind in words.ADVICE}
    return [(words.ADVICE[kind], entries) for kind, entries in found.items() if entries]


def findings(incident: Incident) -> list[Values]:
    """Every finding with its values, its limits and the rows it was seen in."""
    order, again = order_notes(incident), repeats(incident)
    return [
        {
            **_finding(incident, number, finding, order.get(number, [])),
            "repeats": again.get(number, ""),
            "repeated": again.get(number) == "",
        }
        for number, finding in enumerate(incident.findings, 1)
    ]


def _finding(incident: Incident, number: int, finding: Finding, order: list[str]) -> Values:
    tracks = incident.ride.tracks
    track = tracks[finding.log] if 0 <= finding.log < len(tracks) else None
    kind = words.row_kind(track.log) if track else "row"
    moment_known = finding.event and not in_a_listing(incident, finding)
    return {
        "number": number,
        "code": finding.code,
        "name": words.spoken(finding.name),
        "severity": str(finding.severity),
        "label": words.SEVERITY[str(finding.severity)],
        "when": _when(incident, finding),
        "onset": words.first_capital(words.between(finding.onset)) if moment_known else "",
        "event": finding.event,
        "message": finding.message,
        "danger": finding.danger,
        "place": words.place(kind, *finding.rows),
        "file": words.log_name(incident.ride, finding.log) if track else "",
        "moment_known": moment_known,
        "order": order,
        "measurements": [
            {
                "name": words.first_capital(item.name),
                "value": words.quantity(item.value, item.unit, () if item.limit is None else (item.limit,)),
                "limit": "" if item.limit is None else words.quantity(item.limit, item.unit, (item.value,)),
                "distance": words.compared(item),
                "source": item.source,
            }
            for item in finding.measurements
        ],
    }


def _when(incident: Incident, finding: Finding) -> str:
    if not finding.event:
        return "during the whole log"
    if in_a_listing(incident, finding):
        return "at a time the list does not hold"
    when = words.stretch(finding.start_s, finding.end_s)
    return when if finding.timed else f"{when}, by this log\u2019s own clock"


def checks(incident: Incident) -> Values:
    """What was looked for: found, clear, and what could not be looked for and why."""
    named = {Status.FOUND: "found", Status.CLEAR: "in_order", Status.UNABLE: "unable"}
    by_status = {
        name: [
            {"code": check.code, "name": words.spoken(check.name), "reason": words.first_capital(check.reason)}
            for check in incident.checks
            if check.status is status
        ]
        for status, name in named.items()
    }
    reasons: dict[str, list[tuple[str, str]]] = {}
    for check in by_status["unable"]:
        reasons.setdefault(check["reason"], []).append((check["name"], check["code"]))
    return {**by_status, "reasons": list(reasons.items()), "total": len(incident.checks)}


def clocks(incident: Incident) -> list[Values]:
    """How the clock of each log relates to the ride's."""
    rows: list[Values] = []
    if len(incident.ride.tracks) < 2:
        return rows
    for track in incident.ride.tracks:
        fit, piece = track.clock, track.clock.pieces[0]
        reference = track.index == incident.ride.reference
        rows.append(
            {
                "log": words.log_name(incident.ride, track.index),
                "role": words.ROLE[str(track.log.role)],
                "reference": reference,
                "aligned": fit.aligned,
                "offset": f"{words.number(piece.offset_s, 3)}{words.THIN}s" if fit.aligned else "–",
                "drift": f"{words.number(piece.drift_ppm, 0)}{words.THIN}ppm" if fit.aligned else "–",
                "uncertainty": f"±{words.duration(fit.uncertainty_s)}" if fit.aligned else "–",
                "pieces": len(fit.pieces),
                "method": fit.method,
                "reason": fit.reason,
            }
        )
    return rows
