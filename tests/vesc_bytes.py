"""Bytes of a VESC Tool log (generation C) by its documented layout, around the made-up rides of `tests.rides`."""

import numpy as np

from tests import rides

NAMES = (
    "ms_today;input_voltage;temp_mos_max;temp_mos_1;temp_mos_2;temp_mos_3;temp_motor;current_motor;current_in;"
    "d_axis_current;q_axis_current;erpm;duty_cycle;amp_hours_used;amp_hours_charged;watt_hours_used;watt_hours_charged;"
    "tachometer;tachometer_abs;encoder_position;fault_code;vesc_id;d_axis_voltage;q_axis_voltage;ms_today_setup;"
    "amp_hours_setup;amp_hours_charged_setup;watt_hours_setup;watt_hours_charged_setup;battery_level;battery_wh_tot;"
    "current_in_setup;current_motor_setup;speed_meters_per_sec;tacho_meters;tacho_abs_meters;num_vescs;ms_today_imu;roll;"
    "pitch;yaw;accX;accY;accZ;gyroX;gyroY;gyroZ;gnss_posTime;gnss_lat;gnss_lon;gnss_alt;gnss_gVel;gnss_vVel;gnss_hAcc;"
    "gnss_vAcc"
).split(";")


def vesc_log(*, cut: bool = False, seconds: float = 240.0, seed: int = 3) -> bytes:
    """A ride of a 20S pack; with `cut` the pack opens under load half-way."""
    columns = rides.cut_under_load(seconds, seconds / 2)[0] if cut else rides.controller(seconds, seed=seed)
    stamp = 43_200_000 + np.round(columns["time"] * 1000).astype(int)
    values = {name: np.zeros(len(stamp)) for name in NAMES}
    values |= {
        "ms_today": stamp,
        "ms_today_setup": stamp - 40,
        "ms_today_imu": stamp - 40,
        "input_voltage": columns["pack_voltage"],
        "current_in": columns["battery_current"],
        "current_motor": columns["motor_current"],
        "temp_mos_max": columns["fet_temperature"],
        "temp_motor": columns["motor_temperature"],
        "erpm": columns["erpm"],
        "duty_cycle": columns["duty"],
        "amp_hours_used": columns["amp_hours_used"],
        "watt_hours_used": columns["watt_hours_used"],
        "tachometer_abs": np.round(columns["tachometer_absolute"]),
        "speed_meters_per_sec": columns["speed"],
        "battery_level": np.full(len(stamp), 0.6),
        "battery_wh_tot": np.full(len(stamp), 400.0),
        "num_vescs": np.ones(len(stamp)),
        "vesc_id": np.ones(len(stamp)),
        "gnss_posTime": np.full(len(stamp), -1),
    }
    rows = [";".join(f"{values[name][row]:.10g}" for name in NAMES) + ";" for row in range(len(stamp))]
    return (";".join(NAMES) + ";\n" + "\n".join(rows) + "\n").encode()
