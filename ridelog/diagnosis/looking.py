"""How much could be looked at: "nothing wrong found" may only be said where enough could have been found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ridelog.diagnosis.causes import NONE, UNDETERMINED, causes
from ridelog.diagnosis.evidence import EvidenceTable
from ridelog.diagnosis.wording import NOTHING_WRONG, UNTOLD
from ridelog.finding import Evidence, Seen
from ridelog.incident import Verdict

#: An observation of this weight is a strong sign of a cause, in nats (odds of 4.5 to 1).
_STRONG_NATS: Final = 1.5
#: `none` is said when strong signs of this share of the events that can befall a ride, or of the states a pack can be
#: in, could have shown: engineering judgement.
_ENOUGH: Final = 0.2
#: The probability of `none` when nothing could be looked for, what looking for everything adds to it, and what it loses
#: when a lost battery could not show (a log that ends in motion): engineering judgement, not calibrated.
_BLIND, _FULL, _CUT_SHORT = 0.5, 0.49, 0.15
_MOST_NAMED: Final = 2
_ENDS_UNDER_LOAD: Final = "path.log-ends-under-load"
_BATTERY_LOST: Final = "path.collapse"


@dataclass(frozen=True, slots=True)
class Looked:
    """What could be looked for.

    Attributes:
        events: Events that can befall a ride, each with whether a strong sign of it could have shown.
        states: States of the pack and the vehicle, likewise.
    """

    events: Mapping[str, bool]
    states: Mapping[str, bool]

    @property
    def enough(self) -> bool:
        """Whether so much could be looked for that finding nothing says something."""
        return any(sum(kind.values()) >= _ENOUGH * len(kind) > 0 for kind in (self.events, self.states))

    @property
    def of_rides(self) -> bool:
        """Whether a log of the ride itself was there: enough of its events could be looked for."""
        return sum(self.events.values()) >= _ENOUGH * len(self.events)

    @property
    def share(self) -> float:
        """Share of all that could be looked for, 0..1."""
        every = [*self.events.values(), *self.states.values()]
        return sum(every) / len(every) if every else 0.0

    @property
    def words(self) -> str:
        """How much that is, in words."""
        events, states = (f"{sum(kind.values())} of {len(kind)}" for kind in (self.events, self.states))
        return f"Signs of {events} kinds of events and of {states} states of the battery and the vehicle"


def looked_for(evidence: Mapping[str, Evidence], table: EvidenceTable) -> Looked:
    """Tell of which causes at least one strong sign could be looked for."""
    kinds: dict[str, dict[str, bool]] = {"event": {}, "condition": {}}
    for row in table.rows.values():
        item = evidence.get(row.id)
        for cause, (if_observed, _) in row.weights.items():
            if if_observed >= _STRONG_NATS:
                seen = item is not None and item.seen is not Seen.NOT_OBSERVABLE
                kind = kinds[causes()[cause].kind]
                kind[cause] = kind.get(cause, False) or seen
    return Looked(kinds["event"], kinds["condition"])


def nothing_found(evidence: Mapping[str, Evidence], table: EvidenceTable) -> tuple[Verdict, str]:
    """The verdict when no check found anything, and what log would allow a better one.

    `none` is only said when enough could be looked for; else the verdict is `undetermined`.
    """
    looked = looked_for(evidence, table)
    basis = f"not a calibrated percentage: it grows with what could be looked for. {looked.words} could have shown"
    if not looked.enough:
        summary = (
            f"Next to nothing could be looked at, so it cannot be said that nothing is wrong. {looked.words} could have "
            "shown in these logs; no check that could look found anything."
        )
        unseen = [cause for cause, could in {**looked.events, **looked.states}.items() if not could]
        return Verdict(UNDETERMINED.id, 0.0, UNTOLD, None, summary, basis), _asked_for(evidence, table, unseen)
    sentences = [NONE.summary, *_gaps(looked)]
    probability = _BLIND + _FULL * looked.share
    ends, lost = evidence.get(_ENDS_UNDER_LOAD), evidence.get(_BATTERY_LOST)
    if ends is not None and ends.seen is Seen.OBSERVED:
        sentences.append("The log ends while power flowed: what happened after its last row cannot be seen.")
        probability -= _CUT_SHORT
    elif lost is not None and lost.seen is Seen.NOT_OBSERVABLE and looked.of_rides:
        sentences.append(f"Whether the controller lost the battery cannot be told: {lost.note.rstrip('.')}.")
        probability -= _CUT_SHORT
    return Verdict(NONE.id, probability, NOTHING_WRONG, None, " ".join(sentences), basis), ""


def _gaps(looked: Looked) -> list[str]:
    """What could not be seen, the largest gap first."""
    if not sum(looked.states.values()) >= _ENOUGH * len(looked.states):
        some = any(looked.states.values())
        gaps = [
            f"{'Little of the' if some else 'The'} single cells and the switches of the BMS "
            f"{'could' if some else 'could not'} be looked at: that takes a log of the BMS over the ride."
        ]
    elif not looked.of_rides:
        gaps = ["What the controller did could not be looked at: that takes its log."]
    else:
        gaps = []
    unseen = [cause for cause, could in looked.events.items() if not could]
    if unseen and not gaps:
        named = ", ".join(f"\u201c{causes()[cause].title}\u201d" for cause in unseen[:_MOST_NAMED])
        more = f" and {len(unseen) - _MOST_NAMED} more" if len(unseen) > _MOST_NAMED else ""
        gaps.append(f"Of the events, these logs could not show {named}{more}.")
    return gaps


def _asked_for(evidence: Mapping[str, Evidence], table: EvidenceTable, unseen: list[str]) -> str:
    """The observation that would open the view on the most causes."""
    best = ("", 0)
    for row in table.rows.values():
        item = evidence.get(row.id)
        if row.settle and (item is None or item.seen is Seen.NOT_OBSERVABLE):
            opened = sum(row.weights.get(cause, (0.0, 0.0))[0] >= _STRONG_NATS for cause in unseen)
            if opened > best[1]:
                best = (row.settle, opened)
    if not best[0]:
        return ""
    return f"{best[0].replace('{moment}', 'the ride')} would show signs of {best[1]} of the kinds that cannot be seen here."
