"""A fleet: the same vehicles again and again over months, some ageing, some with bad loggers, some with incidents."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .case import Case, Family, run_scene
from .scene import Scene, build_scene

if TYPE_CHECKING:
    from numpy.random import Generator

_SUITES: Final = ("vesc", "vesc", "vesc+jk", "vesc+jbd", "vesc+ant", "express+bms")
_FIRST_DAY: Final = datetime(2025, 3, 1, 6, 0, tzinfo=UTC)
_ATTEMPTS: Final = 12
_TRIPS: Final = frozenset(
    {"bms-undervoltage-trip", "bms-overcurrent-trip", "bms-short-circuit-trip", "bms-overtemperature-trip"}
)
#: What a trait becomes in the second half of the fleet's time.
_TRAIT_CAUSES: Final = {
    "ageing-pack": "high-resistance-pack",
    "ageing-joint": "high-resistance-cell-joint",
    "drifting-cell": "cell-imbalance",
}


@dataclass(frozen=True, slots=True)
class VehicleTrait:
    """What makes one vehicle of a fleet differ from a sound one.

    Attributes:
        name: sound, ageing-pack, ageing-joint, drifting-cell or bad-logger.
        strength: How far it goes over the whole time, as a factor or share.
        cell: The group concerned, -1 for none.
    """

    name: str
    strength: float
    cell: int

    def age(self, scene: Scene, progress: float) -> None:
        """Change a scene to what the vehicle is after a share of the fleet's time, 0 to 1."""
        pack = scene.pack
        if progress > 0.5 and self.name in _TRAIT_CAUSES:
            scene.truth.contributing.append(_TRAIT_CAUSES[self.name])
        if self.name == "ageing-pack":
            pack.resistance_ohm *= 1 + (self.strength - 1) * progress
            pack.capacity_ah *= 1 - 0.25 * (self.strength - 1) * progress
        elif self.name == "ageing-joint":
            pack.joint_ohm[self.cell] += self.strength * progress * float(np.median(pack.resistance_ohm))
        elif self.name == "drifting-cell":
            pack.start_soc[self.cell] -= 0.1 * self.strength * progress


def _trait(rng: Generator, series: int, wanted: str = "") -> VehicleTrait:
    name = wanted or str(
        rng.choice(
            ["sound", "ageing-pack", "ageing-joint", "drifting-cell", "bad-logger"], p=[0.5, 0.15, 0.1, 0.1, 0.15]
        )
    )
    strength = {"ageing-pack": rng.uniform(1.5, 2.4), "ageing-joint": rng.uniform(1.0, 2.5)}.get(
        name, rng.uniform(0.7, 1.2)
    )
    cell = int(rng.integers(series)) if name in ("ageing-joint", "drifting-cell") else -1
    return VehicleTrait(name, float(strength), cell)


def _spoil(rng: Generator, data: bytes) -> tuple[bytes, str]:
    """Do to a file what bad loggers do."""
    lines = data.split(b"\n")
    kind = str(rng.choice(["cut-off", "duplicate-rows", "empty", "nul-tail", "broken-rows"]))
    if kind == "cut-off":
        return data[: int(len(data) * rng.uniform(0.4, 0.95))], kind
    if kind == "empty":
        return b"", kind
    if kind == "nul-tail":
        return data + bytes(int(rng.integers(100, 3000))), kind
    if len(lines) > 40:
        at = int(rng.integers(20, len(lines) - 10))
        if kind == "duplicate-rows":
            lines[at:at] = [lines[at]] * int(rng.integers(2, 15))
        else:
            lines[at] = lines[at][: len(lines[at]) // 3]
            lines[at + 4] = b"#" * 20
    return b"\n".join(lines), kind


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What a fleet is made from; each vehicle follows from it alone, so that they can be made side by side.

    Attributes:
        vehicles: Number of vehicles.
        rides: Number of rides of all vehicles together, dealt out in turn.
        seed: The same seed gives the same bytes.
        incident_share: Share of the rides that end in one of the incidents a controller's log can show.
        trips: Vehicle and ride that ends in a trip of the BMS, for each trip.
        variant: Physics variant.
        traits: Traits of the first vehicles, by name; the others are sound. Drawn for all when empty.
    """

    vehicles: int
    rides: int
    seed: int
    incident_share: float
    trips: tuple[tuple[int, int], ...]
    variant: int
    traits: tuple[str, ...]

    def rides_of(self, number: int) -> int:
        """Rides of one vehicle."""
        return self.rides // self.vehicles + (1 if number < self.rides % self.vehicles else 0)


def simulate_fleet(
    vehicles: int,
    rides: int,
    seed: int,
    out: Path,
    *,
    incident_share: float = 0.04,
    trips: int = 0,
    variant: int = 1,
    traits: Sequence[str] = (),
    jobs: int = 1,
) -> list[Path]:
    """Write the rides of a fleet, a folder for each vehicle, and one `truth.json` beside them.

    Args:
        vehicles: Number of vehicles.
        rides: Number of rides of all vehicles together, dealt out in turn.
        seed: The same seed gives the same bytes.
        out: Folder, made if it is not there.
        incident_share: Share of the rides that end in one of the incidents a controller's log can show.
        trips: So many further rides, each of another sound vehicle, end in a trip of the BMS.
        variant: Physics variant.
        traits: Traits of the first vehicles, by name; the others are sound. Drawn for all when empty.
        jobs: Processes.
    """
    plan = FleetPlan(vehicles, rides, seed, incident_share, (), variant, tuple(traits))
    if trips:
        rng = np.random.default_rng([seed, 78])
        sound = [number for number in range(vehicles) if _hardware(plan, number)[3].name == "sound"]
        chosen = sorted(int(number) for number in rng.permutation(sound)[:trips])
        plan = replace(plan, trips=tuple((number, int(rng.integers(plan.rides_of(number)))) for number in chosen))
    work = partial(_write_vehicle, plan, out)
    if jobs > 1:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            written = list(pool.map(work, range(vehicles)))
    else:
        written = [work(number) for number in range(vehicles)]
    truth = out / "truth.json"
    out.mkdir(parents=True, exist_ok=True)
    fleet = [ride for _, own in written for ride in own]
    truth.write_text(json.dumps({"schema": "ridelog.fleet-truth/1", "rides": fleet}, indent=1, sort_keys=True) + "\n")
    return [*(path for paths, _ in written for path in paths), truth]


def _hardware(plan: FleetPlan, number: int) -> tuple[Generator, str, int, VehicleTrait]:
    """Source of chance, set of logs, cells in series and trait of a vehicle."""
    drawn = np.random.default_rng([plan.seed, 77, number, 1])
    suite = str(drawn.choice(_SUITES))
    series = int(drawn.choice([10, 13, 16, 20]))
    wanted = (*plan.traits, "sound")[min(number, len(plan.traits))] if plan.traits else ""
    return drawn, suite, series, _trait(drawn, series, wanted)


def _write_vehicle(plan: FleetPlan, out: Path, number: int) -> tuple[list[Path], list[dict[str, Any]]]:
    """Write all rides of a vehicle; gives the files and the truth of each ride."""
    from .catalogue import families

    incidents = [family for family in families() if not family.healthy and family.moment and not family.build]
    ordinary = next(family for family in families() if family.name == "healthy-ride")
    drawn, suite, series, trait = _hardware(plan, number)
    hardware = [plan.seed, 77, number]
    paths: list[Path] = []
    told: list[dict[str, Any]] = []
    count = plan.rides_of(number)
    for ride in range(count):
        progress = ride / max(count - 1, 1)
        start = _FIRST_DAY + timedelta(days=240 * progress, hours=float(drawn.uniform(0, 14)))
        wanted: list[Family] = []
        if drawn.random() < plan.incident_share:
            fitting = [family for family in incidents if suite in family.suites]
            wanted = [fitting[int(drawn.integers(len(fitting)))]]
        if (number, ride) in plan.trips:
            ending = [family for family in incidents if suite in family.suites and family.cause in _TRIPS]
            order = np.random.default_rng([*hardware, 3, ride]).permutation(len(ending))
            wanted = [ending[int(place)] for place in order]
        made = (
            _ride(family, hardware, ride, suite, series, start, plan.variant, trait, progress)
            for family in (*wanted, ordinary)
        )
        case = next((case for case in made if case is not None), None)
        if case is None:
            continue
        folder = out / f"vehicle_{number:03d}" / f"{start:%Y-%m-%d}_ride_{ride:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        damage = ""
        for name, data in case.files.items():
            written = data
            if trait.name == "bad-logger" and drawn.random() < 0.5:
                written, damage = _spoil(drawn, data)
            (folder / name).write_bytes(written)
            paths.append(folder / name)
        told.append({
            "vehicle": f"vehicle_{number:03d}",
            "folder": str(folder.relative_to(out)),
            "trait": {"name": trait.name, "strength": round(trait.strength, 3), "cell": trait.cell},
            "progress": round(progress, 4),
            "damage": damage,
            "ride": dict(case.truth),
        })  # fmt: skip
    return paths, told


def _ride(
    family: Family,
    hardware: list[int],
    ride: int,
    suite: str,
    series: int,
    start: datetime,
    variant: int,
    trait: VehicleTrait,
    progress: float,
) -> Case | None:
    """Make one ride of a vehicle; None when it does not come about."""
    prepare: Callable[[Scene], None] = family.prepare

    def aged(scene: Scene) -> None:
        trait.age(scene, progress)
        prepare(scene)

    promised = family.cause != "none" or trait.name in ("sound", "bad-logger")
    relaxed = Family(family.name, family.cause, family.description, family.suites, aged, moment=family.moment)
    for attempt in range(_ATTEMPTS):
        scene = build_scene(
            np.random.default_rng(hardware),
            suite=suite,
            variant=variant,
            duration_s=(150.0, 420.0),
            series=series,
            kind="nmc",
            start=start,
            ride_rng=np.random.default_rng([*hardware, 2, ride, attempt]),
        )
        scene.full_margin = 1.02 if promised else 1.1
        case = run_scene(relaxed, scene, ride)
        if case is not None:
            return case
    return None
