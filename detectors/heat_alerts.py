"""Where the vehicle itself warned of heat, in the words of its alert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.durations import lasting
from ridelog.episodes import episodes

if TYPE_CHECKING:
    from ridelog.ride import Track

#: Words of wheels, balance packages and their apps for a controller or motor that is too hot.
_HEAT: Final = re.compile(
    r"over[ _-]?(heat|temp)|(high|critical)[ _-]?temp|temp\w*[ _-]?(high|too|over|limit)|too hot", re.I
)
#: Words of the same alert for what is not the drive.
_NOT_THE_DRIVE: Final = re.compile(r"batt|cell|charg", re.I)
#: An alert is quoted up to so many characters.
_QUOTED: Final = 60
#: Alerts within this time are one, s, and a shorter one is a garbled row.
_JOIN_S, _SHORTEST_S = 10.0, 1.0


def heat_alerts(track: Track) -> list[tuple[int, int, str]]:
    """First row, last row and words of every stretch in which the alert of a log names heat of the drive.

    Args:
        track: A controller or wheel log; none is found without an alert.
    """
    if "alert" not in track.log.table.column_names:
        return []
    column = track.log.table.column("alert")
    words = [str(text or "") for text in column.unique().to_pylist()]
    hot = [text for text in words if _HEAT.search(text) and not _NOT_THE_DRIVE.search(text)]
    if not hot:
        return []
    wanted = set(hot)
    named = np.fromiter((text in wanted for text in track.log.texts("alert")), dtype=np.bool_, count=track.log.rows)
    found = []
    for first, last in episodes(named, track.time, _JOIN_S):
        if track.time[last] - track.time[first] >= _SHORTEST_S:
            row = first + int(np.argmax(named[first : last + 1]))
            found.append((first, last, str(track.log.texts("alert", row, row + 1)[0]).strip()[:_QUOTED]))
    return found


def warning_of(track: Track, first: int, last: int, words: str, sensors: tuple[str, ...]) -> str:
    """Say in a sentence what the vehicle warned of, for how long and at which of the temperatures of its `sensors`."""
    heat = [track.values(channel)[first : last + 1] for channel in sensors if track.has(channel)]
    hottest = max((float(np.nanmax(values)) for values in heat if np.isfinite(values).any()), default=None)
    read = "" if hottest is None else f", at up to {hottest:.0f} degC"
    time = lasting(float(track.time[last] - track.time[first]))
    return (
        f'The vehicle itself warned of heat ("{words}") for {time}{read}. Wheels reduce their power then, or tilt back.'
    )
