"""The one straight line: paths -> logs -> ride -> pack -> findings -> verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version

import numpy as np

from ridelog import detection, plugins
from ridelog.alignment import AlignmentOptions, join
from ridelog.battery.estimate import estimate_pack
from ridelog.battery.pack import PackOptions
from ridelog.clock import DAY_S, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.diagnosis import handbook
from ridelog.diagnosis.causes import UNDETERMINED
from ridelog.diagnosis.evidence import EvidenceRow, table_with
from ridelog.diagnosis.moments import in_words
from ridelog.diagnosis.reasoning import Diagnosis, diagnose
from ridelog.diagnosis.wording import CANDIDATE_FROM, LIKELY_FROM
from ridelog.errors import MappingNeededError, RidelogError, SourceError, UsageError
from ridelog.finding import Check, Seen
from ridelog.incident import Advice, Incident, Input
from ridelog.log import Log, Role
from ridelog.parsing import ReadOptions
from ridelog.reading import passed_over, read_source
from ridelog.ride import Ride
from ridelog.sources import Limits, Source, open_sources

#: Logs that tell of the ride by themselves.
_RIDE_ROLES = (Role.CONTROLLER, Role.WHEEL, Role.BMS)


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said about a ride.

    Attributes:
        reading: About the input.
        pack: About the pack.
        alignment: About the clocks.
        limits: Bounds on hostile input.
        settings: Settings that win over those found in the logs, by canonical name.
    """

    reading: ReadOptions = field(default_factory=ReadOptions)
    pack: PackOptions = field(default_factory=PackOptions)
    alignment: AlignmentOptions = field(default_factory=AlignmentOptions)
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, float | str | bool] = field(default_factory=dict)


def analyze(paths: Sequence[str], options: Options | None = None) -> Incident:
    """Find out what happened on one ride.

    Args:
        paths: Files, archives, folders or URLs; all of them are one ride.
        options: What the user said about it.

    Raises:
        RidelogError: If nothing could be read. When only some files cannot be read, the error of the first is raised
            too: a verdict on half of what was handed over would look complete and not be.
    """
    options = options or Options()
    if not paths:
        raise UsageError("no log was given.", advice="Name at least one file.")
    return investigate(read_all(paths, options), options)


def read_all(paths: Iterable[str], options: Options) -> list[Log]:
    """Read every file of a ride; members of an archive or folder that are no logs are named as damage and passed over.

    A column whose meaning the data of its file do not decide is left out, and named as damage, where another log tells
    of the ride.

    Raises:
        RidelogError: If a named file cannot be read, or an archive or folder holds no log at all.
    """
    logs: list[Log] = []
    seen: dict[str, list[Log]] = {}
    asking: list[tuple[int, Source, MappingNeededError]] = []
    for path in paths:
        sources = open_sources(path, options.limits)
        refusals: list[RidelogError] = []
        found = 0
        for source in sources:
            if source.sha256 in seen:
                _note_repeated(seen[source.sha256], source.name)
                found += 1
                continue
            try:
                read = read_source(source, options.reading)
            except MappingNeededError as error:
                asking.append((len(logs), source, error))
                seen[source.sha256] = []
                found += 1
                continue
            except RidelogError as error:
                refusals.append(error)
                continue
            seen[source.sha256] = read
            logs.extend(read)
            found += 1
        if refusals and (len(sources) == 1 or not found):
            raise refusals[0]
        if refusals and logs:
            logs[-1].damage = (*logs[-1].damage, *(passed_over(error) for error in refusals))
    for place, source, question in reversed(asking):
        # Beside another log of the ride one open column is no reason to analyze nothing.
        if not any(log.role in _RIDE_ROLES for log in logs):
            raise question
        reading = replace(options.reading, leave_open=True, dates=_days_of(logs), lengths=_lengths_of(logs))
        logs[place:place] = read_source(source, reading)
    if not logs:
        raise SourceError("no log was found.", path=", ".join(paths))
    return logs


def _days_of(logs: Iterable[Log]) -> tuple[str, ...]:
    """Days on which the logs that carry a date begin and end, as ISO dates."""
    ends = [
        log.clock.start + second
        for log in logs
        if log.clock.start is not None and log.clock.basis in (ClockBasis.UTC, ClockBasis.LOCAL)
        for second in (0.0, log.duration_s)
    ]
    return tuple(sorted({str(np.datetime64(int(end // DAY_S), "D")) for end in ends}))


def _lengths_of(logs: Iterable[Log]) -> tuple[float, ...]:
    """How long the logs of a device are, s."""
    return tuple(sorted({log.duration_s for log in logs if log.role in _RIDE_ROLES and log.duration_s > 0}))


def _note_repeated(logs: Sequence[Log], name: str) -> None:
    """Say on the logs of a file that it was given once more."""
    message = f"The same file was given more than once ('{name}' has the same bytes); it is read once."
    for log in logs:
        log.damage = (*log.damage, Damage(DamageKind.NOTE, Effect.NOTED, message))


def investigate(logs: Sequence[Log], options: Options | None = None) -> Incident:
    """Find out what happened, from logs that were read already.

    Args:
        logs: The logs of one ride, at least one.
        options: What the user said about it.
    """
    options = options or Options()
    ride = join(logs, options.alignment)
    settings = {**ride.settings, **options.settings}
    pack = estimate_pack(ride, options.pack)
    family = options.reading.bms or next(
        (track.log.identity.family for track in ride.bms if track.log.identity.family), ""
    )
    case = detection.Case(ride, pack, settings, family)
    detectors = plugins.detectors()
    checks = detection.run(detectors, case)
    extra: list[EvidenceRow] = [row for detector in detectors for row in getattr(detector, "evidence_rows", ())]
    diagnosis = diagnose(checks, table_with(extra), lambda moment: in_words(ride, moment))
    return Incident(
        inputs=tuple(_input(index, log) for index, log in enumerate(logs)),
        verdict=diagnosis.verdict,
        causes=diagnosis.causes,
        contributing=diagnosis.contributing,
        would_settle=diagnosis.would_settle,
        advice=_advice(diagnosis, checks, ride, family),
        checks=checks,
        pack=pack,
        ride=ride,
        version=version("ridelog"),
        settings=settings,
    )


def _advice(diagnosis: Diagnosis, checks: Iterable[Check], ride: Ride, family: str) -> tuple[Advice, ...]:
    about = [(diagnosis.verdict.cause, 1.0), *((item.cause, item.probability) for item in diagnosis.causes)]
    if diagnosis.causes and diagnosis.causes[0].probability < LIKELY_FROM:
        # No cause is likely: first what helps whatever it was, then what each candidate asks for.
        held = [item.cause for item in diagnosis.causes if item.probability >= CANDIDATE_FROM]
        about = [(UNDETERMINED.id, 1.0), *((cause, 1.0) for cause in held)]
    about += [(other.cause, other.probability) for other in diagnosis.verdict.also]
    about += [(factor.cause, factor.probability) for factor in diagnosis.contributing]
    seen = [name for check in checks for name, item in check.evidence.items() if item.seen is Seen.OBSERVED]
    found = handbook.advice(about, handbook.families(ride, family), handbook.controller_classes(ride), seen)
    if diagnosis.blind:
        # Nothing is known to have happened: only how to find out is of use.
        return tuple(item for item in found if item.kind == "check")
    return found


def _input(index: int, log: Log) -> Input:
    origin = log.origin
    return Input(
        origin.path, origin.member, origin.sha256, origin.size, log.parser, str(log.role), log.rows, log.damage, index
    )
