"""Forensics for the logs of personal electric vehicles: what happened, how sure that is, and what to do.

`read` gives the logs of a file, `analyze` the incident of a ride, `audit` the tables of a fleet. Nothing heavy is
imported before one of them is called.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ridelog.fleet.runner import AuditOptions, Summary
    from ridelog.incident import Incident
    from ridelog.log import Log
    from ridelog.parsing import ReadOptions
    from ridelog.pipeline import Options

__all__ = ["analyze", "audit", "read"]


def read(path: str | os.PathLike[str], options: ReadOptions | None = None) -> list[Log]:
    """Read a file, an archive, a folder or a URL into logs; one file may hold several devices.

    Args:
        path: Where the log is; "-" is standard input.
        options: What is known about it (zone of local stamps, BMS family, column mapping).

    Raises:
        ridelog.errors.RidelogError: If it cannot be read; the message names the file and what to do.
    """
    from ridelog import reading

    return reading.read(os.fspath(path), options)


def analyze(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], options: Options | None = None
) -> Incident:
    """Find out what happened on one ride.

    Args:
        paths: One log or several logs of the same ride.
        options: What is known about the ride.

    Returns:
        The incident; `.to_dict()` is the JSON report.

    Raises:
        ridelog.errors.RidelogError: If a log cannot be read.
    """
    from ridelog import pipeline

    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    return pipeline.analyze([os.fspath(path) for path in paths], options)


def audit(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    options: AuditOptions | None = None,
) -> Summary:
    """Analyze all logs of a fleet and write its tables and its page; a run that was stopped goes on.

    Args:
        paths: Folders, logs or URLs.
        out: Folder or URL of the result.
        options: How to run it.

    Returns:
        What was done; the tables lie in `out` as Parquet.

    Raises:
        ridelog.errors.RidelogError: If there is no file or the result cannot be written; a bad log becomes a row.
    """
    from ridelog.fleet import runner

    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    return runner.audit([os.fspath(path) for path in paths], os.fspath(out), options)
