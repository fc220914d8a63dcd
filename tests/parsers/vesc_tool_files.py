"""VESC Tool logs made line by line, in the layout each version writes."""

VALUES = (
    "ms_today;input_voltage;temp_mos_max;temp_mos_1;temp_mos_2;temp_mos_3;temp_motor;current_motor;current_in;"
    "d_axis_current;q_axis_current;erpm;duty_cycle;amp_hours_used;amp_hours_charged;watt_hours_used;"
    "watt_hours_charged;tachometer;tachometer_abs;encoder_position;fault_code;vesc_id;"
)
VOLTAGES = "d_axis_voltage;q_axis_voltage;"
SETUP = (
    "ms_today_setup;amp_hours_setup;amp_hours_charged_setup;watt_hours_setup;watt_hours_charged_setup;battery_level;"
    "battery_wh_tot;current_in_setup;current_motor_setup;speed_meters_per_sec;tacho_meters;tacho_abs_meters;num_vescs;"
)
IMU = "ms_today_imu;roll;pitch;yaw;accX;accY;accZ;gyroX;gyroY;gyroZ;"
FIX = "gnss_posTime;gnss_lat;gnss_lon;gnss_alt;gnss_gVel;gnss_vVel;gnss_hAcc;gnss_vAcc;"
HEADER_A = VALUES
HEADER_B = VALUES + VOLTAGES + FIX
HEADER_C = VALUES + VOLTAGES + SETUP + IMU + FIX


def row(index, header=HEADER_C, **changes):
    """Row `index` of a quiet ride, 100 ms apart, with the columns of `header`; `changes` by column name."""
    stamp = 36_000_000 + 100 * index
    values = {
        "ms_today": stamp,
        "input_voltage": 50.0,
        "temp_mos_max": 35.5,
        "temp_mos_1": 35.1,
        "temp_mos_2": 35.5,
        "temp_mos_3": 35.2,
        "temp_motor": 41.2,
        "current_motor": 12.25,
        "current_in": 4.5,
        "d_axis_current": 0.1,
        "q_axis_current": 12.2,
        "erpm": 9000 + index,
        "duty_cycle": 0.431,
        "amp_hours_used": round(0.5 + index * 1e-4, 4),
        "amp_hours_charged": 0.0312,
        "watt_hours_used": 25.5,
        "watt_hours_charged": 1.5,
        "tachometer": 1000 + 30 * index,
        "tachometer_abs": 1100 + 30 * index,
        "encoder_position": 180.25,
        "fault_code": 0,
        "vesc_id": 12,
        "d_axis_voltage": -1.25,
        "q_axis_voltage": 21.5,
        "ms_today_setup": stamp - 40,
        "amp_hours_setup": 1.0,
        "amp_hours_charged_setup": 0.06,
        "watt_hours_setup": 51,
        "watt_hours_charged_setup": 3,
        "battery_level": 0.5,
        "battery_wh_tot": 200.0,
        "current_in_setup": 9.0,
        "current_motor_setup": 24.5,
        "speed_meters_per_sec": 5.5,
        "tacho_meters": 100 + index,
        "tacho_abs_meters": 101 + index,
        "num_vescs": 2,
        "ms_today_imu": stamp - 30,
        "roll": 0.1,
        "pitch": -0.2,
        "yaw": 1.5707963,
        "accX": 0.01,
        "accY": 0.02,
        "accZ": 0.99,
        "gyroX": 1,
        "gyroY": 2,
        "gyroZ": -3,
        "gnss_posTime": stamp // 1000 * 1000,
        "gnss_lat": "47.50000000",
        "gnss_lon": "8.70000000",
        "gnss_alt": "450.00000000",
        "gnss_gVel": "5.40000000",
        "gnss_vVel": "0.10000000",
        "gnss_hAcc": "4.20000000",
        "gnss_vAcc": "3.00000000",
    }
    values.update(changes)
    separator = ";" if ";" in header else ","
    return separator.join(str(values[name]) for name in header.split(separator) if name) + separator


def rows(count, header=HEADER_C, **changes):
    return [row(index, header, **changes) for index in range(count)]


def text(lines, header=HEADER_C, newline="\n"):
    return (newline.join([header, *lines]) + newline).encode()
