"""Zstandard data as a stream, over all of its frames to the end of the last one."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

#: Bytes unpacked in one go: 128 KiB may come out of four bytes, 32 MiB out of these.
_PIECE = 1 << 10
#: Largest window, bytes: what other tools allow without being asked.
_WINDOW = 1 << 27


class ZstdStream(io.RawIOBase):
    """Reads what a packer wrote, in however many frames (parallel packers write several).

    Args:
        packed: The packed bytes.

    Raises:
        EOFError: By reading, if the data end within a frame.
        zstandard.ZstdError: By reading, if they are no Zstandard data.
    """

    def __init__(self, packed: bytes) -> None:
        super().__init__()
        self._pieces = _unpacked(packed)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer with the next bytes, as many as are at hand; 0 at the end."""
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
        room = memoryview(buffer).cast("B")
        count = min(len(room), len(self._left))
        room[:count], self._left = self._left[:count], self._left[count:]
        return count


def _unpacked(packed: bytes) -> Iterator[bytes]:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    data, at = memoryview(packed), 0
    frame: zstandard.ZstdDecompressionObj | None = None
    while at < len(data):
        frame = unpacker.decompressobj() if frame is None else frame
        piece = data[at : at + _PIECE]
        unpacked = frame.decompress(piece)
        at += len(piece)
        if frame.eof:
            at -= len(frame.unused_data)
            frame = None
        if unpacked:
            yield unpacked
    if frame is not None:
        raise EOFError("it ends in the middle")
