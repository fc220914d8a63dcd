"""What the rows and polls of a ride's logs hold of a loss: nothing, where none falls into the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .controller_telemetry import ControllerTelemetry
    from .scene import Scene
    from .state import History

#: A bus is off its pack by more than this share of it: more than any load takes.
_OFF_PACK: Final = 0.1
#: Time before the last row over which its load is taken, s.
_LAST_S: Final = 1.0


def note_controller_rows(scene: Scene, history: History, telemetry: ControllerTelemetry) -> None:
    """Note, where a loss took the controller's supply, that none of its rows shows it.

    `controller_died` says that its log just ends then, `restart_only` that it goes on later with counters that began anew;
    `last_load_a` is the load of the last second before.
    """
    onset, rows = scene.truth.onset_s, telemetry.true_s
    if onset is None or scene.parked is not None or not len(rows):
        return
    dead = np.flatnonzero((history["alive"] < 0.5) & (history.time >= onset))
    late = rows >= onset
    if not len(dead):
        return
    place = np.clip(np.searchsorted(history.time, rows[late]), 0, len(history.time) - 1)
    off = np.abs(telemetry["voltage"][late] / history["pack_voltage"][place] - 1) > _OFF_PACK
    if off.any() or (telemetry["fault"][late] > 0).any():
        return
    before = rows <= history.time[dead[0]]
    last = before & (rows >= rows[before][-1] - _LAST_S) if before.any() else before
    current = telemetry["battery_current"][last] * scene.vehicle.motors
    name = "controller_died" if before.all() else "restart_only"
    scene.truth.facts.update({name: 1.0, "last_load_a": round(float(current.max(initial=0.0)), 3)})


def note_polls(scene: Scene, telemetry: BmsTelemetry) -> None:
    """Note what the polls of a board hold of an opening.

    `polls_missed` says that none fell into it, or shows its switches off; `opened_at_a` is the higher current of the polls
    beside it.
    """
    onset, polls = scene.truth.onset_s, telemetry.true_s
    if onset is None or scene.parked is not None or not len(polls) or "jk-records" in scene.suite:
        # A ring of records holds what the board did, and no polls.
        return
    inside = [(polls >= first) & (polls <= last) for first, last in scene.truth.openings]
    off = ~(telemetry.charge.astype(bool) & telemetry.discharge.astype(bool)) & (polls >= onset)
    if not off.any() and not any(part.any() for part in inside):
        scene.truth.facts["polls_missed"] = 1.0
    after = int(np.searchsorted(polls, onset))
    beside = np.abs(telemetry.current[max(after - 1, 0) : after + 1])
    scene.truth.facts["opened_at_a"] = round(float(np.nanmax(beside, initial=0.0)), 3)
