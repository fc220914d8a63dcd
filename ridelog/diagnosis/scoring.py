"""Weighing causes: additive log-evidence over mutually exclusive causes, with an explicit unknown.

Each cause starts at its prior and gains or loses the weights of the evidence, in nats. Observations that say the same
thing count once (the strongest of a group). What could not be observed weighs nothing. Evidence far from the incident,
and evidence that only followed it, does not count for the cause. The scores become probabilities by one temperature;
"something else" always has its share. The method follows additive weight-of-evidence scoring as used in fault
isolation of vehicles and in accident investigation, which separates the probable cause from contributing factors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ridelog.diagnosis.causes import Cause, causes
from ridelog.diagnosis.clustering import Cluster
from ridelog.diagnosis.evidence import CLIP_NATS, EvidenceRow, EvidenceTable
from ridelog.finding import Check, Evidence, Seen
from ridelog.incident import RankedCause, Reason

#: Every cause starts this far below "something else". Causes that nothing supports are part of "something else".
BASE_NATS = -1.0
#: What the earliest evidence of all adds to the causes it supports, in nats.
EARLIEST_BONUS_NATS = 0.5
_TOP = 5
_CONSEQUENCE = " It came after the first sign and is counted as its consequence."
_EXPLAINED = " Something else that was seen made it, so it does not count."
_HIDDEN = "something else that was seen would have kept it from showing"
_NOT_COVERED = "the log that could show it does not cover the moment"


@dataclass(frozen=True, slots=True)
class Score:
    """A cause as the evidence weighs it.

    Attributes:
        cause: The cause.
        nats: Its score, against 0 for "something else".
        reasons: What weighed for or against it, one of each group.
        unseen: What could not be looked for.
        supported: Whether something that was seen speaks for it; only then it can be named.
    """

    cause: Cause
    nats: float
    reasons: tuple[Reason, ...]
    unseen: tuple[Reason, ...]
    supported: bool


def strongest(checks: Iterable[Check]) -> dict[str, Evidence]:
    """The evidence by id; of several answers what was seen goes before what was not, and the clearer before the other."""
    order = {Seen.OBSERVED: 2, Seen.ABSENT: 1, Seen.NOT_OBSERVABLE: 0}
    found: dict[str, Evidence] = {}
    for check in checks:
        for name, item in check.evidence.items():
            held = found.get(name)
            if held is None or (order[item.seen], item.strength) > (order[held.seen], held.strength):
                found[name] = item
    return found


def in_view(evidence: Mapping[str, Evidence], table: EvidenceTable, incident: Cluster | None) -> dict[str, Evidence]:
    """The evidence, in which signs of an event are absent only where a log covers the incident."""
    if incident is None or not incident.timed:
        return dict(evidence)
    return {
        name: Evidence.not_observable(_NOT_COVERED)
        if item.seen is Seen.ABSENT and name in table.rows and table.rows[name].event and not incident.within(item.at)
        else item
        for name, item in evidence.items()
    }


def scores(
    kind: str, evidence: Mapping[str, Evidence], table: EvidenceTable, incident: Cluster | None
) -> tuple[Score, ...]:
    """Score every cause of a kind ("event" or "condition").

    Args:
        kind: The kind. A condition that brought about the event itself competes with the events, and so does every
            condition when all that happened is what belongs to the end of any charge.
        evidence: Evidence by id.
        table: The evidence table.
        incident: What happened; only evidence of its time counts. None for states of the vehicle.
    """
    relevant = {name: item for name, item in evidence.items() if incident is None or incident.covers(item.at)}
    relevant |= dict.fromkeys(_hidden(relevant, table), Evidence.not_observable(_HIDDEN))
    consequences = {name for name in relevant if is_consequence(table.rows.get(name), relevant)}
    discounted = dict.fromkeys(consequences, _CONSEQUENCE) | dict.fromkeys(_explained(relevant, table), _EXPLAINED)
    ordinary = kind == "event" and _is_ordinary(relevant, table)
    first = _earliest(relevant, table, consequences)
    found = []
    for cause in causes().values():
        if cause.kind != kind and not (ordinary or (kind == "event" and _made_the_event(cause.id, relevant, table))):
            continue
        total = BASE_NATS + cause.prior
        reasons: list[Reason] = []
        unseen: list[Reason] = []
        for group in _groups(table, cause.id):
            best, missing = _group_reason(group, cause.id, relevant, discounted)
            if best is not None:
                total += best.weight
                reasons.append(best)
            unseen.extend(missing)
        # What was not seen can tell two causes apart; only what was seen can bring one up.
        supported = any(
            reason.weight > 0 and relevant[reason.evidence].seen is Seen.OBSERVED
            for reason in reasons
            if reason.evidence in relevant
        )
        if supported and any(r.evidence in first and r.weight > 0 for r in reasons):
            total += EARLIEST_BONUS_NATS
        found.append(Score(cause, total, tuple(reasons), tuple(unseen), supported))
    return tuple(found)


def ranked(found: Iterable[Score], table: EvidenceTable, incident: Cluster | None) -> tuple[RankedCause, ...]:
    """The supported causes with their probabilities, the most probable first; less sure of a list without times."""
    listed = incident is not None and not incident.timed
    temperature = table.model.listing_temperature if listed else table.model.temperature
    unknown = table.model.unknown
    supported = [score for score in found if score.supported]
    top = max([score.nats for score in supported] + [unknown])
    weights = {score.cause.id: math.exp((score.nats - top) / temperature) for score in supported}
    total = sum(weights.values()) + math.exp((unknown - top) / temperature)
    causes_found = [
        RankedCause(
            score.cause.id,
            table.model.most_sure * weights[score.cause.id] / total,
            tuple(sorted((r for r in score.reasons if r.weight > 0), key=lambda r: -r.weight)),
            tuple(sorted((r for r in score.reasons if r.weight <= 0), key=lambda r: r.weight)),
            score.unseen,
        )
        for score in supported
    ]
    causes_found.sort(key=lambda item: (-item.probability, item.cause))
    return tuple(causes_found[:_TOP])


def _made_the_event(cause: str, evidence: Mapping[str, Evidence], table: EvidenceTable) -> bool:
    """Tell whether a condition brought about the event itself, by evidence that marks a moment."""
    if causes()[cause].kind != "condition":
        return False
    return any(
        row.event and row.weights.get(cause, (0.0, 0.0))[0] > 0 and evidence[row.id].seen is Seen.OBSERVED
        for row in table.rows.values()
        if row.id in evidence
    )


def _is_ordinary(evidence: Mapping[str, Evidence], table: EvidenceTable) -> bool:
    """Tell whether all that happened is what belongs to the end of any charge: a defect beside it may be what matters."""
    happened = [
        table.rows[name]
        for name, item in evidence.items()
        if item.seen is Seen.OBSERVED and name in table.rows and table.rows[name].event
    ]
    return bool(happened) and all(row.ordinary for row in happened)


def _groups(table: EvidenceTable, cause: str) -> list[list[EvidenceRow]]:
    groups: dict[str, list[EvidenceRow]] = {}
    for row in table.rows.values():
        if cause in row.weights:
            groups.setdefault(row.group, []).append(row)
    return list(groups.values())


def _group_reason(
    rows: Iterable[EvidenceRow], cause: str, evidence: Mapping[str, Evidence], discounted: Mapping[str, str]
) -> tuple[Reason | None, list[Reason]]:
    """The strongest member of a group; what was seen goes before what was looked for and not there."""
    seen: list[Reason] = []
    absent: list[Reason] = []
    unseen: list[Reason] = []
    for row in rows:
        item = evidence.get(row.id)
        if item is None:
            continue
        if_observed, if_absent = row.weights[cause]
        if item.seen is Seen.OBSERVED:
            weight = 0.0 if row.id in discounted else if_observed * item.strength
            note = f"{row.observed} {item.note}".strip() + discounted.get(row.id, "")
            seen.append(Reason(row.id, _clipped(weight), note, row.rules))
        elif item.seen is Seen.ABSENT:
            if if_absent:
                absent.append(Reason(row.id, _clipped(if_absent * item.strength), row.absent or item.note, row.rules))
        else:
            unseen.append(Reason(row.id, 0.0, item.note, row.rules))
    candidates = seen or absent
    best = max(candidates, key=lambda reason: abs(reason.weight)) if candidates else None
    if best is not None and best.weight == 0.0 and best.evidence not in discounted:
        best = None
    return best, unseen


def _clipped(nats: float) -> float:
    return max(-CLIP_NATS, min(CLIP_NATS, nats))


def is_consequence(row: EvidenceRow | None, evidence: Mapping[str, Evidence]) -> bool:
    """Tell whether an observation only followed another, which is known to bring it about."""
    if row is None or not row.after:
        return False
    item = evidence[row.id]
    if item.seen is not Seen.OBSERVED or item.at is None:
        return False
    for name in row.after:
        earlier = evidence.get(name)
        if (
            earlier is not None
            and earlier.seen is Seen.OBSERVED
            and earlier.at is not None
            and earlier.at.surely_before(item.at)
        ):
            return True
    return False


def _explained(evidence: Mapping[str, Evidence], table: EvidenceTable) -> set[str]:
    """Ids of what was seen and has been made by something else that was seen."""
    seen = {name for name, item in evidence.items() if item.seen is Seen.OBSERVED and name in table.rows}
    return {name for name in seen if seen.intersection(table.rows[name].unless)}


def _hidden(evidence: Mapping[str, Evidence], table: EvidenceTable) -> set[str]:
    """Ids of what was looked for and not there, where something that was seen explains why it did not show."""
    seen = {name for name, item in evidence.items() if item.seen is Seen.OBSERVED}
    return {
        name
        for name, item in evidence.items()
        if item.seen is Seen.ABSENT and name in table.rows and seen.intersection(table.rows[name].hidden_by)
    }


def _earliest(evidence: Mapping[str, Evidence], table: EvidenceTable, consequences: set[str]) -> set[str]:
    """Ids of the evidence that nothing else surely precedes: several when they are too close to order.

    What belongs to the end of any charge is no first sign: neither a defect nor another event comes of it.
    """
    timed = {
        name: item.at
        for name, item in evidence.items()
        if item.seen is Seen.OBSERVED
        and item.at is not None
        and name in table.rows
        and table.rows[name].event
        and not table.rows[name].ordinary
        and name not in consequences
    }
    return {name for name, at in timed.items() if not any(other.surely_before(at) for other in timed.values())}
