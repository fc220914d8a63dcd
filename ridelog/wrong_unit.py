"""Channels whose values are of another unit than the parser took them for: thousandfold, they would look like a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ridelog.arrow_columns import floats_at
from ridelog.channels import CHANNELS, Kind
from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How many times beyond what is possible a temperature or a charge must read: a sensor that is missing gives 255 or 511
#: degC, a meter 255 %, and is named as such. Of other channels a meter that shows somewhat more than is possible is one; a
#: wrong unit is off by a thousand. Engineering judgement.
_BEYOND_FILL, _BEYOND = 3.0, 1.5
#: In so many of the values that are not zero: garbage of a link hits fewer.
_SHARE: Final = 0.25
_SAMPLES: Final = 400


def in_wrong_unit(columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> dict[str, Damage]:
    """Name the channels among the columns of a log that cannot be in their unit, each with what to say of it."""
    found: dict[str, Damage] = {}
    for name, array in columns.items():
        channel = CHANNELS.get(name)
        if name == "time" or channel is None or channel.kind not in (Kind.NUMBER, Kind.NUMBERS):
            continue
        values = _sample(array)
        values = np.abs(values[np.isfinite(values) & (values != 0.0)])
        if not len(values):
            continue
        most = max(abs(channel.low), abs(channel.high))
        limit = most * (_BEYOND_FILL if channel.unit == "degC" or name == "soc" else _BEYOND)
        # The quantile is taken only where a value is too large at all.
        if values.max() > limit and (usual := float(np.quantile(values, 1.0 - _SHARE))) > limit:
            message = (
                f"{name.replace('_', ' ')} reads up to {usual:.6g} where no more than {most:g} {channel.unit} is possible: "
                "it is logged in another unit. It is kept as it was logged and not used."
            )
            found[name] = Damage(DamageKind.IMPOSSIBLE_VALUE, Effect.NOTED, message.replace("  ", " "), channel=name)
    return found


def _sample(array: pa.Array | pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Values of evenly taken rows as floats, NaN for null; those of lists one after the other."""
    count = min(len(array), _SAMPLES)
    rows = np.arange(count) * len(array) // max(count, 1)
    if array.type == pa.float64():
        return floats_at(array, rows)
    taken = array.take(pa.array(rows, type=pa.int64()))
    if isinstance(taken, pa.ChunkedArray):
        taken = taken.combine_chunks()
    if pa.types.is_fixed_size_list(taken.type) or pa.types.is_list(taken.type):
        taken = taken.flatten()
    values = pc.cast(taken, pa.float64())
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
