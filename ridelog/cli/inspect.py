"""`ridelog inspect`: what a file is and what is in it, or why nobody knows it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ridelog.cli.choices import add_reading, read_options


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("log", metavar="LOG", help="a log, an archive or a folder")
    add_reading(parser)
    parser.add_argument("--write-map", metavar="MAPPING.toml", type=Path, help="write a draft of a column mapping")


def command(given: Namespace) -> int:
    """Show what a file holds: the parser, the channels, the clock and the damage."""
    from ridelog.cli.screen import console
    from ridelog.errors import RidelogError, UnrecognisedError
    from ridelog.reading import read_source, recognise
    from ridelog.sources import open_sources

    asked = read_options(given)
    screen = console()
    sources = open_sources(given.log)
    if given.write_map is not None:
        _write_draft(sources[0], asked, given.write_map)
        return 0
    readable = 0
    refusal: RidelogError | None = None
    for source in sources:
        screen.print(f"[bold]{_plain(source.label)}[/bold]  {source.size:,} bytes  sha256 {source.sha256[:16]}…")
        try:
            parser, reasons = recognise(source, asked)
            logs = read_source(source, asked)
        except UnrecognisedError as error:
            refusal = error
            screen.print("  not a log that ridelog knows:")
            for name, reason in error.reasons.items():
                screen.print(f"    {name}: {_plain(reason)}")
            continue
        except RidelogError as error:
            # One bad file of a folder does not keep the others from being shown.
            refusal = error
            if len(sources) > 1:
                screen.print(f"  {_plain(error.message)}")
            continue
        readable += 1
        screen.print(f"  {parser.title} ({parser.name}): {_plain(reasons[parser.name])}")
        for number, item in enumerate(logs, 1):
            _show(screen, number, item)
    if not readable and refusal is not None:
        raise refusal
    return 0


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape("".join(character if character.isprintable() else "�" for character in text))


def _show(screen: object, number: int, log: object) -> None:
    from rich.console import Console
    from rich.table import Table

    from ridelog.log import Log

    assert isinstance(screen, Console)
    assert isinstance(log, Log)
    clock = log.clock
    screen.print(
        f"\n  Log {number}: {log.role}, {log.rows:,} rows in {log.duration_s:,.1f} s, "
        f"one every {log.interval_s:.3g} s; clock {clock.basis}. {_plain(clock.reason)}"
    )
    table = Table(box=None, padding=(0, 2), pad_edge=True)
    for heading in ("channel", "unit", "source", "conversion", "values", "range"):
        table.add_column(heading, no_wrap=heading in ("channel", "unit"))
    for name in log.table.column_names:
        if name in ("time", "source_row"):
            continue
        metadata = {
            key.decode(): value.decode() for key, value in (log.table.schema.field(name).metadata or {}).items()
        }
        column = log.table.column(name)
        note = metadata.get("conversion", "")
        if "derived" in metadata:
            note = f"{note}; computed: {metadata['derived']}".lstrip("; ")
        table.add_row(
            _plain(name),
            log.unit(name),
            _plain(log.source_of(name)),
            _plain(note),
            f"{len(column) - column.null_count:,}",
            _range(log, name),
        )
    screen.print(table)
    for damage in log.damage:
        counted = log.source_of("source_row") or "line"
        rows = f" ({counted}s {', '.join(str(row) for row in damage.rows)})" if damage.rows else ""
        screen.print(f"    {damage.effect}: {_plain(damage.message)}{rows}")
    for name, value in log.settings.items():
        screen.print(f"    setting {_plain(name)} = {_plain(str(value))}")


def _range(log: object, name: str) -> str:
    import numpy as np
    import pyarrow as pa

    from ridelog.log import Log

    assert isinstance(log, Log)
    kind = log.table.column(name).type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        values = log.values(name)
        if np.isfinite(values).any():
            return f"{np.nanmin(values):.5g} … {np.nanmax(values):.5g}"
    return ""


def _write_draft(source: object, options: object, target: Path) -> None:
    from ridelog import plugins
    from ridelog.errors import UsageError
    from ridelog.parsing import ReadOptions
    from ridelog.sources import Source

    assert isinstance(source, Source)
    assert isinstance(options, ReadOptions)
    for parser in plugins.parsers():
        draft = parser.draft_mapping(source, options)
        if draft is not None:
            target.write_text(draft, encoding="utf-8")
            sys.stderr.write(f"Draft: {target}. Fill in what is marked, then give it with --map.\n")
            return
    raise UsageError("no mapping can be drafted: the file is not a table.", path=source.label)
