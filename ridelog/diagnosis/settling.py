"""What would settle it: the missing observation that would split the first two causes most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ridelog.diagnosis.causes import causes
from ridelog.diagnosis.evidence import EvidenceTable
from ridelog.finding import Evidence, Seen
from ridelog.incident import RankedCause, Verdict

#: Above this the verdict needs no more data.
_SETTLED = 0.95


def would_settle(
    verdict: Verdict,
    ranked: Sequence[RankedCause],
    evidence: Mapping[str, Evidence],
    table: EvidenceTable,
    moment: str,
) -> str:
    """The missing observation whose two answers would move the first two causes furthest apart, in words.

    Args:
        verdict: The verdict.
        ranked: Causes, the most probable first.
        evidence: Evidence by id.
        table: The evidence table; rows with a `settle` sentence can be asked for.
        moment: The moment that has to be covered, in words.
    """
    if not ranked or verdict.probability >= _SETTLED:
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
    asked, titles = best[0].replace("{moment}", moment), causes()
    if second:
        return f"{asked} would separate \u201c{titles[first].title}\u201d from \u201c{titles[second].title}\u201d."
    return f"{asked} would confirm or refute \u201c{titles[first].title}\u201d."
