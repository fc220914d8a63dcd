"""Writes a VESC Tool real-time log: 55 columns, a separator after the last one too, six significant digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .rider import smooth_noise

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from .clocks import DeviceClock
    from .controller_telemetry import ControllerTelemetry
    from .vehicle import Controller, Vehicle

    Series = NDArray[np.float64]

_COLUMNS: Final = (
    "ms_today input_voltage temp_mos_max temp_mos_1 temp_mos_2 temp_mos_3 temp_motor current_motor current_in "
    "d_axis_current q_axis_current erpm duty_cycle amp_hours_used amp_hours_charged watt_hours_used "
    "watt_hours_charged tachometer tachometer_abs encoder_position fault_code vesc_id d_axis_voltage q_axis_voltage "
    "ms_today_setup amp_hours_setup amp_hours_charged_setup watt_hours_setup watt_hours_charged_setup battery_level "
    "battery_wh_tot current_in_setup current_motor_setup speed_meters_per_sec tacho_meters tacho_abs_meters num_vescs "
    "ms_today_imu roll pitch yaw accX accY accZ gyroX gyroY gyroZ gnss_posTime gnss_lat gnss_lon gnss_alt gnss_gVel "
    "gnss_vVel gnss_hAcc gnss_vAcc"
).split()
_WHOLE: Final = frozenset(
    (
        "ms_today",
        "tachometer",
        "tachometer_abs",
        "fault_code",
        "vesc_id",
        "ms_today_setup",
        "num_vescs",
        "ms_today_imu",
        "gnss_posTime",
    )
)
_DAY_MS: Final = 86_400_000
#: Decimals of the setup packet; four for the rest.
_SETUP_DIGITS: Final = {
    "battery_level": 3,
    "battery_wh_tot": 3,
    "current_in_setup": 2,
    "current_motor_setup": 2,
    "speed_meters_per_sec": 3,
    "tacho_meters": 3,
    "tacho_abs_meters": 3,
}


def battery_level(voltage: NDArray[np.float64], cells: int, amp_hours: float) -> tuple[Series, Series]:
    """State of charge and energy left as the firmware works them out from the filtered voltage alone.

    The polynomial is that of the firmware for lithium-ion cells from 3.2 to 4.2 V.
    """
    x = np.clip(voltage / cells - 3.2, 0.0, 1.0)
    capacity = -2.979767 * x**5 + 5.487810 * x**4 - 3.501286 * x**3 + 1.675683 * x**2 + 0.317147 * x
    level = capacity * ((3.2 * cells + voltage) / 2) / (3.7 * cells)
    return level, level * 0.85 * amp_hours * 3.7 * cells


def vesc_tool_name(clock: DeviceClock, true_s: float) -> str:
    """File name of a log that began at a true time: the phone's local date and time."""
    return f"{clock.local(true_s):%Y-%m-%d_%H-%M-%S}.csv"


def write_vesc_tool(
    rng: Generator,
    telemetry: ControllerTelemetry,
    vehicle: Vehicle,
    controller: Controller,
    clock: DeviceClock,
    *,
    position: bool,
    imu: bool,
    line_end: str = "\n",
) -> bytes:
    """Write the log.

    The setup block (battery level, speed, sums over all controllers) comes in a packet of its own: it repeats and
    lags by up to two ticks of the link, and the first rows may carry one from long before.
    """
    count = len(telemetry)
    header = "".join(f"{name};" for name in _COLUMNS)
    if not count:
        return (header + line_end).encode()
    ms = np.round(telemetry.stamp_s * 1000).astype(np.int64) % _DAY_MS
    columns: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {name: np.zeros(count) for name in _COLUMNS}
    start = _start(rng, telemetry, vehicle)
    columns.update(_own_packet(rng, telemetry, ms, start))
    columns.update(_setup_packet(rng, telemetry, vehicle, controller, ms, start))
    columns["ms_today_imu"] = np.full(count, -1)
    if imu or "tilt" in telemetry.values:
        columns.update(_imu_packet(rng, telemetry, ms))
    columns["gnss_posTime"] = np.full(count, -1)
    if position:
        columns.update(_position(rng, telemetry, clock))
    pattern = "".join(
        ("%d;" if name in _WHOLE else "%.8f;" if name.startswith("gnss_") else "%.6g;") for name in _COLUMNS
    )
    rows = zip(*(columns[name].tolist() for name in _COLUMNS), strict=True)
    return (header + line_end + line_end.join(pattern % row for row in rows) + line_end).encode()


def _start(rng: Generator, t: ControllerTelemetry, vehicle: Vehicle) -> dict[str, Series]:
    """What the counters held at the first row: the controller may have been on for a while. A restart clears them."""
    steps = int(rng.integers(0, 3)) if rng.random() < 0.5 else int(rng.integers(0, 400_000))
    amp_hours = steps / 400_000 * rng.uniform(0.5, 3)
    kept = np.where(np.concatenate(([0], np.cumsum(np.diff(t["steps"]) < -50))) > 0, 0.0, 1.0)
    return {
        "steps": kept * steps,
        "ah": kept * amp_hours,
        "wh": kept * amp_hours * float(np.mean(t["voltage"])),
        "metres": kept * steps * 10.0 / vehicle.erpm_per_speed,
    }


def _own_packet(
    rng: Generator, t: ControllerTelemetry, ms: NDArray[np.int64], start: dict[str, Series]
) -> dict[str, Series]:
    count = len(t)
    sensors = rng.random() < 0.3
    q_volt = t["duty"] * 0.57735 * t["voltage"]
    steps = np.floor(t["steps"] + start["steps"])
    return {
        "ms_today": ms,
        "input_voltage": np.round(t["voltage"], 1),
        "temp_mos_max": np.round(t["fet_temperature"], 1),
        "temp_mos_1": np.round(t["fet_temperature"] - 0.3, 1) if sensors else np.zeros(count),
        "temp_mos_3": np.round(t["fet_temperature"], 1) if sensors else np.zeros(count),
        "temp_motor": np.round(t["motor_temperature"], 1),
        "current_motor": np.round(t["motor_current"], 2),
        "current_in": np.round(t["battery_current"], 2),
        "d_axis_current": np.round(t["d_current"], 2),
        "q_axis_current": np.round(t["motor_current"] * 0.998, 2),
        "erpm": np.round(t["erpm"]),
        "duty_cycle": np.round(t["duty"], 3),
        "amp_hours_used": np.round(t["ah_used"] + start["ah"], 4),
        "amp_hours_charged": np.round(t["ah_charged"] + 0.12 * start["ah"], 4),
        "watt_hours_used": np.round(t["wh_used"] + start["wh"], 4),
        "watt_hours_charged": np.round(t["wh_charged"] + 0.12 * start["wh"], 4),
        "tachometer": steps,
        "tachometer_abs": steps + np.floor(0.004 * start["steps"]),
        "encoder_position": np.round((t["steps"] * 60.0) % 360.0, 6),
        "fault_code": t["fault"],
        "vesc_id": np.full(count, int(rng.integers(0, 128))),
        "d_axis_voltage": np.round(-0.02 * q_volt - 0.01 * t["motor_current"], 3),
        "q_axis_voltage": np.round(q_volt, 3),
    }


def _setup_packet(
    rng: Generator,
    t: ControllerTelemetry,
    vehicle: Vehicle,
    controller: Controller,
    ms: NDArray[np.int64],
    start: dict[str, Series],
) -> dict[str, Series]:
    count = len(t)
    # The packet came with this row's, or one or two ticks of the link before it.
    age = rng.choice([0.0, 1.0, 1.0, 1.0, 2.0], count) * t.tick_s
    moment = np.maximum.accumulate(np.maximum(t.true_s - age, t.true_s[0]))
    source = np.maximum(np.searchsorted(t.true_s, moment, side="right") - 1, 0)
    stamp = ms - np.round((t.true_s - moment) * 1000).astype(np.int64) - (age == 0) * rng.integers(0, 2, count)
    stale = int(rng.integers(0, 3)) if rng.random() < 0.6 else 0
    old_ms = int(ms[0] - rng.integers(3_000, 52_000)) % _DAY_MS
    level, left = battery_level(t["slow_voltage"], controller.configured_cells, controller.configured_ah)
    motors = vehicle.motors
    own = {
        "amp_hours_setup": (t["ah_used"] + start["ah"]) * motors,
        "amp_hours_charged_setup": (t["ah_charged"] + 0.12 * start["ah"]) * motors,
        "watt_hours_setup": (t["wh_used"] + start["wh"]) * motors,
        "watt_hours_charged_setup": (t["wh_charged"] + 0.12 * start["wh"]) * motors,
        "battery_level": level,
        "battery_wh_tot": left,
        "current_in_setup": t["now_current"],
        "current_motor_setup": t["now_motor_current"],
        "speed_meters_per_sec": t["speed"],
        "tacho_meters": t["metres"] + start["metres"],
        "tacho_abs_meters": t["metres"] + 1.004 * start["metres"],
    }
    result = {
        name: np.round(np.interp(moment, t.true_s, values), _SETUP_DIGITS.get(name, 4)) for name, values in own.items()
    }
    if stale:
        stamp = stamp.copy()
        stamp[:stale] = old_ms
    result["ms_today_setup"] = stamp % _DAY_MS
    result["num_vescs"] = t.values.get("controllers", np.full(count, motors))[source]
    return result


def _imu_packet(rng: Generator, t: ControllerTelemetry, ms: NDArray[np.int64]) -> dict[str, Series]:
    count = len(t)
    lag = rng.integers(0, 2, count)
    source = np.maximum.accumulate(np.maximum(np.arange(count) - lag, 0))
    shake = 0.02 + 0.03 * np.minimum(t["speed"] / 5, 1)
    result: dict[str, Series] = {"ms_today_imu": ms[source].astype(np.float64)}
    for name, level, size in (
        ("roll", 0.0, 0.5),
        ("pitch", 0.02, 0.4),
        ("accX", 0.0, 2),
        ("accY", 0.0, 2),
        ("accZ", 0.99, 2),
    ):
        result[name] = level + shake * size * rng.standard_normal(count)
    if "tilt" in t.values:
        result["pitch"] = np.radians(t["tilt"])
    result["yaw"] = np.mod(smooth_noise(rng, count, 0.1, 9.0) + np.pi, 2 * np.pi) - np.pi
    for name in ("gyroX", "gyroY", "gyroZ"):
        result[name] = 150 * shake * rng.standard_normal(count)
    return result


def _position(rng: Generator, t: ControllerTelemetry, clock: DeviceClock) -> dict[str, Series]:
    """Positions once a second, held between; the place is open sea, so that no made-up ride leads to a real door."""
    second = np.floor(t.true_s)
    heading = 1.5 * smooth_noise(rng, int(second.max()) + 2, 1.0, 40.0)
    speed = np.interp(np.arange(len(heading)), t.true_s, t["speed"])
    north, east = np.cumsum(speed * np.cos(heading)), np.cumsum(speed * np.sin(heading))
    place = second.astype(int)
    return {
        "gnss_posTime": np.mod(np.round(clock.stamp(second)) * 1000.0, _DAY_MS),
        "gnss_lat": 0.5 + (north[place] + 0.0) / 111_320,
        "gnss_lon": 0.5 + east[place] / 111_320,
        "gnss_alt": 12.0 + np.round(3 * smooth_noise(rng, len(heading), 1.0, 60.0), 4)[place],
        "gnss_gVel": np.maximum(speed[place] * rng.normal(1, 0.01), 0),
        "gnss_hAcc": np.round(4.5 + 0.5 * np.abs(smooth_noise(rng, len(heading), 1.0, 20.0)), 6)[place],
        "gnss_vAcc": np.full(len(t), 3.0),
    }
