"""Findings of one kind that come again and again: one of them is told in full, with how often, and which was the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import words

if TYPE_CHECKING:
    from ridelog.finding import Finding
    from ridelog.incident import Incident

#: From so many of one kind on they are told as one.
_MANY: Final = 4


def repeats(incident: Incident) -> dict[int, str]:
    """What the first finding of a kind says of the others, and "" for each of those, by number from 1.

    Of one kind are events that one check saw in one log, of the same severity, with the same measurements and the same codes.
    """
    kinds: dict[object, list[int]] = {}
    for index, finding in enumerate(incident.findings):
        if finding.event:
            # A number without unit and limit is a code, such as that of a fault.
            names = tuple(
                (item.name, item.value if not item.unit and item.limit is None else 0.0)
                for item in finding.measurements
            )
            kinds.setdefault((finding.code, finding.severity, finding.log, names), []).append(index)
    told: dict[int, str] = {}
    for indices in kinds.values():
        if len(indices) >= _MANY:
            first, *others = indices
            worst = max(indices, key=lambda index: _excess(incident.findings[index]))
            text = f"{len(indices)} times in all, this is the first."
            if worst != first:
                found = incident.findings[worst]
                text = f"{text[:-1]}; the worst was {words.stretch(found.start_s, found.end_s)} (number {worst + 1})."
            told |= {first + 1: text, **{other + 1: "" for other in others}}
    return told


def _excess(finding: Finding) -> float:
    """How far the finding is beyond its first limit, as a share of it; without one, how long it lasted."""
    for item in finding.measurements:
        if item.limit:
            return abs(item.value - item.limit) / abs(item.limit)
    return finding.end_s - finding.start_s
