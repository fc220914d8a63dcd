"""JK BMSs over Bluetooth and RS485: frames of 300 bytes with live data, settings, and the logs the BMS keeps itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log
from ridelog.settings import SETTINGS

from . import jk_framing
from .jk02 import clock_counters, sample_jk02
from .jk04 import sample_jk04
from .jk_device import read_counters, read_identity, usual_layout
from .jk_framing import cut_jk_frames, frame_matrix
from .jk_layout import Layout, enabled_cells, layouts_of
from .jk_records import EARLIEST_SET_S, EPOCH_2020, detail_logs, logbook_log
from .jk_ring import detail_records, merge_readings
from .jk_settings import Settings, read_settings
from .protocol import Packet, Protocol
from .setting_rows import settings_log
from .stream import Frame, cut_damage

_KNOWN_KINDS = frozenset(
    {
        jk_framing.SETTINGS,
        jk_framing.CELL_INFO,
        jk_framing.DEVICE_INFO,
        jk_framing.LOGBOOK,
        jk_framing.DETAIL_LOG,
    }
)
#: How many of the newest live frames are compared with the clock of the carrier.
_COMPARED_FRAMES = 20


class JkFrames(Protocol):
    """JK02 and JK04 frames: header 55 AA EB 90, type, counter, data, sum.

    Yields a log of role bms for the live data (one for each layout, when frames of several devices are mixed), one for
    the detail log and each rewrite of its clock, one of role events for the logbook, and one of role config when the
    settings or the device information are all there is.
    """

    family: ClassVar[str] = "jk"
    name: ClassVar[str] = "jk-frames"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of frames with a correct checksum."""
        return len(cut_jk_frames(packets).frames)

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream of one device."""
        cut = cut_jk_frames(packets)
        if not cut.frames:
            return []
        kinds: dict[int, list[Frame]] = {}
        for frame in cut.frames:
            kinds.setdefault(frame.data[jk_framing.TYPE], []).append(frame)
        identity, several = _identity(kinds.get(jk_framing.DEVICE_INFO, []))
        settings, changes = _settings(kinds.get(jk_framing.SETTINGS, []))
        canonical = {name: value for name, value in settings.items() if name in SETTINGS}
        damage = [*cut_damage(cut, "JK"), *several, *changes, *_unknown(kinds)]
        live = kinds.get(jk_framing.CELL_INFO, [])
        logs = _live_logs(live, clock, parser, identity, canonical, mixed=bool(several))
        readings = detail_records(kinds.get(jk_framing.DETAIL_LOG, []))
        if readings:
            records, repeated = merge_readings(readings)
            offset = _clock_offset(live, clock)
            logs += detail_logs(
                records,
                parser=parser,
                identity=identity,
                damage=_repeated(repeated, len(readings)),
                settings=canonical,
                clock_offset_s=offset,
            )
        logbook = logbook_log(
            kinds.get(jk_framing.LOGBOOK, []), parser=parser, identity=identity, damage=(), settings=canonical
        )
        logs += [logbook] if logbook else []
        if not logs:
            told = {**settings, **_device_rows(kinds.get(jk_framing.DEVICE_INFO, []))}
            logs = settings_log(told, cut.frames, clock=clock, parser=parser, identity=identity)
            for log in logs:
                log.settings = canonical
        if logs:
            logs[0].damage = (*damage, *logs[0].damage)
        return logs


def _live_logs(
    frames: Sequence[Frame], clock: Clock, parser: str, identity: Identity, settings: Settings, *, mixed: bool
) -> list[Log]:
    """Logs of the live data, one for each layout; of several devices one for each number of cells as well."""
    if not frames:
        return []
    layouts = layouts_of(frame_matrix(frames), usual_layout(identity))
    keys = [
        (layout, enabled_cells(frame.data, layout) if mixed else 0)
        for frame, layout in zip(frames, layouts, strict=True)
    ]
    logs = []
    for layout, count in dict.fromkeys(keys):
        chosen = [frame for frame, key in zip(frames, keys, strict=True) if key == (layout, count)]
        if layout is Layout.FLOATS:
            log = sample_jk04(chosen, clock=clock, parser=parser, identity=identity, damage=(), settings=settings)
        else:
            log = sample_jk02(
                chosen, layout, clock=clock, parser=parser, identity=identity, damage=(), settings=settings
            )
        logs.append(log)
    return logs


def _identity(frames: Sequence[Frame]) -> tuple[Identity, tuple[Damage, ...]]:
    """Who the device is; of several devices in one stream only what they share is said."""
    found = list(dict.fromkeys(read_identity(frame.data) for frame in frames))
    if len(found) == 1:
        return found[0], ()
    if not found:
        return Identity(device="JK BMS", family="jk"), ()
    shared = Identity(device="JK BMS", family="jk")
    for name in ("model", "hardware", "firmware", "serial"):
        values = {getattr(identity, name) for identity in found}
        if len(values) == 1:
            shared = replace(shared, **{name: values.pop()})
    rows = tuple(frame.row for frame in frames[:20])
    message = f"The capture holds the device information of {len(found)} JK devices; their frames cannot be told apart."
    return shared, (Damage(DamageKind.NOTE, Effect.NOTED, message, len(found), rows),)


def _device_rows(frames: Sequence[Frame]) -> Settings:
    """What the last device information says beside the identity, for a log of the configuration alone."""
    return dict(read_counters(frames[-1].data)) if frames else {}


def _settings(frames: Sequence[Frame]) -> tuple[Settings, tuple[Damage, ...]]:
    """The settings as they were last, and what changed during the capture."""
    states = [(frame.row, read_settings(frame.data)) for frame in frames]
    states = [(row, state) for row, state in states if state]
    if not states:
        return {}, ()
    changes = []
    for (_, before), (row, after) in pairwise(states):
        changed = [f"{name} {before.get(name)} -> {after[name]}" for name in after if before.get(name) != after[name]]
        if changed:
            shown = ", ".join(changed[:5]) + (", ..." if len(changed) > 5 else "")
            message = f"The settings of the BMS were changed during the capture: {shown}."
            changes.append(Damage(DamageKind.NOTE, Effect.NOTED, message, len(changed), (row,)))
    return states[-1][1], tuple(changes[:20])


def _unknown(kinds: dict[int, list[Frame]]) -> tuple[Damage, ...]:
    unknown = [frame for kind, frames in kinds.items() if kind not in _KNOWN_KINDS for frame in frames]
    if not unknown:
        return ()
    rows = tuple(frame.row for frame in unknown[:20])
    message = f"{len(unknown)} JK frames are of a type whose content is not known; they were not used."
    return (Damage(DamageKind.NOTE, Effect.LOST, message, len(unknown), rows),)


def _repeated(repeated: int, readings: int) -> tuple[Damage, ...]:
    if not repeated:
        return ()
    message = f"The detail log was read {readings} times; {repeated} records that were read again are kept once."
    return (Damage(DamageKind.DUPLICATE_ROW, Effect.REPAIRED, message, repeated),)


def _clock_offset(frames: Sequence[Frame], clock: Clock) -> float | None:
    """What to add to the clock of the BMS, taken as UTC, to get UTC; None where the capture cannot tell.

    The live frames of newer firmware carry the clock of the BMS, so a capture with times shows how far it is off.
    """
    if clock.basis is not ClockBasis.UTC or not frames:
        return None
    layouts = layouts_of(frame_matrix(frames))
    wide = [frame for frame, layout in zip(frames, layouts, strict=True) if layout is Layout.WIDE][-_COMPARED_FRAMES:]
    timed = [frame for frame in wide if frame.time is not None]
    if not timed:
        return None
    counters = clock_counters(timed)
    if counters.min() < EARLIEST_SET_S:
        return None
    arrivals = np.array([frame.time for frame in timed], dtype=np.float64)
    return float(np.median(arrivals - EPOCH_2020 - counters))
