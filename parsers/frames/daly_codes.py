"""What the fault bits of Daly BMSs mean, the same seven bytes in all their protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

#: Level 1 of most faults only warns, level 2 acts on the FETs.
_PAIRS: Final[tuple[tuple[str, ...], ...]] = (
    ("cell-overvoltage", "cell-undervoltage", "pack-overvoltage", "pack-undervoltage"),
    (
        "charge-overtemperature",
        "charge-undertemperature",
        "discharge-overtemperature",
        "discharge-undertemperature",
    ),
    ("charge-overcurrent", "discharge-overcurrent", "high-soc", "low-soc"),
    ("cell-difference", "temperature-difference"),
)
#: Bytes 4, 5 and 6 have one level. A fault of memory, clock or network opens no FET: it warns.
_FAULTS: Final[tuple[Mapping[int, tuple[str, bool]], ...]] = (
    {
        0: ("fet-overtemperature", True),
        1: ("fet-overtemperature", True),
        2: ("temperature-sensor", True),
        3: ("temperature-sensor", True),
        4: ("charge-fet-failure", True),
        5: ("discharge-fet-failure", True),
        6: ("charge-fet-failure", True),
        7: ("discharge-fet-failure", True),
    },
    {
        0: ("front-end", True),
        1: ("open-wire", True),
        2: ("temperature-sensor", True),
        3: ("other", False),
        4: ("other", False),
        5: ("precharge-failure", True),
        6: ("communication", False),
        7: ("communication", False),
    },
    {
        0: ("current-sensor", True),
        1: ("front-end", True),
        2: ("short-circuit", True),
        3: ("pack-undervoltage", False),
    },
)

#: State byte or register.
STATES: Final[Mapping[int, str]] = {0: "idle", 1: "charging", 2: "discharging"}


def decode_faults(data: Sequence[int]) -> tuple[list[str], list[str]]:
    """Protections and warnings of the fault bytes.

    Args:
        data: At least seven bytes in the order of command 98: voltages, temperatures, currents and SoC, differences,
            FETs, acquisition, modules. A bit without a meaning gives "other".
    """
    protections: list[str] = []
    warnings: list[str] = []
    for index, byte in enumerate(data[:7]):
        for bit in range(8):
            if byte >> bit & 1:
                name, acts = _meaning(index, bit)
                (protections if acts else warnings).append(name)
    return list(dict.fromkeys(protections)), list(dict.fromkeys(warnings))


def _meaning(index: int, bit: int) -> tuple[str, bool]:
    if index < len(_PAIRS):
        names = _PAIRS[index]
        return (names[bit // 2], bool(bit % 2)) if bit // 2 < len(names) else ("other", False)
    return _FAULTS[index - len(_PAIRS)].get(bit, ("other", False))
