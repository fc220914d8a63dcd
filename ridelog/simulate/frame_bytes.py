"""Many binary frames at once: one row of bytes a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FrameBytes:
    """Frames of one size.

    Args:
        count: Number of frames.
        size: Bytes of each.
        order: "little" or "big".
    """

    def __init__(self, count: int, size: int, order: str) -> None:
        self.data = np.zeros((count, size), dtype=np.uint8)
        self.order = order

    def put(self, offset: int, values: Any, width: int = 1) -> None:  # noqa: ANN401 - a number or an array of them
        """Write integers (negative ones in two's complement) of `width` bytes; one for all or one a frame."""
        numbers = np.broadcast_to(np.round(np.asarray(values, dtype=np.float64)), len(self.data)).astype(np.int64)
        for place in range(width):
            shift = 8 * (place if self.order == "little" else width - 1 - place)
            self.data[:, offset + place] = (numbers >> shift) & 0xFF

    def put_block(self, offset: int, values: NDArray[np.float64], width: int = 2) -> None:
        """Write a matrix, shape (frames, n), as consecutive integers of `width` bytes."""
        for column in range(values.shape[1]):
            self.put(offset + column * width, values[:, column], width)

    def put_bytes(self, offset: int, data: bytes) -> None:
        """Write the same bytes into every frame."""
        self.data[:, offset : offset + len(data)] = np.frombuffer(data, dtype=np.uint8)

    def sum8(self, begin: int, end: int) -> NDArray[np.int64]:
        """Sum of the bytes from `begin` to before `end`, modulo 256."""
        return np.asarray(self.data[:, begin:end].sum(axis=1, dtype=np.int64) & 0xFF)

    def crc16_modbus(self, begin: int, end: int) -> NDArray[np.int64]:
        """CRC-16/Modbus of the bytes from `begin` to before `end`."""
        crc = np.full(len(self.data), 0xFFFF, dtype=np.int64)
        for column in range(begin, end):
            crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ self.data[:, column]) & 0xFF]
        return crc

    def frames(self) -> list[bytes]:
        """Give the frames."""
        return [row.tobytes() for row in self.data]


def _crc_table() -> NDArray[np.int64]:
    table = np.arange(256, dtype=np.int64)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ 0xA001, table >> 1)
    return table


_CRC_TABLE = _crc_table()
