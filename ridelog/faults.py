"""Fault codes of VESC controllers.

The numbers are append-only in the firmware: none was ever given a new meaning, only names changed. Source: the
enumeration `mc_fault_code` in the VESC firmware, all versions up to 7.01. Vendor forks of the firmware may differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault code.

    Attributes:
        code: Number in logs.
        name: Name in the firmware, without the prefix FAULT_CODE_.
        meaning: What it means for the rider, one sentence.
        since: First firmware version that has it, for the oldest the year.
        former_names: Names it had before.
    """

    code: int
    name: str
    meaning: str
    since: str
    former_names: tuple[str, ...] = ()


_ALL: Final[tuple[Fault, ...]] = (
    Fault(0, "NONE", "No fault.", "2014"),
    Fault(1, "OVER_VOLTAGE", "The input voltage went above the configured maximum; the motor was released.", "2014"),
    Fault(2, "UNDER_VOLTAGE", "The input voltage fell below the configured minimum; the motor was released.", "2014"),
    Fault(
        3,
        "DRV",
        "The gate driver chip reported a fault of its own: a short in the power stage, a damaged chip, or its "
        "protection tripped under load.",
        "2014",
        ("DRV8302",),
    ),
    Fault(
        4,
        "ABS_OVER_CURRENT",
        "The motor current went above the absolute limit, at which the controller stops at once.",
        "2014",
    ),
    Fault(5, "OVER_TEMP_FET", "The power stage of the controller was too hot.", "2015"),
    Fault(6, "OVER_TEMP_MOTOR", "The motor was too hot, or its temperature sensor reads wrong.", "2015"),
    Fault(7, "GATE_DRIVER_OVER_VOLTAGE", "The supply of the gate drivers was too high.", "3.40"),
    Fault(8, "GATE_DRIVER_UNDER_VOLTAGE", "The supply of the gate drivers was too low.", "3.40"),
    Fault(9, "MCU_UNDER_VOLTAGE", "The supply of the processor sagged.", "3.40"),
    Fault(
        10,
        "BOOTING_FROM_WATCHDOG_RESET",
        "The processor hung and was restarted by its watchdog.",
        "3.40",
    ),
    Fault(
        11,
        "ENCODER_SPI",
        "The rotor encoder does not answer as it should.",
        "3.48",
        ("ENCODER",),
    ),
    Fault(
        12,
        "ENCODER_SINCOS_BELOW_MIN_AMPLITUDE",
        "The signals of the sine/cosine encoder are too weak.",
        "3.54",
    ),
    Fault(
        13,
        "ENCODER_SINCOS_ABOVE_MAX_AMPLITUDE",
        "The signals of the sine/cosine encoder are too strong.",
        "3.54",
    ),
    Fault(14, "FLASH_CORRUPTION", "The firmware in the controller's memory is damaged.", "3.55"),
    Fault(
        15,
        "HIGH_OFFSET_CURRENT_SENSOR_1",
        "Current sensor 1 reads far from zero without current: a damaged sensor or power stage.",
        "3.55",
    ),
    Fault(
        16,
        "HIGH_OFFSET_CURRENT_SENSOR_2",
        "Current sensor 2 reads far from zero without current: a damaged sensor or power stage.",
        "3.55",
    ),
    Fault(
        17,
        "HIGH_OFFSET_CURRENT_SENSOR_3",
        "Current sensor 3 reads far from zero without current: a damaged sensor or power stage.",
        "3.55",
    ),
    Fault(
        18,
        "UNBALANCED_CURRENTS",
        "The currents of the three phases do not add up to zero: a sensor, a phase or the isolation is damaged.",
        "3.55",
    ),
    Fault(19, "BRK", "The hardware brake input of the power stage tripped.", "3.66"),
    Fault(20, "RESOLVER_LOT", "The resolver lost track of the rotor.", "3.66"),
    Fault(21, "RESOLVER_DOS", "The signals of the resolver are degraded.", "3.66"),
    Fault(22, "RESOLVER_LOS", "The signals of the resolver are gone.", "3.66"),
    Fault(
        23,
        "FLASH_CORRUPTION_APP_CFG",
        "The stored application settings were damaged; defaults are in use.",
        "5.02",
    ),
    Fault(
        24,
        "FLASH_CORRUPTION_MC_CFG",
        "The stored motor settings were damaged; defaults are in use.",
        "5.02",
    ),
    Fault(25, "ENCODER_NO_MAGNET", "The encoder does not see its magnet.", "5.02"),
    Fault(26, "ENCODER_MAGNET_TOO_STRONG", "The magnet is too close to the encoder.", "5.03"),
    Fault(27, "PHASE_FILTER", "The phase filters of the board do not switch as they should.", "6.00"),
    Fault(28, "ENCODER_FAULT", "The encoder reports a fault of its own.", "6.00"),
    Fault(29, "LV_OUTPUT_FAULT", "The low-voltage output of the controller is overloaded or shorted.", "6.00"),
    Fault(
        30,
        "ENCODER_SLIP",
        "The encoder and the motor do not turn together: a loose magnet or coupling.",
        "7.00",
        ("ENCODER_LOOSE_MAGNET",),
    ),
    Fault(31, "OVERSPEED", "The motor turned faster than its limit.", "7.00"),
    Fault(32, "UNDERSPEED", "The motor turned slower than its limit.", "7.00"),
    Fault(33, "ABS_OVERSPEED", "The motor turned faster than the absolute limit.", "7.00"),
)

FAULTS: Final[dict[int, Fault]] = {fault.code: fault for fault in _ALL}
_BY_NAME: Final[dict[str, Fault]] = {name: fault for fault in _ALL for name in (fault.name, *fault.former_names)}
_SEPARATORS: Final = re.compile(r"[\s\-]+")


def fault_by_name(name: str) -> Fault | None:
    """Find a fault by its present or a former name.

    Args:
        name: With or without the prefix FAULT_CODE_, in any case, words joined by underscores, blanks or hyphens.

    Returns:
        The fault, None when no firmware has that name.
    """
    return _BY_NAME.get(_SEPARATORS.sub("_", name.strip().upper()).removeprefix("FAULT_CODE_"))


def fault_name(code: int) -> str:
    """Name of a code; "FAULT 47" for a number the firmware does not have."""
    fault = FAULTS.get(code)
    return f"FAULT {code}" if fault is None else fault.name
