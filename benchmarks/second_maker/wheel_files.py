"""Ride logs of wheel and balance-board apps."""

from __future__ import annotations

import datetime as calendar

import numpy as np

from .controller_log import Rows
from .vehicle import Vehicle


def _moments(rows: Rows, start: calendar.datetime) -> list[calendar.datetime]:
    return [start + calendar.timedelta(seconds=float(when)) for when in rows.time]


def wheellog(rows: Rows, start: calendar.datetime, vehicle: Vehicle, rng: np.random.Generator, *, gps: bool) -> bytes:
    """Current is what the app works out from phase current and PWM."""
    place = "latitude,longitude,gps_speed,gps_alt,gps_heading,gps_distance," if gps else ""
    lines = [
        f"date,time,{place}speed,voltage,phase_current,current,power,torque,pwm,battery_level,distance,totaldistance,system_temp,temp2,tilt,roll,mode,alert"
    ]
    values = rows.values
    odometer = int(rng.integers(200_000, 4_000_000))
    north, east = rng.uniform(40, 60), rng.uniform(5, 30)
    for i, when in enumerate(_moments(rows, start)):
        volt, pwm, phase = values["voltage"][i], values["pwm"][i], values["motor"][i]
        current = phase * pwm / 100
        percent = int(np.clip((volt / vehicle.series - 3.2) / 0.95 * 100, 0, 100))
        speed = values["speed"][i] * 3.6
        row = [when.strftime("%Y-%m-%d"), when.strftime("%H:%M:%S.%f")[:-3]]
        if gps:
            row += [
                f"{north + i * 1e-6:.14f}",
                f"{east + i * 1e-6:.14f}",
                f"{max(speed + values['gps_noise'][i], 0):.2f}",
                "112.0",
                "87.0",
                f"{values['distance'][i]:.0f}",
            ]
        row += [
            f"{speed:.2f}",
            f"{volt:.2f}",
            f"{phase:.2f}",
            f"{current:.2f}",
            f"{volt * current:.2f}",
            f"{phase * 0.6:.2f}",
            f"{pwm:.2f}",
            str(percent),
            f"{values['distance'][i]:.0f}",
            f"{odometer + values['distance'][i]:.0f}",
            f"{values['fet'][i]:.0f}",
            "0",
            f"{values['tilt'][i]:.2f}",
            f"{values['roll'][i]:.2f}",
            "Drive",
            str(values["alert"][i]),
        ]
        lines.append(",".join(row))
    return ("\n".join(lines) + "\n").encode()


def euc_world(rows: Rows, start: calendar.datetime, vehicle: Vehicle) -> bytes:
    """Version 2: safety margin is what is left of the PWM; positions only on some rows."""
    head = (
        "datetime,duration,duration_riding,distance,distance_total,speed,speed_avg,speed_avg_riding,speed_max,"
        "speed_limit,voltage,current,current_phase,power,"
        "battery,temp,temp_motor,temp_batt,safety_margin,cpu_load,tilt,roll,fan,alert,alarm,"
        "gps_datetime,gps_duration,gps_duration_riding,gps_distance,gps_lat,"
        "gps_lon,gps_speed,gps_speed_avg,gps_speed_avg_riding,gps_speed_max,gps_alt,gps_bearing,"
        "gps_acc,hr,extra"
    )
    lines, values = [head], rows.values
    top = np.maximum.accumulate(values["speed"] * 3.6) if rows.time.size else []
    for i, when in enumerate(_moments(rows, start)):
        volt, phase, pwm = values["voltage"][i], values["motor"][i], values["pwm"][i]
        current, speed, km = phase * pwm / 100, values["speed"][i] * 3.6, values["distance"][i] / 1000
        percent = int(np.clip((volt / vehicle.series - 3.2) / 0.95 * 100, 0, 100))
        duration = int(rows.time[i] - rows.time[0])
        fix = [""] * 13
        if i % 5 == 0:
            fix = [
                when.strftime("%Y-%m-%dT%H:%M:%S") + "+0200",
                str(duration),
                str(duration),
                f"{km:.3f}",
                f"{50 + i * 1e-6:.6f}",
                f"{12 + i * 1e-6:.6f}",
                f"{max(speed + values['gps_noise'][i], 0):.1f}",
                "0",
                "0",
                f"{top[i]:.1f}",
                "240",
                "87",
                "4",
            ]
        row = [
            when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0200",
            str(duration),
            str(duration),
            f"{km:.3f}",
            f"{2210 + km:.3f}",
            f"{speed:.2f}",
            "18.0",
            "21.0",
            f"{top[i]:.2f}",
            "50",
            f"{volt:.2f}",
            f"{current:.2f}",
            f"{phase:.2f}",
            f"{volt * current:.0f}",
            str(percent),
            f"{values['fet'][i]:.0f}",
            "",
            "",
            f"{100 - pwm:.0f}",
            "",
            f"{values['tilt'][i]:.2f}",
            f"{values['roll'][i]:.2f}",
            "0",
            "0",
            "0",
            *fix,
            "",
            "euc.make=Begode" if i == 0 else "",
        ]
        lines.append(",".join(row))
    return ("\n".join(lines) + "\n").encode()


def darknessbot(rows: Rows, start: calendar.datetime, vehicle: Vehicle) -> bytes:
    """One row every second or two."""
    lines, values = (
        [
            "Date,Speed,Voltage,PWM,Current,Power,Battery level,Total mileage,Temperature,Pitch,Roll,Latitude,Longitude,Altitude"
        ],
        rows.values,
    )
    for i, when in enumerate(_moments(rows, start)):
        volt = values["voltage"][i]
        current = values["motor"][i] * values["pwm"][i] / 100
        percent = int(np.clip((volt / vehicle.series - 3.2) / 0.95 * 100, 0, 100))
        row = [
            f"{when:%Y-%m-%dT%H:%M:%S.%f}",
            f"{values['speed'][i] * 3.6:.1f}",
            f"{volt:.2f}",
            f"{values['pwm'][i]:.0f}",
        ]
        row += [f"{current:.2f}", f"{volt * current:.0f}", str(percent), f"{values['distance'][i] / 1000:.3f}"]
        row += [f"{values['fet'][i]:.0f}", f"{values['tilt'][i]:.1f}", f"{values['roll'][i]:.1f}"]
        lines.append(",".join([*row, f"50.{i:06d}", f"12.{i:06d}", "240.0"]))
    return ("\n".join(lines) + "\n").encode()


def float_control(rows: Rows, *, miles: bool = False) -> bytes:
    """Seconds since the start; per cent with its sign."""
    unit, speed_unit, factor = ("mi", "mph", 0.621371) if miles else ("km", "km/h", 1.0)
    lines = [
        f"Time(s),State,Distance({unit}),Speed({speed_unit}),Duty%,ADC1,ADC2,"
        "Voltage,Pitch,Roll,I-Battery,I-Motor,I-FldWeak,Requested Amps,Setpoint,SP-ATR,SP-Carve,"
        "T-Mosfet,T-Mot,Motor-Fault,Ah,Ah Charged,Wh,Wh Charged,ERPM,"
        "Altitude(m),State(num),True Pitch,SP-TrqTlt,SP-BrkTlt,SP-Remote,T-Batt,I-Booster,GPS-Lat,"
        "GPS-Long,GPS-Accuracy"
    ]
    values = rows.values
    for i, when in enumerate(rows.time - rows.time[0]):
        state = str(values["state"][i]) if "state" in values else "RIDING"
        number = {"RIDING": 1, "STARTUP": 11, "WHEELSLIP": 3, "STOP Angle": 6, "STOP Full": 9}[state]
        pads = ("3.02", "3.01") if "pads" not in values or values["pads"][i] else ("0.11", "0.09")
        row = [f"{when:.2f}", state, f"{values['distance'][i] / 1000 * factor:.4f}"]
        row += [f"{values['speed'][i] * 3.6 * factor:.1f}", f"{values['pwm'][i]:.0f}%", *pads]
        row += [f"{values[name][i]:.1f}" for name in ("voltage", "tilt", "roll", "current", "motor")]
        row += ["0", f"{values['motor'][i]:.1f}", "0.3", "0.1", "0", f"{values['fet'][i]:.1f}"]
        row += [f"{values['motor_temperature'][i]:.1f}", f"{int(values['fault'][i])}"]
        row += [f"{values[name][i]:.2f}" for name in ("ah", "ah_charged", "wh", "wh_charged")]
        row += [f"{values['erpm'][i]:.0f}", "240", str(number), f"{values['tilt'][i]:.1f}", "0", "0", "0", "0", "0"]
        lines.append(",".join([*row, f"50.{i:07d}", f"12.{i:07d}", "5"]))
    return ("\n".join(lines) + "\n").encode()
