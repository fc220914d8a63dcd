"""Ready-made pieces of which families build their incidents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .engine import Engine
    from .scene import Scene
    from .state import Chunk


@dataclass(slots=True)
class Trigger:
    """Acts at the first step after a time at which a condition holds; a watch of the engine.

    Attributes:
        condition: Tells for each step of a piece whether it holds.
        action: What happens.
        earliest_s: Not before this true time.
        times: How often it may act.
        pause_s: Between two of them.
    """

    condition: Callable[[Chunk], NDArray[np.bool_]]
    action: Callable[[Engine], None]
    earliest_s: float = 0.0
    times: int = 1
    pause_s: float = 1.0
    _done: list[float] = field(default_factory=list)

    def first(self, chunk: Chunk) -> int | None:
        """See `Watch`."""
        if len(self._done) >= self.times:
            return None
        earliest = max(self.earliest_s, self._done[-1] + self.pause_s if self._done else 0.0)
        begin = max(int(np.ceil(earliest / chunk.step_s)) - chunk.first, 0)
        if begin >= len(chunk):
            return None
        hits = np.flatnonzero(self.condition(chunk)[begin:])
        return begin + int(hits[0]) if len(hits) else None

    def act(self, engine: Engine, chunk: Chunk) -> None:  # noqa: ARG002 - the protocol hands the piece to every watch
        """See `Watch`."""
        self._done.append(engine.time_s)
        self.action(engine)

    def commit(self, chunk: Chunk) -> None:
        """See `Watch`; nothing to remember."""


def pulling(scene: Scene, share: float) -> Callable[[Chunk], NDArray[np.bool_]]:
    """Pack current above a share of the battery limit."""
    level = share * scene.controller.battery_max * scene.vehicle.motors
    return lambda chunk: chunk["pack_current"] > level


def braking(scene: Scene, share: float) -> Callable[[Chunk], NDArray[np.bool_]]:
    """Regen above a share of the regen limit."""
    level = share * scene.controller.battery_regen * scene.vehicle.motors
    return lambda chunk: chunk["pack_current"] < -level


def gentle_until(scene: Scene, time_s: float, share: float = 0.55) -> None:
    """Keep the ride slow and even before a time, so that nothing happens too early."""
    from .scene import STEP_S

    end = max(round(time_s / STEP_S), 0)
    speed = scene.rider.target_speed[:end]
    scene.rider.target_speed[:end] = np.minimum(speed, share * scene.cruise)
    scene.rider.grade[:end] *= 0.3


def power_lost(scene: Scene, engine: Engine) -> None:
    """What a rider does when the power is gone: notices, coasts, stops; the log runs on for a while."""
    rng = scene.rng
    engine.rider_wants(0.0, after_s=float(rng.uniform(0.8, 3.0)))
    engine.end_after(float(rng.uniform(15, 70)))


def controller_dies(scene: Scene, engine: Engine) -> None:
    """The power stage or its logic is destroyed: the link to the controller ends for good within a few samples."""
    engine.state.motor_enabled = False
    scene.controller_link.end_s = engine.time_s + float(scene.rng.uniform(0.02, 0.4))


def on_trip(scene: Scene, *names: str, ends: bool = True, kills: float = 0.0) -> None:
    """Take the trip of one of the named protections as the decisive moment.

    Args:
        scene: The scene.
        names: Protections.
        ends: The rider gives up afterwards.
        kills: Chance that the controller does not survive it.
    """

    def act(engine: Engine, protection: str) -> None:
        if protection not in names or scene.truth.onset_s is not None:
            return
        scene.truth.begin(engine.time_s)
        if scene.rng.random() < kills:
            controller_dies(scene, engine)
            scene.truth.facts["controller_died"] = 1.0
        if ends:
            power_lost(scene, engine)

    scene.board.on_trip = act
