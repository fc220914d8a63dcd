"""Families: charging, storage and the balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .charging import Charger, charge
from .families_cells import rest
from .logs import BOARD_ONLY
from .protection import Moment

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .scene import Scene

_FLAGS: Final = ("jk-only", "ant-only", "daly-only", "jbd-only")


def _charging(scene: Scene) -> float:
    """Start a charge at the socket in an ordinary way; its current in A."""
    scene.set_charge(float(scene.rng.uniform(0.45, 0.75)))
    interval = float(scene.rng.uniform(5, 20))
    scene.bms_link.tick_s, scene.bms_link.ticks, scene.bms_link.jitter_s = interval, 1, 0.1
    scene.own_trips_early = True
    return float(scene.rng.uniform(0.2, 0.4)) * float(scene.pack.capacity_ah.mean())


def _time_to_full(scene: Scene, amps: float) -> float:
    missing = (1.0 - float(scene.pack.start_soc.mean())) * float(scene.pack.capacity_ah.mean())
    return missing / amps * 3600.0


def _no_taper(scene: Scene) -> None:
    """A supply that only limits the current: it never tapers, and the board alone ends the charge, again and again."""
    amps = _charging(scene)
    seconds = _time_to_full(scene, amps) + float(scene.rng.uniform(1800, 5400))
    charge(scene, Charger(amps, float("inf")), seconds)
    scene.truth.facts["charger_a"] = round(amps, 2)


def _charger_too_high(scene: Scene) -> None:
    """A charger set some hundredths of a volt a cell too high, and a board whose limit is not much better."""
    amps = _charging(scene)
    iron = scene.pack.kind.chemistry == "lfp"
    over = float(scene.rng.uniform(0.07, 0.12)) + (0.08 if iron else 0.0)
    scene.board.limits.cell_over = scene.pack.kind.full_v + over + 0.08
    scene.board.limits.cell_over_release = scene.board.limits.cell_over - 0.1
    scene.meter.cell_noise_v = 0.0005
    volts = scene.pack.full_v + over * scene.pack.series
    charge(scene, Charger(amps, volts, 0.05 * amps), 1.15 * _time_to_full(scene, amps) + 5400.0)
    scene.truth.facts["charger_v"] = round(volts, 2)


def _drained_parked(scene: Scene) -> None:
    """Parked with a light, a tracker or the controller left on: some tenths of an ampere through the board's shunt."""
    amps = float(scene.rng.uniform(0.1, 0.3))
    per_day = amps * 24.0 / float(scene.pack.capacity_ah.mean())
    scene.set_charge(float(scene.rng.uniform(0.5, 0.75)) if scene.pack.kind.chemistry == "nmc" else 0.16)
    hours = float(np.clip(0.3 / per_day * 24.0, 7.0, 40.0))
    rest(scene, (0.8 * hours, hours), (60, 200), amps)
    scene.truth.facts.update(per_day=round(per_day, 3), drain_a=round(amps, 3))
    if scene.meter.dead_a > amps:
        # A board that does not see the current does not count it either.
        scene.bms_hooks.append(_uncounted)


def _uncounted(_: Scene, t: BmsTelemetry) -> None:
    t.soc[:] = t.soc[0]
    t.remaining_ah[:] = t.remaining_ah[0]


def _drained_unseen(scene: Scene) -> None:
    """The same, drawn before the board's shunt (a tracker soldered to the pack): the board reads no current."""
    _drained_parked(scene)

    def blind(scene: Scene, t: BmsTelemetry) -> None:
        t.current[:] = 0.0
        _uncounted(scene, t)

    scene.bms_hooks.append(blind)


def _apart(scene: Scene, low: float, high: float) -> int:
    """Park a nearly full pack in which one group stands higher than the others; the group."""
    cell = int(scene.rng.integers(scene.pack.series))
    scene.truth.facts["cell"] = cell
    iron = scene.pack.kind.chemistry == "lfp"
    scene.set_charge(0.985 if iron else float(scene.rng.uniform(0.95, 0.97)))
    scene.pack.start_soc[cell] += 0.01 if iron else float(scene.rng.uniform(low, high))
    scene.board.limits.balance_start = min(scene.board.limits.balance_start, 3.3 if iron else 4.0)
    scene.truth.contributing.append("cell-imbalance")
    return cell


def _balancer_idle(scene: Scene) -> None:
    """The balancer is switched on in the settings and has reason to work for hours, and never does."""
    _apart(scene, 0.012, 0.025)
    rest(scene, (6, 20), (20, 90))
    scene.balancing = True
    scene.truth.facts["never_started"] = 1.0

    def idle(scene: Scene, t: BmsTelemetry) -> None:
        scene.truth.facts["apart_v"] = round(float(np.median(t.cells.max(axis=1) - t.cells.min(axis=1))), 4)
        t.balancing[:] = False
        t.balance_current[:] = 0.0

    scene.bms_hooks.append(idle)


def _balancer_useless(scene: Scene) -> None:
    """The balancer reports itself at work for a day, and the groups stay where they are: a burnt resistor."""
    _apart(scene, 0.012, 0.025)
    rest(scene, (16, 30), (30, 120))
    scene.balancing = True

    def busy(scene: Scene, t: BmsTelemetry) -> None:
        t.balancing[:] = True
        t.balance_current[:] = scene.board.limits.balance_a

    scene.bms_hooks.append(busy)


def _balancer_burns(scene: Scene) -> None:
    """A bleed that does not let go: at rest it empties its group and heats the board, hour after hour."""
    cell = _apart(scene, 0.0, 0.004)
    scene.truth.contributing.remove("cell-imbalance")
    bleed = float(scene.rng.uniform(0.15, 0.6))
    scene.pack.leak_a[cell] = bleed
    hours = min(0.35 * float(scene.pack.capacity_ah[cell]) / bleed, 14.0)
    rest(scene, (0.7 * hours, hours), (20, 60))
    scene.balancing = True
    warmer = float(scene.rng.uniform(42, 60))
    scene.truth.facts["bleed_a"] = round(bleed, 3)

    def burns(_: Scene, t: BmsTelemetry) -> None:
        t.balancing[:] = True
        t.balance_current[:] = bleed
        t.fet_temperature[:] = t.fet_temperature + warmer * (1 - np.exp(-t.true_s / 1500.0))

    scene.bms_hooks.append(burns)


def _deep(scene: Scene, groups: int) -> None:
    pack, rng = scene.pack, scene.rng
    scene.set_charge(0.06)
    chosen = rng.permutation(pack.series)[:groups]
    pack.start_soc[chosen] = -rng.uniform(0.010, 0.03, groups)
    pack.leak_a[chosen] = 2e-5 * pack.capacity_ah[chosen]
    rest(scene, (4, 20), (30, 120))
    scene.truth.facts["groups_below"] = float(groups)
    # Either the board has switched off, or it never looked: boards have drained packs to nothing with the FETs on.
    off = bool(rng.random() < 0.6)
    scene.board.moments[:] = [Moment(0.0, True, not off, ("cell-undervoltage",) if off else ())]
    scene.meter.offset = -0.05


def _deep_pack(scene: Scene) -> None:
    """A pack that was forgotten for a winter: every group rests far below the limit."""
    _deep(scene, scene.pack.series)


def _deep_groups(scene: Scene) -> None:
    """Some groups rest far below the limit, the others are just empty."""
    _deep(scene, int(scene.rng.integers(1, 4)))


FAMILIES: Final = (
    Family(
        "charger-without-taper",
        "charger-fault",
        "A supply that only limits the current: the board alone ends the charge.",
        BOARD_ONLY,
        _no_taper,
    ),
    Family(
        "charger-set-too-high",
        "charger-fault",
        "A charger that holds a voltage above that of the full pack.",
        BOARD_ONLY,
        _charger_too_high,
    ),
    Family(
        "parked-drain",
        "parasitic-drain",
        "Something left on takes some tenths of an ampere.",
        BOARD_ONLY,
        _drained_parked,
        moment=False,
    ),
    Family(
        "parked-drain-before-shunt",
        "parasitic-drain",
        "The same, drawn where the board's shunt does not see it.",
        BOARD_ONLY,
        _drained_unseen,
        moment=False,
    ),
    Family(
        "balancer-never-starts",
        "balancer-fault",
        "The balancer has reason to work for hours and never does.",
        _FLAGS,
        _balancer_idle,
        moment=False,
    ),
    Family(
        "balancer-without-effect",
        "balancer-fault",
        "The balancer works for a day and moves nothing.",
        _FLAGS,
        _balancer_useless,
        moment=False,
    ),
    Family(
        "balancer-burns",
        "balancer-fault",
        "A bleed that does not let go empties its group and heats the board.",
        ("jk-only", "ant-only", "jbd-only"),
        _balancer_burns,
        moment=False,
    ),
    Family(
        "deep-discharged-pack",
        "deep-discharged-pack",
        "Every group rests far below the limit.",
        BOARD_ONLY,
        _deep_pack,
        moment=False,
    ),
    Family(
        "deep-discharged-groups",
        "deep-discharged-pack",
        "Some groups rest far below the limit.",
        BOARD_ONLY,
        _deep_groups,
        moment=False,
    ),
)
