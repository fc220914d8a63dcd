"""Files of VESC controllers: the app's CSV, the logger's CSV, the terminal's list of faults and the settings."""

from __future__ import annotations

import datetime as calendar

import numpy as np

from .controller_log import Rows
from .vehicle import Vehicle

CAPTIONS = (
    "ms_today;input_voltage;temp_mos_max;temp_mos_1;temp_mos_2;temp_mos_3;temp_motor;current_motor;current_in;"
    "d_axis_current;q_axis_current;erpm;duty_cycle;amp_hours_used;amp_hours_charged;watt_hours_used;watt_hours_charged;"
    "tachometer;tachometer_abs;encoder_position;fault_code;vesc_id;d_axis_voltage;q_axis_voltage;ms_today_setup;"
    "amp_hours_setup;amp_hours_charged_setup;watt_hours_setup;watt_hours_charged_setup;battery_level;battery_wh_tot;"
    "current_in_setup;current_motor_setup;speed_meters_per_sec;tacho_meters;tacho_abs_meters;num_vescs;ms_today_imu;roll;"
    "pitch;yaw;accX;accY;accZ;gyroX;gyroY;gyroZ;gnss_posTime;gnss_lat;gnss_lon;gnss_alt;gnss_gVel;gnss_vVel;gnss_hAcc;gnss_vAcc;"
)


def level(voltage: float, cells: int) -> float:
    """State of charge as the firmware reads it from the voltage of a lithium-ion pack."""
    x = min(max(voltage / cells - 3.2, 0.0), 1.0)
    curve = -2.979767 * x**5 + 5.487810 * x**4 - 3.501286 * x**3 + 1.675683 * x**2 + 0.317147 * x
    return curve * ((3.2 * cells + voltage) / 2) / (3.7 * cells)


def vesc_tool(
    rows: Rows, rng: np.random.Generator, start: calendar.datetime, vehicle: Vehicle, *, cells: int | None = None
) -> bytes:
    """The real-time log of the app; times are milliseconds of the UTC day."""
    values = rows.values
    day = (start - start.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    cells = cells or vehicle.series
    lines = [CAPTIONS]
    slow = float(values["voltage"][0]) if rows.time.size else 0.0
    watt_hours = vehicle.capacity * 0.85 * 3.7 * cells
    fet_sensors = bool(rng.random() < 0.3)
    steps = values["trip"] / (np.pi * vehicle.wheel) * vehicle.pole_pairs * 6
    for i, when in enumerate(rows.time):
        ms = int((day + when) * 1000) % 86_400_000
        volt = float(values["voltage"][i])
        slow += (volt - slow) * 0.04
        soc = level(slow, cells)
        fet, motor, current = values["fet"][i], values["motor"][i], values["current"][i]
        each = [f"{fet + d:.1f}" for d in (-0.4, 0, -0.7)] if fet_sensors else ["0", "0", "0"]
        used = [f"{values[name][i]:.4f}" for name in ("ah", "ah_charged", "wh", "wh_charged")]
        line = [
            str(ms),
            f"{volt:.1f}",
            f"{fet:.1f}",
            *each,
            f"{values['motor_temperature'][i]:.1f}",
            f"{motor:.2f}",
            f"{current:.2f}",
            "0.1",
            f"{motor:.2f}",
            f"{values['erpm'][i]:.0f}",
            f"{values['duty'][i]:.3f}",
            *used,
            f"{steps[i]:.0f}",
            f"{steps[i]:.0f}",
            "-1",
            f"{int(values['fault'][i])}",
            "37",
            "0.2",
            f"{values['duty'][i] * volt / 1.5:.3f}",
            str(max(ms - 40, 0)),
            *used,
            f"{soc:.3f}",
            f"{soc * watt_hours:.3f}",
            f"{current:.2f}",
            f"{motor:.2f}",
            f"{values['speed'][i]:.3f}",
            f"{values['trip'][i]:.3f}",
            f"{values['trip'][i]:.3f}",
            "1",
            str(ms),
            "0.01",
            "0.02",
            "1.2",
            "0.01",
            "0.02",
            "0.99",
            "0.3",
            "0.1",
            "-0.2",
            "-1",
            *["0.00000000"] * 7,
        ]
        lines.append(";".join(line) + ";")
    return ("\n".join(lines) + "\n").encode()


def express(rows: Rows, rng: np.random.Generator, *, throttle: bool = False, board: Rows | None = None) -> bytes:
    """The log of the logger module: seconds since its boot, an empty field where nothing new came."""
    fields = [
        ("Input Voltage", "V", 2, "voltage", 1),
        ("Current", "A", 2, "motor", 1),
        ("Current In", "A", 2, "current", 1),
        ("Duty", "", 2, "duty", 1),
        ("RPM", "", 2, "erpm", 1),
        ("Temp Fet", "degC", 1, "fet", 1),
        ("Temp Motor", "degC", 1, "motor_temperature", 1),
    ]
    head = ["t_day:Time:s:3:0:1"] + [f"{key}:{key}:{unit}:{digits}:0:0" for key, unit, digits, _name, _factor in fields]
    head += [
        "kmh_vesc:Speed VESC:km/h:2:0:0",
        "fault:Fault::0:0:0",
        "cnt_ah:Amp Hours:Ah:3:0:0",
        "cnt_ah_chg:Ah Chg:Ah:3:0:0",
    ]
    if throttle:
        head.append("ADC1:ADC1:V:2:0:0")
    series = 0
    if board is not None:
        series = board.values["cells"].shape[1]
        head += [
            "bms_v_tot:BMS Voltage:V:2:0:0",
            *(f"BMS_C{k}:BMS_C{k}:V:3:0:0" for k in range(1, series + 1)),
            "bms_i_in_ic:BMS Current:A:2:0:0",
            "bms_soc:BMS SOC:%:1:0:0",
        ]
    boot = float(rng.uniform(15, 90))
    lines = [";".join(head)]
    values = rows.values
    last: list[str] = []
    where = np.searchsorted(board.time, rows.time, side="right") - 1 if board is not None else None
    for i, when in enumerate(rows.time):
        row = [f"{float(values[name][i]) * factor:.{digits}f}" for _k, _u, digits, name, factor in fields]
        row += [
            f"{values['speed'][i] * 3.6:.2f}",
            f"{int(values['fault'][i])}",
            f"{values['ah'][i]:.3f}",
            f"{values['ah_charged'][i]:.3f}",
        ]
        if throttle:
            row.append(f"{values['adc'][i]:.2f}")
        if board is not None and where is not None:
            j = max(int(where[i]), 0)
            row += [
                f"{board.values['voltage'][j]:.2f}",
                *(f"{v:.3f}" for v in board.values["cells"][j]),
                f"{-board.values['current'][j]:.2f}",
                f"{board.values['soc'][j] * 100:.1f}",
            ]
        shown = [text if not last or text != old else "" for text, old in zip(row, last or row, strict=True)]
        if not last:
            shown = row
        lines.append(";".join([f"{boot + when:.3f}", *shown]))
        last = row
    return ("\n".join(lines) + "\n").encode()


def settings(vehicle: Vehicle, **changed: float) -> bytes:
    """The motor configuration as the app exports it."""
    values: dict[str, float] = {
        "l_current_max": round(vehicle.motor_limit),
        "l_current_min": -round(vehicle.motor_limit * 0.6),
        "l_in_current_max": round(vehicle.battery_limit),
        "l_in_current_min": -round(vehicle.regen_limit),
        "l_abs_current_max": round(vehicle.motor_limit * 1.6),
        "l_min_vin": vehicle.controller_minimum,
        "l_max_vin": vehicle.controller_maximum,
        "l_battery_cut_start": vehicle.cut_start,
        "l_battery_cut_end": vehicle.cut_end,
        "l_temp_fet_start": vehicle.fet_start,
        "l_temp_fet_end": vehicle.fet_end,
        "l_temp_motor_start": 85,
        "l_temp_motor_end": 100,
        "l_watt_max": 1500000,
        "m_fault_stop_time_ms": 500,
        "si_motor_poles": vehicle.pole_pairs * 2,
        "si_gear_ratio": 1,
        "si_wheel_diameter": vehicle.wheel,
        "si_battery_type": 1 if vehicle.kind == "lfp" else 0,
        "si_battery_cells": vehicle.series,
        "si_battery_ah": round(vehicle.capacity, 1),
    } | changed
    body = "\n".join(f"    <{name}>{value:g}</{name}>" for name, value in values.items())
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<MCConfiguration>\n    <ConfigVersion>4</ConfigVersion>'
    return f"{head}\n{body}\n</MCConfiguration>\n".encode()
