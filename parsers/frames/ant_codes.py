"""What the numbers of ANT BMSs mean, old protocol and new: FET states, protection bits, warning bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .samples import Values

#: State of the charge FETs by code (string tables of the vendor's app).
CHARGE_FET_STATES: Final[Mapping[int, str]] = {
    0: "off",
    1: "on",
    2: "cell-overvoltage",
    3: "charge-overcurrent",
    4: "full",
    5: "pack-overvoltage",
    6: "battery-overtemperature",
    7: "fet-overtemperature",
    8: "current-sensor",
    9: "open-wire",
    10: "board-overtemperature",
    12: "charge-fet-failure",
    13: "discharge-fet-failure",
    14: "starting",
    15: "charge-manual-off",
    16: "cell-overvoltage",
    17: "charge-undertemperature",
    18: "cell-difference",
    20: "starting",
}

#: State of the discharge FETs by code; 11 means that the charge FETs are on.
DISCHARGE_FET_STATES: Final[Mapping[int, str]] = {
    0: "off",
    1: "on",
    2: "cell-undervoltage",
    3: "discharge-overcurrent",
    4: "discharge-overcurrent",
    5: "pack-undervoltage",
    6: "battery-overtemperature",
    7: "fet-overtemperature",
    8: "current-sensor",
    9: "open-wire",
    10: "board-overtemperature",
    11: "off",
    12: "short-circuit",
    13: "discharge-fet-failure",
    14: "discharge-fet-failure",
    15: "discharge-manual-off",
    16: "cell-undervoltage",
    17: "discharge-undertemperature",
    18: "cell-difference",
    19: "starting",
}

#: Balancer codes in which current flows: limit, charge difference, automatic, manual; 0 is off, 3 too hot.
BALANCING_CODES: Final = frozenset({1, 2, 4, 5})

#: Protection bits of the new protocol. Bit 34 (charger connected) is a flag of its own.
PROTECTION_BITS: Final[Mapping[int, str]] = {
    0: "other",
    1: "cell-overvoltage",
    2: "cell-overvoltage",
    3: "pack-overvoltage",
    4: "cell-undervoltage",
    5: "cell-undervoltage",
    6: "pack-undervoltage",
    7: "cell-difference",
    8: "charge-overtemperature",
    9: "discharge-overtemperature",
    10: "fet-overtemperature",
    11: "charge-undertemperature",
    12: "discharge-undertemperature",
    13: "charge-overcurrent",
    14: "discharge-overcurrent",
    15: "discharge-overcurrent",
    16: "short-circuit",
    17: "discharge-manual-off",
    18: "discharge-manual-off",
    19: "discharge-manual-off",
    20: "discharge-manual-off",
    21: "charge-manual-off",
    22: "charge-manual-off",
    23: "charge-manual-off",
    24: "charge-manual-off",
    25: "open-wire",
    26: "current-sensor",
    27: "discharge-fet-failure",
    28: "charge-fet-failure",
    29: "communication",
    30: "precharge-failure",
    31: "starting",
    32: "starting",
    33: "starting",
    35: "communication",
    36: "other",
    39: "precharge-failure",
    40: "other",
    41: "other",
    42: "other",
    43: "communication",
    44: "software-lock",
}
CHARGER_PROTECTION_BIT: Final = 34

#: Warning bits of the new protocol.
WARNING_BITS: Final[Mapping[int, str]] = {
    0: "cell-overvoltage",
    1: "pack-overvoltage",
    2: "cell-undervoltage",
    3: "pack-undervoltage",
    4: "cell-difference",
    5: "charge-overtemperature",
    6: "discharge-overtemperature",
    7: "charge-undertemperature",
    8: "discharge-undertemperature",
    9: "fet-overtemperature",
    10: "charge-overcurrent",
    11: "discharge-overcurrent",
    12: "low-soc",
    13: "low-soc",
    14: "cell-count",
    15: "cell-count",
    16: "precharge-failure",
    17: "full",
    32: "battery-overtemperature",
}
#: Bits of the warning word that tell a state and warn of nothing: charging, discharging, charger, FETs on, balancing,
#: sleep, automatic balancing.
STATE_WARNING_BITS: Final = frozenset({18, 19, 20, 21, 22, 23, 24, 25, 26, 29})
CHARGER_WARNING_BITS: Final = frozenset({20, 21, 22})

#: State byte of the new protocol. Upstream tables swap 3 and 4; captures with 2.2 A of discharge have a 4 and the
#: warning bit "discharging".
STATES: Final[Mapping[int, str]] = {1: "idle", 2: "charging", 3: "standby", 4: "discharging", 5: "fault"}

#: Battery type word of the new protocol.
CHEMISTRIES: Final[Mapping[int, str]] = {0xFAF1: "nmc", 0xFAF2: "lfp", 0xFAF3: "lto"}


def fet_state(code: int, names: Mapping[int, str]) -> str:
    """Canonical state of the FETs for a code; "other" for one that is not known."""
    return names.get(code, "other")


def state_protections(charge_code: int, discharge_code: int) -> list[str]:
    """Protections that the FET state codes tell, for the old protocol, which has no protection word."""
    states = (
        fet_state(discharge_code, DISCHARGE_FET_STATES),
        fet_state(charge_code, CHARGE_FET_STATES),
    )
    return list(dict.fromkeys(state for state in states if state not in ("on", "off", "full", "starting")))


def extremes(highest: int, top: int, lowest: int, bottom: int, mean: int) -> Values:
    """Highest, lowest and mean cell voltage of a frame, from mV, and the cells' places, which ANT counts from 1."""
    return {
        "cell_voltage_max": highest / 1000,
        "cell_voltage_min": lowest / 1000,
        "cell_voltage_average": mean / 1000,
        "cell_max_index": top - 1 if top else None,
        "cell_min_index": bottom - 1 if bottom else None,
    }


def switches(discharge_code: int, charge_code: int) -> Values:
    """The FETs and their states by the codes of a frame."""
    return {
        "discharge_fet": discharge_code == 1,
        "charge_fet": charge_code == 1,
        "discharge_fet_state": fet_state(discharge_code, DISCHARGE_FET_STATES),
        "charge_fet_state": fet_state(charge_code, CHARGE_FET_STATES),
    }


def balances(code: int, cells: int) -> bool:
    """Whether the balancer works: by its code, or by a bit for each cell that it works on."""
    return bool(cells) or code in BALANCING_CODES
