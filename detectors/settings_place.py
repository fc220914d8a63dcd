"""A setting that does not fit: what is said of it, where it stands, and how many cells it has to fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ridelog.detection import Case
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track
from ridelog.settings import number

#: A number of cells less probable than this is not considered: beside a setting that fits, all others together have 0.12.
_LEAST = 0.13
#: Cutoff of one cell, V, that a battery somebody entered can have; engineering judgement.
_CELL_V = (2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Remark:
    """A setting that does not fit.

    Attributes:
        setting: Its canonical name.
        message: What does not fit, one or two sentences.
        value: Its value.
        unit: Its unit.
        limit: What it was compared with, None for nothing.
        source: Where that comes from.
    """

    setting: str
    message: str
    value: float
    unit: str
    limit: float | None
    source: str


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


def series_probabilities(case: Case) -> Mapping[int, float]:
    """Numbers of cells in series to their probabilities, {} when nothing can be said.

    Without any voltage in the logs the number the settings say counts, if it fits the cutoff they say: a battery that
    was never entered stays at the 3 cells of the firmware and does not fit.
    """
    if case.pack.series.probabilities:
        return case.pack.series.probabilities
    cells, cut = number(case.settings, "series_cells"), number(case.settings, "battery_cut_start")
    if cells and cut and _CELL_V[0] <= cut / cells <= _CELL_V[1]:
        return {round(cells): 1.0}
    return {}


def series_counts(case: Case) -> tuple[int, ...]:
    """Numbers of cells in series the pack may well have, () when nothing can be said."""
    return tuple(count for count, probability in series_probabilities(case).items() if probability >= _LEAST)
