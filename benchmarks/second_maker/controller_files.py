"""A controller's rows as one of the files a rider may have of them."""

from __future__ import annotations

from .case import Bench
from .controller_log import Rows
from .table_files import controller_table
from .vehicle import Vehicle
from .vesc_files import express, vesc_tool


def any_file(bench: Bench, rows: Rows, vehicle: Vehicle, form: str | None = None) -> dict[str, bytes]:
    """As `form` ("vesc", "express", "table"), or as one of them by chance."""
    form = form or str(bench.rng.choice(["vesc", "vesc", "express", "table"]))
    if form == "table":
        return {"ride.csv": controller_table(rows, bench.rng, bench.start, int(bench.rng.choice([1, 2])))}
    if form == "express":
        return {"log_012.csv": express(rows, bench.rng)}
    return {bench.name_of("vesc"): vesc_tool(rows, bench.rng, bench.start, vehicle)}
