"""WheelLog raw captures: the radio frames of a wheel, recognised so that the rider hears which file to give instead."""

from __future__ import annotations

import re

from ridelog.errors import RefusedError
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

_ROW = re.compile(rb"\d\d:\d\d:\d\d\.\d{3},(?:[0-9A-Fa-f]{2}){1,300}")
#: How many lines are looked at, and how many of them may be torn.
_LINES = 20
_TORN = 2
#: Starts of frames of battery management systems (JK, ANT): such a capture is no wheel's.
_BATTERY_FRAMES = re.compile(rb",(?:55aaeb90|aa5590eb|7ea1[0-9a-f]{2}|aa55aaff)", re.IGNORECASE)


class WheelLogRaw(Parser):
    """WheelLog raw captures (`RAW_*.csv`): refused.

    No header; each line is the time of day of the phone and the bytes of one radio notification in hex:
    `17:15:05.651,aaaa1301a5550f60000000b4720020fe00010088`. The frames are those of the wheel's maker (InMotion,
    KingSong, Begode, Veteran, Ninebot), cut into notifications. WheelLog writes the same ride decoded into a CSV file
    beside it, which is the one to give.
    """

    name = "wheellog-raw"
    title = "WheelLog raw capture (refused: give the ride log beside it)"
    device = "Electric unicycle, raw radio frames logged by WheelLog"
    roles = (Role.WHEEL,)
    gives = ()
    clock = "time of day of the phone"

    def sniff(self, source: Source) -> Sniff:
        """Look for lines of a time of day and hex bytes, nothing else."""
        lines = [line.strip() for line in source.head.split(b"\n", _LINES + 1)[:_LINES]]
        lines = [line for line in lines[: -1 if len(lines) > 1 else None] if line] or lines
        fitting = sum(bool(_ROW.fullmatch(line)) for line in lines)
        if not fitting or fitting < len(lines) - _TORN or fitting * 2 <= len(lines):
            return Sniff.no("the lines are not a time of day and hex bytes")
        if _BATTERY_FRAMES.search(source.head):
            return Sniff.no("the frames are those of a battery management system")
        return Sniff.yes("lines of a time of day and hex bytes")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the contract of a parser
        """Refuse the file.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(
            "is a raw capture of a wheel's radio frames, which are not decoded here.",
            path=source.label,
            advice="Give the ride log of the same ride: yyyy_MM_dd_HH_mm_ss.csv in Downloads/WheelLog Logs, switched "
            "on by 'Enable auto log' in WheelLog.",
        )
