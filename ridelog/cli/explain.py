"""`ridelog explain`: the documentation of a detector, what speaks for and against a cause, where a rule lives."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", metavar="CODE|CAUSE|RULE", help="code or name of a detector, a cause id, or a rule id")


def command(given: Namespace) -> int:
    """Explain a detector, a cause or a rule of the field."""
    from ridelog.diagnosis.explaining import explain

    sys.stdout.write(explain(given.what) + "\n")
    return 0
