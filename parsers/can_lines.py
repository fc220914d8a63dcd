"""Lines of a CAN recorder with the messages of a Daly BMS, as frames of its serial line, which carry the same bytes."""

from __future__ import annotations

import re
from typing import Final

#: `can0 18904001#0217...`, `can0  18904001   [8]  02 17 ...`, `0x18904001 8 02 17 ...`: priority 18, the command, the
#: host 40, the number of the board. What the host asks for has the two last the other way round.
_MESSAGE: Final = re.compile(
    r"(?<![0-9A-Fa-f])18(9[0-8])40(0[1-9A-Fa-f]|10)(?:#|[\sTtxX]{1,6}(?:\[?8\]?\s{1,4})?)"
    r"((?:[0-9A-Fa-f]{2}[ .]?){7}[0-9A-Fa-f]{2})(?![0-9A-Fa-f])"
)
_START: Final = 0xA5
_LENGTH: Final = 8


def daly_message(line: str) -> tuple[bytes, int]:
    """The serial frame of a message of a Daly BMS on a line, with its sum, and where it starts; b"" without one."""
    match = _MESSAGE.search(line)
    if match is None:
        return b"", 0
    data = bytes.fromhex(match[3].replace(".", " "))
    frame = bytes([_START, int(match[2], 16), int(match[1], 16), _LENGTH]) + data
    return frame + bytes([sum(frame) & 0xFF]), match.start()
