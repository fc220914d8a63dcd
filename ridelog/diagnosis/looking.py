"""How much could be looked at: "nothing wrong found" may only be said where enough could have been found."""

from __future__ import annotations

from collections.abc import Mapping

from ridelog.diagnosis.causes import NONE, UNDETERMINED, causes
from ridelog.diagnosis.evidence import EvidenceTable
from ridelog.diagnosis.wording import LIKELY_FROM, NOTHING_WRONG, UNTOLD
from ridelog.finding import Evidence, Seen
from ridelog.incident import Verdict

#: An observation of this weight is a strong sign of a cause, in nats (odds of 4.5 to 1).
_STRONG_NATS = 1.5
#: The probability of `none` when nothing could be looked for, and what looking for everything adds to it: engineering
#: judgement. At 0.6 ("likely" on the ladder) strong signs of a fifth of all events must have been looked for.
_BLIND, _FULL = 0.5, 0.49
_MOST_NAMED = 3


def nothing_found(evidence: Mapping[str, Evidence], table: EvidenceTable) -> tuple[Verdict, str]:
    """The verdict when no check found anything, and what log would allow a better one.

    `none` is only said when it is likely by the ladder of words: strong signs of enough of the events that can befall
    a vehicle could have been seen, and were not. Else the verdict is `undetermined`.
    """
    looked = _looked(evidence, table)
    seen = sum(looked.values())
    share = seen / len(looked) if looked else 0.0
    probability = _BLIND + _FULL * share
    basis = (
        f"not a calibrated percentage: it grows with the share of events whose signs could be looked for, here {seen} of "
        f"{len(looked)}"
    )
    unseen = [cause for cause, could in looked.items() if not could]
    named = "; ".join(f"\u201c{causes()[cause].title}\u201d" for cause in unseen[:_MOST_NAMED])
    more = f" and {len(unseen) - _MOST_NAMED} more" if len(unseen) > _MOST_NAMED else ""
    if probability >= LIKELY_FROM:
        summary = NONE.summary
        if unseen:
            summary += f" These logs could not show: {named}{more}."
        return Verdict(NONE.id, probability, NOTHING_WRONG, None, summary, basis), ""
    summary = (
        "Next to nothing could be looked at, so it cannot be said that nothing is wrong. "
        f"Signs of {seen} of {len(looked)} kinds of events could be looked for in these logs; no check that could look "
        "found anything."
    )
    return Verdict(UNDETERMINED.id, 0.0, UNTOLD, None, summary, basis), _asked_for(evidence, table, unseen)


def _looked(evidence: Mapping[str, Evidence], table: EvidenceTable) -> dict[str, bool]:
    """Every event and whether at least one strong sign of it could be looked for."""
    looked: dict[str, bool] = {}
    for row in table.rows.values():
        item = evidence.get(row.id)
        for cause, (if_observed, _) in row.weights.items():
            if if_observed >= _STRONG_NATS and causes()[cause].kind == "event":
                seen = item is not None and item.seen is not Seen.NOT_OBSERVABLE
                looked[cause] = looked.get(cause, False) or seen
    return looked


def _asked_for(evidence: Mapping[str, Evidence], table: EvidenceTable, unseen: list[str]) -> str:
    """The observation that would open the view on the most events."""
    best = ("", 0)
    for row in table.rows.values():
        item = evidence.get(row.id)
        if row.settle and (item is None or item.seen is Seen.NOT_OBSERVABLE):
            opened = sum(row.weights.get(cause, (0.0, 0.0))[0] >= _STRONG_NATS for cause in unseen)
            if opened > best[1]:
                best = (row.settle, opened)
    if not best[0]:
        return ""
    return f"{best[0].replace('{moment}', 'the ride')} would show {best[1]} of the kinds of events that cannot be seen here."
