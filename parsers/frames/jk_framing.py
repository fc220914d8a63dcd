"""JK frames of 300 bytes in a byte stream: found by their header, believed by their checksum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .protocol import Packet
from .stream import Cut, Frame, Verdict, cut_frames

LENGTH: Final = 300
TYPE: Final = 4

SETTINGS: Final = 0x01
CELL_INFO: Final = 0x02
DEVICE_INFO: Final = 0x03
LOGBOOK: Final = 0x05
DETAIL_LOG: Final = 0x06

#: Equal frames within this time are copies; the counter of a device does not come round so fast.
_COPY_S: Final = 1.0
_HEADER: Final = re.compile(rb"\x55\xaa\xeb\x90")
#: What some firmwares send between frames: a 20-byte acknowledgement and the echo of a modem command.
_STRAY: Final = re.compile(rb"(?:\xaa\x55\x90\xeb\xc8.{15}|AT\r\n)+", re.DOTALL)


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    frame = data[start : start + LENGTH]
    if len(frame) < LENGTH:
        return Verdict.CUT_OFF, 0
    return (Verdict.FRAME if sum(frame[:-1]) & 0xFF == frame[-1] else Verdict.REFUSED), LENGTH


def cut_jk_frames(packets: Sequence[Packet]) -> Cut:
    """Cut what the device sent into frames of 300 bytes whose last byte is the sum of the others modulo 256.

    Packets that hold nothing but acknowledgements and modem echoes are left out first, for they can come between the
    packets of one frame. Each frame has a counter, so an equal one right behind it is a copy: loggers print the pieces
    of a frame and then the whole.
    """
    cut = cut_frames((packet for packet in packets if not _STRAY.fullmatch(packet.data)), _HEADER, _measure)
    kept: list[Frame] = []
    copies: list[int] = []
    for frame in cut.frames:
        # Against the last one that was kept: a device that froze sends equal frames for longer than that.
        if kept and _is_copy(kept[-1], frame):
            copies.append(frame.row)
        else:
            kept.append(frame)
    return replace(cut, frames=tuple(kept), repeated=(*cut.repeated, *copies)) if copies else cut


def _is_copy(last: Frame, frame: Frame) -> bool:
    if last.time is None or frame.time is None:
        return False
    return frame.time - last.time < _COPY_S and frame.data == last.data


def frame_matrix(frames: Sequence[Frame]) -> NDArray[np.uint8]:
    """The bytes of frames as a matrix of shape (n, 300)."""
    return np.frombuffer(b"".join(frame.data for frame in frames), dtype=np.uint8).reshape(-1, LENGTH)


def field(matrix: NDArray[np.uint8], offset: int, kind: str, count: int = 1) -> NDArray[np.float64]:
    """Read one field of every frame.

    Args:
        matrix: Frames, shape (n, 300).
        offset: Byte offset of the field in the frame.
        kind: numpy type of the field ("<u2").
        count: How many values lie side by side.

    Returns:
        Values as floats, shape (n,), or (n, count) when there is more than one.
    """
    width = np.dtype(kind).itemsize * count
    with np.errstate(invalid="ignore"):
        values = np.ascontiguousarray(matrix[:, offset : offset + width]).view(kind).astype(np.float64)
    return values[:, 0] if count == 1 else values


def scaled(matrix: NDArray[np.uint8], offset: int, kind: str, scale: float, count: int = 1) -> NDArray[np.float64]:
    """Read one field of every frame in its canonical unit: `field` times `scale`, to the nearest 1e-9 and never -0."""
    return np.round(field(matrix, offset, kind, count) * scale, 9) + 0.0
