"""The moment of a simulated ride: what the loops carry from step to step, and what they leave behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from .chemistry import resistance_factor
from .vehicle import VOLT_PER_DUTY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .pack import Pack
    from .vehicle import Controller, Vehicle

#: Columns of the rows that the loops yield; units V, A, m/s, Ah, s.
COLUMNS: Final = (
    "speed",
    "motor_current",
    "pack_current",
    "controller_current",
    "bus_voltage",
    "used_ah",
    "slow_1",
    "slow_2",
    "hysteresis",
    "throttle",
    "fault_left",
    "fault_code",
    "pack_voltage",
    "alive",
)

Row = tuple[float, ...]
#: What the rider wants in one step: speed, slope, unsteadiness of the hand, torque factor of the road.
Wish = tuple[float, float, float, float]


@dataclass(slots=True)
class FaultRecord:
    """One entry of the controller's fault list, as its terminal prints it."""

    time_s: float
    code: int
    current: float
    filtered: float
    voltage: float
    duty: float
    erpm: float
    cycles: int
    temperature: float


@dataclass(slots=True)
class State:
    """Everything that changes from step to step; currents are of all controllers together, but for the motor's.

    Attributes:
        speed: m/s.
        motor_current: Torque current of one motor, A.
        bus_voltage: At the controller, V.
        used_ah: Charge taken from the pack.
        slow_1: First slow current of the cells, A.
        slow_2: Second one.
        hysteresis: -1 to 1.
        throttle: -1 (full brake) to 1.
        fault_left: Seconds until a fault releases the motor again.
        fault_code: Active fault.
        alive: The controller's logic has power.
        boot_left: Seconds until it answers again after a start.
        closed: Both FET banks on and the lead unbroken.
        charge_on: Charge FETs on.
        discharge_on: Discharge FETs on.
        lead_ok: Plug, fuse and switch carry current.
        extra_ohm: Resistance added to the lead by a fault.
        motor_enabled: The power stage can move the motor.
        ride_enabled: The controller accepts the rider's wish (remote there, kill switch out).
        drive_scale: Share of the drive current limit that is left by temperature or a limiter.
        brake_scale: Share of the brake current limit that is left.
        uv_trips: An open supply trips the under-voltage fault before the current loop gives up.
    """

    speed: float = 0.0
    motor_current: float = 0.0
    bus_voltage: float = 0.0
    used_ah: float = 0.0
    slow_1: float = 0.0
    slow_2: float = 0.0
    hysteresis: float = 0.0
    throttle: float = 0.0
    fault_left: float = 0.0
    fault_code: int = 0
    alive: bool = True
    boot_left: float = 0.0
    closed: bool = True
    charge_on: bool = True
    discharge_on: bool = True
    lead_ok: bool = True
    extra_ohm: float = 0.0
    motor_enabled: bool = True
    ride_enabled: bool = True
    drive_scale: float = 1.0
    brake_scale: float = 1.0
    uv_trips: bool = True

    def restore(self, row: Row) -> None:
        """Go back to the moment after a row."""
        (self.speed, self.motor_current, _, _, self.bus_voltage, self.used_ah, self.slow_1, self.slow_2) = row[:8]
        self.hysteresis, self.throttle, self.fault_left = row[8:11]
        self.fault_code = int(row[11])
        self.alive = bool(row[13])


class Constants:
    """Numbers the loops need, worked out once: the pack as one source, forces, limits and time constants."""

    def __init__(self, pack: Pack, vehicle: Vehicle, controller: Controller, step_s: float) -> None:
        self.step = step_s
        capacity = float(pack.capacity_ah.max())
        self.first_ah = -0.2 * capacity
        grid = np.linspace(self.first_ah, 1.15 * capacity, 1351)
        self.per_ah = 1.0 / (grid[1] - grid[0])
        self.open_circuit = pack.open_circuit(grid).sum(axis=1).tolist()
        warm = np.full(len(grid), pack.temperature_c)
        self.ohmic = pack.ohmic(grid, warm).sum(axis=1).tolist()
        self.joints = float(pack.joint_ohm.sum()) + pack.wiring_ohm
        self.connector = pack.connector_ohm
        self.start_c = pack.temperature_c
        self.ratio_1, self.ratio_2 = pack.slow_ratio
        self.rate_1, self.rate_2 = (step_s / tau for tau in pack.slow_time_s)
        self.hysteresis_v = pack.hysteresis_v * pack.series
        self.hysteresis_rate = step_s / (0.008 * capacity * 3600)
        self.flux = vehicle.flux_per_speed
        self.winding = vehicle.winding_ohm
        self.motors = vehicle.motors
        self.force = vehicle.force_per_ampere * vehicle.motors
        self.mass = vehicle.mass_kg
        self.drag = 0.5 * 1.2 * vehicle.drag_area
        self.rolling = vehicle.rolling * vehicle.mass_kg * 9.81
        self.weight = vehicle.mass_kg * 9.81
        self.top_speed = vehicle.top_speed
        self.headroom = VOLT_PER_DUTY * 0.95
        self.response = min(step_s / controller.current_response_s, 1.0)
        self.controller = controller

    def temperature_factor(self, temperature_c: float) -> float:
        """Resistance at this temperature relative to the start."""
        now = float(resistance_factor(np.array(0.5), temperature_c))
        return now / float(resistance_factor(np.array(0.5), self.start_c))


@dataclass(slots=True)
class Chunk:
    """A few seconds of ride as arrays, on which protections are checked.

    Attributes:
        first: Index of the first step in the ride.
        step_s: Time step.
        columns: Values by the names of `COLUMNS`, shape (n,).
        temperature_c: Mean cell temperature.
        cells: Cell voltages, shape (n, series), measured where the protection board measures them.
    """

    first: int
    step_s: float
    columns: dict[str, NDArray[np.float64]]
    temperature_c: float
    cells: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.columns[name]

    def cut(self, count: int) -> Chunk:
        """Give the first `count` steps."""
        columns = {name: values[:count] for name, values in self.columns.items()}
        return Chunk(self.first, self.step_s, columns, self.temperature_c, self.cells[:count])


@dataclass(slots=True)
class History:
    """The finished ride: true values on the fine grid.

    Attributes:
        step_s: Time step; sample k is the state after step k, at (k + 1) steps.
        columns: By the names of `COLUMNS`, shape (n,).
        cell_temperature: Mean cell temperature in degC, shape (n,).
        fet_temperature: Of the controller, shape (n,).
        motor_temperature: Shape (n,).
        bms_temperature: FETs of the BMS, shape (n,).
        faults: Fault records of the controller since it started.
    """

    step_s: float
    columns: dict[str, NDArray[np.float64]]
    cell_temperature: NDArray[np.float64]
    fet_temperature: NDArray[np.float64]
    motor_temperature: NDArray[np.float64]
    bms_temperature: NDArray[np.float64]
    faults: list[FaultRecord] = field(default_factory=list)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.columns[name]

    @property
    def time(self) -> NDArray[np.float64]:
        """True time in s of each sample."""
        return np.asarray((np.arange(len(self.columns["speed"])) + 1.0) * self.step_s)

    @property
    def duration_s(self) -> float:
        """Length of the ride in s."""
        return len(self.columns["speed"]) * self.step_s
