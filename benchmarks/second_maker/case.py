"""One case: the files a rider hands over, and the truth."""

from __future__ import annotations

import datetime as calendar
from dataclasses import dataclass, field

import numpy as np

from . import board_files
from .ant_frames import ant_frames
from .board_log import poll_board
from .controller_log import Rows, poll
from .events import Events
from .rider import Plan
from .table_files import board_table, controller_table
from .vehicle import Vehicle
from .vesc_files import vesc_tool
from .world import World, ride


@dataclass
class Case:
    """Files by name, and what is true of them.

    accept: other verdicts that an expert would let pass, for these logs cannot tell. onset in s of the first file's clock.
    """

    name: str
    seed: int
    files: dict[str, bytes]
    cause: str
    accept: tuple[str, ...] = ()
    onset: float | None = None
    healthy: bool = False
    contributing: tuple[str, ...] = ()
    hours: float = 0.0
    story: str = ""
    arguments: tuple[str, ...] = ()


@dataclass
class Bench:
    """What every scenario draws from: random numbers, the day of the ride and the rates of the loggers."""

    rng: np.random.Generator
    start: calendar.datetime = field(init=False)
    rate: float = field(init=False)
    board_rate: float = field(init=False)
    board_offset: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = calendar.datetime(
            2026,
            int(self.rng.integers(1, 12)),
            int(self.rng.integers(1, 28)),
            int(self.rng.integers(7, 20)),
            int(self.rng.integers(60)),
        )
        self.rate = float(self.rng.choice([2.0, 5.0, 10.0, 10.0, 12.0, 18.0]))
        self.board_rate = float(self.rng.choice([0.5, 1.0, 1.0, 2.0]))
        self.board_offset = float(self.rng.choice([0.0, 1.0]) * self.rng.normal(0, 25))

    def go(self, vehicle: Vehicle, plan: Plan, events: Events | None = None) -> World:
        """Ride it."""
        return ride(vehicle, plan, events or Events(), self.rng)

    def name_of(self, kind: str) -> str:
        """A file name as the app would give it."""
        if kind == "vesc":
            return self.start.strftime("%Y-%m-%d_%H-%M-%S.csv")
        return f"{kind}_{self.start:%Y%m%d}.csv"

    def controller(
        self, world: World, *, form: str | None = None, gaps: list | None = None, rate: float | None = None
    ) -> tuple[dict[str, bytes], Rows]:
        """The controller's file, as VESC Tool CSV or as a plain table."""
        rows = poll(world, self.rng, rate or self.rate, gaps=gaps)
        form = form or str(self.rng.choice(["vesc", "vesc", "table"]))
        if form == "vesc":
            return {self.name_of("vesc"): vesc_tool(rows, self.rng, self.start, world.vehicle)}, rows
        style = int(form[5:]) if form[5:] else None
        return {"ride.csv": controller_table(rows, self.rng, self.start, style)}, rows

    def board(self, world: World, *, flags: bool = True, **how: object) -> tuple[dict[str, bytes], Rows]:
        """The board's file, on a clock of its own; without `flags` a plain table that has no switches."""
        rows = poll_board(world, self.rng, self.board_rate, **how)
        shifted = Rows(rows.time + self.board_offset, rows.values)
        return self.write_board(shifted, world.vehicle, flags=flags), rows

    def write_board(self, rows: Rows, vehicle: Vehicle, *, flags: bool = True) -> dict[str, bytes]:
        """These rows as a file: a plain table, or what the programs of this kind of board write."""
        kind = vehicle.board if flags and self.rng.random() < 0.5 else "table"
        zeros = bool((rows.values["cells"] == 0).any())
        if kind == "jbd" and self.rng.random() < 0.6:
            return {f"记录数据{self.start:%Y%m%d}.xls": board_files.jbdtools(rows, self.start, vehicle.capacity)}
        if kind == "jbd":
            return {"jbd_capture.txt": board_files.jbd_frames(rows, self.start, vehicle.capacity)}
        if kind == "ant" and not zeros and vehicle.kind != "lfp":
            return {"ant_capture.txt": ant_frames(rows, self.start, vehicle.capacity)}
        if kind == "jk" and not zeros:
            return {"jk_capture.txt": board_files.jk_frames(rows, self.start, vehicle.capacity)}
        return {f"{vehicle.board}_bms.csv": board_table(rows, self.rng, self.start, flags=flags)}
