"""Words for what can be said of the order of events that two logs saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ridelog.ordering import TOO_CLOSE

from . import words

if TYPE_CHECKING:
    from ridelog.incident import Incident


def order_notes(incident: Incident) -> dict[int, list[str]]:
    """What each finding says of its order with events on other logs, by its number from 1.

    Everything that is too close is told, and of what surely came before and after only the nearest.
    """
    findings = incident.findings
    notes: dict[int, list[str]] = {}
    told: set[tuple[int, str]] = set()
    for pair in sorted(incident.order, key=lambda item: (item.relation != TOO_CLOSE, item.apart_s)):
        for own, other in ((pair.first, pair.second), (pair.second, pair.first)):
            apart, needed = words.duration(pair.apart_s), words.duration(pair.needed_s)
            place = f"finding {other + 1} in {words.log_name(incident.ride, findings[other].log)}"
            if pair.relation == TOO_CLOSE:
                text = f"Too close to order with {place}: {apart} apart, and rows and clocks leave {needed} open."
            else:
                side = "Before" if own == pair.first else "After"
                if (own, side) in told:
                    continue
                told.add((own, side))
                text = f"{side} {place}, by {apart}."
            notes.setdefault(own + 1, []).append(text)
    return notes
