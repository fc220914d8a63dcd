"""`ridelog analyze`: logs of one ride to a verdict and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    logs: Annotated[list[str], typer.Argument(metavar="LOG...", help="Logs of one ride; '-' is standard input.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="REPORT.html", help="Where the report goes.")
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON; '-' is standard output.")
    ] = None,
    html: Annotated[bool, typer.Option("--html/--no-html", help="Write the HTML report.")] = True,
    config: Annotated[
        str | None, typer.Option(metavar="MCCONF.xml", help="Motor configuration exported from VESC Tool.")
    ] = None,
    cells: Annotated[int | None, typer.Option(min=1, max=200, help="Cell groups in series.")] = None,
    chemistry: Annotated[str, typer.Option(help="Chemistry of the cells: nmc, lfp or lto.")] = "",
    bms: Annotated[str, typer.Option(help="Family of the BMS: jk, ant, jbd or daly.")] = "",
    mapping: Annotated[
        str | None, typer.Option("--map", metavar="MAPPING.toml", help="Meaning of columns in an unknown table.")
    ] = None,
    tz: Annotated[str, typer.Option(metavar="ZONE", help="Time zone of local stamps, such as Europe/Berlin.")] = "",
    offset: Annotated[
        list[str] | None,
        typer.Option(metavar="N=SECONDS", help="Seconds added to the stamps of the N-th log, counted from 1."),
    ] = None,
    align: Annotated[bool, typer.Option("--align/--no-align", help="Put the logs on one clock.")] = True,
    include_location: Annotated[
        bool, typer.Option("--include-location", help="Show positions and serial numbers in the report.")
    ] = False,
    fail_on: Annotated[
        str, typer.Option(metavar="warning|critical", help="Exit with 1 when a finding is this severe.")
    ] = "",
) -> None:
    """Say what happened on a ride, how sure that is, and what to do."""
    import sys

    from ridelog import pipeline, plugins
    from ridelog.alignment import AlignmentOptions
    from ridelog.cli.choices import pack_options, read_options, severity
    from ridelog.reporting import ReportOptions

    threshold = severity(fail_on)
    options = pipeline.Options(
        reading=read_options(tz, bms, mapping),
        pack=pack_options(cells, chemistry),
        alignment=AlignmentOptions(_offsets(offset or [], len(logs)), align),
    )
    incident = pipeline.analyze([*logs, *([config] if config else [])], options)
    shown = ReportOptions(include_location=include_location)
    if html:
        target = output or Path(f"{_stem(logs[0])}.report.html")
        _write(target, plugins.report("html").render(incident, shown))
    if json == "-":
        sys.stdout.write(plugins.report("json").render(incident, shown))
    else:
        if json:
            _write(Path(json), plugins.report("json").render(incident, shown))
        from ridelog.cli.screen import report_options

        sys.stdout.write(plugins.report("terminal").render(incident, report_options(include_location)))
    if html:
        typer.echo(f"Report: {target}", err=json == "-")
    if threshold is not None and incident.severity is not None and incident.severity.level >= threshold.level:
        raise typer.Exit(1)


def _stem(path: str) -> str:
    name = Path(path.rstrip("/")).name
    return name.split(".", 1)[0] if name not in ("", "-") else "ride"


def _write(target: Path, text: str) -> None:
    from ridelog.errors import UsageError

    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror}).", path=str(target)) from error


def _offsets(given: list[str], count: int) -> dict[int, float]:
    from ridelog.errors import UsageError

    offsets = {}
    for item in given:
        number, _, seconds = item.partition("=")
        try:
            index, value = int(number) - 1, float(seconds)
        except ValueError:
            raise UsageError(f"'--offset {item}' is not of the form N=SECONDS.") from None
        if not 0 <= index < count:
            raise UsageError(f"'--offset {item}': there is no log {number}; {count} were given.")
        offsets[index] = value
    return offsets
