"""Writes a WheelLog ride of an electric unicycle: 24 columns with position, 18 without."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from .clocks import DeviceClock
    from .controller_telemetry import ControllerTelemetry
    from .scene import Scene


def wheellog_name(clock: DeviceClock, true_s: float) -> str:
    """File name: the phone's local date and time."""
    return f"{clock.local(true_s):%Y_%m_%d_%H_%M_%S}.csv"


def write_wheellog(rng: Generator, scene: Scene, t: ControllerTelemetry, *, position: bool) -> bytes:
    """Write the ride; speeds in km/h, distances in whole metres, PWM and battery in percent."""
    count = len(t)
    clock = scene.controller_clock
    header = "date,time,"
    if position:
        header += "latitude,longitude,gps_speed,gps_alt,gps_heading,gps_distance,"
    header += (
        "speed,voltage,phase_current,current,power,torque,pwm,battery_level,distance,totaldistance,system_temp,temp2,"
        "tilt,roll,mode,alert"
    )
    odometer = int(rng.integers(50_000, 9_000_000))
    volts = np.round(t["voltage"], 2)
    current = np.round(t["battery_current"] * scene.vehicle.motors, 2)
    per_cell = t["slow_voltage"] / scene.pack.series
    level = np.clip((per_cell - 3.3) / 0.87, 0, 1) * 100
    pwm = np.clip(np.abs(t["duty"]) * 100 / 0.95, 0, 100)
    tilt = t.values.get("tilt", rng.normal(0.5, 1.2, count) - 0.04 * t["motor_current"])
    roll = rng.normal(0, 2.0, count)
    alerts = np.where(pwm >= 90, "PWM", "")
    metres = t["metres"]
    rows = [header]
    heading = np.mod(120 + 40 * np.sin(t.true_s / 60), 360)
    north = np.cumsum(np.gradient(metres) * np.cos(np.radians(heading))) if count > 1 else metres
    east = np.cumsum(np.gradient(metres) * np.sin(np.radians(heading))) if count > 1 else metres
    for k in range(count):
        moment = datetime.fromtimestamp(round(float(t.stamp_s[k]), 3) + clock.zone_s, UTC)
        text = f"{moment:%Y-%m-%d},{moment:%H:%M:%S}.{moment.microsecond // 1000:03d},"
        if position:
            text += f"{0.5 + north[k] / 111_320},{0.5 + east[k] / 111_320},{t['speed'][k] * 3.6 * 1.01},"
            text += f"12.4,{heading[k]},{int(metres[k])},"
        text += f"{t['speed'][k] * 3.6:.2f},{volts[k]:.2f},{t['motor_current'][k]:.2f},{current[k]:.2f},"
        text += f"{volts[k] * current[k]:.2f},0.00,{pwm[k]:.2f},{int(level[k])},{int(metres[k])},"
        text += f"{odometer + int(metres[k])},{round(float(t['fet_temperature'][k]))},0,{tilt[k]:.2f},{roll[k]:.2f},"
        text += f"Drive,{alerts[k]}"
        rows.append(text)
    return ("\n".join(rows) + "\n").encode()
