"""A log of the configuration alone, for captures in which settings were read and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ridelog.clock import Clock
from ridelog.damage import Damage
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.settings import SETTINGS

from .arrival import stamp_frames
from .stream import Frame


def settings_log(
    settings: Mapping[str, float | str | bool],
    frames: Sequence[Frame],
    *,
    clock: Clock,
    parser: str,
    identity: Identity,
    damage: Sequence[Damage] = (),
) -> list[Log]:
    """Make a log with one row a setting and a version, all at the time of the first frame; none when there is no row.

    Args:
        settings: By canonical name.
        frames: The frames of the capture, for time and source row.
        clock: Clock of the carrier.
        parser: Name of the carrier's parser.
        identity: What is known about the device; model and versions become rows, the serial number does not.
        damage: What was found while cutting and decoding.
    """
    versions = {"model": identity.model, "hardware": identity.hardware, "firmware": identity.firmware}
    rows = {**settings, **{name: text for name, text in versions.items() if text}}
    if not frames or not rows:
        return []
    first = frames[0]
    _, own_clock, _ = stamp_frames([(first.time, first.row)], clock)
    builder = LogBuilder(np.zeros(len(rows)), np.full(len(rows), first.row))
    numbers = [np.nan if isinstance(value, str) else float(value) for value in rows.values()]
    units = [SETTINGS[name].unit if name in SETTINGS else "" for name in rows]
    builder.add("setting", list(rows), source="register")
    builder.add("setting_text", [str(value) for value in rows.values()], source="register")
    builder.add("setting_value", np.array(numbers, dtype=np.float64), source="register")
    builder.add("setting_unit", units, derived="the setting")
    return [builder.build(Role.CONFIG, parser, clock=own_clock, identity=identity, damage=damage, settings=settings)]
