"""What the bits of a JK error word and the codes of its logs mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ridelog.channels import PROTECTIONS

from .bit_names import named_bits

#: Bit of the error word to protection (frame 0x02, 32 bits, the lower 16 in frames for 24 cells).
ERROR_BITS: Final[dict[int, str]] = {
    1: "fet-overtemperature",
    2: "cell-count",
    3: "current-sensor",
    4: "cell-overvoltage",
    5: "pack-overvoltage",
    6: "charge-overcurrent",
    7: "short-circuit",
    8: "charge-overtemperature",
    9: "charge-undertemperature",
    10: "communication",
    11: "cell-undervoltage",
    12: "pack-undervoltage",
    13: "discharge-overcurrent",
    14: "short-circuit",
    15: "discharge-overtemperature",
    16: "charge-fet-failure",
    17: "discharge-fet-failure",
    20: "discharge-fet-failure",
    21: "battery-overtemperature",
    22: "temperature-sensor",
    23: "other",
    24: "short-circuit",
    25: "discharge-overcurrent",
    26: "discharge-overcurrent",
    27: "discharge-undertemperature",
    28: "software-lock",
}
#: Bits that warn and open no FET.
WARNING_BITS: Final[dict[int, str]] = {0: "wire-resistance"}
#: Bits that say nothing about the battery: GPS not connected, change the password.
_REMINDERS: Final = (18, 19)

#: Alarm bits of the 4E57 protocol (tag 8B): bit 0 warns, the others protect.
UART_ALARM_BITS: Final[dict[int, str]] = {
    1: "fet-overtemperature",
    2: "pack-overvoltage",
    3: "pack-undervoltage",
    4: "battery-overtemperature",
    5: "charge-overcurrent",
    6: "discharge-overcurrent",
    7: "cell-difference",
    8: "board-overtemperature",
    9: "charge-undertemperature",
    10: "cell-overvoltage",
    11: "cell-undervoltage",
}
UART_WARNING_BITS: Final[dict[int, str]] = {0: "low-soc"}


def protections_of(word: int) -> list[str]:
    """Protections of an error word."""
    return named_bits(word, ERROR_BITS, (*WARNING_BITS, *_REMINDERS))


def warnings_of(word: int) -> list[str]:
    """Warnings of an error word."""
    return [name for bit, name in WARNING_BITS.items() if word >> bit & 1]


def uart_protections_of(word: int) -> list[str]:
    """Protections of an alarm word of the 4E57 protocol."""
    return named_bits(word, UART_ALARM_BITS, UART_WARNING_BITS)


def uart_warnings_of(word: int) -> list[str]:
    """Warnings of an alarm word of the 4E57 protocol."""
    return [name for bit, name in UART_WARNING_BITS.items() if word >> bit & 1]


@dataclass(frozen=True, slots=True)
class Event:
    """One code of the logbook and the detail log.

    Attributes:
        text: The event in the words of the JK app.
        name: Canonical event name: a protection when one acts, with "-released" when it ends, else what happened.
        cell: Index of the cell it names, from 0; None for no cell.
    """

    text: str
    name: str
    cell: int | None = None

    @property
    def protection(self) -> str:
        """The protection that acted, "" when none did."""
        return self.name if self.name in PROTECTIONS else ""


#: Codes in pairs: the code itself and the one after it, which is its release.
_RELEASED_PAIRS: Final[dict[int, tuple[str, str]]] = {
    0x0B: ("MOS overtemperature", "fet-overtemperature"),
    0x0D: ("Current sensor abnormal", "current-sensor"),
    0x0F: ("Coprocessor communication abnormal", "communication"),
    0x11: ("Cell overcharge", "cell-overvoltage"),
    0x13: ("Battery overcharge", "pack-overvoltage"),
    0x15: ("Charge overcurrent", "charge-overcurrent"),
    0x17: ("Charge short circuit", "short-circuit"),
    0x19: ("Charge overtemperature", "charge-overtemperature"),
    0x1B: ("Charge undertemperature", "charge-undertemperature"),
    0x1D: ("Cell undervoltage", "cell-undervoltage"),
    0x1F: ("Battery undervoltage", "pack-undervoltage"),
    0x21: ("Discharge overcurrent", "discharge-overcurrent"),
    0x23: ("Discharge short circuit", "short-circuit"),
    0x25: ("Discharge overtemperature", "discharge-overtemperature"),
    0x48: ("Discharge undertemperature", "discharge-undertemperature"),
}
#: The app says "close" and "open" charge without saying whether a closed switch conducts, so those names stay neutral.
_SINGLE: Final[dict[int, tuple[str, str]]] = {
    0x01: ("Boot", "boot"),
    0x02: ("Shutdown", "shutdown"),
    0x03: ("APP close charge", "charge-switched"),
    0x04: ("APP open charge", "charge-switched"),
    0x05: ("APP close discharge", "discharge-switched"),
    0x06: ("APP open discharge", "discharge-switched"),
    0x07: ("Remote close charge", "charge-switched"),
    0x08: ("Remote open charge", "charge-switched"),
    0x09: ("Remote close discharge", "discharge-switched"),
    0x0A: ("Remote open discharge", "discharge-switched"),
    0x27: ("Watchdog reset", "watchdog-reset"),
    0x28: ("Discharge level 2 short circuit", "short-circuit"),
    0x29: ("Emergency on", "emergency-on"),
    0x2A: ("Emergency off", "emergency-off"),
    0x2B: ("Emergency off by itself", "emergency-off"),
    0x2C: ("APP turn off", "app-off"),
    0x2D: ("Button turn off", "button-off"),
    0x2E: ("Discharge on failed", "discharge-fet-failure"),
    0x2F: ("RS485 power off", "remote-off"),
    0x30: ("CAN charge off", "charge-switched-off"),
    0x31: ("CAN charge on", "charge-switched-on"),
    0x32: ("CAN discharge off", "discharge-switched-off"),
    0x33: ("CAN discharge on", "discharge-switched-on"),
    0x34: ("RS485 charge off", "charge-switched-off"),
    0x35: ("RS485 charge on", "charge-switched-on"),
    0x36: ("RS485 discharge off", "discharge-switched-off"),
    0x37: ("RS485 discharge on", "discharge-switched-on"),
    0x38: ("Enter sleep", "sleep"),
    0x39: ("Charge MOS abnormal", "charge-fet-failure"),
    0x3A: ("Discharge MOS abnormal", "discharge-fet-failure"),
    0x3B: ("Time calibration", "clock-set"),
    0x3C: ("Cell count incorrect", "cell-count"),
    0x3D: ("Button emergency on", "emergency-on"),
    0x3E: ("Button emergency off", "emergency-off"),
    0x3F: ("Button forced heating", "heating-forced"),
    0x40: ("Discharge overcurrent protection II", "discharge-overcurrent"),
    0x41: ("Discharge overcurrent protection III", "discharge-overcurrent"),
    0x42: ("Short circuit release failed", "short-circuit"),
    0x43: ("Factory settings LION", "factory-settings"),
    0x44: ("Factory settings LFP", "factory-settings"),
    0x45: ("Factory settings LTO", "factory-settings"),
    0x46: ("Remote emergency on", "emergency-on"),
    0x47: ("Remote emergency off", "emergency-off"),
}
CLOCK_SET: Final = 0x3B
_CELL_OVERCHARGE: Final = range(0x64, 0x84)
_CELL_OVERDISCHARGE: Final = range(0xC8, 0xE8)


def event_of(code: int) -> Event:
    """What a code of the logbook or the detail log means; an unknown one keeps its number in the text."""
    if code in _SINGLE:
        return Event(*_SINGLE[code])
    if code in _RELEASED_PAIRS:
        return Event(*_RELEASED_PAIRS[code])
    if code - 1 in _RELEASED_PAIRS:
        text, name = _RELEASED_PAIRS[code - 1]
        return Event(f"{text} released", f"{name}-released")
    if code in _CELL_OVERCHARGE:
        cell = code - _CELL_OVERCHARGE.start
        return Event(f"Cell {cell + 1} overcharge", "cell-overvoltage", cell)
    if code in _CELL_OVERDISCHARGE:
        cell = code - _CELL_OVERDISCHARGE.start
        return Event(f"Cell {cell + 1} over-discharge", "cell-undervoltage", cell)
    return Event(f"Event {code:#04x}", "other-event")
