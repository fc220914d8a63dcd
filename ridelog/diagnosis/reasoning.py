"""From what the detectors said to a verdict: the probable cause, what contributed, and what would settle it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ridelog.diagnosis.causes import UNDETERMINED, causes
from ridelog.diagnosis.choosing import Event, also_happened, by_importance, weighed
from ridelog.diagnosis.clustering import Cluster, gravity, happenings, states
from ridelog.diagnosis.contributing import contributing, mechanism
from ridelog.diagnosis.dangers import dangers
from ridelog.diagnosis.evidence import EvidenceTable
from ridelog.diagnosis.looking import nothing_found
from ridelog.diagnosis.scoring import strongest
from ridelog.diagnosis.settling import would_settle
from ridelog.diagnosis.wording import CANDIDATE_FROM, UNTOLD, hedged, wording
from ridelog.finding import Check, Evidence, Finding, Interval, Seen, Severity
from ridelog.incident import Factor, RankedCause, Verdict

#: What `undetermined` says of a state of the vehicle: nothing happened at a moment.
_UNTOLD_STATE = "Something is not as it should be, but these logs do not tell why."
_THE_MOMENT = "the moment it happened"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of the reasoning; `blind` when nothing was found because next to nothing could be looked at."""

    verdict: Verdict
    causes: tuple[RankedCause, ...]
    contributing: tuple[Factor, ...]
    would_settle: str
    blind: bool = False


def diagnose(
    checks: Iterable[Check], table: EvidenceTable, in_words: Callable[[Interval], str] | None = None
) -> Diagnosis:
    """Weigh what the detectors said.

    Args:
        checks: Every detector's answer.
        table: The evidence table.
        in_words: Says a moment of the ride in the words of its clock, for what would settle it.

    Returns:
        The verdict, the ranked causes with their reasons, the contributing factors and what would settle it.
    """
    checks = tuple(checks)
    held = strongest(checks)
    events = by_importance(happenings(checks), held, table)
    if not events and not states(checks):
        verdict, settle = nothing_found(held, table)
        return Diagnosis(verdict, (), (), settle, verdict.cause == UNDETERMINED.id)
    event = events[0] if events else weighed("condition", held, table, None)
    incident, order, evidence = event.cluster if events else None, event.order, event.evidence
    verdict = _verdict(event, table, incident, checks)
    factors = _beside(verdict, order, evidence, table, incident)
    also = also_happened(events)
    beside = [(item.cause, item.probability) for item in also] + [(item.cause, item.probability) for item in factors]
    verdict = replace(verdict, dangers=dangers(order, beside, checks, incident is not None), also=also)
    moment = _THE_MOMENT if verdict.onset is None or in_words is None else in_words(verdict.onset)
    return Diagnosis(verdict, order, factors, would_settle(verdict, order, evidence, table, moment))


def _beside(
    verdict: Verdict,
    order: Sequence[RankedCause],
    evidence: Mapping[str, Evidence],
    table: EvidenceTable,
    incident: Cluster | None,
) -> tuple[Factor, ...]:
    """Contributing factors: conditions other than the cause and than those that are candidates for it."""
    if incident is None and verdict.cause == UNDETERMINED.id:
        return ()
    candidates = {item.cause for item in order if item.probability >= CANDIDATE_FROM} if incident is not None else set()
    competing = {verdict.cause, *candidates, *_alternatives(verdict.cause, evidence, table)}
    return tuple(factor for factor in contributing(evidence, table) if factor.cause not in competing)


def _alternatives(cause: str, evidence: Mapping[str, Evidence], table: EvidenceTable) -> set[str]:
    """Causes that made the same sign if this one did not: beside it they have nothing left to explain."""
    seen = (table.rows[name] for name, item in evidence.items() if item.seen is Seen.OBSERVED and name in table.rows)
    return {other for row in seen if cause in row.one_of for other in row.one_of}


def _verdict(event: Event, table: EvidenceTable, incident: Cluster | None, checks: Sequence[Check]) -> Verdict:
    order, evidence = event.order, event.evidence
    calibration = table.model.calibration
    onset = incident.onset if incident is not None else None
    top = order[0] if order else None
    seen = mechanism(evidence, table, incident, top.cause if top else "") if incident is not None else ""
    if top is None or event.named is None:
        start = UNDETERMINED.summary if incident is not None else _UNTOLD_STATE
        text = f"{start} {_detail(None, checks, incident)}".strip()
        rest = 1 - sum(item.probability for item in order) if order else 0.0
        return Verdict(UNDETERMINED.id, rest, UNTOLD, onset, text, calibration, seen)
    if incident is not None and incident.timed:
        began = _onset(top, table, evidence, incident)
        # A state of the vehicle was there before; that it showed at this moment does not make it begin then.
        onset = began if began is not None or causes()[top.cause].kind == "condition" else onset
    words = wording(top.probability)
    text = f"{hedged(causes()[top.cause].summary, words)} {_detail(top, checks, incident)}".strip()
    return Verdict(top.cause, top.probability, words, onset, text, calibration, seen)


def _onset(
    top: RankedCause, table: EvidenceTable, evidence: Mapping[str, Evidence], incident: Cluster
) -> Interval | None:
    """When the cause first showed: the narrowest interval of those that could be the earliest."""
    intervals = [
        item.at
        for reason in top.supporting
        if table.rows[reason.evidence].event
        and (item := evidence[reason.evidence]).at is not None
        and item.at is not None
        and incident.covers(item.at)
    ]
    if not intervals:
        return None
    first = min(intervals, key=lambda item: item.latest_s)
    overlapping = [
        item for item in intervals if item.earliest_s <= first.latest_s and item.latest_s >= first.earliest_s
    ]
    return min(overlapping, key=lambda item: item.latest_s - item.earliest_s)


def _detail(top: RankedCause | None, checks: Sequence[Check], incident: Cluster | None) -> str:
    """The message of the finding that the strongest reason for the verdict rests on, else of the gravest finding."""
    mine = set(incident.findings) if incident is not None else None
    of_event = incident is not None and (top is None or causes()[top.cause].kind == "event")
    for reason in top.supporting if top else ():
        for check in checks:
            item = check.evidence.get(reason.evidence)
            if item is None or item.seen is not Seen.OBSERVED:
                continue
            grave = [
                finding
                for finding in check.findings
                if finding.severity is not Severity.INFO
                and (mine is None or finding in mine or not finding.timed or not of_event)
                and (finding.event is (incident is not None) or not of_event)
            ]
            if grave:
                return min(grave, key=gravity).message
    found: Sequence[Finding] = incident.findings if incident is not None else states(checks)
    return min(found, key=gravity).message if found else ""
