"""Packing numbers for the page: quantised, delta-coded, byte planes, one gzip stream."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Quantised values stay below this, so that their differences fit in 32 bits.
_LARGEST = 2**29
_COMPRESSION = 6


class Payload:
    """Collects series of numbers and packs them with a description.

    The unpacked stream is: length of the description in bytes (4 bytes, little endian), the description as JSON in
    UTF-8, the numbers. A series is stored as differences, zigzag coded, one plane for each byte; the description holds
    [offset, count, planes, scale] for it.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._offset = 0

    def add(self, values: NDArray[np.float64], step: float) -> list[float]:
        """Add a series of finite numbers, rounded to multiples of `step` (coarser where they are huge).

        Returns:
            The reference [offset, count, planes, scale] for the description.
        """
        if not len(values):
            return [self._offset, 0, 0, step]
        largest = float(np.abs(values).max())
        if largest > step * _LARGEST:
            step = largest / _LARGEST
        whole = np.rint(values / step).astype(np.int64)
        steps = np.diff(whole, prepend=0)
        coded = ((steps << 1) ^ (steps >> 63)).astype("<u4")
        planes = max(1, (int(coded.max()).bit_length() + 7) // 8)
        packed = coded.view(np.uint8).reshape(-1, 4)[:, :planes].T.tobytes()
        reference = [self._offset, len(values), planes, step]
        self._parts.append(packed)
        self._offset += len(packed)
        return reference

    def pack(self, description: object) -> str:
        """Give everything as base64 text of a gzip stream; the same content gives the same text."""
        head = json.dumps(description, separators=(",", ":"), allow_nan=False).encode()
        data = len(head).to_bytes(4, "little") + head + b"".join(self._parts)
        return base64.b64encode(gzip.compress(data, _COMPRESSION, mtime=0)).decode("ascii")
