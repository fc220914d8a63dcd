"""What travels between the run, its workers and their children: plain data."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LogLimits:
    """What one ride may cost before it is given up.

    Attributes:
        seconds: Wall time.
        megabytes: Resident memory of the process that analyzes it, in MB; 0 for no limit.
    """

    seconds: float = 300.0
    megabytes: int = 4096


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What the user said that changes the answer of an analysis.

    Attributes:
        zone: Time zone of local stamps.
        bms: Family of the BMSs.
        series: Cell groups in series, None for not said.
        chemistry: Chemistry, "" for not said.
        mapping: Meaning of the columns of unknown tables.
        reports: Which rides get a report page: "none", "flagged" (a warning or worse, and a cause) or "all".
    """

    zone: str = ""
    bms: str = ""
    series: int | None = None
    chemistry: str = ""
    mapping: dict[str, Any] = field(default_factory=dict)
    reports: str = "flagged"


@dataclass(frozen=True, slots=True)
class RideJob:
    """The files of one ride.

    Attributes:
        key: Hash of everything the answer rests on: contents, names, options and version of the analysis.
        paths: Where the files are.
        names: What they are called in the tables.
        digests: Content of each, as a hash or entity tag.
        size: Bytes of all of them.
        reason: Why these files are one ride, "" for a single file.
        confirm: The files were put together by their folder; the worker checks that their times overlap.
    """

    key: str
    paths: tuple[str, ...]
    names: tuple[str, ...]
    digests: tuple[str, ...]
    size: int
    reason: str = ""
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Rides that are analyzed one after the other and written as one part.

    Attributes:
        rides: The rides.
        out: Folder or URL of the result.
        options: What the user said.
        limits: What one ride may cost.
        version: Version of the analysis the answers are for.
    """

    rides: tuple[RideJob, ...]
    out: str
    options: AnalysisOptions
    limits: LogLimits
    version: str

    @property
    def name(self) -> str:
        """Name of the part: the hash of what is in it."""
        return digest(*(ride.key for ride in self.rides))[:32]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch.

    Attributes:
        name: Its name.
        rides: Number of rides.
        errors: Rides among them that could not be analyzed.
        size: Bytes.
        seconds: Processor seconds of the process that analyzes.
        peak_megabytes: Its peak resident memory.
        busy_s: Wall time it took.
    """

    name: str
    rides: int
    errors: int
    size: int
    seconds: float
    peak_megabytes: float
    busy_s: float


def digest(*parts: object) -> str:
    """SHA-256 of texts, in hex; the parts cannot run into each other."""
    hashed = hashlib.sha256()
    for part in parts:
        data = str(part).encode("utf-8", "surrogateescape")
        hashed.update(len(data).to_bytes(8, "big") + data)
    return hashed.hexdigest()


def ride_key(
    version: str, options: AnalysisOptions, names: tuple[str, ...], digests: tuple[str, ...], confirm: bool
) -> str:
    """Key of a ride: it changes when anything changes that its answer rests on."""
    return digest(version, sorted(asdict(options).items()), *names, *digests, confirm)[:32]
