"""MAC addresses: ride loggers name the folder or the file after the vehicle."""

from __future__ import annotations

import re

_MAC = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}(?:[_:-]?[0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f])")


def mac_address(*paths: str) -> str:
    """MAC address in a path or file name, as 18:7A:3E:9C:56:FC; "" where there is none.

    The folder (18_7A_3E_9C_56_FC) or the file (187A3E9C56FC_27.03.2026.csv) is named after it.
    """
    for path in paths:
        for candidate in reversed(_MAC.findall(path)):
            separators = set(re.findall(r"[_:-]", candidate))
            # Twelve digits alone are as likely a date and a time.
            if len(separators) > 1 or (not separators and candidate.isdigit()):
                continue
            return format_mac(candidate)
    return ""


def format_mac(text: str) -> str:
    """Bring an address to the form 18:7A:3E:9C:56:FC; "" for a text that is none."""
    digits = re.sub(r"[\s_:-]", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{12}", digits):
        return ""
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
