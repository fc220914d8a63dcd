"""The verdict and all it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ridelog.battery.pack import Pack
from ridelog.damage import Damage
from ridelog.finding import Check, Finding, Interval, Severity, rounded
from ridelog.ordering import Order, orders

if TYPE_CHECKING:
    from ridelog.ride import Ride

SCHEMA = "ridelog.report/1"


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence as it weighed for or against a cause.

    Attributes:
        evidence: Id in the evidence table.
        weight: Weight in nats; positive for, negative against, 0 for what could not be observed.
        sentence: What was (not) seen, for a rider.
        rules: Rule ids behind the weight.
    """

    evidence: str
    weight: float
    sentence: str
    rules: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {
            "evidence": self.evidence,
            "weight": rounded(self.weight),
            "sentence": self.sentence,
            "rules": list(self.rules),
        }


@dataclass(frozen=True, slots=True)
class RankedCause:
    """A cause with its probability and its reasons."""

    cause: str
    probability: float
    supporting: tuple[Reason, ...] = ()
    contradicting: tuple[Reason, ...] = ()
    not_observable: tuple[Reason, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {
            "cause": self.cause,
            "probability": rounded(self.probability),
            "for": [reason.to_dict() for reason in self.supporting],
            "against": [reason.to_dict() for reason in self.contradicting],
            "not_observable": [reason.to_dict() for reason in self.not_observable],
        }


@dataclass(frozen=True, slots=True)
class Factor:
    """A contributing factor: a cause id or the id of a condition, with its own probability and a sentence."""

    cause: str
    probability: float
    sentence: str

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {"cause": self.cause, "probability": rounded(self.probability), "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class AlsoHappened:
    """Another event of the ride than the one the verdict is about, with the cause that its own signs name.

    Attributes:
        cause: Cause id.
        probability: Probability of it by its own signs.
        onset: When it began, None when its moment is unknown.
        sentence: What was seen, for a rider.
    """

    cause: str
    probability: float
    onset: Interval | None
    sentence: str

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {
            "cause": self.cause,
            "probability": rounded(self.probability),
            "onset": None if self.onset is None else self.onset.to_dict(),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What most probably happened.

    Attributes:
        cause: Cause id, "none" when nothing wrong was found, "undetermined" when it cannot be told.
        probability: Probability of the cause by the calibration named in `calibration`; of "undetermined" the share that
            the ranked causes leave for something else, 0 when nothing could be weighed.
        wording: "probable cause", "likely", "possible", "undetermined: data needed" or "nothing wrong found".
        onset: When it began, None for a state of the vehicle or when nothing was found.
        summary: One or two sentences a rider understands.
        calibration: What the percentage was calibrated on.
        mechanism: What was seen to stop or take away the power, in words; the cause is why. "" when nothing was seen.
        dangers: Why riding or charging on would be dangerous: of the causes, then of the conditions and findings.
        also: Other events of the ride, each with a cause of its own.
    """

    cause: str
    probability: float
    wording: str
    onset: Interval | None
    summary: str
    calibration: str = ""
    mechanism: str = ""
    dangers: tuple[str, ...] = ()
    also: tuple[AlsoHappened, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {
            "cause": self.cause,
            "probability": rounded(self.probability),
            "wording": self.wording,
            "onset": None if self.onset is None else self.onset.to_dict(),
            "summary": self.summary,
            "calibration": self.calibration,
            "mechanism": self.mechanism,
            "dangers": list(self.dangers),
            "also": [item.to_dict() for item in self.also],
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """What to check, what to do and what not to do, from the handbook.

    Attributes:
        kind: "check", "do", "avoid" or "know".
        text: One or two sentences.
        rules: Rule ids it comes from.
        sureness: How sure the field is: "established", "field reports", "single report", "contradictory".
        since: From when it is known ("2021-07", "2024-2025"), "" when not known.
        about: BMS families or controllers it is about, in words; "" for any.
        danger: Not heeding it makes riding or charging dangerous.
    """

    kind: str
    text: str
    rules: tuple[str, ...] = ()
    sureness: str = ""
    since: str = ""
    about: str = ""
    danger: bool = False

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {
            "kind": self.kind,
            "text": self.text,
            "rules": list(self.rules),
            "sureness": self.sureness,
            "since": self.since,
            "about": self.about,
            "danger": self.danger,
        }


@dataclass(frozen=True, slots=True)
class Input:
    """One input file and what became of it; `log` is the index of the log, None for a file that gave none."""

    path: str
    member: str
    sha256: str
    size: int
    parser: str
    role: str
    rows: int
    damage: tuple[Damage, ...] = ()
    log: int | None = None

    def to_dict(self) -> dict[str, object]:
        """Give the form of the JSON report."""
        return {
            "path": self.path,
            "member": self.member,
            "sha256": self.sha256,
            "bytes": self.size,
            "parser": self.parser,
            "role": self.role,
            "rows": self.rows,
            "damage": [damage.to_dict() for damage in self.damage],
            "log": self.log,
        }


@dataclass(eq=False)
class Incident:
    """The verdict and all it rests on.

    Attributes:
        inputs: The files.
        verdict: What most probably happened.
        causes: Ranked causes, the most probable first; probabilities sum to at most 1 (the rest is unknown).
        contributing: Contributing factors.
        would_settle: The observation that would separate the first two causes, "" when none is needed.
        advice: What to check, do and avoid.
        checks: Every detector's answer, with its findings and evidence.
        pack: The pack estimate.
        ride: The logs on one clock; not part of the JSON.
        version: Version of ridelog.
        settings: Settings the detectors compared with.
    """

    inputs: tuple[Input, ...]
    verdict: Verdict
    causes: tuple[RankedCause, ...]
    contributing: tuple[Factor, ...]
    would_settle: str
    advice: tuple[Advice, ...]
    checks: tuple[Check, ...]
    pack: Pack
    ride: Ride
    version: str
    settings: Mapping[str, float | str | bool] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, the most severe first, then in order of time."""
        found = [finding for check in self.checks for finding in check.findings]
        return tuple(sorted(found, key=lambda item: (-item.severity.level, item.onset.latest_s, item.code, item.log)))

    @property
    def order(self) -> tuple[Order, ...]:
        """What can be said of the order of events on different logs; indices are those of `findings`."""
        return orders(self.findings)

    @property
    def severity(self) -> Severity | None:
        """The highest severity of all findings, None when there is none."""
        found = self.findings
        return found[0].severity if found else None

    def pack_dict(self) -> dict[str, object]:
        """Give the `pack` entry of the JSON report; resistance from the first log that allows one."""
        pack = self.pack
        best = next((pack.resistance[index] for index in sorted(pack.resistance)), None)
        cells = next((pack.cells[index] for index in sorted(pack.cells)), None)
        rest = pack.rests[-1] if pack.rests else None
        return {
            "series": pack.series.best,
            "series_confidence": rounded(pack.series.confidence),
            "series_candidates": {
                str(count): rounded(probability) for count, probability in sorted(pack.series.probabilities.items())
            },
            "series_reason": pack.series.reason,
            "chemistry": pack.chemistry.name or None,
            "chemistry_confidence": rounded(pack.chemistry.confidence),
            "resistance_ohm": rounded(best.ohm) if best else None,
            "resistance_low_ohm": rounded(best.low_ohm) if best else None,
            "resistance_high_ohm": rounded(best.high_ohm) if best else None,
            "resistance_reference_ohm": rounded(best.reference_ohm) if best and best.reference_ohm else None,
            "resistance_confidence": rounded(best.confidence) if best else None,
            "resistance_reason": best.reason if best else "; ".join(dict.fromkeys(pack.notes.values())),
            "cell_rest_offset_v": [rounded(float(value)) for value in cells.rest_offset] if cells else [],
            "cell_extra_resistance_ohm": [rounded(float(value)) for value in cells.extra_resistance] if cells else [],
            "open_circuit_v": rounded(rest.open_circuit_v) if rest else None,
            "capacity_ah": rounded(pack.capacity.amp_hours) if pack.capacity else None,
            "capacity_error_ah": rounded(pack.capacity.error) if pack.capacity else None,
        }

    def to_dict(self) -> dict[str, object]:
        """Give the JSON report (see the JSON Schema file in the package)."""
        numbered = [(f"F{number}", finding) for number, finding in enumerate(self.findings, 1)]
        return {
            "schema": SCHEMA,
            "tool": {"name": "ridelog", "version": self.version},
            "inputs": [item.to_dict() for item in self.inputs],
            "verdict": self.verdict.to_dict(),
            "causes": [cause.to_dict() for cause in self.causes],
            "contributing": [factor.to_dict() for factor in self.contributing],
            "would_settle": self.would_settle,
            "advice": [advice.to_dict() for advice in self.advice],
            "findings": [finding.to_dict(identifier) for identifier, finding in numbered],
            "checks": [check.to_dict() for check in self.checks],
            "pack": self.pack_dict(),
            "clocks": [track.to_dict(self.ride.reference) for track in self.ride.tracks],
            "order": [pair.to_dict() for pair in self.order],
        }
