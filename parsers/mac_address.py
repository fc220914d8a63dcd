"""MAC addresses in paths: ride loggers name the folder or the file after the vehicle."""

from __future__ import annotations

import re

_MAC = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}(?:[_:-]?[0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f])")


def mac_address(*paths: str) -> str:
    """MAC address in a path or file name, as 18:7A:3E:9C:56:FC; "" where there is none.

    Ride loggers name the folder (18_7A_3E_9C_56_FC) or the file (187A3E9C56FC_27.03.2026.csv) after the vehicle.
    """
    for path in paths:
        found = _MAC.findall(path)
        for candidate in reversed(found):
            digits = re.sub(r"[^0-9A-Fa-f]", "", candidate).upper()
            separators = set(re.findall(r"[_:-]", candidate))
            # Twelve plain digits are a date and time (20240924100118 cut short) as likely as an address.
            if len(digits) == 12 and len(separators) <= 1 and (separators or not digits.isdigit()):
                return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
    return ""
