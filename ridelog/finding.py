"""What a detector says: found, clear or unable, with intervals, measured values and the rows they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """A detector's answer. UNABLE is never FINE."""

    FOUND = "found"
    CLEAR = "clear"
    UNABLE = "unable"


class Severity(StrEnum):
    """How much a finding matters: INFO explains, WARNING wants action, CRITICAL makes riding or charging dangerous."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def level(self) -> int:
        """0, 1, 2 in the order of weight."""
        return _LEVELS[self]


_LEVELS: Final[dict[Severity, int]] = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True)
class Interval:
    """A moment as it is known: not before `earliest_s`, not after `latest_s`, in s of the ride's clock."""

    earliest_s: float
    latest_s: float

    @property
    def middle_s(self) -> float:
        """Centre of the interval."""
        return (self.earliest_s + self.latest_s) / 2

    def shifted(self, seconds: float) -> Interval:
        """The same interval `seconds` later."""
        return Interval(self.earliest_s + seconds, self.latest_s + seconds)

    def surely_before(self, other: Interval) -> bool:
        """Tell whether this moment is before the other wherever in their intervals the two lie."""
        return self.latest_s <= other.earliest_s and self.earliest_s < other.latest_s

    def widened(self, seconds: float) -> Interval:
        """The same interval, `seconds` longer on each side."""
        return Interval(self.earliest_s - seconds, self.latest_s + seconds)

    def to_dict(self) -> dict[str, float | None]:
        """Give the form of the JSON report."""
        return {"earliest_s": rounded(self.earliest_s), "latest_s": rounded(self.latest_s)}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value a finding rests on.

    Attributes:
        name: What was measured, in words.
        value: The value.
        unit: Its unit.
        limit: The limit it was compared with, None where there is none.
        source: Where the limit comes from (rule id, firmware, data sheet, "engineering judgement").
    """

    name: str
    value: float
    unit: str = ""
    limit: float | None = None
    source: str = ""

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        limit = None if self.limit is None else rounded(self.limit)
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "limit": limit,
            "source": self.source,
        }


class Seen(StrEnum):
    """Whether a piece of evidence was there, was looked for and not there, or could not be looked for."""

    OBSERVED = "observed"
    ABSENT = "absent"
    NOT_OBSERVABLE = "not observable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence, by the id it has in the evidence table.

    Attributes:
        seen: Observed, absent or not observable.
        strength: 0..1: how clearly it was observed, or for ABSENT how surely it would have been seen.
        at: When, None for a property of the whole ride; for ABSENT the time that was looked at.
        note: What exactly, or why it could not be looked for; one sentence.
        subject: What it is about when there may be several ("cell 5"), "".
    """

    seen: Seen
    strength: float = 1.0
    at: Interval | None = None
    note: str = ""
    subject: str = ""

    @classmethod
    def observed(
        cls, note: str = "", *, strength: float = 1.0, at: Interval | None = None, subject: str = ""
    ) -> Evidence:
        """It was there."""
        return cls(Seen.OBSERVED, min(max(strength, 0.0), 1.0), at, note, subject)

    @classmethod
    def absent(cls, note: str = "", *, strength: float = 1.0) -> Evidence:
        """It would have been seen with probability `strength`, and was not."""
        return cls(Seen.ABSENT, min(max(strength, 0.0), 1.0), None, note)

    @classmethod
    def not_observable(cls, note: str) -> Evidence:
        """It could not be looked for."""
        return cls(Seen.NOT_OBSERVABLE, 0.0, None, note)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a detector found.

    Attributes:
        code: Code of the detector.
        name: Name of the detector.
        severity: How much it matters.
        start_s: Where it begins, s of the ride's clock.
        end_s: Where it ends.
        onset: Last sample before, first sample after it began.
        log: Index of the log in the ride.
        rows: First and last source row (line or byte offset) in that log's file.
        measurements: The values it rests on.
        message: One or two sentences for a rider.
        channels: Canonical channels it was seen in.
        event: True for something that happened at a moment; False for a state of the vehicle during the whole log.
        danger: Why riding or charging on would be dangerous, "" when it is not.
        timed: False when the log's clock could not be related to the ride's: its times are then its own.
    """

    code: str
    name: str
    severity: Severity
    start_s: float
    end_s: float
    onset: Interval
    log: int
    rows: tuple[int, int]
    message: str
    measurements: tuple[Measurement, ...] = ()
    channels: tuple[str, ...] = ()
    event: bool = True
    danger: str = ""
    timed: bool = True

    def to_dict(self, identifier: str) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {
            "id": identifier,
            "code": self.code,
            "name": self.name,
            "severity": str(self.severity),
            "start_s": rounded(self.start_s),
            "end_s": rounded(self.end_s),
            "onset": self.onset.to_dict(),
            "log": self.log,
            "rows": list(self.rows),
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "message": self.message,
            "channels": list(self.channels),
            "event": self.event,
            "danger": self.danger,
            "timed": self.timed,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one detector says about one ride.

    Attributes:
        status: Found, clear or unable.
        reason: Why it is clear (what was looked at) or why it could not look; "" when found.
        findings: What was found.
        evidence: Evidence by id. An id the detector declares and does not give counts as absent when clear, and as
            not observable otherwise.
    """

    status: Status
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    @classmethod
    def found(cls, findings: tuple[Finding, ...] | list[Finding], evidence: Mapping[str, Evidence]) -> Outcome:
        """Something was found."""
        return cls(Status.FOUND, "", tuple(findings), dict(evidence))

    @classmethod
    def clear(cls, reason: str, evidence: Mapping[str, Evidence] | None = None) -> Outcome:
        """Looked, and found nothing."""
        return cls(Status.CLEAR, reason, (), dict(evidence or {}))

    @classmethod
    def unable(cls, reason: str, evidence: Mapping[str, Evidence] | None = None) -> Outcome:
        """Could not look."""
        return cls(Status.UNABLE, reason, (), dict(evidence or {}))


@dataclass(frozen=True, slots=True)
class Check:
    """A detector's answer as it stands in the report."""

    code: str
    name: str
    status: Status
    reason: str
    findings: tuple[Finding, ...]
    evidence: Mapping[str, Evidence]

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {"code": self.code, "name": self.name, "status": str(self.status), "reason": self.reason}


def rounded(value: float) -> float | None:
    """A number for the JSON report: six significant digits, None for what is not finite."""
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return float(f"{value:.6g}") if abs(value) < 1e5 else round(float(value), 3)
