"""The vehicle, its motor and its controller settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

#: Vector control: phase voltage amplitude per duty and bus volt (1 / sqrt 3), and the factor of the power balance.
VOLT_PER_DUTY: Final = 0.57735
POWER_FACTOR: Final = 1.5

GRAVITY: Final = 9.81


@dataclass(slots=True)
class Vehicle:
    """Vehicle, rider and motor.

    Attributes:
        kind: scooter, esk8, wheel (electric unicycle) or onewheel.
        mass_kg: With rider.
        top_speed: Speed in m/s at which the motor has no voltage left on a nominal pack.
        cruise_speed: Speed in m/s the rider likes.
        drag_area: Drag coefficient times area, m2.
        rolling: Rolling resistance coefficient.
        motors: Motors, each with a controller of its own.
        flux_per_speed: Phase voltage amplitude per m/s.
        winding_ohm: Phase resistance of one motor.
        erpm_per_speed: Electrical revolutions per minute for 1 m/s.
        wheel_diameter_m: Wheel diameter.
        pole_pairs: Pole pairs of the motor.
        motor_heat: Heat capacity of a motor, J/K.
        motor_cooling: W/K at 5 m/s.
    """

    kind: str
    mass_kg: float
    top_speed: float
    cruise_speed: float
    drag_area: float
    rolling: float
    motors: int
    flux_per_speed: float
    winding_ohm: float
    erpm_per_speed: float
    wheel_diameter_m: float
    pole_pairs: int
    motor_heat: float
    motor_cooling: float
    motor_sensor: bool

    @property
    def force_per_ampere(self) -> float:
        """Force in N for one A of torque current in one motor; follows from the power balance."""
        return POWER_FACTOR * self.flux_per_speed


@dataclass(slots=True)
class Controller:
    """Settings and properties of each controller; currents in A, voltages in V, temperatures in degC.

    Attributes:
        motor_max: Most motor current when driving.
        motor_brake: Most motor current when braking, positive.
        battery_max: Most battery current when driving.
        battery_regen: Most battery current when braking, positive.
        absolute_max: Motor current that raises an over-current fault.
        voltage_max: Over-voltage fault.
        voltage_min: Under-voltage fault.
        cut_start: Drive current folds back from here.
        cut_end: Drive current is zero here.
        regen_cut_start: Regen folds back from here.
        regen_cut_end: Regen is zero here.
        fet_start: FET temperature where current folds back.
        fet_end: FET temperature where current is zero.
        motor_start: Motor temperature where current folds back.
        motor_end: Motor temperature where current is zero.
        bus_capacitance_f: Bus capacitors.
        fault_stop_s: How long a fault releases the motor.
        standby_w: What the controller itself draws.
        alive_v: Bus voltage below which its logic supply dies.
        integrating_trip: Voltage limits integrate the excess (newer firmware) or count eight samples (older).
        filtered_voltage: Telemetry voltage is low-pass filtered.
        current_gain: Error factor of the computed battery current.
        configured_cells: Series count in the settings (for the battery level).
        configured_ah: Capacity in the settings.
        fet_heat: Heat capacity of the power stage, J/K.
        fet_cooling: W/K.
        fet_ohm: Resistance that heats the power stage.
    """

    motor_max: float
    motor_brake: float
    battery_max: float
    battery_regen: float
    absolute_max: float
    voltage_max: float
    voltage_min: float
    cut_start: float
    cut_end: float
    regen_cut_start: float
    regen_cut_end: float
    fet_start: float
    fet_end: float
    motor_start: float
    motor_end: float
    bus_capacitance_f: float
    fault_stop_s: float
    standby_w: float
    alive_v: float
    integrating_trip: bool
    filtered_voltage: bool
    current_gain: float
    configured_cells: int
    configured_ah: float
    fet_heat: float
    fet_cooling: float
    fet_ohm: float
    current_response_s: float


def random_vehicle(rng: Generator, *, variant: int, nominal_v: float, kind: str = "") -> Vehicle:
    """Draw a vehicle for a pack of `nominal_v` volts.

    The second variant is heavier, slower to answer and has other motors.
    """
    kind = kind or str(rng.choice(["scooter", "esk8"], p=[0.6, 0.4]))
    rider = rng.normal(80, 12)
    mass = {"scooter": rng.uniform(20, 45), "esk8": rng.uniform(9, 20), "wheel": rng.uniform(18, 45)}.get(
        kind, rng.uniform(12, 18)
    )
    top = float(np.clip(nominal_v / rng.uniform(3.6, 6.0), 8, 26))
    if kind == "onewheel":
        top = float(np.clip(top, 8, 13))
    if variant == 2:
        mass *= 1.35
        top *= 0.9
    diameter = {"scooter": rng.uniform(0.2, 0.3), "esk8": rng.uniform(0.085, 0.2), "wheel": rng.uniform(0.36, 0.5)}.get(
        kind, 0.28
    )
    pairs = int(rng.choice([7, 15])) if kind == "esk8" else int(rng.choice([15, 20, 23, 28]))
    gear = rng.uniform(2.2, 4.2) if kind == "esk8" and pairs == 7 else 1.0
    motors = 2 if kind in ("scooter", "esk8") and rng.random() < 0.35 else 1
    return Vehicle(
        kind=kind,
        mass_kg=float(np.clip(rider, 50, 120) + mass),
        top_speed=top,
        cruise_speed=top * float(rng.uniform(0.4, 0.62)),
        drag_area=float(rng.uniform(0.45, 0.7)),
        rolling=float(rng.uniform(0.010, 0.022)),
        motors=motors,
        flux_per_speed=VOLT_PER_DUTY * nominal_v / top,
        winding_ohm=float(rng.uniform(0.02, 0.07)) * (nominal_v / 60),
        erpm_per_speed=60.0 * gear * pairs / (np.pi * diameter),
        wheel_diameter_m=float(diameter),
        pole_pairs=pairs,
        motor_heat=float(rng.uniform(600, 2200)),
        motor_cooling=float(rng.uniform(3, 8)),
        motor_sensor=bool(rng.random() < 0.75),
    )


def random_controller(rng: Generator, *, variant: int, vehicle: Vehicle, series: int, full_v: float) -> Controller:
    """Draw sensible settings for a vehicle and a pack of `series` groups and `full_v` volts when full."""
    acceleration = rng.uniform(1.6, 3.4) if vehicle.kind != "wheel" else rng.uniform(2.5, 4.5)
    motor_max = vehicle.mass_kg * acceleration / (vehicle.force_per_ampere * vehicle.motors)
    motor_max = float(np.round(np.clip(motor_max, 25, 160) / 5) * 5)
    battery_max = float(np.round(motor_max * rng.uniform(0.4, 0.75) / 5) * 5)
    low = 0.76 if full_v / series > 4 else 0.74
    return Controller(
        motor_max=motor_max,
        motor_brake=float(np.round(motor_max * rng.uniform(0.6, 1.0) / 5) * 5),
        battery_max=max(battery_max, 10.0),
        battery_regen=float(np.round(max(battery_max * rng.uniform(0.3, 0.8), 6.0) / 2) * 2),
        absolute_max=float(np.round(motor_max * rng.uniform(1.5, 2.0) / 10) * 10),
        voltage_max=float(np.round(full_v + rng.uniform(4.0, 9.0))),
        voltage_min=float(rng.choice([8.0, 8.0, 10.0, 12.0])),
        cut_start=float(np.round(full_v * (low + 0.045), 1)),
        cut_end=float(np.round(full_v * (low - 0.02), 1)),
        regen_cut_start=1000.0,
        regen_cut_end=1100.0,
        fet_start=85.0,
        fet_end=100.0,
        motor_start=85.0,
        motor_end=100.0,
        bus_capacitance_f=float(rng.uniform(1.2e-3, 2.9e-3)),
        fault_stop_s=0.5,
        standby_w=float(rng.uniform(0.8, 3.0)),
        alive_v=float(rng.uniform(6.5, 10.0)),
        integrating_trip=bool(rng.random() < 0.85),
        filtered_voltage=bool(rng.random() < 0.9),
        current_gain=float(rng.normal(1.0, 0.02 if variant == 1 else 0.035)),
        configured_cells=series if rng.random() < 0.75 else int(rng.choice([3, 10, 12, series])),
        configured_ah=float(rng.choice([6.0, 10.0, 12.6, 20.0, 30.0])),
        fet_heat=float(rng.uniform(120, 400)),
        fet_cooling=float(rng.uniform(1.5, 4.0)),
        fet_ohm=float(rng.uniform(0.002, 0.005)),
        current_response_s=0.04 if variant == 1 else 0.09,
    )
