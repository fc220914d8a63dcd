"""What makes riding or charging on dangerous: it stands at the top of every report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ridelog.diagnosis.causes import causes
from ridelog.diagnosis.clustering import gravity
from ridelog.diagnosis.wording import CANDIDATE_FROM, LIKELY_FROM, NAMED_FROM
from ridelog.finding import Check, Severity
from ridelog.incident import RankedCause

_NOT_KNOWN: Final = "Do not ride on before the reason is known: what happened can happen again at any moment."
_MOST_CANDIDATES: Final = 3


def dangers(
    order: Sequence[RankedCause], beside: Iterable[tuple[str, float]], checks: Iterable[Check], happened: bool
) -> tuple[str, ...]:
    """The dangers of the cause, of what happened and what is beside it, and of the findings, in this order.

    While no cause is likely, the danger of one candidate must not be read as the truth: it is told what to mind whatever
    it was, and then what each candidate would mean.

    Args:
        order: Causes, the most probable first.
        beside: Causes of other events and contributing factors, each with its probability.
        checks: Every detector's answer.
        happened: Whether it is about something that happened at a moment.
    """
    if order and order[0].probability < LIKELY_FROM:
        held = [causes()[item.cause] for item in order if item.probability >= CANDIDATE_FROM]
        told = [cause for cause in held if cause.danger][:_MOST_CANDIDATES]
        texts = [_NOT_KNOWN] if told and happened else []
        texts += [f"If it is \u201c{cause.title}\u201d: {cause.danger}" for cause in told]
    else:
        texts = [causes()[item.cause].danger for item in order if item.probability >= NAMED_FROM]
    texts += [causes()[cause].danger for cause, probability in beside if probability >= LIKELY_FROM]
    grave = sorted((finding for check in checks for finding in check.findings), key=gravity)
    texts += [finding.danger for finding in grave if finding.severity is not Severity.INFO]
    return tuple(dict.fromkeys(text for text in texts if text))
