"""`ridelog formats`: what can be read, from the parsers themselves."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

#: Columns of the table: heading and the channels any one of which earns the mark.
GIVES = (
    ("voltage", ("pack_voltage",)),
    ("current", ("battery_current", "total_battery_current")),
    ("cells", ("cell_voltages", "cell_voltage_min")),
    ("SoC", ("soc",)),
    ("FETs", ("discharge_fet", "charge_fet")),
    ("protections", ("protections",)),
    ("faults", ("fault_code", "fault_name")),
    ("position", ("latitude",)),
)


def rows() -> list[tuple[str, ...]]:
    """One row a format: name, title, device, the marks of `GIVES`, clock."""
    from ridelog import plugins

    return [
        (
            parser.name,
            parser.title,
            parser.device,
            *("yes" if set(channels) & set(parser.gives) else "" for _, channels in GIVES),
            parser.clock,
        )
        for parser in plugins.parsers()
    ]


def headings() -> tuple[str, ...]:
    """Headings of `rows`."""
    return ("format", "what it is", "written by", *(heading for heading, _ in GIVES), "clock")


def markdown() -> str:
    """The table as a docs page."""
    lines = [
        "# Formats",
        "",
        "Made by `ridelog formats --markdown` from the parsers themselves; a test keeps it up to date.",
        "",
        "| " + " | ".join(headings()) + " |",
        "|" + " --- |" * len(headings()),
    ]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows()]
    return "\n".join(lines) + "\n"


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--markdown", action="store_true", help="print the table as the docs page")


def command(given: Namespace) -> int:
    """List the formats that can be read and what each gives."""
    if given.markdown:
        sys.stdout.write(markdown())
        return 0
    from rich.table import Table

    from ridelog.cli.screen import console

    table = Table(box=None, padding=(0, 1))
    for heading in headings():
        table.add_column(heading)
    for row in rows():
        table.add_row(*row)
    console().print(table)
    return 0
