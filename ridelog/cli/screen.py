"""The terminal: colours only where somebody looks, and NO_COLOR is honoured."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from ridelog.reporting import ReportOptions


def is_terminal() -> bool:
    """Tell whether standard output is a terminal."""
    return sys.stdout.isatty()


def report_options(include_location: bool) -> ReportOptions:
    """How a report on this terminal looks."""
    from ridelog.reporting import ReportOptions

    color = is_terminal() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size((100, 24)).columns if is_terminal() else 100
    return ReportOptions(include_location, color, width)


def console() -> Console:
    """A console for tables on standard output."""
    from rich.console import Console

    options = report_options(False)
    return Console(
        force_terminal=options.color, no_color=not options.color, width=options.width, highlight=False, soft_wrap=False
    )
