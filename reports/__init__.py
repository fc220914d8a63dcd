"""One module an output. To add one: write the module, add an instance to `REPORTS`."""

from __future__ import annotations

from typing import Final

from ridelog.reporting import Report

from .html import HtmlReport
from .json import JsonReport
from .terminal import TerminalReport

REPORTS: Final[tuple[Report, ...]] = (HtmlReport(), JsonReport(), TerminalReport())
