"""Which causes a set of logs cannot tell apart, because none of them shows what would decide."""

from __future__ import annotations

from typing import Final

#: Without a board's log, an opened path is an opened path.
_OPEN_UNDER_LOAD: Final = frozenset(
    {
        "bms-overcurrent-trip",
        "bms-undervoltage-trip",
        "bms-short-circuit-trip",
        "bms-overtemperature-trip",
        "discharge-fet-commanded-off",
        "power-path-open",
    }
)
_OPEN_IN_REGEN: Final = frozenset({"charge-fet-open-in-regen", "power-path-open"})
#: Stops of the motor without any trace but the stop itself.
_SILENT_STOP: Final = frozenset({"remote-input-loss", "none"})


def indistinguishable(cause: str, suite: str, facts: dict[str, float | str]) -> list[str]:
    """Causes that explain the logs of a suite as well as the true one does.

    Args:
        cause: True cause.
        suite: The logs there are.
        facts: Facts of the case; `in_regen` marks a path that opened while braking, `kill_switch` a stop the rider wanted.
    """
    board = any(part in suite for part in ("jk", "ant", "jbd", "daly", "plain", "bms"))
    result: set[str] = set()
    if not board and cause in _OPEN_UNDER_LOAD and "in_regen" not in facts:
        result |= _OPEN_UNDER_LOAD
    if not board and (cause == "charge-fet-open-in-regen" or (cause == "power-path-open" and "in_regen" in facts)):
        result |= _OPEN_IN_REGEN
    if cause == "remote-input-loss" or "kill_switch" in facts:
        result |= _SILENT_STOP
    if cause == "balancer-fault" and "daly" in suite and "never_started" in facts:
        # These boards wait for 4.18 V a cell, which no pack keeps at rest: an idle balancer is no sign there (CELL-07).
        result.add("cell-imbalance")
    if cause == "bms-short-circuit-trip" and "daly" in suite:
        result.add("bms-overcurrent-trip")
    if suite == "express+bms" or "plain" in suite:
        # Neither carries protection flags, the first not even those of the FETs.
        if cause in ("discharge-fet-commanded-off", "power-path-open"):
            result |= {"discharge-fet-commanded-off", "power-path-open"}
        if suite == "express+bms" and cause in _OPEN_IN_REGEN:
            result |= _OPEN_IN_REGEN
    return sorted(result - {cause})
