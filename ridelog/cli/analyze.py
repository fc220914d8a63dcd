"""`ridelog analyze`: logs of one ride to a verdict and a report."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from pathlib import Path

from ridelog.cli.choices import add_analysis, pack_options, read_options, severity


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("logs", metavar="LOG", nargs="+", help="logs of one ride; '-' is standard input")
    parser.add_argument("-o", "--output", metavar="REPORT.html", type=Path, help="where the report goes")
    parser.add_argument("--json", metavar="FILE|-", help="write the result as JSON; '-' is standard output")
    parser.add_argument("--html", action=BooleanOptionalAction, default=True, help="write the HTML report (default)")
    parser.add_argument("--config", metavar="MCCONF.xml", help="motor configuration exported from VESC Tool")
    add_analysis(parser)
    parser.add_argument(
        "--offset",
        metavar="N=SECONDS",
        action="append",
        default=[],
        help="seconds added to the stamps of the N-th log, counted from 1",
    )
    parser.add_argument(
        "--align", action=BooleanOptionalAction, default=True, help="put the logs on one clock (default)"
    )
    parser.add_argument(
        "--include-location", action="store_true", help="show positions and serial numbers in the report"
    )


def command(given: Namespace) -> int:
    """Say what happened on a ride, how sure that is, and what to do."""
    from ridelog import pipeline, plugins
    from ridelog.alignment import AlignmentOptions
    from ridelog.reporting import ReportOptions

    threshold = severity(given.fail_on)
    asked = pipeline.Options(
        reading=read_options(given),
        pack=pack_options(given),
        alignment=AlignmentOptions(_offsets(given.offset, len(given.logs)), given.align),
    )
    incident = pipeline.analyze([*given.logs, *([given.config] if given.config else [])], asked)
    shown = ReportOptions(include_location=given.include_location)
    target = given.output or Path(f"{_stem(given.logs[0])}.report.html")
    if given.html:
        _write(target, plugins.report("html").render(incident, shown))
    if given.json == "-":
        sys.stdout.write(plugins.report("json").render(incident, shown))
    else:
        if given.json:
            _write(Path(given.json), plugins.report("json").render(incident, shown))
        from ridelog.cli.screen import report_options

        sys.stdout.write(plugins.report("terminal").render(incident, report_options(given.include_location)))
    if given.html:
        (sys.stderr if given.json == "-" else sys.stdout).write(f"Report: {target}\n")
    reached = threshold is not None and incident.severity is not None and incident.severity.level >= threshold.level
    return 1 if reached else 0


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
