"""Which files are one ride: those of one vehicle, from different devices, written at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ridelog.clock import Clock, ClockBasis

from .inputs import InputFile
from .jobs import AnalysisOptions, RideJob, ride_key

#: Most files of one ride that are put together by their folder alone.
_MOST_BESIDE = 6
#: Clocks of a phone, a logger and a BMS disagree by so much without being of another ride, in s.
_CLOCK_SLACK_S = 120.0


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A file with what the first look showed."""

    file: InputFile
    digest: str
    parser: str
    roles: tuple[str, ...]
    start_s: float | None = None
    end_s: float | None = None


def needs_span(files: Sequence[Surveyed], owners: Mapping[str, str]) -> list[Surveyed]:
    """Files that have to be read to tell which ride they belong to.

    That is where one vehicle has files of a controller and of a BMS and its folders do not part its rides already.
    """
    return [item for group in _mixed(files, owners) for item in group if _telemetry(item)]


def group(
    files: Sequence[Surveyed], owners: Mapping[str, str], version: str, options: AnalysisOptions
) -> list[RideJob]:
    """Put files together into rides.

    Args:
        files: Every file.
        owners: Path to the vehicle, where pattern or table say it.
        version: Version of the analysis.
        options: What the user said.

    Returns:
        One job a ride, in the order of the names of its files.
    """
    jobs: list[RideJob] = []
    taken: set[str] = set()

    def add(members: Sequence[Surveyed], reason: str, confirm: bool = False) -> None:
        ordered = sorted(members, key=lambda item: (item.file.name, item.file.path))
        names = tuple(item.file.name for item in ordered)
        digests = tuple(item.digest for item in ordered)
        jobs.append(
            RideJob(
                ride_key(version, options, names, digests, confirm),
                tuple(item.file.path for item in ordered),
                names,
                digests,
                sum(item.file.size for item in ordered),
                reason,
                confirm,
            )
        )
        taken.update(item.file.path for item in ordered)

    for beside in _folders(files):
        if _one_of_each(beside, owners):
            add(beside, "The folder holds one file of each of several devices, and nothing else.", True)
    for mixed in _mixed(files, owners):
        settings = [item for item in mixed if item.roles == ("config",)]
        shared = settings if len(settings) == 1 else []
        for cluster in _overlapping([item for item in mixed if _telemetry(item)]):
            if len(cluster) > 1:
                add([*cluster, *shared], "Same vehicle, different devices, overlapping time.")
            elif cluster[0].start_s is None:
                add(cluster, "Left alone: its clock has no date that could be compared with other files.")
            else:
                add([*cluster, *shared], "Left alone: no file of another device was written at the same time.")
    for beside in _folders(files):
        for log, told in _with_settings([item for item in beside if item.file.path not in taken], owners):
            add([log, told], "A log with the only settings file of its folder.")
    for item in files:
        if item.file.path not in taken:
            add([item], "" if not item.parser else "Left alone: no log of another device lies with it.")
    return sorted(jobs, key=lambda job: (job.names, job.paths))


def apart(logs: Sequence[tuple[int, Any, Clock, float]], job: RideJob) -> list[tuple[tuple[int, ...], str]]:
    """Split files that were put together by their folder where their clocks say they are of different rides.

    Args:
        logs: Place of the file in the job, role, clock and duration in s of each log that could be read.
        job: The job.

    Returns:
        Places that are one ride, with the explanation.
    """
    every = tuple(dict.fromkeys(place for place, *_ in logs))
    dated = [
        (clock.start, clock.start + duration, place)
        for place, _, clock, duration in logs
        if clock.basis in (ClockBasis.UTC, ClockBasis.LOCAL) and clock.start is not None and clock.start > 1.2e9
    ]
    if not every:
        return []
    # A local stamp without a zone may be off by any zone: only dates a day apart part such files.
    local = any(clock.basis is ClockBasis.LOCAL for _, _, clock, _ in logs)
    slack = 14 * 3600.0 if local else _CLOCK_SLACK_S
    clusters = _clusters([(start, end, place) for start, end, place in dated], slack)
    if len(clusters) < 2:
        return [(every, job.reason)]
    undated = [place for place in every if all(place != other for _, _, other in dated)]
    parted = []
    for number, places in enumerate(clusters):
        own = tuple(sorted({*places, *(undated if number == 0 else [])}))
        parted.append((own, "Left alone: the other files of its folder were written at another time."))
    return parted


def in_archive(
    logs: Sequence[tuple[int, str, Clock, float]], job: RideJob, settings: Collection[int] = ()
) -> list[tuple[tuple[int, ...], str]]:
    """Which members of an archive are one ride.

    One log of each of several devices is a ride, as in a folder. Of several logs of one kind each is a ride, but for
    those of different devices that were written at the same time. The only settings of an archive hold for each of them.

    Args:
        logs: Place of the member, parser, clock and duration in s of each log.
        job: The archive.
        settings: Places of members that hold settings and nothing else.

    Returns:
        Places that are one ride, with the explanation.
    """
    parsers: dict[int, set[str]] = defaultdict(set)
    for place, parser, _, _ in logs:
        parsers[place].add(parser)
    if len({parser for own in parsers.values() for parser in own}) >= sum(len(own) for own in parsers.values()):
        whole = replace(job, reason="The archive holds one log of each of several devices.")
        return [
            (
                places,
                reason if reason == whole.reason else "The other logs of its archive were written at another time.",
            )
            for places, reason in apart(logs, whole)
        ]
    shared = tuple(settings) if len(settings) == 1 else ()
    riding = [place for place in parsers if place not in shared]
    dated = [
        (clock.start, clock.start + duration, place)
        for place, _, clock, duration in logs
        if place in riding
        and clock.basis in (ClockBasis.UTC, ClockBasis.LOCAL)
        and clock.start is not None
        and clock.start > 1.2e9
    ]
    found = [
        (places, "Logs of one archive, different devices, overlapping time.")
        for places in _clusters(dated, _CLOCK_SLACK_S)
        if len(set().union(*(parsers[place] for place in places))) > 1
    ]
    together = {place for places, _ in found for place in places}
    found += [((place,), "One of several rides in an archive.") for place in riding if place not in together]
    return sorted((tuple(sorted({*places, *shared})), reason) for places, reason in found)


def _folders(files: Sequence[Surveyed]) -> list[list[Surveyed]]:
    found: dict[tuple[str, str], list[Surveyed]] = defaultdict(list)
    for item in files:
        found[item.file.root, item.file.folder].append(item)
    return [found[place] for place in sorted(found)]


def _with_settings(beside: Sequence[Surveyed], owners: Mapping[str, str]) -> list[tuple[Surveyed, Surveyed]]:
    """Each log of a folder with the settings that hold for it: only where the folder has one such file and one owner."""
    settings = [item for item in beside if item.roles == ("config",)]
    several = len({owners.get(item.file.path, "") for item in beside}) > 1
    if len(settings) != 1 or several or not settings[0].file.folder:
        return []
    return [(item, settings[0]) for item in beside if _telemetry(item)]


def _telemetry(item: Surveyed) -> bool:
    return bool(item.parser) and item.parser != "archive" and item.roles != ("config",)


def _one_of_each(beside: Sequence[Surveyed], owners: Mapping[str, str]) -> bool:
    known = [item for item in beside if item.parser]
    if not 2 <= len(beside) <= _MOST_BESIDE or len(known) < len(beside) or not beside[0].file.folder:
        return False
    if len({item.parser for item in known}) < len(known) or any(item.parser == "archive" for item in known):
        return False
    roles = {role for item in known for role in item.roles}
    several = len({owners.get(item.file.path, "") for item in known}) > 1
    return len(roles) > 1 and any(_telemetry(item) for item in known) and not several


def _mixed(files: Sequence[Surveyed], owners: Mapping[str, str]) -> list[list[Surveyed]]:
    """Files of one vehicle (by pattern or table, else of one folder) with both riding and BMS logs among them."""
    places: dict[tuple[str, str], list[Surveyed]] = defaultdict(list)
    apart_already = {item.file.path for beside in _folders(files) if _one_of_each(beside, owners) for item in beside}
    for item in files:
        if item.file.path in apart_already:
            continue
        owner = owners.get(item.file.path, "")
        places["vehicle" if owner else item.file.root, owner or item.file.folder].append(item)
    found = []
    for place in sorted(places):
        roles = [set(item.roles) for item in places[place] if _telemetry(item)]
        if any("bms" in one and "controller" not in one for one in roles) and any(
            {"controller", "wheel"} & one for one in roles
        ):
            found.append(places[place])
    return found


def _overlapping(files: Sequence[Surveyed]) -> list[list[Surveyed]]:
    dated = [(item.start_s, item.end_s, place) for place, item in enumerate(files) if item.start_s is not None]
    clusters = _clusters([(s, e if e is not None else s, place) for s, e, place in dated], _CLOCK_SLACK_S)
    groups = []
    for places in clusters:
        members = [files[place] for place in places]
        # Files of one device that follow each other closely are rides of their own.
        if len({item.parser for item in members}) < 2:
            groups += [[item] for item in members]
        else:
            groups.append(members)
    return groups + [[item] for item in files if item.start_s is None]


def _clusters(spans: Sequence[tuple[float, float, int]], slack_s: float) -> list[tuple[int, ...]]:
    clusters: list[tuple[float, list[int]]] = []
    for start, end, place in sorted(spans):
        if clusters and start <= clusters[-1][0] + slack_s:
            clusters[-1] = (max(clusters[-1][0], end), [*clusters[-1][1], place])
        else:
            clusters.append((end, [place]))
    return [tuple(dict.fromkeys(places)) for _, places in clusters]
