"""The command line: one file a command, thin, and nothing heavy imported before a command runs."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from ridelog.cli import analyze, audit, convert, explain, formats, inspect, simulate, verify

app = typer.Typer(
    name="ridelog",
    help="Find out what happened from the logs of a personal electric vehicle.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("analyze")(analyze.command)
app.command("audit")(audit.command)
app.command("convert")(convert.command)
app.command("inspect")(inspect.command)
app.command("formats")(formats.command)
app.command("explain")(explain.command)
app.command("verify")(verify.command)
app.command("simulate")(simulate.command)

#: Exit codes, a contract: done, --fail-on reached, bad usage, no input could be read.
EXIT_DONE, EXIT_FAILED_ON, EXIT_USAGE, EXIT_INPUT = 0, 1, 2, 3


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("ridelog"))
        raise typer.Exit(EXIT_DONE)


def main() -> NoReturn:
    """Run the command line; every error ridelog raises on purpose becomes one line and an exit code."""
    from ridelog.errors import RidelogError, UsageError

    try:
        app(standalone_mode=True)
    except UsageError as error:
        typer.echo(f"ridelog: {error}", err=True)
        sys.exit(EXIT_USAGE)
    except RidelogError as error:
        typer.echo(f"ridelog: {error}", err=True)
        sys.exit(EXIT_INPUT)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_DONE)
    sys.exit(EXIT_DONE)
