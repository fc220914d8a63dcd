"""One module a source format. To add one: write the module, add its class to `PARSERS`."""

from __future__ import annotations

from ridelog.parsing import Parser

from .gpx import Gpx
from .vesc_tool import VescTool
from .wheellog import WheelLog
from .wheellog_raw import WheelLogRaw

PARSERS: tuple[Parser, ...] = (
    VescTool(),
    WheelLog(),
    WheelLogRaw(),
    Gpx(),
)
