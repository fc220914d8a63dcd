"""Makes the logs of this folder again: `python sample_logs/make_samples.py`. The same bytes every time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ridelog.simulate.case import Family, generator, run_scene
from ridelog.simulate.catalogue import family
from ridelog.simulate.clocks import Link
from ridelog.simulate.scene import Scene, build_scene

FOLDER = Path(__file__).resolve().parent

#: Folder, family, logs, start, series count, seeds are tried from 0.
SAMPLES = (
    ("healthy_ride", "healthy-ride", "vesc", datetime(2025, 5, 11, 14, 20, 5, tzinfo=UTC), 13),
    ("regen_open_pack", "charge-fets-off-regen", "vesc", datetime(2025, 6, 2, 7, 41, 30, tzinfo=UTC), 20),
    ("cut_under_load", "undervoltage-trip", "vesc+jbd", datetime(2025, 6, 21, 16, 2, 44, tzinfo=UTC), 16),
    ("weak_cell", "weak-group", "jbd-only", datetime(2025, 7, 6, 9, 12, 10, tzinfo=UTC), 14),
)


def small(one: Family) -> Family:
    """Shorten a family's rides and thin its rows, so that a file stays below 400 kB."""

    def prepare(scene: Scene) -> None:
        one.prepare(scene)
        scene.extras = False
        scene.controller_link = Link(0.046, 3, 0.003, 0.1, start_s=1.2, latency_s=0.03)
        scene.bms_link = Link(1.0, 1, 0.04, 0.02, start_s=0.4, latency_s=0.15)

    return replace(one, prepare=prepare, duration_s=(190.0, 205.0))


def make() -> list[Path]:
    """Write every sample and give the paths."""
    paths = []
    for folder, name, suite, start, series in SAMPLES:
        chosen = small(family(name))
        for seed in range(200):
            scene = build_scene(
                generator(name, seed, 1),
                suite=suite,
                variant=1,
                duration_s=chosen.duration_s,
                series=series,
                kind="nmc",
                vehicle_kind="scooter",
                start=start,
            )
            case = run_scene(chosen, scene, seed)
            if case is not None and all(len(data) < 400_000 and name.isascii() for name, data in case.files.items()):
                break
        else:
            raise SystemExit(f"no seed makes a small {folder}")
        (FOLDER / folder).mkdir(exist_ok=True)
        for file, data in case.files.items():
            path = FOLDER / folder / file
            path.write_bytes(data)
            paths.append(path)
            print(f"{path.relative_to(FOLDER)}: {len(data)} bytes, onset {case.truth['onset_ride_s']}")
    return paths


if __name__ == "__main__":
    make()
