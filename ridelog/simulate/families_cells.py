"""Families: cells, joints, sense wires and meters; most are lasting states, not moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .case import Family
from .clocks import Link
from .logs import BOARD_ONLY, CELL_SUITES

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .scene import Scene
    from .state import History

SUITES: Final = (*CELL_SUITES, *BOARD_ONLY)


def _one(scene: Scene) -> int:
    """Draw a group and note it."""
    cell = int(scene.rng.integers(scene.pack.series))
    scene.truth.facts["cell"] = cell
    return cell


def _drained(scene: Scene, cell: int, factor: float) -> None:
    """Put a group of less capacity where it stands when all were full together."""
    pack = scene.pack
    pack.capacity_ah[cell] *= factor
    pack.start_soc[cell] = 1.0 - (1.0 - pack.start_soc[cell]) / factor


def _safe(scene: Scene) -> None:
    """Keep the board from opening: the fault shows before it bites."""
    limits = scene.board.limits
    limits.cell_under = 2.0 if scene.pack.kind.chemistry == "lfp" else 2.4
    scene.controller.battery_max *= 0.8


def _weak(scene: Scene) -> None:
    cell = _one(scene)
    factor = float(scene.rng.uniform(0.68, 0.82))
    scene.set_charge(float(scene.rng.uniform(0.42, 0.55)))
    _drained(scene, cell, factor)
    scene.pack.resistance_ohm[cell] *= float(scene.rng.uniform(1.15, 1.5))
    _safe(scene)
    scene.truth.facts["capacity_factor"] = factor
    if scene.pack.kind.chemistry == "lfp":
        scene.truth.facts["flat"] = 1.0


def _dead_parallel(scene: Scene) -> None:
    """One cell of a parallel group has lost contact: less capacity and more resistance in the same proportion."""
    parallel = max(scene.pack.parallel, 2)
    cell = _one(scene)
    lost = 1 if parallel < 5 else int(scene.rng.integers(1, 3))
    factor = (parallel - lost) / parallel
    scene.set_charge(float(scene.rng.uniform(0.62, 0.75)) if factor < 0.6 else float(scene.rng.uniform(0.45, 0.6)))
    _drained(scene, cell, factor)
    scene.pack.resistance_ohm[cell] /= factor
    _safe(scene)
    scene.truth.facts["capacity_factor"] = factor


def _joint(scene: Scene) -> None:
    """A bad weld in the measured path of one group: nothing at rest, a dip with every ampere."""
    cell = _one(scene)
    group = float(np.median(scene.pack.resistance_ohm))
    extra = max(float(scene.rng.uniform(0.7, 2.2)) * group, 0.0008)
    scene.pack.joint_ohm[cell] += extra
    scene.truth.facts["extra_ohm"] = round(extra, 6)
    scene.set_charge(float(scene.rng.uniform(0.5, 0.85)))
    scene.board.limits.cell_under = 2.0


def _imbalance_one(scene: Scene) -> None:
    cell = _one(scene)
    missing = float(scene.rng.uniform(0.06, 0.14))
    scene.set_charge(float(scene.rng.uniform(0.5, 0.8)))
    if scene.pack.kind.chemistry == "lfp":
        scene.set_charge(0.32)
        missing = 0.2
    scene.pack.start_soc[cell] -= missing
    scene.board.limits.cell_under = 2.0
    scene.balancing = bool(scene.rng.random() < 0.5)


def _imbalance_many(scene: Scene) -> None:
    """A pack that was never balanced: every group somewhere else."""
    scene.set_charge(float(scene.rng.uniform(0.5, 0.72)))
    scale = 0.05 if scene.pack.kind.chemistry == "nmc" else 0.09
    scene.pack.start_soc += scene.rng.normal(0, scale, scene.pack.series)
    scene.pack.start_soc = np.clip(scene.pack.start_soc, 0.25, 0.97)
    if scene.pack.kind.chemistry == "lfp":
        scene.truth.facts["flat"] = 1.0
    scene.balancing = False
    scene.board.limits.cell_under = 2.0


def rest(scene: Scene, hours: tuple[float, float], interval_s: tuple[float, float], current_a: float = 0.0) -> None:
    """Park the vehicle and log only the board, slowly."""
    length = float(scene.rng.uniform(*hours)) * 3600
    interval = float(np.round(scene.rng.uniform(*interval_s)))
    step = min(interval / 2, 30.0)
    scene.parked = (step, np.full(int(length / step), current_a))
    scene.duration_s = length
    scene.bms_link = Link(interval, 1, 0.05, 0.01, start_s=1.0, latency_s=0.2)
    scene.balancing = False


def _leaky(scene: Scene) -> None:
    """One group loses per cents a day, parked."""
    cell = _one(scene)
    scene.set_charge(float(scene.rng.uniform(0.3, 0.72)))
    per_day = float(scene.rng.uniform(0.025, 0.09))
    if scene.pack.kind.chemistry == "lfp":
        scene.set_charge(0.12)
        per_day = 0.06
    scene.pack.leak_a[cell] = per_day * scene.pack.capacity_ah[cell] / 24
    scene.pack.start_soc[cell] -= float(scene.rng.uniform(0.0, 0.03))
    rest(scene, (30, 72), (60, 300), 0.004)
    scene.truth.facts["soc_per_day"] = per_day


def _leaky_records(scene: Scene) -> None:
    """The same as seen in the hourly ring of a JK board before an ordinary ride."""
    cell = _one(scene)
    scene.set_charge(float(scene.rng.uniform(0.35, 0.7)))
    per_day = float(scene.rng.uniform(0.03, 0.08))
    scene.pack.leak_a[cell] = per_day * scene.pack.capacity_ah[cell] / 24
    scene.pack.start_soc[cell] -= 0.10
    scene.board.limits.cell_under = 2.0
    scene.truth.facts["soc_per_day"] = per_day


def _cold_joint(scene: Scene) -> None:
    """A tap that makes contact now and then: two neighbours jump against each other, their sum stays."""
    rng = scene.rng
    tap = int(rng.integers(0, scene.pack.series - 1))
    size = float(rng.uniform(0.05, 0.35))
    scene.truth.facts["cell"] = tap

    def jump(scene: Scene, t: BmsTelemetry) -> None:
        count = len(t)
        bad = np.repeat(scene.rng.random(count // 3 + 1) < 0.4, 3)[:count]
        error = np.where(bad, scene.rng.normal(0, size, count), 0.0)
        error += np.where(np.abs(t.current) > 1, scene.rng.normal(0, size / 10, count), 0.0)
        t.cells[:, tap] += error
        t.cells[:, tap + 1] -= error

    scene.bms_hooks.append(jump)
    scene.board.limits.cell_under = 2.0


def _strap(scene: Scene) -> None:
    """A tap on the wrong side of a resistive strap: what one group seems to lose under load its neighbour gains."""
    rng = scene.rng
    tap = int(rng.integers(0, scene.pack.series - 1))
    ohm = float(rng.uniform(0.6, 1.6)) * float(np.median(scene.pack.resistance_ohm))
    scene.truth.facts.update(cell=tap, strap_ohm=round(ohm, 6))

    def strap(_: Scene, t: BmsTelemetry) -> None:
        t.cells[:, tap] -= ohm * t.current
        t.cells[:, tap + 1] += ohm * t.current

    scene.bms_hooks.append(strap)


def _open_wire(scene: Scene) -> None:
    """A broken sense wire: one group reads nothing for stretches of the ride, its neighbour both."""
    rng = scene.rng
    cell = int(rng.integers(0, scene.pack.series - 1))
    scene.truth.facts["cell"] = cell

    def lost(scene: Scene, t: BmsTelemetry) -> None:
        begin = scene.rng.uniform(0.2, 0.5) * scene.duration_s
        gone = t.true_s > begin
        flicker = scene.rng.random(len(t)) < 0.85
        gone &= flicker
        both = t.cells[gone, cell] + t.cells[gone, cell + 1]
        t.cells[gone, cell] = 0.0
        t.cells[gone, cell + 1] = np.minimum(both, 4.999) if scene.rng.random() < 0.5 else t.cells[gone, cell + 1]

    scene.bms_hooks.append(lost)
    scene.board.armed = False


def _too_many_series(scene: Scene) -> None:
    """The board is set to more groups than there are: it reads nothing at the end of its harness."""
    scene.configured_series = min(scene.pack.series + int(scene.rng.integers(1, 4)), 32)
    scene.truth.facts["configured_series"] = scene.configured_series


def _too_few_series(scene: Scene) -> None:
    """The board is set to fewer groups than there are: what it sees does not add up to the pack."""
    scene.configured_series = scene.pack.series - int(scene.rng.integers(1, 3))
    scene.truth.facts["configured_series"] = scene.configured_series


def _meter_high(scene: Scene) -> None:
    scene.set_charge(float(scene.rng.uniform(0.25, 0.42)))
    scene.meter.offset = float(scene.rng.uniform(0.28, 0.5))
    scene.board.limits.cell_under = 2.2


def _meter_low(scene: Scene) -> None:
    scene.set_charge(float(scene.rng.uniform(0.6, 0.8)))
    scene.meter.offset = -float(scene.rng.uniform(0.28, 0.5))


def _meter_jump(scene: Scene) -> None:
    """The shown charge jumps in a second, with no current to explain it."""
    scene.set_charge(float(scene.rng.uniform(0.45, 0.7)))
    size = float(scene.rng.choice([-1, 1])) * float(scene.rng.uniform(0.2, 0.4))
    at = scene.event_s
    scene.truth.begin(at)
    scene.truth.facts["jump"] = size

    def jump(_: Scene, t: BmsTelemetry) -> None:
        t.soc[:] = np.where(t.true_s >= at, np.clip(t.soc + size, 0.01, 1.0), t.soc)
        t.remaining_ah[:] = t.soc * t.capacity_ah

    scene.bms_hooks.append(jump)


def _worn_pack(scene: Scene) -> None:
    """A pack of worn cells: two to three times the resistance of good ones, evenly."""
    factor = float(scene.rng.uniform(2.2, 3.2))
    scene.pack.resistance_ohm *= factor
    scene.pack.capacity_ah *= float(scene.rng.uniform(0.65, 0.8))
    scene.set_charge(float(scene.rng.uniform(0.55, 0.9)))
    scene.board.limits.cell_under = 2.0
    scene.controller.cut_start *= 0.8
    scene.controller.cut_end *= 0.8
    scene.pull(scene.event_s)
    at_once, _ = scene.pack.reference_resistance()
    scene.truth.facts["resistance_factor"] = round(factor, 2)
    scene.truth.facts["group_ohm_ah"] = round(at_once / scene.pack.series * float(scene.pack.capacity_ah.mean()), 4)
    _note_sag(scene)


def _note_sag(scene: Scene) -> None:
    """Note the sag of the pack, as warm as it is, and its leads at the ride's high current, as a share of the full voltage."""

    def note(scene: Scene, history: History) -> None:
        ohm = scene.pack.reference_resistance(float(np.median(history.cell_temperature)))[0]
        high = float(np.percentile(history["pack_current"], 99.5))
        scene.truth.facts["sag_share"] = round(ohm * high / scene.pack.full_v, 3)

    scene.after_ride.append(note)


def _weak_pack_hot_lead(scene: Scene) -> None:
    """A thin lead and plug between pack and controller: ohms that no cell shows."""
    at_once, _ = scene.pack.reference_resistance()
    extra = float(scene.rng.uniform(1.6, 2.6)) * at_once
    scene.pack.connector_ohm += extra
    scene.controller.cut_start *= 0.8
    scene.controller.cut_end *= 0.8
    scene.pull(scene.event_s)
    scene.truth.facts["extra_ohm"] = round(extra, 5)
    _note_sag(scene)


def _state(
    name: str,
    cause: str,
    description: str,
    prepare: Callable[[Scene], None],
    suites: tuple[str, ...] = SUITES,
    build: Mapping[str, Any] | None = None,
) -> Family:
    return Family(name, cause, description, suites, prepare, moment=False, build=build)


FAMILIES: Final = (
    _state("weak-group", "weak-cell-group", "One group has lost a quarter of its capacity.", _weak),
    _state(
        "dead-parallel-cell",
        "weak-cell-group",
        "A cell of one parallel group has lost contact.",
        _dead_parallel,
    ),
    _state("bad-weld", "high-resistance-cell-joint", "A bad joint in the path of one group.", _joint),
    _state("imbalance-one-group", "cell-imbalance", "One group stands per cents below the others.", _imbalance_one),
    _state("imbalance-never-balanced", "cell-imbalance", "Every group stands somewhere else.", _imbalance_many),
    _state("self-discharge-parked", "self-discharging-cell", "One group leaks while parked.", _leaky, BOARD_ONLY),
    _state(
        "self-discharge-records",
        "self-discharging-cell",
        "One group leaks, seen in the hourly records before a ride.",
        _leaky_records,
        ("jk-records", "vesc+jk-records"),
    ),
    _state("tap-cold-joint", "sense-wiring-fault", "A tap that makes contact now and then.", _cold_joint),
    _state("tap-behind-strap", "sense-wiring-fault", "A tap on the wrong side of a resistive strap.", _strap),
    _state("sense-wire-broken", "sense-wiring-fault", "A group that reads nothing for stretches.", _open_wire),
    _state(
        "series-count-high",
        "wrong-series-count",
        "The board is set to more groups than there are.",
        _too_many_series,
        build={"series": 20},
    ),
    _state(
        "series-count-low",
        "wrong-series-count",
        "The board is set to fewer groups than there are.",
        _too_few_series,
        tuple(suite for suite in SUITES if suite.startswith("vesc")),
    ),
    _state(
        "soc-too-high",
        "soc-meter-wrong",
        "The meter shows far more charge than there is.",
        _meter_high,
        build={"kind": "nmc"},
    ),
    _state(
        "soc-too-low",
        "soc-meter-wrong",
        "The meter shows far less charge than there is.",
        _meter_low,
        build={"kind": "nmc"},
    ),
    Family("soc-jump", "soc-meter-wrong", "The shown charge jumps by tens of per cents.", SUITES, _meter_jump),
    _state(
        "worn-pack",
        "high-resistance-pack",
        "All cells have two to three times their resistance.",
        _worn_pack,
        ("vesc", "express", *SUITES),
    ),
    _state(
        "thin-lead",
        "high-resistance-pack",
        "A lead and plug of far too much resistance between pack and controller.",
        _weak_pack_hot_lead,
        ("vesc", "express", *(suite for suite in CELL_SUITES)),
    ),
)
