"""Families: nothing is wrong with a vehicle that is charged, stored or left standing, however it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .case import Family
from .charging import Charger, charge
from .families_cells import rest
from .logs import BOARD_ONLY

if TYPE_CHECKING:
    from .scene import Scene


def _settling(scene: Scene) -> None:
    """After a charge the pack settles by some tenths of a volt over hours."""
    scene.set_charge(float(scene.rng.uniform(0.9, 0.99)))
    scene.pack.slow_time_s = (scene.pack.slow_time_s[0], float(scene.rng.uniform(900, 3600)))
    scene.pack.slow_ratio = (scene.pack.slow_ratio[0], max(scene.pack.slow_ratio[1], 0.6))
    scene.pack.charged_before_a = -float(scene.rng.uniform(0.3, 0.6)) * scene.pack.nominal_capacity_ah
    rest(scene, (3, 10), (20, 90))


def _parked_standby(scene: Scene) -> None:
    """Parked with the controller's standby draw of some tens of milliamperes on every group alike.

    A pack that is empty within two weeks is no healthy one, however small the draw.
    """
    draw = float(scene.rng.uniform(0.01, 0.05))
    rest(scene, (10, 40), (60, 300), min(draw, 0.07 * float(scene.pack.capacity_ah.mean()) / 24))


def _charging(scene: Scene) -> None:
    """A charge with constant current and then constant voltage, to the end, and the rest after it."""
    rng, pack = scene.rng, scene.pack
    begin = float(rng.uniform(0.3, 0.6))
    scene.set_charge(begin)
    capacity = float(pack.capacity_ah.mean())
    rate = float(rng.uniform(0.15, 0.35)) * capacity
    main = (0.96 - begin) * capacity / rate * 3600
    step = 10.0
    time = np.arange(0, main + 5400 + 1800, step)
    current = np.where(time < main, rate, rate * np.exp(-(time - main) / 900.0))
    current = np.where(current < 0.05 * rate, 0.0, current)
    scene.parked = (step, -current)
    scene.duration_s = float(time[-1])
    scene.bms_link.tick_s, scene.bms_link.ticks, scene.bms_link.jitter_s = float(rng.uniform(10, 30)), 1, 0.1
    scene.board.limits.cell_over = 4.5 if pack.kind.chemistry != "lfp" else 3.9


def _balancing(scene: Scene) -> None:
    """A balancer at work: one group of a charged pack stands some millivolts high and comes down to the others."""
    rng, pack = scene.rng, scene.pack
    scene.set_charge(float(rng.uniform(0.94, 0.97)))
    cell = int(rng.integers(pack.series))
    pack.start_soc[cell] += 0.012
    limits = scene.board.limits
    limits.balance_start = min(limits.balance_start, 3.3 if pack.kind.chemistry == "lfp" else 4.0)
    pack.leak_a[cell] += 0.8 * limits.balance_a
    hours = 0.012 * float(pack.capacity_ah[cell]) / (0.8 * limits.balance_a)
    rest(scene, (min(hours, 8.0), min(hours, 8.0)), (10, 40))
    scene.balancing = True


def _charge_held(scene: Scene) -> None:
    """A charge by a good charger at a board on guard: the current falls away at the full pack and ends."""
    rng, pack = scene.rng, scene.pack
    scene.set_charge(float(rng.uniform(0.45, 0.7)))
    amps = float(rng.uniform(0.15, 0.35)) * float(pack.capacity_ah.mean())
    scene.bms_link.tick_s, scene.bms_link.ticks, scene.bms_link.jitter_s = float(rng.uniform(10, 30)), 1, 0.1
    scene.board.limits.cell_over = pack.kind.full_v + (0.15 if pack.kind.chemistry == "lfp" else 0.05)
    full = pack.full_v * float(rng.uniform(0.985, 0.998))
    charge(
        scene,
        Charger(amps, full, 0.06 * amps),
        1.3 * (1 - scene.pack.start_soc.mean()) * pack.nominal_capacity_ah / amps * 3600,
    )


def _rests_empty(scene: Scene) -> None:
    """Ridden down to the end and left standing: empty, and not below what a cell takes."""
    scene.set_charge(float(scene.rng.uniform(0.03, 0.06)))
    rest(scene, (4, 12), (30, 120))


FAMILIES: Final = (
    Family("healthy-settling", "none", "A charged pack settles over hours.", BOARD_ONLY, _settling, moment=False),
    Family("healthy-parked", "none", "Parked with a little standby draw.", BOARD_ONLY, _parked_standby, moment=False),
    Family("healthy-charge-held", "none", "A charge that tapers and ends.", BOARD_ONLY, _charge_held, moment=False),
    Family("healthy-charge", "none", "A complete charge.", BOARD_ONLY, _charging, moment=False),
    Family(
        "healthy-balancing",
        "none",
        "The balancer brings a group down.",
        ("jk-only", "ant-only", "jbd-only"),
        _balancing,
        moment=False,
    ),
    Family(
        "healthy-rests-empty", "none", "Empty, and not below what a cell takes.", BOARD_ONLY, _rests_empty, moment=False
    ),
)
