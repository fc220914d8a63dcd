"""Runs a ride: the loops in pieces of a few seconds, with protections looking at each piece and acting to the step."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from .faults import OVER_TEMP_FET, OVER_TEMP_MOTOR
from .motion import run_closed
from .open_path import run_open
from .state import COLUMNS, Chunk, Constants, FaultRecord, History, Row, State, Wish
from .vehicle import VOLT_PER_DUTY

if TYPE_CHECKING:
    from numpy.random import Generator

    from .pack import Pack
    from .rider import Rider
    from .vehicle import Controller, Vehicle

#: Steps between two looks of the protections while nothing is open.
_CHUNK: Final = 250
_OPEN_CHUNK: Final = 50


class Watch(Protocol):
    """Something that looks at a piece of the ride and may act at one of its steps."""

    def first(self, chunk: Chunk) -> int | None:
        """Index of the step after which it acts, None if it does not in this piece."""

    def act(self, engine: Engine, chunk: Chunk) -> None:
        """Act; `chunk` ends with the step in question."""

    def commit(self, chunk: Chunk) -> None:
        """Remember a piece that is part of the ride for good."""


class Engine:
    """One ride in the making.

    Args:
        pack: The pack.
        vehicle: The vehicle.
        controller: Its settings.
        rider: What the rider wants.
        rng: Source of chance for the small print of faults.
        step_s: Time step.
    """

    def __init__(
        self, pack: Pack, vehicle: Vehicle, controller: Controller, rider: Rider, rng: Generator, step_s: float
    ) -> None:
        self.pack, self.vehicle, self.controller, self.rider, self.rng = pack, vehicle, controller, rider, rng
        self.step_s = step_s
        self.state = State()
        self.watches: list[Watch] = []
        self.faults: list[FaultRecord] = []
        self.cell_c = pack.temperature_c
        self.fet_c = pack.temperature_c + 2.0
        self.motor_c = pack.temperature_c + 1.0
        self.bms_c = pack.temperature_c + 1.0
        self.bms_fet_ohm = 0.0008
        self.brake_share = 1.0
        self.bms_cooling = 0.9
        self.rows: list[Row] = []
        self.stop_at = len(rider.target_speed)
        self._heat: list[tuple[int, float, float, float, float]] = []
        self._timed: list[tuple[int, int, Callable[[Engine], None]]] = []
        self._count = 0
        self._cycles_from = 0
        self._constants: Constants | None = None
        self._wishes: list[Wish] = []

    @property
    def time_s(self) -> float:
        """True time reached."""
        return len(self.rows) * self.step_s

    def at(self, time_s: float, action: Callable[[Engine], None]) -> None:
        """Let something happen at a time."""
        self._count += 1
        heapq.heappush(self._timed, (max(round(time_s / self.step_s), 0), self._count, action))

    def after(self, delay_s: float, action: Callable[[Engine], None]) -> None:
        """Let something happen later."""
        self.at(self.time_s + delay_s, action)

    def set_path(self, *, charge: bool | None = None, discharge: bool | None = None, lead: bool | None = None) -> None:
        """Switch FET banks or break and mend the lead."""
        state = self.state
        state.charge_on = state.charge_on if charge is None else charge
        state.discharge_on = state.discharge_on if discharge is None else discharge
        state.lead_ok = state.lead_ok if lead is None else lead
        state.closed = state.charge_on and state.discharge_on and state.lead_ok and state.alive

    def rider_wants(self, speed: float, *, after_s: float = 0.0, for_s: float | None = None) -> None:
        """Let the rider want another speed from now on (or after a delay), for a time or for good."""
        begin = len(self.rows) + round(after_s / self.step_s)
        end = len(self._wishes) if for_s is None else min(begin + round(for_s / self.step_s), len(self._wishes))
        for place in range(begin, end):
            self._wishes[place] = (speed, *self._wishes[place][1:])

    def end_after(self, seconds: float) -> None:
        """End the ride some time from now, if it does not end before."""
        self.stop_at = min(self.stop_at, len(self.rows) + max(round(seconds / self.step_s), 1))

    def raise_fault(
        self,
        code: int,
        *,
        current: float | None = None,
        voltage: float | None = None,
        cycles: int | None = None,
        filtered_ratio: float | None = None,
    ) -> None:
        """Let the controller stop with a fault now, and keep the record."""
        state, vehicle = self.state, self.vehicle
        motor = state.motor_current
        if not motor and self.rows:
            motor = self.rows[-1][1]
        volts = state.bus_voltage if voltage is None else voltage
        back_emf = vehicle.flux_per_speed * state.speed + vehicle.winding_ohm * motor
        duty = float(np.clip(back_emf / (VOLT_PER_DUTY * max(volts, 5.0)), 0, 0.95))
        raw = motor if current is None else current
        ratio = self.rng.uniform(0.9, 1.05) if filtered_ratio is None else filtered_ratio
        if state.fault_code == 0:
            self.faults.append(
                FaultRecord(
                    time_s=self.time_s,
                    code=code,
                    current=raw,
                    filtered=raw * ratio,
                    voltage=volts,
                    duty=duty,
                    erpm=state.speed * vehicle.erpm_per_speed,
                    cycles=self._cycles() if cycles is None else cycles,
                    temperature=self.fet_c,
                )
            )
        state.fault_code = code
        state.fault_left = self.controller.fault_stop_s
        state.motor_current = 0.0
        self._cycles_from = len(self.rows) + round(self.controller.fault_stop_s / self.step_s)
        if self.rows:
            self.rows[-1] = (*self.rows[-1][:10], state.fault_left, code, *self.rows[-1][12:])

    def _cycles(self) -> int:
        steps = max(len(self.rows) - self._cycles_from, 0)
        return int(steps * self.step_s * 25_000 * self.rng.uniform(0.9, 1.0)) + int(self.rng.integers(0, 400))

    def run(self) -> History:
        """Run to the end (or to `stop_at`, in steps) and give what happened."""
        self._constants = Constants(self.pack, self.vehicle, self.controller, self.step_s)
        self.state.used_ah = 0.0
        self.state.bus_voltage = float(self.pack.open_circuit(np.zeros(1)).sum())
        ride, wishes = self.rider, self._wishes
        parts = (ride.target_speed, ride.grade, ride.wobble, ride.shake)
        wishes.extend(zip(*(part.tolist() for part in parts), strict=True))
        while len(self.rows) < self.stop_at:
            while self._timed and self._timed[0][0] <= len(self.rows):
                heapq.heappop(self._timed)[2](self)
            self._piece(wishes)
        return self._history()

    def _piece(self, wishes: list[Wish]) -> None:
        assert self._constants is not None
        begin = len(self.rows)
        end = min(begin + (_CHUNK if self.state.closed else _OPEN_CHUNK), self.stop_at)
        if self._timed:
            end = min(end, max(self._timed[0][0], begin + 1))
        scale = self._constants.temperature_factor(self.cell_c)
        self._limit_by_heat()
        loop = run_closed if self.state.closed and self.state.alive else run_open
        rows, trip = loop(self.state, self._constants, wishes[begin:end], self.rider.quickness, self.rider.gain, scale)
        chunk = self._chunk(begin, rows)
        firsts = [(index, watch) for watch in self.watches if (index := watch.first(chunk)) is not None]
        if firsts:
            index, watch = min(firsts, key=lambda pair: pair[0])
            if index + 1 < len(rows):
                rows, trip = rows[: index + 1], 0
                self.state.restore(rows[-1])
                chunk = chunk.cut(index + 1)
            self._accept(rows, chunk)
            watch.act(self, chunk)
        else:
            self._accept(rows, chunk)
        if trip:
            voltage = self.state.bus_voltage
            self.raise_fault(trip, current=self._trip_current(rows), voltage=voltage)
        self.state.closed = self.state.charge_on and self.state.discharge_on and self.state.lead_ok and self.state.alive

    def _trip_current(self, rows: list[Row]) -> float:
        """Motor current just before a voltage fault."""
        before = rows[-2] if len(rows) > 1 else (self.rows[-2] if len(self.rows) > 1 else rows[-1])
        return before[1] if abs(before[1]) > abs(rows[-1][1]) else rows[-1][1]

    def _accept(self, rows: list[Row], chunk: Chunk) -> None:
        self.rows.extend(rows)
        self._warm(chunk)
        for watch in self.watches:
            watch.commit(chunk)

    def _chunk(self, begin: int, rows: list[Row]) -> Chunk:
        columns = dict(zip(COLUMNS, np.array(rows).T, strict=True))
        slow = self.pack.slow_ratio[0] * columns["slow_1"] + self.pack.slow_ratio[1] * columns["slow_2"]
        cells = self.pack.cell_voltages(
            columns["used_ah"],
            columns["pack_current"],
            slow,
            columns["hysteresis"],
            np.full(len(rows), self.cell_c),
        )
        return Chunk(begin, self.step_s, columns, self.cell_c, cells)

    def _limit_by_heat(self) -> None:
        limits, scale = self.controller, 1.0
        for temperature, start, end in (
            (self.fet_c, limits.fet_start, limits.fet_end),
            (self.motor_c, limits.motor_start, limits.motor_end),
        ):
            if temperature > start:
                scale = min(scale, max((end - temperature) / (end - start), 0.0))
        self.state.drive_scale, self.state.brake_scale = scale, scale * self.brake_share
        if self.fet_c >= limits.fet_end - 0.1:
            self.raise_fault(OVER_TEMP_FET)
        elif self.motor_c >= limits.motor_end - 0.1:
            self.raise_fault(OVER_TEMP_MOTOR)

    def _warm(self, chunk: Chunk) -> None:
        """Warm cells, power stage, motor and BMS over a piece of the ride (mean losses, first order)."""
        seconds = len(chunk) * self.step_s
        motor2 = float(np.mean(chunk["motor_current"] ** 2))
        pack2 = float(np.mean(chunk["pack_current"] ** 2))
        air = 0.4 + float(np.mean(chunk["speed"])) / 8.0
        ambient = self.pack.temperature_c
        limits, vehicle = self.controller, self.vehicle
        volts = float(np.mean(chunk["bus_voltage"]))
        fet_loss = self.stage_loss(motor2, volts, float(np.mean(np.abs(chunk["motor_current"]))))
        self.fet_c += seconds / limits.fet_heat * (fet_loss - limits.fet_cooling * air * (self.fet_c - ambient))
        motor_loss = 1.5 * vehicle.winding_ohm * motor2
        self.motor_c += (
            seconds / vehicle.motor_heat * (motor_loss - vehicle.motor_cooling * air * (self.motor_c - ambient))
        )
        cell_loss = pack2 * float(self.pack.resistance_ohm.sum()) * 1.5
        self.cell_c += seconds / self.pack.heat_capacity * (cell_loss - self.pack.cooling * (self.cell_c - ambient))
        self.bms_c += seconds / 90.0 * (self.bms_fet_ohm * pack2 - self.bms_cooling * (self.bms_c - ambient))
        self._heat.append((len(self.rows), self.cell_c, self.fet_c, self.motor_c, self.bms_c))

    def stage_loss(self, motor_squared: float, volts: float, motor_a: float) -> float:
        """Loss of the power stage in W: conduction and switching."""
        return float(1.5 * self.controller.fet_ohm * motor_squared + 0.004 * volts * motor_a**0.9)

    def _history(self) -> History:
        columns = dict(zip(COLUMNS, np.array(self.rows).T, strict=True))
        heat = np.array(
            [
                (
                    0,
                    self.pack.temperature_c,
                    self.pack.temperature_c + 2,
                    self.pack.temperature_c + 1,
                    self.pack.temperature_c + 1,
                ),
                *self._heat,
            ]
        )
        index = np.arange(len(self.rows)) + 1.0
        cell, fet, motor, bms = (np.interp(index, heat[:, 0], heat[:, k]) for k in range(1, 5))
        return History(self.step_s, columns, cell, fet, motor, bms, self.faults)
