"""Files of VESC programs, balance boards, electric skateboards and Onewheels, built as the programs write them."""

import base64
import json
import struct
from datetime import datetime, timedelta

from .tables import table, wave

COUNT = 40


def vesc_express():
    fields = [
        ("Input Voltage", "V", 2),
        ("Current", "A", 2),
        ("Current In", "A", 2),
        ("Duty", "", 2),
        ("RPM", "", 2),
        ("Temp Fet", "degC", 1),
        ("Batt", "%", 1),
        ("kmh_vesc", "km/h", 2),
        ("fault", "", 0),
        ("bms_v_tot", "V", 2),
        *((f"BMS_C{cell}", "V", 3) for cell in range(1, 5)),
        ("bms_soc", "%", 1),
        ("bms_hum", "%", 1),
        ("t_day", "s", 3),
    ]
    header = ";".join(f"{key}:{key}:{unit}:{digits}:0:{int(key == 't_day')}" for key, unit, digits in fields)
    lines = []
    for index in range(COUNT):
        values = [50.4, wave(index, 12, 9), wave(index, 5, 4), 0.42, 9000 + index, 35.5, 81.0, 24.5, 0, 16.4]
        values += [4.1, 4.11, 4.09, 4.1, 80.5, 41.0, 100 + index / 10]
        cells = [f"{value:.{digits}f}" for value, (_, _, digits) in zip(values, fields, strict=True)]
        lines.append(
            cells
            if index % 4
            else ["" if key == "Batt" else cell for cell, (key, _, _) in zip(cells, fields, strict=True)]
        )
    return table(header, lines, ";")


FAULT_LISTING = b"""The following faults were registered since start:

Fault            : FAULT_CODE_ABS_OVER_CURRENT
Motor            : 1
Current          : 214.7
Current filtered : 126.9
Voltage          : 31.71
Duty             : 0.59
RPM              : 33177.3
Tacho            : 163671
Cycles running   : 29347
TIM duty         : 4932
TIM val samp     : 5
TIM current samp : 8398
TIM top          : 8400
Comm step        : 0
Temperature      : 38.30
"""
MOTOR_CONFIGURATION = b"""<?xml version="1.0" encoding="UTF-8"?>
<MCConfiguration>
    <l_current_max>60</l_current_max>
    <l_current_min>-60</l_current_min>
    <l_in_current_max>25</l_in_current_max>
    <l_in_current_min>-15</l_in_current_min>
    <l_abs_current_max>130</l_abs_current_max>
    <l_min_vin>8</l_min_vin>
    <l_max_vin>57</l_max_vin>
    <l_battery_cut_start>40.8</l_battery_cut_start>
    <l_battery_cut_end>37.2</l_battery_cut_end>
    <si_battery_cells>12</si_battery_cells>
    <si_battery_ah>6</si_battery_ah>
</MCConfiguration>
"""


def float_control(imperial=False):
    far, fast = ("mi", "mph") if imperial else ("km", "km/h")
    header = (
        f"Time(s),State,Distance({far}),Speed({fast}),Duty%,Voltage,I-Battery,I-Motor,I-FldWeak,Requested Amps,Pitch,"
        "Roll,Setpoint,SP-ATR,SP-Carve,T-Mosfet,T-Mot,ADC1,ADC2,Motor-Fault,Ah,Ah Charged,Wh,Wh Charged,ERPM,"
        "Altitude(m),State(num),True Pitch,SP-TrqTlt,SP-BrkTlt,SP-Remote,T-Batt,I-Booster,GPS-Lat,GPS-Long,"
        "GPS-Accuracy,T-BMS,T-Battery,BMS-Fault"
    )
    lines = [
        [
            *(f"{index * 0.1:.2f}", "RIDING", f"{index / 1000:.3f}", 15.5, "54%", 76.1),
            *(f"{wave(index, 6, 5):.1f}", f"{wave(index, 15, 9):.1f}", 0, f"{wave(index, 16, 9):.1f}"),
            *(-0.1, 3.4, 0, 0, 0, 35.2, 31.7, 3.04, 3.06, 0, 0.01, 0, 0.14, 0.02, 4100, 135, 1, -0.1, 0, 0, 0, 0, 0),
            *(47.1, 8.5, 9, 36.5, 29.0, 0),
        ]
        for index in range(COUNT)
    ]
    return table(header, lines)


FLOATY_KEYS = (
    "timestamp,speed,dutyCycle,batteryVolts,batteryPercent,batteryCurrent,motorCurrent,motorTemp,controllerTemp,"
    "tripDistance,lifeDistance,remainingDistance,rollAngle,pitchAngle,truePitchAngle,inputTilt,throttle,ampHours,"
    "wattHours,state,switchState,setpointAdjustmentType,faultCode,adc1,adc2"
).split(",")


def floaty_values(index):
    return [
        *(1_726_479_000_000 + 100 * index, 15.5, 0.43, 81.9, 0.92, wave(index, 4, 3), wave(index, 10, 8), 38, 41),
        *(0.5 + index / 1000, 592.2, 12, -4, 1, 0, 0, 0, 0.1, 8.2, 1, 1, 0, 0, 3.1, 0.08),
    ]


def floaty_csv():
    header = ",".join([*FLOATY_KEYS, "sessionId,altitude,latitude,longitude,accuracy,gpsSpeed,gpsTimestamp"])
    place = ["11111111-2222-3333-4444-555555555555", 122.2, 47.1, 8.5, 4.5, 4.3]
    return table(header, [[*floaty_values(i), *place, 1_726_479_000_000 + 1000 * (i // 10)] for i in range(COUNT)])


def floaty_json():
    stamps = [1_726_479_000_000 + 1000.25 * index for index in range(5)]
    names = ("altitude", "latitude", "speed", "longitude", "accuracy")
    places = [dict(zip(names, (122.2, 47.1, 4.3, 8.5, 4.5), strict=True)) | {"timestamp": stamp} for stamp in stamps]
    ride = {
        "id": "11111111-2222-3333-4444-555555555555",
        "name": None,
        "boardId": "66666666-2222-3333-4444-555555555555",
        "startTime": 1_726_479_000_000,
        "endTime": 1_726_479_009_000,
        "stopReason": 1,
        "polyline": "abc",
        "distance": 0.12,
        "locations": places,
        "logs": [dict(zip(FLOATY_KEYS, floaty_values(index), strict=True)) for index in range(COUNT)],
    }
    return json.dumps(ride, indent=2).encode()


def crc16_xmodem(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def vesc_packet(payload):
    return bytes((2, len(payload))) + payload + struct.pack(">H", crc16_xmodem(payload)) + b"\x03"


def vescape():
    lines = [{"t": 0, "kind": "meta", "deviceName": "Board", "deviceId": "x", "startedAt": 1_726_479_000_000}]
    for index in range(COUNT):
        values = struct.pack(
            ">BhhiiiihihiiiiiiBiB",
            *(4, 355, 412, round(100 * wave(index, 15, 9)), round(100 * wave(index, 6, 5)), 0, 1500, 431, 4100, 761),
            *(5000, 100, 255_000, 1500, 1000 + 30 * index, 1100 + 30 * index, 0, 0, 12),
        )
        chunk = base64.b64encode(vesc_packet(values)).decode()
        lines.append({"t": 70 * index, "kind": "ble-chunk", "direction": "rx", "base64": chunk})
    lines.append({"t": 3000, "kind": "session-state", "status": "stopped"})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


CARDPUTER_HEADER = "ts_ms,speed_kmh,rpm,voltage_V,curr_in_A,curr_mot_A,duty_pct,temp_fet_C,temp_mot_C,amp_hours,tacho"


def cardputer():
    lines = [
        [83 * i, 17.9, 2324, 81.6, f"{wave(i, 8, 6):.2f}", f"{wave(i, 20, 9):.2f}", 23.9, 37.2, 32.3, i / 1e4, 3 * i]
        for i in range(COUNT)
    ]
    return table(CARDPUTER_HEADER, lines)


def cardputer_with_bms(cells=4):
    """The later version: cells in mV in columns for 20 of them, those behind the last cell 0."""
    header = (
        f"{CARDPUTER_HEADER},bms_v_tot,bms_i_in,{','.join(f'cell_{cell:02d}' for cell in range(1, 21))},bms_temp_01"
    )
    lines = []
    for i in range(COUNT):
        read = [4080 - round(20 * wave(i, 0, 1)) + cell for cell in range(cells)]
        electric = [81.6, f"{wave(i, 8, 6):.2f}", f"{wave(i, 20, 9):.2f}"]
        lines.append([83 * i, 17.9, 2324, *electric, 23.9, 37.2, 32.3, i / 1e4, 3 * i, sum(read) / 1000, electric[1]])
        lines[-1] += [*read, *[0] * (20 - cells), 25.5]
    return table(header, lines)


def vesc_logger_2016():
    return "".join(
        json.dumps(
            {
                "t": 1.5 + index / 8,
                "inpVoltage": 41.2,
                "avgMotorCurrent": wave(index, 12, 9),
                "avgInputCurrent": wave(index, 5, 4),
                "dutyCycleNow": 0.41,
                "rpm": 9000,
                "mosfet_temp": 40.7,
                "wattHours": 0.04,
                "wattHoursCharged": 0.001,
            }
        )
        + "\n"
        for index in range(COUNT)
    ).encode()


def ackmaniac():
    header = (
        "//Speed_Unit=0,Motor_Poles=14\nTime,TempPcb,MotorCurrent,BatteryCurrent,DutyCycle,Speed,InpVoltage,AmpHours,"
        "AmpHoursCharged,WattHours,WattHoursCharged,Distance,Power,Fault,TimePassedInMs,Latitude,Longitude,Altitude,"
        "GPSSpeed"
    )
    lines = []
    for index in range(COUNT):
        stamp = (datetime(2018, 1, 22, 22, 43, 4, 657_000) + timedelta(seconds=index / 4)).strftime(
            "%d_%m_%Y_%H_%M_%S.%f"
        )
        current = wave(index, 6, 5)
        lines.append(
            [
                stamp[:-3],
                35.1,
                f"{wave(index, 15, 9):.2f}",
                f"{current:.2f}",
                45.5,
                22.5,
                41.2,
                0.5,
                0.01,
                20.1,
                0.4,
                f"{index * 0.0016:.4f}",
                f"{current * 41.2:.1f}",
                "FAULT_CODE_NONE",
                250,
                0,
                0,
                0,
                0,
            ]
        )
    return table(header, lines)


def metr():
    span = range(COUNT)
    ride = {
        **{"ah": 0.5, "ahRegen": 0.1, "wh": 20.0, "whRegen": 4.0, "distance": 60.0, "start": 1_526_903_103_000},
        **{"end": 1_526_903_111_000, "escCount": 2, "faultsCount": 0, "fw": "3.40", "os": "android", "version": 10},
        "elapsed": [200 * i for i in span],
        "voltage": [41.2] * COUNT,
        "current": [wave(i, 6, 5) for i in span],
        "motorCurrent": [wave(i, 15, 9) for i in span],
        "rpm": [9000] * COUNT,
        "duty": [45.5] * COUNT,
        "speed": [22.5] * COUNT,
        "temperature": [35.1] * COUNT,
        "motorTemperature": [40.2] * COUNT,
        "elapsedAh": [i / 1000 for i in span],
        "elapsedAhRegen": [0.0] * COUNT,
        "elapsedWh": [i / 20 for i in span],
        "elapsedWhRegen": [0.0] * COUNT,
        "elapsedDistance": [1.25 * i for i in span],
        "altitude": [450.0] * COUNT,
        "latitude": [47.1] * COUNT,
        "longitude": [8.5] * COUNT,
        "faultCode": [0] * COUNT,
    }
    return json.dumps(ride).encode()


def freesk8():
    lines = [
        "header,format_esc,esc_id,voltage,motor_temp,esc_temp,duty_cycle,motor_current,battery_current,watt_hours,"
        "watt_hours_regen,e_rpm,e_distance,fault,speed_kph,distance_km",
        "header,format_gps,satellites,altitude,speed_kph,latitude,longitude",
        "header,format_err,fault_name,fault_code,esc_id",
        "header,version_output,1",
        "header,gear_ratio,2.5",
        "header,wheel_diameter_mm,90",
        "header,motor_poles,14",
        "header,utc_offset,2:00:00",
        "header,esc_hz,4",
    ]
    for index in range(COUNT):
        stamp = (datetime(2021, 6, 1, 10, 0) + timedelta(seconds=index // 4)).strftime("%Y-%m-%dT%H:%M:%S")
        lines.append(
            f"{stamp},esc,12,41.2,35.0,40.1,0.455,{wave(index, 15, 9):.1f},{wave(index, 6, 5):.1f},20.1,0.4,9000,100,0,"
            f"22.5,{index / 1000:.3f}"
        )
        if index % 4 == 0:
            lines.append(f"{stamp},gps,9,450.1,22.1,47.10000,8.50000")
    return ("\n".join(lines) + "\n").encode()


def ponewheel():
    header = (
        "time,speed,speed_rpm,battery,battery_voltage,current_amps,motor_temp,controller_temp,odometer,gps_lat,gps_long"
    )
    lines = [
        [1_526_903_103_000 + 1000 * i, 18.5, 360, 81, 57.9, f"{wave(i, 6, 5):.2f}", 38, 41, 0.5 + i / 100, 47.1, 8.5]
        for i in range(COUNT)
    ]
    return table(header, lines)


def ponewheel_with_cells(cells=16):
    """A ride with the cells of the board, as a quoted list."""
    header = "time,speed,speed_rpm,battery,battery_voltage,battery_cells,current_amps"
    lines = []
    for i in range(COUNT):
        read = [4.05 - 0.01 * wave(i, 0, 1) + cell / 1000 for cell in range(cells)]
        words = " ".join(f"{volts:.3f}" for volts in read)
        lines.append(
            [1_526_903_103_000 + 1000 * i, 18.5, 360, 81, f"{sum(read):.2f}", f'"{words}"', f"{wave(i, 6, 5):.2f}"]
        )
    return table(header, lines)
