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

from ridelog.diagnosis.causes import NONE, UNDETERMINED, Cause, causes
from ridelog.diagnosis.evidence import CLIP_NATS, EvidenceRow, EvidenceTable
from ridelog.finding import Check, Evidence, Finding, Interval, Seen, Severity, Status
from ridelog.incident import Factor, RankedCause, Reason, Verdict

#: Every cause starts this far below "something else". Causes that nothing supports are part of "something else".
BASE_NATS = -1.0
#: A cause is named when it beats "something else" by this much; engineering judgement, part of the method.
MARGIN_NATS = 1.5
#: Evidence for an event counts from this long before its onset to this long after its end, in s.
WINDOW_BEFORE_S = 30.0
WINDOW_AFTER_S = 10.0
#: Findings closer than this belong to one incident, in s.
CLUSTER_GAP_S = 10.0
#: What the earliest evidence of all adds to the causes it supports, in nats.
EARLIEST_BONUS_NATS = 0.5

_LADDER = ((0.85, "probable cause"), (0.60, "likely"), (0.35, "possible"))
_TOP = 5
#: What `undetermined` says of a state of the vehicle: nothing happened at a moment.
_UNTOLD_STATE = "Something is not as it should be, but these logs do not tell why."


@dataclass(frozen=True, slots=True)
class Cluster:
    """Findings that belong to one incident, on the ride's clock."""

    findings: tuple[Finding, ...]

    @property
    def onset_s(self) -> float:
        """Earliest onset."""
        return min(finding.onset.earliest_s for finding in self.findings)

    @property
    def end_s(self) -> float:
        """Latest end."""
        return max(finding.end_s for finding in self.findings)

    @property
    def level(self) -> int:
        """Highest severity."""
        return max(finding.severity.level for finding in self.findings)

    @property
    def timed(self) -> bool:
        """Whether its moments are those of the ride's clock."""
        return self.findings[0].timed

    def covers(self, at: Interval | None) -> bool:
        """Tell whether evidence of that moment belongs to this incident."""
        if at is None or not self.timed:
            return True
        return at.latest_s >= self.onset_s - WINDOW_BEFORE_S and at.earliest_s <= self.end_s + WINDOW_AFTER_S


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of the reasoning."""

    verdict: Verdict
    causes: tuple[RankedCause, ...]
    contributing: tuple[Factor, ...]
    would_settle: str


def wording(probability: float) -> str:
    """The words for a probability, by the ladder that is part of the contract."""
    for bound, words in _LADDER:
        if probability >= bound:
            return words
    return "undetermined: data needed"


def diagnose(checks: Iterable[Check], table: EvidenceTable) -> Diagnosis:
    """Weigh what the detectors said.

    Args:
        checks: Every detector's answer.
        table: The evidence table.

    Returns:
        The verdict, the ranked causes with their reasons, the contributing factors and what would settle it.
    """
    checks = tuple(checks)
    evidence = _strongest(checks)
    incident = _primary(checks)
    conditions = tuple(
        finding
        for check in checks
        for finding in check.findings
        if not finding.event and finding.severity is not Severity.INFO
    )
    if incident is not None:
        scores = _scores("event", evidence, table, incident)
        competing = {score.cause.id for score in scores}
        contributing = tuple(item for item in _contributing(evidence, table) if item.cause not in competing)
    elif conditions:
        scores = _scores("condition", evidence, table, None)
        contributing = ()
    else:
        return _nothing(checks, table)
    ranked = _ranked(scores, table)
    verdict = _verdict(ranked, scores, table, incident, checks, evidence)
    if not incident and ranked and verdict.cause == ranked[0].cause:
        contributing = tuple(factor for factor in _contributing(evidence, table) if factor.cause != verdict.cause)
    return Diagnosis(verdict, ranked, contributing, _would_settle(verdict, ranked, evidence, table))


def _strongest(checks: Iterable[Check]) -> dict[str, Evidence]:
    order = {Seen.OBSERVED: 2, Seen.ABSENT: 1, Seen.NOT_OBSERVABLE: 0}
    strongest: dict[str, Evidence] = {}
    for check in checks:
        for name, item in check.evidence.items():
            held = strongest.get(name)
            if held is None or (order[item.seen], item.strength) > (order[held.seen], held.strength):
                strongest[name] = item
    return strongest


def _primary(checks: Iterable[Check]) -> Cluster | None:
    found = [
        finding
        for check in checks
        for finding in check.findings
        if finding.event and finding.severity is not Severity.INFO
    ]
    events = sorted(
        (finding for finding in found if finding.timed), key=lambda item: (item.onset.earliest_s, item.end_s)
    )
    if not events:
        return Cluster(tuple(found)) if found else None
    clusters: list[list[Finding]] = [[events[0]]]
    end = events[0].end_s
    for finding in events[1:]:
        if finding.onset.earliest_s <= end + CLUSTER_GAP_S:
            clusters[-1].append(finding)
        else:
            clusters.append([finding])
        end = max(end, finding.end_s)
    return min((Cluster(tuple(items)) for items in clusters), key=lambda item: (-item.level, item.onset_s))


@dataclass(frozen=True, slots=True)
class _Score:
    cause: Cause
    nats: float
    reasons: tuple[Reason, ...]
    unseen: tuple[Reason, ...]
    supported: bool


def _scores(
    kind: str, evidence: Mapping[str, Evidence], table: EvidenceTable, incident: Cluster | None
) -> tuple[_Score, ...]:
    relevant = {name: item for name, item in evidence.items() if incident is None or incident.covers(item.at)}
    consequences = {name for name in relevant if _is_consequence(table.rows.get(name), relevant)}
    first = _earliest(relevant, table, consequences)
    scores = []
    for cause in causes().values():
        if cause.kind != kind and not (kind == "event" and _made_the_event(cause.id, relevant, table)):
            continue
        total = BASE_NATS + cause.prior
        reasons: list[Reason] = []
        unseen: list[Reason] = []
        for group in _groups(table, cause.id):
            best, missing = _group_reason(group, cause.id, relevant, consequences)
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
        scores.append(_Score(cause, total, tuple(reasons), tuple(unseen), supported))
    return tuple(scores)


def _made_the_event(cause: str, evidence: Mapping[str, Evidence], table: EvidenceTable) -> bool:
    """Tell whether a condition brought about the event itself, by evidence that marks a moment."""
    if causes()[cause].kind != "condition":
        return False
    return any(
        row.event and row.weights.get(cause, (0.0, 0.0))[0] > 0 and evidence[row.id].seen is Seen.OBSERVED
        for row in table.rows.values()
        if row.id in evidence
    )


def _groups(table: EvidenceTable, cause: str) -> list[list[EvidenceRow]]:
    groups: dict[str, list[EvidenceRow]] = {}
    for row in table.rows.values():
        if cause in row.weights:
            groups.setdefault(row.group, []).append(row)
    return list(groups.values())


def _group_reason(
    rows: Iterable[EvidenceRow], cause: str, evidence: Mapping[str, Evidence], consequences: set[str]
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
            weight = 0.0 if row.id in consequences else if_observed * item.strength
            note = f"{row.observed} {item.note}".strip()
            if row.id in consequences:
                note += " It came after the first sign and is counted as its consequence."
            seen.append(Reason(row.id, _clipped(weight), note, row.rules))
        elif item.seen is Seen.ABSENT:
            if if_absent:
                absent.append(Reason(row.id, _clipped(if_absent * item.strength), row.absent or item.note, row.rules))
        else:
            unseen.append(Reason(row.id, 0.0, item.note, row.rules))
    candidates = seen or absent
    best = max(candidates, key=lambda reason: abs(reason.weight)) if candidates else None
    if best is not None and best.weight == 0.0 and best.evidence not in consequences:
        best = None
    return best, unseen


def _clipped(nats: float) -> float:
    return max(-CLIP_NATS, min(CLIP_NATS, nats))


def _is_consequence(row: EvidenceRow | None, evidence: Mapping[str, Evidence]) -> bool:
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


def _earliest(evidence: Mapping[str, Evidence], table: EvidenceTable, consequences: set[str]) -> set[str]:
    """Ids of the evidence that nothing else surely precedes: several when they are too close to order."""
    timed = {
        name: item.at
        for name, item in evidence.items()
        if item.seen is Seen.OBSERVED
        and item.at is not None
        and name in table.rows
        and table.rows[name].event
        and name not in consequences
    }
    return {name for name, at in timed.items() if not any(other.surely_before(at) for other in timed.values())}


def _ranked(scores: tuple[_Score, ...], table: EvidenceTable) -> tuple[RankedCause, ...]:
    temperature = table.model.temperature
    supported = [score for score in scores if score.supported]
    top = max([score.nats for score in supported] + [table.model.unknown])
    weights = {score.cause.id: math.exp((score.nats - top) / temperature) for score in supported}
    total = sum(weights.values()) + math.exp((table.model.unknown - top) / temperature)
    ranked = [
        RankedCause(
            score.cause.id,
            weights[score.cause.id] / total,
            tuple(sorted((r for r in score.reasons if r.weight > 0), key=lambda r: -r.weight)),
            tuple(sorted((r for r in score.reasons if r.weight <= 0), key=lambda r: r.weight)),
            score.unseen,
        )
        for score in supported
    ]
    ranked.sort(key=lambda item: (-item.probability, item.cause))
    return tuple(ranked[:_TOP])


def _verdict(
    ranked: tuple[RankedCause, ...],
    scores: tuple[_Score, ...],
    table: EvidenceTable,
    incident: Cluster | None,
    checks: Iterable[Check],
    evidence: Mapping[str, Evidence],
) -> Verdict:
    nats = {score.cause.id: score.nats for score in scores}
    calibration = table.model.calibration
    dangers = _dangers(ranked, checks)
    onset = None
    if incident is not None and incident.timed:
        onset = min((finding.onset for finding in incident.findings), key=lambda item: item.latest_s)
    if ranked and nats[ranked[0].cause] >= table.model.unknown + MARGIN_NATS and ranked[0].probability >= 0.35:
        top = ranked[0]
        cause = causes()[top.cause]
        if incident is not None and incident.timed:
            onset = _onset(top, table, evidence, incident) or onset
        detail = _detail(top, checks, incident)
        return Verdict(
            cause.id,
            top.probability,
            wording(top.probability),
            onset,
            f"{cause.summary} {detail}".strip(),
            calibration,
            "",
            dangers,
        )
    probability = ranked[0].probability if ranked else 0.0
    what = _detail(None, checks, incident)
    return Verdict(
        UNDETERMINED.id,
        probability,
        "undetermined: data needed",
        onset,
        f"{UNDETERMINED.summary if incident is not None else _UNTOLD_STATE} {what}".strip(),
        calibration,
        "",
        dangers,
    )


def _onset(
    top: RankedCause, table: EvidenceTable, evidence: Mapping[str, Evidence], incident: Cluster
) -> Interval | None:
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


def _detail(top: RankedCause | None, checks: Iterable[Check], incident: Cluster | None) -> str:
    """The message of the finding that the strongest reason for the verdict rests on, else of the gravest finding."""
    checks = tuple(checks)
    mine = set(incident.findings) if incident is not None else None
    for reason in top.supporting if top else ():
        for check in checks:
            item = check.evidence.get(reason.evidence)
            if item is None or item.seen is not Seen.OBSERVED:
                continue
            grave = [
                finding
                for finding in check.findings
                if finding.severity is not Severity.INFO
                and (mine is None or finding in mine or not finding.timed)
                and finding.event is (incident is not None)
            ]
            if grave:
                return min(grave, key=_gravity).message
    if incident is not None:
        return min(incident.findings, key=_gravity).message
    states = [f for check in checks for f in check.findings if not f.event and f.severity is not Severity.INFO]
    return min(states, key=_gravity).message if states else ""


def _gravity(finding: Finding) -> tuple[int, float, str]:
    """Sorts the gravest finding first, the earliest of equals."""
    return (-finding.severity.level, finding.onset.latest_s, finding.code)


def _dangers(ranked: tuple[RankedCause, ...], checks: Iterable[Check]) -> tuple[str, ...]:
    found = [causes()[item.cause].danger for item in ranked if item.probability >= 0.35]
    found += [finding.danger for check in checks for finding in check.findings if finding.severity is Severity.CRITICAL]
    return tuple(dict.fromkeys(text for text in found if text))


def _contributing(evidence: Mapping[str, Evidence], table: EvidenceTable) -> tuple[Factor, ...]:
    """Conditions, each with a probability of its own: they do not compete with the cause of the event."""
    factors = []
    for score in _scores("condition", evidence, table, None):
        probability = 1 / (1 + math.exp(-score.nats / table.model.temperature))
        if score.supported and probability >= 0.35:
            sentence = next((reason.sentence for reason in score.reasons if reason.weight > 0), score.cause.summary)
            factors.append(Factor(score.cause.id, probability, sentence))
    return tuple(sorted(factors, key=lambda factor: (-factor.probability, factor.cause)))


def _would_settle(
    verdict: Verdict, ranked: tuple[RankedCause, ...], evidence: Mapping[str, Evidence], table: EvidenceTable
) -> str:
    """The missing observation whose two answers would move the first two causes furthest apart."""
    if not ranked or verdict.probability >= 0.95:
        return ""
    first = ranked[0].cause
    second = ranked[1].cause if len(ranked) > 1 else ""
    best = ("", 0.0)
    for row in table.rows.values():
        item = evidence.get(row.id)
        if not row.settle or item is None or item.seen is not Seen.NOT_OBSERVABLE:
            continue
        one, other = row.weights.get(first, (0.0, 0.0)), row.weights.get(second, (0.0, 0.0))
        spread = max(abs(one[0] - other[0]), abs(one[1] - other[1]))
        if spread > best[1]:
            best = (row.settle, spread)
    if not best[0]:
        return ""
    titles = causes()
    if second:
        return f"{best[0]} would separate '{titles[first].title}' from '{titles[second].title}'."
    return f"{best[0]} would confirm or refute '{titles[first].title}'."


def _nothing(checks: tuple[Check, ...], table: EvidenceTable) -> Diagnosis:
    able = [check for check in checks if check.status is not Status.UNABLE]
    blind = [check for check in checks if check.status is Status.UNABLE]
    if not able:
        summary = "Nothing could be checked: these logs do not hold what the checks need."
        verdict = Verdict(UNDETERMINED.id, 0.0, "undetermined: data needed", None, summary, table.model.calibration)
        return Diagnosis(verdict, (), (), "")
    share = _observable_share(checks, table)
    summary = NONE.summary
    if blind:
        summary += f" {len(able)} of {len(checks)} checks could look; what the others need is listed below."
    probability = 0.5 + 0.49 * share
    verdict = Verdict(NONE.id, probability, "nothing wrong found", None, summary, table.model.calibration)
    return Diagnosis(verdict, (), (), "")


def _observable_share(checks: tuple[Check, ...], table: EvidenceTable) -> float:
    """Share of the event causes of which at least one strong sign could be looked for."""
    evidence = _strongest(checks)
    looked: dict[str, bool] = {}
    for row in table.rows.values():
        item = evidence.get(row.id)
        for cause, (if_observed, _) in row.weights.items():
            if if_observed >= 1.5 and causes()[cause].kind == "event":
                seen = item is not None and item.seen is not Seen.NOT_OBSERVABLE
                looked[cause] = looked.get(cause, False) or seen
    return sum(looked.values()) / len(looked) if looked else 0.0
