"""A first look at a file: its hash, who can read it, and, where it matters for grouping, when it was written."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ridelog.clock import ClockBasis
from ridelog.errors import RidelogError

from .jobs import AnalysisOptions


def survey_file(path: str, span: bool, options: AnalysisOptions) -> dict[str, Any]:
    """Look at one file.

    Args:
        path: Path or URL.
        span: Read it whole to tell when it was written and by which device.
        options: What the user said.

    Returns:
        sha256 ("" for a URL, whose entity tag serves instead), parser ("" if nobody reads it, "archive" for several
        members), roles, and with `span` also start_s, end_s (None without a date) and devices.
    """
    answer: dict[str, Any] = {"sha256": "", "parser": "", "roles": [], "start_s": None, "end_s": None, "devices": []}
    try:
        if "://" not in path:
            with Path(path).open("rb") as stream:
                answer["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
        _recognise(path, answer, span, options)
    except (RidelogError, OSError):
        # What is wrong with it is said by the analysis, in its row.
        return answer
    return answer


def _recognise(path: str, answer: dict[str, Any], span: bool, options: AnalysisOptions) -> None:
    from ridelog.parsing import ReadOptions
    from ridelog.reading import read_source, recognise
    from ridelog.sources import HEAD_BYTES, Source, open_sources

    from .rows import devices

    reading = ReadOptions(options.zone, options.bms, options.mapping)
    if "://" in path and not span:
        import fsspec

        try:
            with fsspec.open(path, "rb") as stream:
                sources = [Source(path, stream.read(HEAD_BYTES))]
        except (OSError, ValueError, ImportError):
            return
        if sources[0].head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04")):
            sources = open_sources(path)
    else:
        sources = open_sources(path)
    if len(sources) != 1:
        answer["parser"] = "archive"
        return
    parser, _ = recognise(sources[0], reading)
    answer["parser"], answer["roles"] = parser.name, sorted(str(role) for role in parser.roles)
    if not span:
        return
    logs = read_source(sources[0], reading)
    answer["roles"] = sorted({str(log.role) for log in logs})
    answer["devices"] = devices(log.identity.serial for log in logs)
    dated = [log for log in logs if log.clock.basis in (ClockBasis.UTC, ClockBasis.LOCAL) and log.rows]
    starts = [log.clock.start for log in dated if log.clock.start is not None and log.clock.start > 1.2e9]
    if starts:
        answer["start_s"] = min(starts)
        answer["end_s"] = max(log.clock.start + log.duration_s for log in dated if log.clock.start in starts)
