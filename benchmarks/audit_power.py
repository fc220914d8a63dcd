"""How many rides it takes to see a pack age, and how often a sound one is accused: `python -m benchmarks.audit_power`.

Made-up estimates of 40 vehicles, no simulator: 5 packs grow by a share over 240 days, 35 stay. Rides scatter by 5 %
(vehicles differ in that by a third), one ride in fifteen five times as far; the air swings by `--season` with the year
and by 5 degC from ride to ride, and how much of the assumed law of temperature a pack follows differs from vehicle to
vehicle by a third of it.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_AGEING, _VEHICLES, _DAYS = 5, 40, 240.0


def made(rng: np.random.Generator, rides: int, growth: float, season: float) -> dict[str, Any]:
    """Tables of a made-up fleet; the first vehicles age."""
    import pyarrow as pa

    from ridelog.fleet.tables import PER_RIDE, arrow_schema

    logs, packs = [], []
    for vehicle in range(_VEHICLES):
        scatter, law = 0.05 * np.exp(rng.normal(0, 0.3)), rng.normal(1, 0.3)
        for ride, day in enumerate(np.sort(rng.uniform(0, _DAYS, rides))):
            key = f"{vehicle}-{ride}"
            celsius = 15 - season * np.cos(2 * np.pi * day / 365.25) + rng.normal(0, 5)
            factor = np.exp(2320 * (1 / (celsius + 273.15) - 1 / 298.15))
            far = 5 if rng.random() < 1 / 15 else 1
            age = growth * day / _DAYS if vehicle < _AGEING else 0.0
            ohm = 0.1 * (1 + age) * factor**law * np.exp(scatter * far * rng.normal())
            logs.append({
                "ride_id": key, "vehicle": f"v{vehicle:02d}", "model": "made up", "started": _FIRST + timedelta(days=float(day)),
                "files": [key], "sha256": [key], "trips": 0, "cause": "none", "severity": "info", "data_quality": 1.0,
                "data_notes": [], "error": "", "error_kind": "", "report": "",
            })  # fmt: skip
            packs.append({
                "ride_id": key, "log": 0, "role": "controller", "parser": "vesc-tool", "resistance_ohm": ohm,
                "resistance_low_ohm": 0.92 * ohm, "resistance_high_ohm": 1.08 * ohm,
                "resistance_reference_ohm": ohm / factor, "temperature_basis": "battery", "confidence": 0.9,
            })  # fmt: skip
    tables = {name: arrow_schema(name).empty_table() for name in PER_RIDE}
    tables["logs"] = pa.Table.from_pylist(logs, arrow_schema("logs"))
    tables["pack_health"] = pa.Table.from_pylist(packs, arrow_schema("pack_health"))
    return tables


def _holds(row: dict[str, Any], growth: float) -> bool:
    """The interval of a trend holds the growth between its first and last ride."""
    first, last = (1 + growth * (row[name] - _FIRST).total_seconds() / 86400 / _DAYS for name in ("first", "last"))
    return bool(row["change_low"] <= last / first - 1 <= row["change_high"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleets", type=int, default=10, help="fleets for each line")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--season", type=float, default=8.0, help="swing of the air with the year, degC each way")
    parser.add_argument("--growth", type=float, nargs="+", default=[0.2, 0.5, 1.0], help="growth of ageing packs")
    options = parser.parse_args()
    from ridelog.fleet.ranking import compare

    for growth in options.growth:
        for rides in (6, 10, 20, 50):
            found = first = accused = below = inside = 0
            for fleet in range(options.fleets):
                result = compare(
                    made(np.random.default_rng([options.seed, fleet, rides]), rides, growth, options.season)
                )
                rows = [row for row in result["trends"].to_pylist() if row["metric"] == "resistance"]
                trends = [row for row in rows if row["kind"] == "trend"]
                ageing = [f"v{number:02d}" for number in range(_AGEING)]
                called = {row["vehicle"] for row in rows if row["finding"]}
                found += len(called & set(ageing))
                accused += len(called - set(ageing))
                below += sum(row["p"] < 0.05 for row in trends if row["vehicle"] not in ageing)
                inside += sum(_holds(row, growth) for row in trends if row["vehicle"] in ageing)
                # Vehicles of equal risk stand in the order of their names: the last place of equals is what counts.
                risks = {row["vehicle"]: row["risk"] for row in result["vehicles"].to_pylist()}
                first += max(sum(risk >= risks[name] for risk in risks.values()) for name in ageing) <= _AGEING + 3
            tests = options.fleets * (_VEHICLES - _AGEING)
            print(
                f"+{growth:.0%} in {_DAYS:.0f} days, {rides:2d} rides a vehicle: found {found} of {options.fleets * _AGEING}, "
                f"all in the first {_AGEING + 3} in {first} of {options.fleets} fleets, interval right for {inside}; "
                f"sound ones accused {accused} of {tests}, with p < 0.05 {below / tests:.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
