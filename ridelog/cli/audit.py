"""`ridelog audit`: many logs, tables and one page."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer


def command(
    paths: Annotated[list[str], typer.Argument(metavar="PATH|URL...", help="Folders, logs or URLs (s3://...).")],
    out: Annotated[str, typer.Option("--out", metavar="DIR|URL", help="Where the tables and the page go.")],
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 is one for each core.")] = 0,
    scheduler: Annotated[str, typer.Option(metavar="tcp://HOST:PORT", help="Run on this dask cluster.")] = "",
    vehicle: Annotated[
        str, typer.Option(metavar="PATTERN", help="Where a path names the vehicle: 'logs/{vehicle}/*.csv'.")
    ] = "",
    fleet: Annotated[
        str, typer.Option(metavar="TABLE", help="CSV or Parquet with vehicle, path or device, and maybe model.")
    ] = "",
    since: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Leave out rides that began before.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Write the tables as CSV too.")] = False,
    reports: Annotated[str, typer.Option(metavar="none|flagged|all", help="Rides that get a report page.")] = "flagged",
    retry: Annotated[bool, typer.Option("--retry", help="Analyze rides again that were given up.")] = False,
    time_limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Most time for one ride.")] = 300.0,
    memory_limit: Annotated[int, typer.Option(min=0, metavar="MB", help="Most memory for one ride; 0 is none.")] = 4096,
    cells: Annotated[int | None, typer.Option(min=1, max=200, help="Cell groups in series.")] = None,
    chemistry: Annotated[str, typer.Option(help="Chemistry of the cells: nmc, lfp or lto.")] = "",
    bms: Annotated[str, typer.Option(help="Family of the BMSs: jk, ant, jbd or daly.")] = "",
    mapping: Annotated[
        str | None, typer.Option("--map", metavar="MAPPING.toml", help="Meaning of columns in an unknown table.")
    ] = None,
    tz: Annotated[str, typer.Option(metavar="ZONE", help="Time zone of local stamps.")] = "",
    fail_on: Annotated[
        str, typer.Option(metavar="warning|critical", help="Exit with 1 when a finding is this severe.")
    ] = "",
) -> None:
    """Analyze every log of a fleet and rank its vehicles; one bad file never stops it, and a run can go on later."""
    from ridelog.cli.choices import pack_options, read_options, severity
    from ridelog.errors import UsageError
    from ridelog.finding import Severity
    from ridelog.fleet.jobs import AnalysisOptions, LogLimits
    from ridelog.fleet.runner import AuditOptions, audit

    threshold = severity(fail_on)
    reading, pack = read_options(tz, bms, mapping), pack_options(cells, chemistry)
    if reports not in ("none", "flagged", "all"):
        raise UsageError(f"'--reports {reports}': it is none, flagged or all.")
    options = AuditOptions(
        jobs=jobs,
        scheduler=scheduler,
        vehicle=vehicle,
        fleet=fleet,
        since=_day(since),
        csv=csv,
        retry=retry,
        analysis=AnalysisOptions(
            reading.zone, reading.bms, pack.series, pack.chemistry, dict(reading.mapping), reports
        ),
        limits=LogLimits(time_limit, memory_limit),
    )
    summary = audit(paths, out, options)
    typer.echo(
        f"{summary.rides} rides, {summary.errors} could not be read, {summary.analyzed} analyzed now. Page: {summary.page}"
    )
    if threshold is not None and summary.severity and Severity(summary.severity).level >= threshold.level:
        raise typer.Exit(1)


def _day(text: str) -> date | None:
    from ridelog.errors import UsageError

    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'--since {text}' is not a day.", advice="Write it as 2026-05-01.") from None
