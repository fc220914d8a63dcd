"""Which findings belong to one event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ridelog.finding import Check, Finding, Interval, Severity

#: Evidence for an event counts from this long before its onset to this long after its end, in s.
WINDOW_BEFORE_S = 30.0
WINDOW_AFTER_S = 10.0
#: Findings closer than this belong to one incident, in s.
CLUSTER_GAP_S = 10.0


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

    @property
    def onset(self) -> Interval | None:
        """The finding that was there first, as an interval; None when its moments are unknown."""
        if not self.timed:
            return None
        return min((finding.onset for finding in self.findings), key=lambda item: item.latest_s)

    def covers(self, at: Interval | None) -> bool:
        """Tell whether evidence of that moment belongs to this incident."""
        if at is None or not self.timed:
            return True
        return at.latest_s >= self.onset_s - WINDOW_BEFORE_S and at.earliest_s <= self.end_s + WINDOW_AFTER_S

    def within(self, looked: Interval | None) -> bool:
        """Tell whether the time that was looked at holds the beginning of this incident."""
        first = min((finding.onset for finding in self.findings), key=lambda item: item.latest_s)
        return looked is None or looked.earliest_s <= first.latest_s <= looked.latest_s


def gravity(finding: Finding) -> tuple[int, float, str]:
    """Sorts the gravest finding first, the earliest of equals."""
    return (-finding.severity.level, finding.onset.latest_s, finding.code)


def happenings(checks: Iterable[Check]) -> tuple[Cluster, ...]:
    """Groups of findings of severity warning or above that happened at a moment, in order of time.

    Findings without a moment on the ride's clock make one group, when there is no other.
    """
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
        return (Cluster(tuple(found)),) if found else ()
    clusters: list[list[Finding]] = [[events[0]]]
    end = events[0].end_s
    for finding in events[1:]:
        if finding.onset.earliest_s <= end + CLUSTER_GAP_S:
            clusters[-1].append(finding)
        else:
            clusters.append([finding])
        end = max(end, finding.end_s)
    return tuple(_core(Cluster(tuple(items))) for items in clusters)


def _core(cluster: Cluster) -> Cluster:
    """The incident without lesser findings that began long before its gravest one: they were there already."""
    first = min(item.onset.earliest_s for item in cluster.findings if item.severity.level == cluster.level)
    return Cluster(tuple(item for item in cluster.findings if item.onset.latest_s >= first - WINDOW_BEFORE_S))


def states(checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Findings about a state of the vehicle that ask for action."""
    return tuple(
        finding
        for check in checks
        for finding in check.findings
        if not finding.event and finding.severity is not Severity.INFO
    )
