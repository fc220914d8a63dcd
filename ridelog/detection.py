"""What a detector is, and running all of them over a ride."""

from __future__ import annotations

import inspect
import re
from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from ridelog.battery.pack import Pack
from ridelog.errors import PluginError
from ridelog.finding import Check, Evidence, Finding, Interval, Outcome, Seen, Status
from ridelog.log import Role
from ridelog.ride import Ride, Track

#: Sections every detector's docstring has, in this order; `ridelog explain CODE` prints them.
SECTIONS = (
    "What it finds",
    "Why it matters",
    "Evidence",
    "Looks like it but is not",
    "Needs",
    "Limits",
    "Example",
)

#: What the logs of a role are called in sentences.
_KINDS = {
    Role.CONTROLLER: "controller",
    Role.BMS: "BMS",
    Role.WHEEL: "wheel",
    Role.EVENTS: "event",
    Role.CONFIG: "configuration",
}


@dataclass(frozen=True, slots=True)
class Need:
    """What a detector needs of one log to look.

    Attributes:
        roles: Roles it can work on.
        channels: Channels that must all hold values.
        measured: Channels among them that must be measured, not computed by the source.
        interval_s: Longest median time between rows at which the event can show, in s; None for any.
        rows: Fewest rows.
    """

    roles: tuple[Role, ...]
    channels: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    interval_s: float | None = None
    rows: int = 2

    @property
    def kinds(self) -> str:
        """The kinds of logs it can work on, in words."""
        return " or ".join(_KINDS[role] for role in self.roles)

    def missing(self, track: Track) -> str:
        """Say what this log lacks, "" when nothing; a log of another role lacks everything."""
        if track.log.role not in self.roles:
            return f"it is no {self.kinds} log"
        lacking = [name for name in self.channels if not track.has(name)]
        if lacking:
            return f"no {', '.join(lacking)}"
        computed = [name for name in self.measured if track.log.derived(name)]
        if computed:
            return f"{', '.join(computed)} is computed, not measured ({track.log.derived(computed[0])})"
        if track.log.rows < self.rows:
            return f"only {track.log.rows} rows"
        if self.interval_s is not None and track.log.interval_s > self.interval_s:
            return (
                f"one row every {track.log.interval_s:.3g} s; an event shorter than {2 * track.log.interval_s:.3g} s "
                f"would not show, and {self.interval_s:.3g} s is needed"
            )
        return ""


@dataclass(eq=False)
class Case:
    """All that detectors may look at.

    Attributes:
        ride: The logs on one clock.
        pack: The pack estimate.
        settings: Limits and settings by canonical name: from configuration logs, from the logs themselves, and from
            the user.
        family: Family of the BMS (jk, ant, jbd, daly), "" when unknown.
        shared: What several detectors compute alike, by a key of their own, so that it is computed once.
    """

    ride: Ride
    pack: Pack
    settings: Mapping[str, float | str | bool] = field(default_factory=dict)
    family: str = ""
    shared: dict[tuple[str, int], object] = field(default_factory=dict)


class Detector(ABC):
    """Looks for one failure signature. One module in `detectors/` each; the class docstring is its documentation.

    A detector that looks at one log at a time declares `needs` and implements `examine`. One that compares logs
    overrides `detect`. It answers found, clear or unable; it never guesses from missing data.

    Attributes:
        code: Short code, letters and two digits ("PP01").
        name: Name in words joined by hyphens ("power-path-open").
        rules: Rule ids of the field handbook it encodes.
        needs: What it needs of a log; any one of them is enough for that log.
        evidence: Ids of the evidence it can give (see the evidence table).
    """

    code: ClassVar[str]
    name: ClassVar[str]
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Need, ...]] = ()
    evidence: ClassVar[tuple[str, ...]] = ()

    def detect(self, case: Case) -> Outcome:
        """Look at the whole ride: by default at every log that has what `needs` asks for."""
        outcomes: list[Outcome] = []
        refusals: list[str] = []
        looked: list[Interval] = []
        for track in case.ride.tracks:
            lacks = [need.missing(track) for need in self.needs]
            if "" in lacks:
                outcome = self.examine(case, track)
                if track.timed:
                    looked.append(_looked_at(track))
                    outcomes.append(_absent_within(outcome, looked[-1]))
                else:
                    outcomes.append(_untimed(outcome))
            else:
                own = [lack for need, lack in zip(self.needs, lacks, strict=True) if track.log.role in need.roles]
                if own:
                    refusals.append(f"log {track.index + 1} ({track.log.parser}): {own[0]}")
        if not outcomes:
            if refusals:
                return Outcome.unable("; ".join(refusals) + ".")
            wanted = sorted({_KINDS[role] for need in self.needs for role in need.roles})
            return Outcome.unable(f"no {' or '.join(wanted)} log was given.")
        combined = combine(outcomes)
        if len(looked) < len(outcomes) or combined.status is not Status.CLEAR:
            return combined
        rest = {name: Evidence.absent(combined.reason) for name in self.evidence if name not in combined.evidence}
        span = Interval(min(item.earliest_s for item in looked), max(item.latest_s for item in looked))
        return _absent_within(replace(combined, evidence={**combined.evidence, **rest}), span)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log that has what `needs` asks for."""
        raise NotImplementedError

    def finding(self, track: Track, first: int, last: int, **details: object) -> Finding:
        """Make a finding of this detector over rows `first` to `last` of a log; `details` are fields of `Finding`."""
        return Finding(
            code=self.code,
            name=self.name,
            start_s=float(track.time[first]),
            end_s=float(track.time[last]),
            log=track.index,
            rows=track.source_rows(first, last),
            **{"onset": track.onset(first), **details},  # type: ignore[arg-type]
        )

    def standing(self, track: Track, **details: object) -> Finding:
        """Make a finding of something that holds for a whole log and did not happen at a moment."""
        return self.finding(track, 0, track.log.rows - 1, event=False, **details)

    @classmethod
    def sections(cls) -> dict[str, str]:
        """The documentation by section.

        Raises:
            PluginError: If a section is missing or out of order.
        """
        text = inspect.cleandoc(cls.__doc__ or "")
        parts = re.split(rf"^({'|'.join(SECTIONS)}):\s*$", text, flags=re.MULTILINE)
        if tuple(parts[1::2]) != SECTIONS:
            raise PluginError(f"the documentation of {cls.__name__} lacks a section or has them out of order.")
        return {title: inspect.cleandoc(body).strip() for title, body in zip(parts[1::2], parts[2::2], strict=True)}

    @classmethod
    def summary(cls) -> str:
        """The first line of the documentation."""
        return inspect.cleandoc(cls.__doc__ or "").split("\n", 1)[0]


def _looked_at(track: Track) -> Interval:
    """The time a log covers for certain on the ride's clock."""
    return Interval(float(track.time[0]) + track.clock.uncertainty_s, float(track.time[-1]) - track.clock.uncertainty_s)


def _absent_within(outcome: Outcome, looked: Interval) -> Outcome:
    """The same outcome, in which what was not seen was looked for within a log's own time only."""
    evidence = {
        name: replace(item, at=looked) if item.seen is Seen.ABSENT and item.at is None else item
        for name, item in outcome.evidence.items()
    }
    return replace(outcome, evidence=evidence)


def _untimed(outcome: Outcome) -> Outcome:
    """The same outcome without moments: a clock of its own says nothing on the ride's, and a listing has no times."""
    findings = tuple(replace(finding, timed=False) for finding in outcome.findings)
    evidence = {name: replace(item, at=None) for name, item in outcome.evidence.items()}
    return Outcome(outcome.status, outcome.reason, findings, evidence)


def combine(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome from those of several logs: found beats clear, clear beats unable; the strongest evidence stays."""
    outcomes = list(outcomes)
    if len(outcomes) == 1:
        return outcomes[0]
    order = {"observed": 2, "absent": 1, "not observable": 0}
    evidence: dict[str, Evidence] = {}
    for outcome in outcomes:
        for name, item in outcome.evidence.items():
            held = evidence.get(name)
            if held is None or (order[item.seen], item.strength) > (order[held.seen], held.strength):
                evidence[name] = item
    findings = tuple(finding for outcome in outcomes for finding in outcome.findings)
    for status in (Status.FOUND, Status.CLEAR, Status.UNABLE):
        those = [outcome for outcome in outcomes if outcome.status is status]
        if those:
            reason = " ".join(dict.fromkeys(outcome.reason for outcome in those if outcome.reason))
            return Outcome(status, reason, findings, evidence)
    return Outcome.unable("no log was given.")


def run(detectors: Iterable[Detector], case: Case) -> tuple[Check, ...]:
    """Run detectors over a ride; every evidence id a detector declares comes back with an answer."""
    checks = []
    for detector in detectors:
        outcome = detector.detect(case)
        checks.append(
            Check(
                detector.code,
                detector.name,
                outcome.status,
                outcome.reason,
                outcome.findings,
                _complete(detector, outcome),
            )
        )
    return tuple(checks)


def _complete(detector: Detector, outcome: Outcome) -> dict[str, Evidence]:
    evidence = dict(outcome.evidence)
    undeclared = set(evidence) - set(detector.evidence)
    if undeclared:
        raise PluginError(f"{detector.name} gives evidence it does not declare: {', '.join(sorted(undeclared))}.")
    for name in detector.evidence:
        if name not in evidence:
            if outcome.status is Status.CLEAR:
                evidence[name] = Evidence.absent(outcome.reason)
            else:
                evidence[name] = Evidence.not_observable(outcome.reason or "not looked for in this case")
    return evidence
