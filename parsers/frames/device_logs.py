"""The logs of one device of a capture: its samples, or its settings where it sent no sample, and what was switched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ridelog.clock import Clock
from ridelog.damage import Damage
from ridelog.log import Identity, Log

from .samples import Origin, Sample, sample_log
from .setting_rows import settings_log
from .stream import Frame
from .switching import Switching, switching_log


def device_logs(
    samples: Sequence[Sample],
    origins: Mapping[str, Origin],
    frames: Sequence[Frame],
    commands: Sequence[Switching],
    *,
    clock: Clock,
    parser: str,
    identity: Identity,
    damage: Sequence[Damage],
    settings: Mapping[str, float | str | bool],
) -> list[Log]:
    """Make the logs of one device.

    Args:
        samples: What it measured, in order; empty when only settings were read.
        origins: Where each value stands in the frames.
        frames: Its frames, for the place of settings without samples.
        commands: FETs that were switched.
        clock: Clock of the carrier.
        parser: Name of the carrier's parser.
        identity: What is known about the device.
        damage: What was found while cutting and decoding.
        settings: By canonical name.

    Returns:
        A log of the samples that carries the settings, or one of the settings alone; and one of what was switched.
    """
    switching = switching_log(commands, clock=clock, parser=parser, identity=identity)
    if not samples:
        alone = settings_log(settings, frames, clock=clock, parser=parser, identity=identity, damage=damage)
        return [*alone, *switching]
    log = sample_log(
        samples,
        origins,
        clock=clock,
        parser=parser,
        identity=identity,
        damage=damage,
        settings=dict(settings),
    )
    return [log, *switching]
