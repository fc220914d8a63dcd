"""JK cell-info frames (type 0x02) of firmware 3, with floats: an active balancer, without current and charge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ridelog.clock import Clock
from ridelog.damage import Damage
from ridelog.log import Identity, Log, LogBuilder, Role

from .arrival import stamp_frames
from .jk02 import fitted_cells
from .jk_framing import field, frame_matrix
from .jk_layout import ENABLED_CELLS, Layout
from .stream import Frame

_SLOTS = 24
#: No cell is above this; a float that is says nothing (engineering judgement).
_HIGHEST_V = 6.0


def sample_jk04(
    frames: Sequence[Frame],
    *,
    clock: Clock,
    parser: str,
    identity: Identity,
    damage: Sequence[Damage],
    settings: dict[str, float | str | bool],
) -> Log:
    """Make the log of cell-info frames with floats.

    Args:
        frames: At least one frame of type 0x02.
        clock: Clock of the carrier.
        parser: Name of the carrier's parser.
        identity: What is known about the device.
        damage: What was found while cutting the stream.
        settings: Settings that came along.
    """
    matrix = frame_matrix(frames)
    seconds, own_clock, steps = stamp_frames([(frame.time, frame.row) for frame in frames], clock)
    builder = LogBuilder(seconds, [frame.row for frame in frames], time_source="arrival")
    slots = field(matrix, 6, "<f4", _SLOTS)
    slots = np.where((slots > 0) & (slots < _HIGHEST_V), slots, 0.0)
    cells, missing = fitted_cells(slots, field(matrix, ENABLED_CELLS[Layout.FLOATS], "<u4").astype(np.int64), frames)
    if cells.shape[1]:
        builder.add("cell_voltages", cells, source="floats from byte 6")
        wires = field(matrix, 102, "<f4", cells.shape[1]).reshape(cells.shape)
        builder.add("cell_wire_resistances", np.where((wires > 0) & (wires < 1e3), wires, np.nan), source="byte 102")
    whole = ~np.isnan(cells).any(axis=1) if cells.shape[1] else np.zeros(len(frames), dtype=bool)
    total = np.where(whole, np.nan_to_num(cells).sum(axis=1), np.nan)
    builder.add("pack_voltage", total, derived="the sum of the cells; the frame holds no pack voltage")
    builder.add("cell_voltage_average", _finite(matrix, 202), source="byte 202")
    builder.add("cell_voltage_delta", _finite(matrix, 206), source="byte 206")
    builder.add("cell_max_index", field(matrix, 218, "u1"), source="byte 218")
    builder.add("cell_min_index", field(matrix, 219, "u1"), source="byte 219")
    builder.add("balancing", field(matrix, 220, "u1") != 0, source="byte 220")
    builder.add("balance_current", np.abs(_finite(matrix, 222)), source="byte 222", conversion="size only")
    builder.add("uptime", field(matrix, 286, "<u4"), source="byte 286")
    builder.keep("balance action", field(matrix, 220, "u1"))
    found = [*damage, *steps, *missing]
    return builder.build(Role.BMS, parser, clock=own_clock, identity=identity, damage=found, settings=settings)


def _finite(matrix: NDArray[np.uint8], offset: int) -> NDArray[np.float64]:
    values = field(matrix, offset, "<f4")
    return np.where(np.isfinite(values) & (np.abs(values) < 1e6), values, np.nan)
