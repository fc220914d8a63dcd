"""A VESC Tool log of any length for measurements: an ordinary ride of a 20S pack, all 55 columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

HEADER = (
    "ms_today;input_voltage;temp_mos_max;temp_mos_1;temp_mos_2;temp_mos_3;temp_motor;current_motor;current_in;"
    "d_axis_current;q_axis_current;erpm;duty_cycle;amp_hours_used;amp_hours_charged;watt_hours_used;"
    "watt_hours_charged;tachometer;tachometer_abs;encoder_position;fault_code;vesc_id;d_axis_voltage;"
    "q_axis_voltage;ms_today_setup;amp_hours_setup;amp_hours_charged_setup;watt_hours_setup;"
    "watt_hours_charged_setup;battery_level;battery_wh_tot;current_in_setup;current_motor_setup;"
    "speed_meters_per_sec;tacho_meters;tacho_abs_meters;num_vescs;ms_today_imu;roll;pitch;yaw;accX;accY;accZ;"
    "gyroX;gyroY;gyroZ;gnss_posTime;gnss_lat;gnss_lon;gnss_alt;gnss_gVel;gnss_vVel;gnss_hAcc;gnss_vAcc"
).split(";")


def write_log(path: Path, rows: int, seed: int = 7) -> None:
    """Write `rows` rows at 10 Hz; the same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    time = np.arange(rows) * 0.1
    speed = np.clip(6 + 4 * np.sin(time / 17) + 2 * np.sin(time / 5.3), 0, None)
    current = np.round(np.clip(25 * np.gradient(speed, 0.1) + 6 + rng.normal(0, 0.5, rows), -25, 70), 2)
    used = np.cumsum(np.clip(current, 0, None)) * 0.1 / 3600
    charged = np.cumsum(np.clip(-current, 0, None)) * 0.1 / 3600
    open_circuit = 82.0 - 14.0 * (used - charged) / max(used[-1], 1e-9)
    volts = np.round(open_circuit - 0.09 * current + rng.normal(0, 0.03, rows), 1)
    stamp = (43_200_000 + time * 1000).astype(np.int64)
    columns: dict[str, object] = {name: np.round(rng.normal(0, 1, rows), 4) for name in HEADER}
    zeros = np.zeros(rows, dtype=np.int64)
    columns |= {
        "ms_today": stamp,
        "input_voltage": volts,
        "temp_mos_max": np.round(35 + 10 * (1 - np.exp(-time / 600)), 1),
        "temp_mos_1": np.round(35 + 10 * (1 - np.exp(-time / 600)), 1),
        "temp_mos_2": zeros,
        "temp_mos_3": zeros,
        "temp_motor": np.round(30 + 25 * (1 - np.exp(-time / 900)), 1),
        "current_motor": np.round(current * 1.8, 2),
        "current_in": current,
        "erpm": (speed * 900).astype(np.int64),
        "duty_cycle": np.round(speed / 14, 3),
        "amp_hours_used": np.round(used, 4),
        "amp_hours_charged": np.round(charged, 4),
        "watt_hours_used": np.round(used * 75, 4),
        "watt_hours_charged": np.round(charged * 75, 4),
        "tachometer": np.cumsum(speed * 30).astype(np.int64),
        "tachometer_abs": np.cumsum(speed * 30).astype(np.int64),
        "fault_code": zeros,
        "vesc_id": zeros + 1,
        "ms_today_setup": stamp - 60,
        "battery_level": np.round(np.clip((open_circuit - 66) / 18, 0, 1), 3),
        "battery_wh_tot": np.round(np.clip((open_circuit - 66) / 18, 0, 1) * 629, 3),
        "current_in_setup": current,
        "current_motor_setup": np.round(current * 1.8, 2),
        "speed_meters_per_sec": np.round(speed, 3),
        "tacho_meters": np.round(np.cumsum(speed) * 0.1, 3),
        "tacho_abs_meters": np.round(np.cumsum(speed) * 0.1, 3),
        "num_vescs": zeros + 1,
        "ms_today_imu": stamp - 40,
        "gnss_posTime": (stamp // 1000) * 1000,
        "gnss_lat": np.round(47.0 + np.cumsum(speed) * 1e-7, 8),
        "gnss_lon": np.round(8.0 + np.cumsum(speed) * 1e-7, 8),
        "": pl.Series([None] * rows, dtype=pl.String),
    }
    pl.DataFrame(columns).write_csv(path, separator=";", null_value="")
