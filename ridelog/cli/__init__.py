"""The command line: one file a command, thin, and nothing heavy imported before a command runs.

The arguments are read with argparse: a library that does more takes longer to start than a short ride to analyze.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Final, NoReturn

#: Modules of this folder; each has `options(parser)`, and `command(given)` with its summary and exit code.
COMMANDS: Final = ("analyze", "audit", "convert", "inspect", "formats", "explain", "verify", "simulate")

#: Exit codes, a contract: done, --fail-on reached, bad usage, no input could be read.
EXIT_DONE, EXIT_FAILED_ON, EXIT_USAGE, EXIT_INPUT = 0, 1, 2, 3
#: As shells report a program that was stopped with Ctrl-C.
_EXIT_STOPPED: Final = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: What stands behind "ridelog" on the command line.

    Returns:
        The exit code.

    Raises:
        SystemExit: After help, and with 2 after wrong arguments.
        RidelogError: If the command cannot do what was asked.
    """
    if arguments and arguments[0] in COMMANDS:
        name = arguments[0]
        module = _module(name)
        parser = ArgumentParser(prog=f"ridelog {name}", description=_summary(module), allow_abbrev=False)
        module.options(parser)
        return int(module.command(parser.parse_intermixed_args(arguments[1:])))
    parser = ArgumentParser(
        prog="ridelog",
        usage="ridelog [--version] [--help] COMMAND ...",
        description="Find out what happened from the logs of a personal electric vehicle.",
        epilog=_listing() if not arguments or not {"-h", "--help"}.isdisjoint(arguments) else None,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    given, rest = parser.parse_known_args(arguments)
    if given.version:
        from importlib.metadata import version

        sys.stdout.write(version("ridelog") + "\n")
        return EXIT_DONE
    if rest:
        parser.error(f"there is no command '{rest[0]}'; it is one of {', '.join(COMMANDS)}")
    parser.print_help()
    return EXIT_USAGE


def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")


def _summary(module: ModuleType) -> str:
    return str(module.command.__doc__).partition("\n")[0]


def _listing() -> str:
    lines = [f"  {name:10s}{_summary(_module(name))}" for name in COMMANDS]
    return "\n".join(("commands:", *lines, "", "'ridelog COMMAND --help' lists the options of a command."))


def main() -> NoReturn:
    """Run the command line; every error ridelog raises on purpose becomes one line and an exit code."""
    from ridelog.errors import RidelogError, UsageError

    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except UsageError as error:
        sys.stderr.write(f"ridelog: {error}\n")
        sys.exit(EXIT_USAGE)
    except RidelogError as error:
        sys.stderr.write(f"ridelog: {error}\n")
        sys.exit(EXIT_INPUT)
    except BrokenPipeError:
        # Nobody reads any more; the interpreter must not try to flush again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_DONE)
    except KeyboardInterrupt:
        sys.stderr.write("ridelog: stopped.\n")
        sys.exit(_EXIT_STOPPED)
    sys.exit(code)
