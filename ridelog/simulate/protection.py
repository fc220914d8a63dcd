"""The protection board: limits, delays, latching and recovery of four families, as state machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from .engine import Engine
    from .pack import Pack
    from .state import Chunk

#: Protections that open the charge FETs; all others open the discharge FETs.
CHARGE_SIDE: Final = ("cell-overvoltage", "pack-overvoltage", "charge-overcurrent", "charge-undertemperature")


@dataclass(slots=True)
class Limits:
    """Limits of a protection board: V a cell, A as magnitudes, s, degC.

    Attributes:
        family: jk, ant, jbd or daly.
        cell_over: Opens the charge FETs after `voltage_delay`.
        cell_over_release: Closes them again.
        cell_under: Opens the discharge FETs after `voltage_delay`.
        cell_under_release: Closes them again, where the board does not latch.
        voltage_delay: For all voltages.
        discharge_a: First discharge limit.
        discharge_delay: Its delay.
        discharge_2_a: Second, faster limit.
        discharge_2_delay: Its delay.
        short_a: Short circuit limit (below a step; the engine acts at once).
        charge_a: Charge limit.
        charge_delay: Its delay.
        current_release: Time after which an over-current trip is lifted; infinity when it latches.
        under_latches: An under-voltage trip stays until an app or a charger lifts it.
        fet_max: Temperature of its FETs.
        cell_max: Discharge temperature of the cells.
        cell_min_charge: Charge temperature below which the charge FETs open.
        balance_trigger: Difference of cells at which balancing starts.
        balance_start: Cell voltage from which it balances at all.
        balance_a: Balance current.
    """

    family: str
    cell_over: float
    cell_over_release: float
    cell_under: float
    cell_under_release: float
    voltage_delay: float
    discharge_a: float
    discharge_delay: float
    discharge_2_a: float
    discharge_2_delay: float
    short_a: float
    charge_a: float
    charge_delay: float
    current_release: float
    under_latches: bool
    fet_max: float
    cell_max: float
    cell_min_charge: float
    balance_trigger: float
    balance_start: float
    balance_a: float


@dataclass(frozen=True, slots=True)
class Moment:
    """State of the board from one time on."""

    time_s: float
    charge: bool
    discharge: bool
    protections: tuple[str, ...]


def random_limits(rng: Generator, family: str, pack: Pack, battery_a: float, regen_a: float) -> Limits:
    """Draw limits that a healthy ride never reaches; delays are those of the family as far as they are known."""
    iron = pack.kind.chemistry == "lfp"
    rating = float(np.ceil(max(battery_a * rng.uniform(1.35, 2.4), 25) / 10) * 10)
    over = 3.65 if iron else float(rng.choice([4.20, 4.23, 4.25, 4.25]))
    under = float(rng.choice([2.5, 2.6])) if iron else float(rng.choice([2.7, 2.8, 2.9, 3.0]))
    if family == "daly" and not iron:
        under = 2.7
    delay = {"jk": 300.0, "ant": 5.0, "jbd": 10.0, "daly": 5.0}[family]
    second = {"jk": 1.0, "ant": 0.3, "jbd": 0.32, "daly": 1.0}[family]
    return Limits(
        family=family,
        cell_over=over,
        cell_over_release=over - 0.1,
        cell_under=under,
        cell_under_release=under + float(rng.uniform(0.15, 0.4)),
        voltage_delay=float(rng.choice([0.5, 1.0, 2.0, 3.0])),
        discharge_a=rating,
        discharge_delay=delay,
        discharge_2_a=rating * 1.6,
        discharge_2_delay=second,
        short_a=rating * 3.0,
        charge_a=float(np.ceil(max(regen_a * rng.uniform(1.3, 2.0), 15) / 5) * 5),
        charge_delay=float(rng.choice([2.0, 5.0, 10.0])),
        current_release=float(rng.choice([32.0, 60.0])) if family != "daly" else np.inf,
        under_latches=family == "daly" or bool(rng.random() < 0.3),
        fet_max=float(rng.choice([80.0, 90.0, 100.0])),
        cell_max=float(rng.choice([60.0, 65.0, 70.0])),
        cell_min_charge=-10.0,
        balance_trigger={"jk": 0.010, "ant": 0.015, "jbd": 0.015, "daly": 0.05}[family],
        balance_start=3.4 if iron else {"jk": 3.0, "ant": 3.9, "jbd": 3.9, "daly": 4.15}[family],
        balance_a={"jk": 0.6, "ant": 0.1, "jbd": 0.12, "daly": 0.03}[family],
    )


@dataclass(slots=True)
class _Timer:
    """How long a condition has held at the end of the last piece that counts."""

    held_steps: int = 0

    def first(self, condition: NDArray[np.bool_], needed: int) -> int | None:
        """First index at which the condition has held for `needed` steps."""
        if not condition.any():
            return None
        index = np.arange(len(condition))
        last_false = np.maximum.accumulate(np.where(condition, -1 - self.held_steps, index))
        hits = np.flatnonzero(condition & (index - last_false >= max(needed, 1)))
        return int(hits[0]) if len(hits) else None

    def commit(self, condition: NDArray[np.bool_]) -> None:
        false = np.flatnonzero(~condition)
        self.held_steps = len(condition) - 1 - int(false[-1]) if len(false) else self.held_steps + len(condition)


@dataclass(slots=True)
class Board:
    """A protection board at work; a watch of the engine.

    Attributes:
        limits: Its limits.
        moments: What its flags said, from when on.
        trips: Protections that acted, with their times.
        read_cells: How the board reads the cells (a sense fault lies here), (n, series) to (n, series).
        current_scale: Error factor of its current sensor.
        on_trip: Called with the engine and the protection after it acted.
        armed: It protects at all.
    """

    limits: Limits
    moments: list[Moment] = field(default_factory=lambda: [Moment(0.0, True, True, ())])
    trips: list[tuple[float, str]] = field(default_factory=list)
    read_cells: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
    current_scale: float = 1.0
    on_trip: Callable[[Engine, str], None] | None = None
    armed: bool = True
    _timers: dict[str, _Timer] = field(default_factory=dict)
    _pending: str = ""

    def _conditions(self, chunk: Chunk) -> list[tuple[str, NDArray[np.bool_], float]]:
        limits = self.limits
        cells = chunk.cells if self.read_cells is None else self.read_cells(chunk.cells)
        current = chunk["pack_current"] * self.current_scale
        active = self.moments[-1].protections
        conditions: list[tuple[str, NDArray[np.bool_], float]] = []

        def want(name: str, condition: NDArray[np.bool_], delay: float) -> None:
            if name not in active:
                conditions.append((name, condition, delay))

        if self.moments[-1].discharge:
            want("cell-undervoltage", cells.min(axis=1) < limits.cell_under, limits.voltage_delay)
            want("discharge-overcurrent", current > limits.discharge_a, limits.discharge_delay)
            want("discharge-overcurrent-2", current > limits.discharge_2_a, limits.discharge_2_delay)
        if self.moments[-1].charge:
            want("cell-overvoltage", cells.max(axis=1) > limits.cell_over, limits.voltage_delay)
            want("charge-overcurrent", -current > limits.charge_a, limits.charge_delay)
        if "cell-overvoltage" in active:
            conditions.append(("release:cell-overvoltage", cells.max(axis=1) < limits.cell_over_release, 2.0))
        if "cell-undervoltage" in active and not limits.under_latches:
            conditions.append(("release:cell-undervoltage", cells.min(axis=1) > limits.cell_under_release, 4.0))
        return conditions

    def first(self, chunk: Chunk) -> int | None:
        """See `Watch`."""
        self._pending = ""
        if not self.armed:
            return None
        best: int | None = None
        for name, condition, delay in self._conditions(chunk):
            timer = self._timers.setdefault(name, _Timer())
            index = timer.first(condition, round(delay / chunk.step_s))
            if index is not None and (best is None or index < best):
                best, self._pending = index, name
        return best

    def commit(self, chunk: Chunk) -> None:
        """See `Watch`."""
        if self.armed:
            for name, condition, _ in self._conditions(chunk):
                self._timers.setdefault(name, _Timer()).commit(condition)

    def act(self, engine: Engine, chunk: Chunk) -> None:  # noqa: ARG002 - the protocol hands the piece to every watch
        """See `Watch`."""
        name = self._pending
        if name.startswith("release:"):
            self.release(engine, name.removeprefix("release:"))
        else:
            self.trip(engine, name.removesuffix("-2"))

    def trip(self, engine: Engine, name: str) -> None:
        """Open the FETs that this protection opens."""
        now = self.moments[-1]
        both = name == "short-circuit"
        charge = now.charge and not both and name not in CHARGE_SIDE
        discharge = now.discharge and not both and name in CHARGE_SIDE
        self._set(engine, charge, discharge, (*now.protections, name))
        self.trips.append((engine.time_s, name))
        if name in ("discharge-overcurrent", "charge-overcurrent", "short-circuit") and np.isfinite(
            self.limits.current_release
        ):
            engine.after(self.limits.current_release, lambda later: self.release(later, name))
        if self.on_trip is not None:
            self.on_trip(engine, name)

    def release(self, engine: Engine, name: str) -> None:
        """Lift a protection and close what it opened."""
        now = self.moments[-1]
        left = tuple(one for one in now.protections if one != name)
        charge = not any(one in CHARGE_SIDE or one in ("short-circuit", "charge-manual-off") for one in left)
        discharge = not any(one not in CHARGE_SIDE and one != "charge-manual-off" for one in left)
        self._timers.clear()
        self._set(engine, charge, discharge, left)

    def command(self, engine: Engine, *, charge: bool | None = None, discharge: bool | None = None) -> None:
        """Switch FETs by app, button or glitch."""
        now = self.moments[-1]
        flags = [one for one in now.protections if not one.endswith("manual-off")]
        charge = now.charge if charge is None else charge
        discharge = now.discharge if discharge is None else discharge
        if not charge:
            flags.append("charge-manual-off")
        if not discharge:
            flags.append("discharge-manual-off")
        self._set(engine, charge, discharge, tuple(flags))

    def _set(self, engine: Engine, charge: bool, discharge: bool, protections: tuple[str, ...]) -> None:
        self.moments.append(Moment(engine.time_s, charge, discharge, protections))
        engine.set_path(charge=charge, discharge=discharge)
