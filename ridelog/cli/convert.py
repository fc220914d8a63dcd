"""`ridelog convert`: a log as a Parquet, CSV or Arrow file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ridelog.cli.choices import add_reading, read_options


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("log", metavar="LOG", help="a log")
    parser.add_argument("out", metavar="OUT", type=Path, help="target; its suffix (.parquet, .csv, .arrow) decides")
    add_reading(parser)


def command(given: Namespace) -> int:
    """Write a log in canonical channels and units; several devices in one file get a number each."""
    from ridelog.converting import convert
    from ridelog.reading import read

    for target in convert(read(given.log, read_options(given)), given.out):
        sys.stdout.write(f"{target}\n")
    return 0
