"""`ridelog audit`: many logs, tables and one page."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import date

from ridelog.cli.choices import add_analysis, at_least, pack_options, read_options, severity


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("paths", metavar="PATH|URL", nargs="+", help="folders, logs or URLs (s3://...)")
    add("--out", metavar="DIR|URL", required=True, help="where the tables and the page go")
    add("--jobs", metavar="N", type=at_least(0), default=0, help="processes; 0 is one for each core")
    add("--scheduler", metavar="tcp://HOST:PORT", default="", help="run on this dask cluster")
    add("--vehicle", metavar="PATTERN", default="", help="where a path names the vehicle: 'logs/{vehicle}/*.csv'")
    add("--fleet", metavar="TABLE", default="", help="CSV or Parquet with vehicle, path or device, and maybe model")
    add("--since", metavar="YYYY-MM-DD", default="", help="leave out rides that began before")
    add("--csv", action="store_true", help="write the tables as CSV too")
    add("--reports", metavar="none|flagged|all", default="flagged", help="rides that get a report page")
    add("--retry", action="store_true", help="analyze rides again that were given up")
    add("--time-limit", metavar="SECONDS", type=at_least(1, kind=float), default=300.0, help="most time for one ride")
    add("--memory-limit", metavar="MB", type=at_least(0), default=4096, help="most memory for one ride; 0 is none")
    add_analysis(parser)


def command(given: Namespace) -> int:
    """Analyze every log of a fleet and rank its vehicles; one bad file never stops it, and a run can go on later."""
    from ridelog.errors import UsageError
    from ridelog.finding import Severity
    from ridelog.fleet.jobs import AnalysisOptions, LogLimits
    from ridelog.fleet.runner import AuditOptions, audit

    threshold = severity(given.fail_on)
    reading, pack = read_options(given), pack_options(given)
    if given.reports not in ("none", "flagged", "all"):
        raise UsageError(f"'--reports {given.reports}': it is none, flagged or all.")
    asked = AuditOptions(
        jobs=given.jobs,
        scheduler=given.scheduler,
        vehicle=given.vehicle,
        fleet=given.fleet,
        since=_day(given.since),
        csv=given.csv,
        retry=given.retry,
        analysis=AnalysisOptions(
            reading.zone, reading.bms, pack.series, pack.chemistry, dict(reading.mapping), given.reports
        ),
        limits=LogLimits(given.time_limit, given.memory_limit),
    )
    summary = audit(given.paths, given.out, asked)
    sys.stdout.write(
        f"{summary.rides} rides, {summary.errors} could not be read, {summary.analyzed} analyzed now. "
        f"Page: {summary.page}\n"
    )
    reached = threshold is not None and summary.severity and Severity(summary.severity).level >= threshold.level
    return 1 if reached else 0


def _day(text: str) -> date | None:
    from ridelog.errors import UsageError

    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'--since {text}' is not a day.", advice="Write it as 2026-05-01.") from None
