"""Everything that makes up one made-up ride before it is run, healthy by default; families change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from .chemistry import random_cell_type
from .clocks import DeviceClock, Link, bms_link, desktop_link, phone_link, random_clock
from .engine import Engine
from .pack import Pack, random_pack
from .protection import Board, random_limits
from .rider import Rider, insert_manoeuvre, random_rider
from .vehicle import Controller, Vehicle, random_controller, random_vehicle

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from .bms_telemetry import BmsTelemetry
    from .controller_telemetry import ControllerTelemetry
    from .state import History

#: Time step of the simulation in s.
STEP_S: Final = 0.02

#: Groups of iron phosphate packs for systems of 36, 48, 60, 72 and 96 V: their cells have 3.2 V where others have 3.6.
_IRON_COUNTS: Final = (12, 15, 16, 20, 24, 32)

_ZONES_S: Final = (0, 3600, 7200, 7200, 10800, -14400, -18000, -25200, 19800, 28800, 36000)


@dataclass(slots=True)
class Truth:
    """What really happened.

    Attributes:
        onset_s: True time of the decisive moment; None for a lasting state or a healthy ride.
        end_s: True time at which it was over, None if it lasted.
        contributing: Causes that helped, by id.
        facts: Anything worth knowing about the incident, numbers and texts.
        openings: True times, s, at which a contact in the path parted and closed again.
    """

    onset_s: float | None = None
    end_s: float | None = None
    contributing: list[str] = field(default_factory=list)
    facts: dict[str, float | str] = field(default_factory=dict)
    openings: list[tuple[float, float]] = field(default_factory=list)

    def begin(self, time_s: float) -> None:
        """Note the decisive moment, the first one only."""
        if self.onset_s is None:
            self.onset_s = time_s


@dataclass(slots=True)
class Meter:
    """The charge meter of a protection board.

    Attributes:
        offset: Error of the shown state of charge at the start.
        capacity_factor: Configured over true capacity.
        gain: Error factor of its current sensor.
        bias_a: Current it reads with none flowing.
        dead_a: Currents below read as zero.
        cell_noise_v: Noise of the cell voltages.
    """

    offset: float = 0.0
    capacity_factor: float = 1.0
    gain: float = 1.0
    bias_a: float = 0.0
    dead_a: float = 0.0
    cell_noise_v: float = 0.0007


@dataclass(slots=True)
class Scene:
    """A ride to be: parts, clocks, links and what shall go wrong.

    Attributes:
        event_s: True time around which the family's event shall happen.
        configured_series: Series count the protection board is set to.
        balancing: The balancer is switched on.
        parked: Step in s and pack current in A (positive discharging) of a vehicle that is not ridden, None for a ride.
        extras: Write position and motion sensor columns into a VESC Tool log; drawn if None.
        full_margin: How far a healthy ride may lift the bus over the full pack's voltage, as a factor.
        own_trips_early: The board acts before the decisive moment, as part of the story.
        after_ride: Called with the finished ride, to find the onset in it.
        controller_hooks: Change the controller's samples before they are written.
        bms_hooks: Change the board's samples before they are written.
    """

    rng: Generator
    variant: int
    suite: str
    pack: Pack
    vehicle: Vehicle
    controller: Controller
    board: Board
    rider: Rider
    engine: Engine
    duration_s: float
    event_s: float
    controller_link: Link
    bms_link: Link
    controller_clock: DeviceClock
    bms_clock: DeviceClock
    truth: Truth = field(default_factory=Truth)
    meter: Meter = field(default_factory=Meter)
    configured_series: int = 0
    balancing: bool = True
    parked: tuple[float, NDArray[np.float64]] | None = None
    extras: bool | None = None
    full_margin: float = 1.005
    own_trips_early: bool = False
    after_ride: list[Callable[[Scene, History], None]] = field(default_factory=list)
    controller_hooks: list[Callable[[Scene, ControllerTelemetry], None]] = field(default_factory=list)
    bms_hooks: list[Callable[[Scene, BmsTelemetry], None]] = field(default_factory=list)

    @property
    def cruise(self) -> float:
        """Speed in m/s the rider likes."""
        return self.vehicle.cruise_speed

    def manoeuvre(self, at_s: float, *speeds: tuple[float, float]) -> None:
        """Put pairs of duration in s and wanted speed in m/s into the ride."""
        insert_manoeuvre(self.rider, STEP_S, at_s, speeds)

    def launch(self, at_s: float, hold_s: float = 8.0) -> None:
        """Come to a stand and start at full throttle, at `at_s`."""
        self.manoeuvre(at_s - 5, (5.0, 0.0), (hold_s, self.vehicle.top_speed * 0.95))

    def pull(self, at_s: float, hold_s: float = 8.0) -> None:
        """Pull from cruise towards top speed at `at_s`."""
        self.manoeuvre(at_s - 7, (7.0, 0.55 * self.vehicle.cruise_speed), (hold_s, self.vehicle.top_speed * 0.95))

    def brake(self, at_s: float, hold_s: float = 6.0) -> None:
        """Brake hard from speed at `at_s`, all the way to a stand."""
        self.manoeuvre(at_s - 9, (9.0, self.vehicle.cruise_speed * 1.2), (hold_s, 0.0))

    def set_charge(self, soc: float) -> None:
        """Move the whole pack to a state of charge, keeping the differences of the groups."""
        self.pack.start_soc += soc - float(np.mean(self.pack.start_soc))

    def set_temperature(self, celsius: float) -> None:
        """Move pack, air, controller and motor to a temperature."""
        self.pack.temperature_c = celsius
        for name in ("cell_c", "fet_c", "motor_c", "bms_c"):
            setattr(self.engine, name, celsius + 1.0)


def build_scene(
    rng: Generator,
    *,
    suite: str,
    variant: int,
    duration_s: tuple[float, float],
    series: int | None = None,
    kind: str = "",
    vehicle_kind: str = "",
    start: datetime | None = None,
    ride_rng: Generator | None = None,
) -> Scene:
    """Draw a healthy ride.

    Args:
        rng: Source of chance for the hardware.
        suite: Which logs there will be; decides the family of the protection board and the kind of vehicle.
        variant: Physics variant, 1 or 2.
        duration_s: Shortest and longest ride.
        series: Cell groups in series; drawn if not given.
        kind: Chemistry, "nmc" or "lfp"; drawn if not given.
        vehicle_kind: See `Vehicle.kind`; drawn if not given.
        start: True start; drawn if not given.
        ride_rng: Source of chance for the ride itself, when the same vehicle rides many times; `rng` if not given.
    """
    wheel = suite == "wheellog"
    given = series
    if series is None:
        series = int(
            rng.choice([20, 24, 24, 30, 32])
            if wheel
            else rng.choice(
                [10, 12, 13, 14, 16, 18, 20, 21, 24, 30, 32],
                p=[0.14, 0.12, 0.14, 0.10, 0.13, 0.05, 0.17, 0.04, 0.05, 0.03, 0.03],
            )
        )
    cell = random_cell_type(rng, kind)
    if given is None and cell.chemistry == "lfp":
        drawn = series
        series = min(_IRON_COUNTS, key=lambda count: abs(count - drawn))
    chemistry_v = 3.2 if cell.chemistry == "lfp" else 3.6
    vehicle = random_vehicle(
        rng, variant=variant, nominal_v=series * chemistry_v, kind=vehicle_kind or ("wheel" if wheel else "")
    )
    controller = random_controller(rng, variant=variant, vehicle=vehicle, series=series, full_v=series * 4.2)
    pack = random_pack(rng, variant=variant, series=series, peak_a=controller.battery_max * vehicle.motors, kind=cell)
    if pack.kind.chemistry == "lfp":
        controller.voltage_max = float(np.round(pack.full_v + 6))
        controller.cut_start, controller.cut_end = pack.series * 2.9, pack.series * 2.6
        pack.start_soc = np.clip(pack.start_soc, 0.3, 0.95)
    family = next((name for name in ("jk", "jbd", "ant", "daly") if name in suite), "")
    family = family or str(rng.choice(["jk", "jbd", "ant", "daly"]))
    motors = vehicle.motors
    board = Board(random_limits(rng, family, pack, controller.battery_max * motors, controller.battery_regen * motors))
    zone = int(rng.choice(_ZONES_S))
    phone = phone_link(rng) if rng.random() < 0.85 else desktop_link(rng)
    link = bms_link(rng)
    same = bool(rng.random() < 0.5)
    meter = Meter(
        offset=float(rng.normal(0, 0.015)),
        gain=float(rng.normal(1.0, 0.01 if variant == 1 else 0.02)),
        dead_a=float(rng.choice([0.0, 0.0, 0.1, 0.5])),
        bias_a=float(rng.normal(0, 0.03)),
    )
    if ride_rng is not None:
        rng = ride_rng
        charge = float(rng.uniform(0.45, 0.95))
        pack.start_soc += charge - float(np.mean(pack.start_soc))
        pack.temperature_c = float(rng.normal(20, 6))
    length = float(rng.uniform(*duration_s))
    rider = random_rider(
        rng, variant=variant, duration_s=length, step_s=STEP_S, cruise=vehicle.cruise_speed, top=vehicle.top_speed
    )
    engine = Engine(pack, vehicle, controller, rider, rng, STEP_S)
    engine.watches.append(board)
    start = start or datetime.fromtimestamp(float(rng.integers(1_704_067_200, 1_790_000_000)), UTC)
    epoch = np.floor(start.timestamp())
    phone.start_s = float(rng.uniform(0.1, 2.5))
    link.start_s = float(rng.uniform(0.1, 3.0))
    return Scene(
        rng=rng,
        variant=variant,
        suite=suite,
        pack=pack,
        vehicle=vehicle,
        controller=controller,
        board=board,
        rider=rider,
        engine=engine,
        duration_s=length,
        event_s=float(length * rng.uniform(0.35, 0.8)),
        controller_link=phone,
        bms_link=link,
        controller_clock=random_clock(rng, epoch, zone, same_phone=True),
        bms_clock=random_clock(rng, epoch, zone, same_phone=same),
        meter=meter,
        configured_series=series,
    )
