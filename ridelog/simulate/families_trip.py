"""Families: the protection board opens under load."""

from __future__ import annotations

from .case import Family
from .scene import Scene
from .engine import Engine


def _mark(scene: Scene, name: str) -> None:
    def on_trip(engine: Engine, protection: str) -> None:
        if protection == name:
            scene.truth.begin(engine.time_s)
            engine.stop_at = min(engine.stop_at, len(engine.rows) + round(scene.rng.uniform(20, 90) / engine.step_s))

    scene.board.on_trip = on_trip


def _undervoltage(scene: Scene) -> None:
    """A low pack, a cut-off set too low, a launch."""
    rng = scene.rng
    scene.set_charge(float(rng.uniform(0.05, 0.10)))
    weak = int(rng.integers(scene.pack.series))
    scene.pack.start_soc[weak] -= 0.02
    scene.controller.cut_start *= 0.8
    scene.controller.cut_end *= 0.8
    for at_s in (scene.event_s, scene.event_s + 30, scene.event_s + 60):
        scene.pull(at_s)
    scene.engine.state.uv_trips = bool(rng.random() < 0.6)
    _mark(scene, "cell-undervoltage")
    scene.truth.indistinguishable = [] if "+" in scene.suite else ["bms-overcurrent-trip", "power-path-open"]


def _open_in_regen(scene: Scene) -> None:
    """The charge FETs are off for the whole ride; the first firm braking finds no way into the pack."""
    board, engine = scene.board, scene.engine
    engine.at(0.0, lambda e: board.command(e, charge=False))
    scene.brake(scene.event_s)

    class First:
        def first(self, chunk):  # type: ignore[no-untyped-def]
            return None

        def act(self, engine, chunk):  # type: ignore[no-untyped-def]
            pass

        def commit(self, chunk):  # type: ignore[no-untyped-def]
            pass

    def after(scene: Scene, history) -> None:  # type: ignore[no-untyped-def]
        over = [f.time_s for f in history.faults if f.code == 1]
        if over:
            scene.truth.begin(over[0])

    scene.after_ride.append(after)


def _healthy(scene: Scene) -> None:
    pass


FAMILIES = (
    Family("healthy-ride", "none", "An ordinary ride.", ("vesc",), _healthy),
    Family(
        "undervoltage-trip",
        "bms-undervoltage-trip",
        "A cell falls below the limit under load.",
        ("vesc",),
        _undervoltage,
    ),
    Family(
        "charge-fet-off-regen",
        "charge-fet-open-in-regen",
        "Regen into a pack whose charge FETs are off.",
        ("vesc",),
        _open_in_regen,
    ),
)
