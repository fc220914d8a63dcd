"""One module a source format. To add one: write the module, add its class to `PARSERS`."""

from __future__ import annotations

from ridelog.parsing import Parser

from .vesc_tool import VescTool

PARSERS: tuple[Parser, ...] = (VescTool(),)
