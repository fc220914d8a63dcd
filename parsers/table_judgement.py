"""Whether captions are those of a table of a vehicle or a battery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ridelog.parsing import Sniff

from .table_captions import Meaning
from .table_columns import POSITION

#: Channels that make a table one of a vehicle or a battery.
CORE: Final = frozenset(
    {"pack_voltage", "cell_voltages", "battery_current", "motor_current", "power", "duty", "erpm", "motor_rpm", "speed"}
    | {"soc", "pwm", "motor_power", "cell_voltage_max", "cell_voltage_min"}
)
_FEWEST: Final = 2


def judge_captions(meanings: Sequence[Meaning], what: str, dated: bool = False) -> Sniff:
    """Whether captions name a time and enough measured values."""
    channels = {meaning.channel for meaning in meanings if meaning.channel}
    counted = channels - POSITION
    if not dated and not any(meaning.time for meaning in meanings):
        return Sniff.no(f"{what} has no column of time stamps")
    if not counted & CORE:
        return Sniff.no(f"the captions of {what} name no voltage, current, cells, speed or the like")
    values = {(meaning.channel, meaning.index) for meaning in meanings if meaning.channel in counted}
    if len(values) < _FEWEST:
        return Sniff.no(f"{what} names only one measured value ({', '.join(sorted(counted))})")
    return Sniff.fallback(f"the captions of {what} name {', '.join(sorted(channels)[:6])}")
