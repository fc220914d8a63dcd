"""MAC addresses: ride loggers name the folder or the file after the vehicle."""

from __future__ import annotations

import re

_BYTE = "[0-9A-Fa-f]{2}"
_MAC = re.compile(rf"(?<![0-9A-Fa-f])(?:{_BYTE}([_:-]){_BYTE}(?:\1{_BYTE}){{4}}|[0-9A-Fa-f]{{12}})(?![0-9A-Fa-f])")


def mac_address(*paths: str) -> str:
    """MAC address in a path or file name, as 18:7A:3E:9C:56:FC; "" where there is none.

    The folder (18_7A_3E_9C_56_FC) or the file (187A3E9C56FC_27.03.2026.csv) is named after it.
    """
    for path in paths:
        for found in reversed(list(_MAC.finditer(path))):
            # Twelve digits alone are as likely a date and a time.
            if found.group(1) or not found.group().isdigit():
                return format_mac(found.group())
    return ""


def format_mac(text: str) -> str:
    """Bring an address to the form 18:7A:3E:9C:56:FC; "" for a text that is none."""
    digits = re.sub(r"[\s_:-]", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{12}", digits):
        return ""
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
