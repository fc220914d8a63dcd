"""A small fleet on disk: files of the documented layouts, and things that are no logs."""

from pathlib import Path

from tests.vesc_bytes import vesc_log

TABLES = ("logs", "findings", "causes", "pack_health", "cell_health", "errors", "trends", "vehicles")


def small_fleet(folder: Path, vehicles: int = 2, rides: int = 3) -> Path:
    for vehicle in range(vehicles):
        for ride in range(rides):
            place = folder / f"scooter_{vehicle}"
            place.mkdir(parents=True, exist_ok=True)
            data = vesc_log(cut=vehicle == 0 and ride == 1, seconds=40.0, seed=10 * vehicle + ride)
            (place / f"2026-0{ride + 1}-05_12-00-00.csv").write_bytes(data)
    (folder / "scooter_0" / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4)
    return folder


def contents(out: Path) -> dict[str, list[dict]]:
    import pyarrow.parquet as pq

    return {name: pq.read_table(out / name).to_pylist() for name in TABLES}
