"""Families: nothing is wrong, however it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .case import Family
from .clocks import DeviceClock, desktop_link
from .logs import BOARD_ONLY, CELL_SUITES
from .triggers import Trigger, pulling

if TYPE_CHECKING:
    from .engine import Engine
    from .scene import Scene

ALL: Final = ("vesc", "vesc+config", "vesc+faults", "express", *CELL_SUITES, *BOARD_ONLY, "vesc+jk-records")
TWO: Final = ("vesc+jk", "vesc+jbd", "vesc+ant", "vesc+daly", "vesc+plain")
RIDES: Final = ("vesc", "express", *TWO)


def _plain(scene: Scene) -> None:
    """Nothing to change."""


def _hard_regen(scene: Scene) -> None:
    """Hard braking that the pack takes well: the voltage rises with the current and falls with it."""
    scene.set_charge(float(scene.rng.uniform(0.55, 0.88)))
    scene.full_margin = 1.02
    scene.controller.battery_regen *= 1.3
    scene.controller.motor_brake *= 1.2
    for number in range(4):
        scene.brake(scene.event_s * 0.4 + 25 * number)


def _full_start(scene: Scene) -> None:
    """A full pack and careful braking."""
    scene.full_margin = 1.015
    scene.set_charge(float(scene.rng.uniform(0.95, 0.985)))
    scene.controller.battery_regen = min(scene.controller.battery_regen, 0.25 * scene.pack.nominal_capacity_ah)
    scene.board.limits.cell_over = (
        max(scene.board.limits.cell_over, 4.25) if scene.pack.kind.chemistry != "lfp" else 3.8
    )


def _kill_switch(scene: Scene) -> None:
    """The rider presses the kill switch under load: current gone at once, voltage up, and on again."""
    scene.pull(scene.event_s)
    scene.pull(scene.event_s + 40)
    scene.truth.facts["kill_switch"] = 1.0

    def press(engine: Engine) -> None:
        engine.state.ride_enabled = False

        def release(later: Engine) -> None:
            later.state.ride_enabled = True

        engine.after(float(scene.rng.uniform(3, 15)), release)
        engine.rider_wants(0.0, after_s=0.3, for_s=20.0)

    scene.engine.watches.append(Trigger(pulling(scene, 0.4), press, earliest_s=scene.event_s, times=2, pause_s=35.0))


def _radio_gaps(scene: Scene) -> None:
    """The phone loses the controller now and then; the counters run on."""
    rng = scene.rng
    for _ in range(int(rng.integers(1, 5))):
        begin = float(rng.uniform(0.1, 0.9)) * scene.duration_s
        scene.controller_link.gaps.append((begin, begin + float(rng.uniform(1.5, 40))))


def _board_gaps(scene: Scene) -> None:
    """The app loses the board for stretches of a ride."""
    rng = scene.rng
    for _ in range(int(rng.integers(1, 5))):
        begin = float(rng.uniform(0.1, 0.8)) * scene.duration_s
        scene.bms_link.gaps.append((begin, begin + float(rng.uniform(8, 60)) + 5 * scene.bms_link.interval_s))


def _cold(scene: Scene) -> None:
    scene.set_temperature(float(scene.rng.uniform(2, 9)))
    scene.set_charge(float(scene.rng.uniform(0.6, 0.95)))
    scene.board.limits.cell_under = 2.0


def _parked_app(scene: Scene) -> None:
    """The rider stops for minutes with both apps open."""
    scene.manoeuvre(scene.event_s, (float(scene.rng.uniform(60, 150)), 0.0))


def _releases(scene: Scene) -> None:
    """Throttle let go in an instant from full load, again and again."""
    scene.rider.quickness = 25.0
    for number in range(8):
        scene.manoeuvre(20 + 22 * number, (12.0, scene.vehicle.top_speed * 0.9), (6.0, 0.5 * scene.cruise))


def _limiter(scene: Scene) -> None:
    """A long pull against the battery current limit: a flat top of current."""
    scene.controller.battery_max *= 0.6
    for number in range(4):
        scene.pull(40 + 45 * number, hold_s=16)


def _low(scene: Scene) -> None:
    """A pack that is nearly empty and ridden gently, with nothing cut."""
    scene.set_charge(float(scene.rng.uniform(0.2, 0.28)))
    scene.rider.target_speed[:] = np.minimum(scene.rider.target_speed, 0.8 * scene.cruise)
    scene.controller.cut_start *= 0.8
    scene.controller.cut_end *= 0.8
    scene.board.limits.cell_under = 2.5 if scene.pack.kind.chemistry == "lfp" else 2.7


def _app_closed(scene: Scene) -> None:
    """The app is closed at speed: the log ends in the middle of an ordinary ride."""
    at = scene.event_s
    scene.manoeuvre(at - 10, (30.0, scene.cruise))
    scene.controller_link.end_s = at
    scene.engine.at(at, lambda e: e.end_after(20.0))


def _board_app_closed(scene: Scene) -> None:
    """The board's app is closed at speed, the controller's log goes on."""
    scene.manoeuvre(scene.event_s - 10, (30.0, scene.cruise))
    scene.bms_link.end_s = scene.event_s


def _climb(scene: Scene) -> None:
    scene.rider.grade[:] = np.clip(scene.rider.grade + 0.05, -0.02, 0.1)


def _city(scene: Scene) -> None:
    """Stop and go, forty launches."""
    length = scene.duration_s
    begin = 10.0
    while begin < length - 20:
        scene.manoeuvre(begin, (float(scene.rng.uniform(5, 9)), scene.cruise), (float(scene.rng.uniform(4, 8)), 0.0))
        begin += float(scene.rng.uniform(12, 18))


def _clocks_apart(scene: Scene) -> None:
    """Two logs whose clocks are hours apart, one of them also drifts."""
    rng, clock = scene.rng, scene.bms_clock
    off = float(rng.choice([-7200, -3600, 3600, 3600 * 5.5])) + float(rng.normal(0, 30))
    scene.bms_clock = DeviceClock(clock.epoch_s, off, float(rng.uniform(-150, 150)), clock.zone_s)


def _slow_board(scene: Scene) -> None:
    scene.bms_link.tick_s = float(scene.rng.uniform(2.5, 4.0))


def _midnight(scene: Scene) -> None:
    """A ride across midnight UTC."""
    start = datetime(2025, 6, 7, 23, 59, 59, tzinfo=UTC).timestamp() - scene.event_s
    for name in ("controller_clock", "bms_clock"):
        old = getattr(scene, name)
        setattr(scene, name, DeviceClock(start, old.offset_s, old.drift_ppm, old.zone_s))


def _desktop(scene: Scene) -> None:
    scene.controller_link = desktop_link(scene.rng)


def _small_spread(scene: Scene) -> None:
    """A hand's breadth of imbalance that any balancer leaves: some millivolts."""
    scene.pack.start_soc += scene.rng.normal(0, 0.004, scene.pack.series)
    scene.pack.resistance_ohm *= 1 + scene.rng.normal(0, 0.04, scene.pack.series)
    scene.set_charge(float(scene.rng.uniform(0.45, 0.8)))


def _noisy_board(scene: Scene) -> None:
    scene.meter.cell_noise_v = 0.003
    scene.meter.dead_a = 0.8
    scene.meter.bias_a = float(scene.rng.normal(0, 0.15))
    scene.meter.gain = float(scene.rng.normal(1.0, 0.03))


def _warm(scene: Scene) -> None:
    """Warm, but below every limit."""
    scene.set_temperature(float(scene.rng.uniform(30, 38)))
    scene.controller.fet_cooling *= 0.6


def _switched_off_after(scene: Scene) -> None:
    """The rider parks and switches the pack off in the app, as one should."""
    end = scene.duration_s
    scene.manoeuvre(end - 40, (40.0, 0.0))
    scene.engine.at(end - 8, lambda e: scene.board.command(e, discharge=False))


def _regen_cut(scene: Scene) -> None:
    """A full pack and a controller that folds regen back as it is told to."""
    scene.full_margin = 1.01
    scene.set_charge(float(scene.rng.uniform(0.96, 0.99)))
    full = scene.pack.full_v
    scene.controller.regen_cut_start, scene.controller.regen_cut_end = full - 0.9, full - 0.1
    scene.controller.voltage_max = max(scene.controller.voltage_max, full + 4)
    for number in range(4):
        scene.brake(40 + 25 * number)


def _joins_late(scene: Scene) -> None:
    scene.bms_link.start_s = float(scene.rng.uniform(0.3, 0.5)) * scene.duration_s


def _hill_and_valley(scene: Scene) -> None:
    scene.rider.grade[:] = np.clip(3.0 * scene.rider.grade, -0.1, 0.1)


def _fast_wheel(scene: Scene) -> None:
    """A brisk ride on a wheel that keeps a third of its headroom."""
    scene.rider.target_speed[:] = np.minimum(scene.rider.target_speed, 0.6 * scene.vehicle.top_speed)


def _family(
    name: str,
    description: str,
    prepare: Callable[[Scene], None],
    suites: tuple[str, ...] = RIDES,
    build: Mapping[str, Any] | None = None,
    duration_s: tuple[float, float] = (240.0, 900.0),
) -> Family:
    return Family(name, "none", description, suites, prepare, False, duration_s, build)


FAMILIES: Final = (
    _family("healthy-ride", "An ordinary ride.", _plain, ALL),
    _family("healthy-hard-regen", "Hard braking that the pack takes well.", _hard_regen),
    _family("healthy-full-start", "A full pack and careful braking.", _full_start),
    _family("healthy-kill-switch", "The rider uses the kill switch under load.", _kill_switch),
    _family("healthy-radio-gaps", "The phone loses the controller now and then.", _radio_gaps, ("vesc", *TWO)),
    _family("healthy-board-gaps", "The app loses the board for stretches.", _board_gaps, (*TWO, *BOARD_ONLY)),
    _family("healthy-cold", "A cold morning.", _cold, (*TWO, *BOARD_ONLY)),
    _family("healthy-pause", "A stop of minutes with the apps open.", _parked_app),
    _family("healthy-throttle-releases", "Throttle let go in an instant, again and again.", _releases),
    _family("healthy-limiter", "Long pulls against the battery current limit.", _limiter),
    _family("healthy-low-charge", "A nearly empty pack, ridden gently.", _low),
    _family("healthy-app-closed", "The log ends at speed because the app was closed.", _app_closed, ("vesc", *TWO)),
    _family("healthy-board-app-closed", "The board's log ends at speed.", _board_app_closed, TWO),
    _family("healthy-climb", "A long climb.", _climb),
    _family("healthy-city", "Stop and go.", _city, (*RIDES, *BOARD_ONLY)),
    _family("healthy-clocks-apart", "Two logs with clocks hours apart.", _clocks_apart, TWO),
    _family("healthy-slow-board", "A board asked every three seconds.", _slow_board, TWO),
    _family("healthy-midnight", "A ride across midnight.", _midnight),
    _family("healthy-desktop", "A log taken over a cable at 50 Hz.", _desktop, ("vesc", "vesc+jk", "vesc+jbd")),
    _family("healthy-small-spread", "A few millivolts between the groups.", _small_spread, (*CELL_SUITES, *BOARD_ONLY)),
    _family("healthy-noisy-board", "A board that measures badly.", _noisy_board, (*TWO, *BOARD_ONLY)),
    _family("healthy-warm", "A hot day, below every limit.", _warm),
    _family("healthy-switched-off", "Parked, then switched off in the app.", _switched_off_after, (*TWO, *BOARD_ONLY)),
    _family(
        "healthy-regen-cut",
        "The controller folds regen back on a full pack.",
        _regen_cut,
        ("vesc+config", "vesc", *TWO),
    ),
    _family("healthy-joins-late", "The board's log begins in the middle.", _joins_late, TWO),
    _family("healthy-hills", "Hills and valleys.", _hill_and_valley),
    _family("healthy-short", "Less than a minute.", _plain, ("vesc", *TWO), duration_s=(30.0, 60.0)),
    _family("healthy-iron-phosphate", "A pack of iron phosphate cells.", _plain, RIDES, build={"kind": "lfp"}),
    _family(
        "healthy-high-voltage",
        "A pack of 30 or 32 groups.",
        _plain,
        ("vesc", "vesc+jk", "vesc+ant"),
        build={"series": 30},
    ),
    _family("healthy-wheel", "An electric unicycle.", _fast_wheel, ("wheellog",)),
)
