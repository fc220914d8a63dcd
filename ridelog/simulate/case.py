"""Families of made-up incidents and the cases drawn from them: files as a rider has them, and the truth."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .logs import log_files
from .observability import indistinguishable
from .parked import run_parked
from .plausibility import calm_before, no_events, nothing_wrong
from .scene import Scene, build_scene

if TYPE_CHECKING:
    from .state import History

#: Attempts to make an incident happen before a family is called broken.
_ATTEMPTS: Final = 30


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of ride.

    Attributes:
        name: Short id.
        cause: Id of the cause, "none" for a healthy ride.
        description: What happens, one sentence.
        suites: Sets of logs in which at least part of the cause can be seen.
        prepare: Changes a healthy scene into one of this family.
        moment: The cause has a decisive moment (its onset is known), not just a lasting state.
        duration_s: Shortest and longest ride.
        build: Arguments of `build_scene` that this family needs.
    """

    name: str
    cause: str
    description: str
    suites: tuple[str, ...]
    prepare: Callable[[Scene], None]
    moment: bool = True
    duration_s: tuple[float, float] = (240.0, 900.0)
    build: Mapping[str, Any] | None = None

    @property
    def healthy(self) -> bool:
        """Nothing is wrong, however it looks."""
        return self.cause == "none"


@dataclass(frozen=True, slots=True)
class Case:
    """A made-up incident: files by name, and the truth (which is not among them)."""

    files: Mapping[str, bytes]
    truth: Mapping[str, Any]


def generator(family: str, seed: int, variant: int, attempt: int = 0) -> np.random.Generator:
    """Source of chance of a case; the same arguments give the same case on every machine."""
    return np.random.default_rng([seed, zlib.crc32(family.encode()), variant, attempt])


def simulate_family(family: Family, seed: int, suite: str | None = None, variant: int = 1) -> Case:
    """Make one case.

    Raises:
        ValueError: If the family is not known in that suite.
        RuntimeError: If the incident does not come about, which is a fault of the family.
    """
    if suite is not None and suite not in family.suites:
        raise ValueError(f"family '{family.name}' has no suite '{suite}'; it has {', '.join(family.suites)}.")
    for attempt in range(_ATTEMPTS):
        rng = generator(family.name, seed, variant, attempt)
        chosen = str(rng.choice(list(family.suites))) if suite is None else suite
        scene = build_scene(
            rng, suite=chosen, variant=variant, duration_s=family.duration_s, **dict(family.build or {})
        )
        case = run_scene(family, scene, seed)
        if case is not None:
            return case
    raise RuntimeError(f"family '{family.name}' did not happen in {_ATTEMPTS} attempts with seed {seed}.")


def run_scene(family: Family, scene: Scene, seed: int) -> Case | None:
    """Run a prepared scene; None when the ride did not become what the family promises."""
    family.prepare(scene)
    history = scene.engine.run() if scene.parked is None else run_parked(scene)
    for step in scene.after_ride:
        step(scene, history)
    check = nothing_wrong if family.healthy else calm_before if family.moment else no_events
    if not check(scene, history):
        return None
    files, logs = log_files(scene, history)
    return Case(files, _truth(family, seed, scene.variant, scene, history, logs))


def _truth(
    family: Family, seed: int, variant: int, scene: Scene, history: History, logs: list[dict[str, Any]]
) -> dict[str, Any]:
    pack, truth = scene.pack, scene.truth
    at_once, settled = pack.reference_resistance()
    warm_once, warm_settled = pack.reference_resistance(float(np.mean(history.cell_temperature)))
    return {
        "schema": "ridelog.truth/1",
        "family": family.name,
        "cause": family.cause,
        "healthy": family.healthy,
        "description": family.description,
        "seed": seed,
        "variant": variant,
        "suite": scene.suite,
        "onset_s": _rounded(truth.onset_s),
        "end_s": _rounded(truth.end_s),
        "onset_ride_s": _ride_onset(logs),
        "contributing": sorted(set(truth.contributing)),
        "indistinguishable": indistinguishable(family.cause, scene.suite, truth.facts),
        "facts": truth.facts,
        "duration_s": round(history.duration_s, 3),
        "logs": logs,
        "pack": {
            "series": pack.series,
            "parallel": pack.parallel,
            "cell_type": pack.kind.name,
            "chemistry": pack.kind.chemistry,
            "capacity_ah": round(float(pack.capacity_ah.min()), 4),
            "start_soc": round(float(pack.start_soc.mean()), 4),
            "temperature_c": round(pack.temperature_c, 2),
            "resistance_ohm": round(at_once, 5),
            "settled_resistance_ohm": round(settled, 5),
            "ride_resistance_ohm": round(warm_once, 5),
            "ride_settled_resistance_ohm": round(warm_settled, 5),
        },
        "bms": {
            "family": scene.board.limits.family,
            "cell_undervoltage_v": scene.board.limits.cell_under,
            "cell_overvoltage_v": scene.board.limits.cell_over,
            "discharge_limit_a": scene.board.limits.discharge_a,
            "trips": [[round(time, 3), name] for time, name in scene.board.trips],
        },
        "faults": [[round(record.time_s, 3), record.code] for record in history.faults],
    }


def _ride_onset(logs: list[dict[str, Any]]) -> float | None:
    """Onset on the clock of the ride: the controller's log if there is one, else the first."""
    for log in logs:
        if log.get("onset_own_s") is not None:
            return round(float(log["onset_own_s"]) + float(log["offset_to_ride_s"]), 3)
    return None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def write_case(case: Case, folder: Path) -> list[Path]:
    """Write the files of a case and `truth.json` into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, data in case.files.items():
        path = folder / name
        path.write_bytes(data)
        paths.append(path)
    path = folder / "truth.json"
    path.write_text(json.dumps(case.truth, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return [*paths, path]
