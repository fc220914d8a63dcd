"""Which of two events on two logs came first, or that they are too close to order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from .finding import Finding, Severity, rounded

BEFORE: Final = "before"
TOO_CLOSE: Final = "too close to order"
#: Events further apart than this have an order that nobody asks about, s.
_NEAR_S: Final = 60.0
#: Most pairs that are told, the closest.
_MOST: Final = 24


@dataclass(frozen=True, slots=True)
class Order:
    """What can be said of the order of two events that two logs saw.

    Attributes:
        first: Index of the finding that came first, or would by the middles of the two intervals.
        second: Index of the other.
        relation: "before", or "too close to order".
        apart_s: Distance of the middles of the two intervals, in s.
        needed_s: From this distance on they could be put in order: half of both intervals, which hold the time between
            two rows and the uncertainty of the clocks; in s.
    """

    first: int
    second: int
    relation: str
    apart_s: float
    needed_s: float

    def to_dict(self) -> dict[str, object]:
        """Give the `order[]` entry of the JSON report; findings are numbered from 1 there."""
        return {
            "first": f"F{self.first + 1}",
            "second": f"F{self.second + 1}",
            "relation": self.relation,
            "apart_s": rounded(self.apart_s),
            "needed_s": rounded(self.needed_s),
        }


def orders(findings: Sequence[Finding]) -> tuple[Order, ...]:
    """Tell the order of the events on different logs that lie within a minute of each other.

    The onsets are intervals that hold the uncertainty of the clocks: what overlaps is too close to order. Findings that
    only explain, lasting states, and events of a log without a common clock are passed over.

    Args:
        findings: The findings in the order they are numbered in.

    Returns:
        The closest pairs, in the order of the findings.
    """
    told = [
        (number, finding)
        for number, finding in enumerate(findings)
        if finding.event and finding.timed and finding.severity is not Severity.INFO
    ]
    pairs = [
        _order(one, other)
        for one, other in combinations(told, 2)
        if one[1].log != other[1].log and _gap(one[1], other[1]) <= _NEAR_S
    ]
    closest = sorted(pairs, key=lambda pair: (pair.apart_s, pair.first, pair.second))[:_MOST]
    return tuple(sorted(closest, key=lambda pair: (min(pair.first, pair.second), max(pair.first, pair.second))))


def _gap(one: Finding, other: Finding) -> float:
    return max(one.onset.earliest_s - other.onset.latest_s, other.onset.earliest_s - one.onset.latest_s)


def _order(one: tuple[int, Finding], other: tuple[int, Finding]) -> Order:
    first, second = sorted((one, other), key=lambda item: (item[1].onset.middle_s, item[0]))
    before = first[1].onset.surely_before(second[1].onset)
    widths = sum(item[1].onset.latest_s - item[1].onset.earliest_s for item in (first, second))
    return Order(
        first[0],
        second[0],
        BEFORE if before else TOO_CLOSE,
        second[1].onset.middle_s - first[1].onset.middle_s,
        widths / 2,
    )
