"""Which of several events of one ride the verdict is about, and what else happened.

Each event is weighed by itself first. Then: the gravest; of equals one that some sign of its own explains before a mere
repetition; what happened to the vehicle before what happened to the record of it; what has a sign of its cause before what
only a faint one speaks for, as a log that ends under load; what broke or failed before a limit that acted as it was made to,
since a limit acts on every ride that goes far enough and leaves nothing broken behind; what took something from the rider
before what the ride went on through; what the vehicle did not come back from before what it recovered from; the earliest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ridelog.diagnosis.causes import causes
from ridelog.diagnosis.clustering import Cluster, gravity
from ridelog.diagnosis.evidence import EvidenceTable
from ridelog.diagnosis.scoring import Score, in_view, is_consequence, ranked, scores
from ridelog.diagnosis.wording import CANDIDATE_FROM, NAMED_FROM
from ridelog.finding import Evidence, Seen
from ridelog.incident import AlsoHappened, RankedCause

#: A cause is named when it beats "something else" by this much; engineering judgement, part of the method.
MARGIN_NATS: Final = 1.5
_RECORD: Final = "telemetry-fault"
#: Braking into a full pack: the ride goes on through it, unless the controller stops, which is a graver finding.
_GOES_ON: Final = "regen-overvoltage-full-pack"
_MOST_TOLD: Final = 3


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with the causes that its own signs support.

    Attributes:
        cluster: Its findings.
        evidence: What could be seen of it, by id.
        found: The scores of all causes.
        order: The supported causes, the most probable first; empty when no sign is of its time.
        named: The cause that its signs name, None when they do not decide.
        for_good: Whether the vehicle did not come back from it, and nothing that was seen before in the ride brought it about.
    """

    cluster: Cluster
    evidence: Mapping[str, Evidence]
    found: tuple[Score, ...] = ()
    order: tuple[RankedCause, ...] = ()
    named: RankedCause | None = None
    for_good: bool = False


def weighed(kind: str, evidence: Mapping[str, Evidence], table: EvidenceTable, cluster: Cluster | None) -> Event:
    """Weigh the causes of one event, or of the states of the vehicle (kind "condition", no cluster)."""
    seen = in_view(evidence, table, cluster)
    found = scores(kind, seen, table, cluster)
    order = ranked(found, table, cluster)
    nats = {score.cause.id: score.nats for score in found}
    top = order[0] if order else None
    clear = top is not None and nats[top.cause] >= table.model.unknown + MARGIN_NATS and top.probability >= NAMED_FROM
    final = cluster is not None and any(
        row.for_good and _seen_in(cluster, evidence.get(name)) and not is_consequence(row, evidence)
        for name, row in table.rows.items()
    )
    return Event(cluster or Cluster(()), seen, found, order, top if clear else None, final)


def by_importance(
    clusters: Iterable[Cluster], evidence: Mapping[str, Evidence], table: EvidenceTable
) -> tuple[Event, ...]:
    """The events of a ride, the one that the verdict is about first.

    Args:
        clusters: Groups of findings, in order of time.
        evidence: Evidence by id.
        table: The evidence table.
    """
    events = [
        weighed("event", evidence, table, cluster) if _has_signs(cluster, evidence, table) else Event(cluster, evidence)
        for cluster in clusters
    ]
    events.sort(key=_importance)
    if events and not events[0].order:
        # Nothing that marks a moment was seen of the gravest: what holds for the whole ride is all there is to weigh.
        events[0] = weighed("event", evidence, table, events[0].cluster)
    return tuple(events)


def _has_signs(cluster: Cluster, evidence: Mapping[str, Evidence], table: EvidenceTable) -> bool:
    """Whether something that marks a moment was seen in its time; a detector gives the moment of its first finding only.

    What has no time, as a list of faults or a meter that is off all ride long, has no other signs than those; beside what
    has one, a sign without a time marks no moment.
    """
    return not cluster.timed or any(
        name in table.rows and table.rows[name].event and item.at is not None and _seen_in(cluster, item)
        for name, item in evidence.items()
    )


def _seen_in(cluster: Cluster, item: Evidence | None) -> bool:
    return item is not None and item.seen is Seen.OBSERVED and cluster.covers(item.at)


def _importance(event: Event) -> tuple[int, bool, bool, bool, bool, bool, bool, float]:
    cause = event.order[0].cause if event.order else ""
    limit = bool(cause) and causes()[cause].limit
    record, goes_on = cause == _RECORD, cause == _GOES_ON
    faint, passed = _is_faint(event), not event.for_good
    return -event.cluster.level, not cause, record, faint, limit, goes_on, passed, event.cluster.onset_s


def _is_faint(event: Event) -> bool:
    """Whether no cause has a sign that would be enough alone: it may be nothing that was felt."""
    return max((reason.weight for item in event.order for reason in item.supporting), default=0.0) < MARGIN_NATS


def also_happened(events: Sequence[Event]) -> tuple[AlsoHappened, ...]:
    """What else happened in the ride and has a cause of its own, other than the candidates of the first event."""
    told: list[AlsoHappened] = []
    taken = {item.cause for item in events[0].order if item.probability >= CANDIDATE_FROM} if events else set()
    for event in events[1:]:
        if event.named is None or event.named.cause in taken or len(told) == _MOST_TOLD:
            continue
        taken.add(event.named.cause)
        worst = min(event.cluster.findings, key=gravity)
        told.append(AlsoHappened(event.named.cause, event.named.probability, event.cluster.onset, worst.message))
    return tuple(told)
