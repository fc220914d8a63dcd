"""Zstandard data as a stream, over all of its frames to the end of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zstandard

#: Bytes unpacked in one go: 128 KiB may come out of four bytes, 32 MiB out of these.
_PIECE = 1 << 10
#: Largest window, bytes: what other tools allow without being asked.
_WINDOW = 1 << 27


class ZstdStream:
    """Reads what a packer wrote, in however many frames (parallel packers write several).

    Args:
        packed: The packed bytes.
    """

    def __init__(self, packed: bytes) -> None:
        import zstandard

        self._packed = memoryview(packed)
        self._at = 0
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002 - a piece has the size it unpacks to
        """Some more bytes, b"" at the end.

        Raises:
            EOFError: If the data end within a frame.
            zstandard.ZstdError: If they are no Zstandard data.
        """
        while self._at < len(self._packed):
            if self._frame is None:
                self._frame = self._unpacker.decompressobj()
            piece = self._packed[self._at : self._at + _PIECE]
            unpacked = self._frame.decompress(piece)
            self._at += len(piece)
            if self._frame.eof:
                self._at -= len(self._frame.unused_data)
                self._frame = None
            if unpacked:
                return unpacked
        if self._frame is not None:
            raise EOFError("it ends in the middle")
        return b""
