"""Where a setting stands, and how many cells it has to fit."""

from __future__ import annotations

from ridelog.detection import Case
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

#: A number of cells less probable than this is not considered.
_LEAST = 0.1


def place(case: Case, setting: str) -> tuple[Track, int]:
    """The log and row a setting stands in; for a setting without a row of its own the start of the log it came with."""
    for track in case.ride.of_role(Role.CONFIG):
        if "setting" in track.log.table.column_names:
            names = track.log.table.column("setting").to_pylist()
            if setting in names:
                return track, names.index(setting)
    for track in case.ride.tracks:
        if setting in track.log.settings and track.log.rows:
            return track, 0
    riding = case.ride.of_role(*RIDING_ROLES)
    return next((track for track in (*riding, *case.ride.tracks) if track.log.rows), case.ride.tracks[0]), 0


def series_counts(case: Case) -> tuple[int, ...]:
    """Numbers of cells in series the pack may have, () when nothing can be said."""
    return tuple(count for count, probability in case.pack.series.probabilities.items() if probability >= _LEAST)
