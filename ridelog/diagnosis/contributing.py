"""What is beside the cause: conditions that contributed, and what it was that stopped the power."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ridelog.diagnosis.clustering import Cluster
from ridelog.diagnosis.evidence import EvidenceTable
from ridelog.diagnosis.scoring import BASE_NATS, Score, scores
from ridelog.diagnosis.wording import NAMED_FROM
from ridelog.finding import Evidence, Seen
from ridelog.incident import Factor


def contributing(evidence: Mapping[str, Evidence], table: EvidenceTable) -> tuple[Factor, ...]:
    """Conditions, each with a probability of its own: they compete neither with the cause of the event nor with another.

    Several independent signs of one condition are joined by a noisy-OR: each would show it by itself.
    """
    factors = []
    for score in scores("condition", evidence, table, None):
        probability = _noisy_or(score, table.model.temperature)
        if score.supported and probability >= NAMED_FROM:
            sentence = next((reason.sentence for reason in score.reasons if reason.weight > 0), score.cause.summary)
            factors.append(Factor(score.cause.id, probability, sentence))
    return tuple(sorted(factors, key=lambda factor: (-factor.probability, factor.cause)))


def _noisy_or(score: Score, temperature: float) -> float:
    against = sum(reason.weight for reason in score.reasons if reason.weight < 0)
    base = BASE_NATS + score.cause.prior + against
    missed = 1.0
    for reason in score.reasons:
        if reason.weight > 0:
            missed *= 1 - 1 / (1 + math.exp(-(base + reason.weight) / temperature))
    return 1 - missed


def mechanism(evidence: Mapping[str, Evidence], table: EvidenceTable, incident: Cluster, cause: str = "") -> str:
    """What stopped or took away the power, as it was seen, "" when nothing of the kind was.

    This is what happened; the cause is why it happened. Of several acts it is one that no other surely precedes, and of
    these the one that says most about the cause.

    Args:
        evidence: Evidence by id.
        table: The evidence table; rows with a `stops` sentence tell of an act.
        incident: What happened; only acts of its time count.
        cause: The cause of the verdict, "" when there is none.
    """
    acts = [
        (row, item)
        for row in table.rows.values()
        if row.stops
        and (item := evidence.get(row.id)) is not None
        and item.seen is Seen.OBSERVED
        and incident.covers(item.at)
    ]
    moments = [item.at for _, item in acts if item.at is not None]
    first = [
        (row, item)
        for row, item in acts
        if item.at is None or not any(moment.surely_before(item.at) for moment in moments)
    ]
    if not first:
        return ""
    return max(first, key=lambda act: act[0].weights.get(cause, (0.0, 0.0))[0] * act[1].strength)[0].stops
