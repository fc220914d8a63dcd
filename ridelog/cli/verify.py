"""`ridelog verify`: does a report belong to these logs?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("report", metavar="REPORT.html", type=Path, help="a report of ridelog")
    parser.add_argument("logs", metavar="LOG", nargs="+", help="the logs it was made from")


def command(given: Namespace) -> int:
    """Check that a report was made from these logs, byte for byte."""
    from ridelog.verifying import verify

    problems = verify(given.report, given.logs)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if problems:
        return 1
    sys.stdout.write(f"{given.report}: made from these {len(given.logs)} files, unchanged.\n")
    return 0
