"""Files of ride loggers of wheels and scooters, built row by row as the programs write them."""

import io
import math
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta

GPS = "latitude,longitude,gps_speed,gps_alt,gps_heading,gps_distance,"
NEW = (
    "speed,voltage,phase_current,current,power,torque,pwm,battery_level,distance,totaldistance,system_temp,temp2,tilt,"
    "roll,mode,alert"
)
OLD = "speed,voltage,current,power,battery_level,distance,totaldistance,system_temp,cpu_temp,tilt,roll,mode,alert"
WHEELLOG_HEADERS = {
    15: f"date,time,{OLD}",
    18: f"date,time,{NEW}",
    21: f"date,time,{GPS}{OLD}",
    24: f"date,time,{GPS}{NEW}",
}
EUC_WORLD_2019 = (
    "datetime,speed,voltage,current,power,battery_level,distance,totaldistance,system_temp,cpu_temp,tilt,roll,mode,"
    "alert,wh,ah,wh_discharge,ah_discharge,wh_recharge,ah_recharge"
)
EUC_WORLD_2 = (
    "datetime,duration,duration_riding,distance,distance_total,speed,speed_avg,speed_avg_riding,speed_max,speed_limit,"
    "voltage,current,current_phase,power,battery,temp,temp_motor,temp_batt,safety_margin,cpu_load,tilt,roll,fan,alert,"
    "alarm,gps_datetime,gps_duration,gps_duration_riding,gps_distance,gps_lat,gps_lon,gps_speed,gps_speed_avg,"
    "gps_speed_avg_riding,gps_speed_max,gps_alt,gps_bearing,gps_acc,hr,extra"
)
EUC_WORLD_264 = (
    EUC_WORLD_2.replace("speed_limit,", "speed_limit,acceleration,")
    .replace("power,battery,", "power,energy_consumption,energy_consumed,battery,battery_corrected_voltage,")
    .replace("temp_batt,", "temp_batt,temp_cpu,temp_imu,")
)
DARKNESSBOT_A = (
    "Date,Speed,Voltage,PWM,Current,Power,Battery level,Total mileage,Temperature,Pitch,Roll,Latitude,Longitude,"
    "Altitude"
)
DARKNESSBOT_B = (
    "Date,Speed,Voltage,Temperature,Current,Power,PWM,Battery level,Altitude,Latitude,Longitude,GPS Speed,Pitch,Roll,"
    "Total mileage"
)
EUC_PLANET_1 = "Date,Speed,Voltage,Temperature,Battery level,Altitude,Latitude,Longitude,Total mileage,GPS speed"
EUC_PLANET_HEADERS = {
    1: EUC_PLANET_1,
    2: f"{EUC_PLANET_1},Ext GPS speed",
    3: f"{EUC_PLANET_1},Current,PWM,G-Force,G-Force X,G-Force Y",
    4: f"{EUC_PLANET_1},Current,PWM,G-Force,G-Force X,G-Force Y,Torque,Phase current,Extra",
}
M365_HEADER = (
    "averageCurrent,voltage,averagePower,averageSpeed,distanceTravelled,batteryLife,remainingCapacity,"
    "batteryTemperature,recoveredPower,spentPower,amphperkilometer,remainingRange,timestamp"
)
START = datetime(2024, 5, 24, 9, 35, 23, 15_000)
RESISTANCE = 0.1


@dataclass
class Moment:
    """One moment of a made-up ride: what the wheel does, in SI units and discharge positive."""

    index: int
    seconds: float
    speed: float
    voltage: float
    current: float
    distance: float
    soc: float

    @property
    def power(self):
        return self.voltage * self.current

    def stamp(self, pattern="%Y-%m-%dT%H:%M:%S.%f"):
        return (START + timedelta(seconds=self.seconds)).strftime(pattern)

    def milliseconds(self, pattern):
        return self.stamp(pattern + ".%f")[:-3]


def ride(count=200, interval=0.2):
    """Speed, load and a battery of 100 V that sags by 0.1 ohm; regeneration now and then."""
    distance = 0.0
    moments = []
    for index in range(count):
        seconds = index * interval
        current = round(10 + 12 * math.sin(seconds / 1.7) + 5 * math.sin(seconds * 2.3), 2)
        speed = 8 + 3 * math.sin(seconds / 5)
        distance += speed * interval
        soc = 0.9 - 0.0001 * index
        moments.append(
            Moment(index, seconds, speed, round(100 - RESISTANCE * current, 2), current, distance, round(soc, 2))
        )
    return moments


def wheellog_row(moment, columns=24, alert="", mode="Drive", estimated=False, **changed):
    """A WheelLog row; `changed` replaces cells by caption."""
    kmh = moment.speed * 3.6
    pwm = 40 + moment.current / 2
    phase = moment.current / (pwm / 100) if estimated else 0
    current = abs(moment.current) if estimated else moment.current
    cells = {
        "date": moment.stamp("%Y-%m-%d"),
        "time": moment.milliseconds("%H:%M:%S"),
        "latitude": repr(53.9 + moment.index * 1e-5),
        "longitude": repr(27.4 + moment.index * 1e-5),
        "gps_speed": repr(kmh + 0.25),
        "gps_alt": "200.5",
        "gps_heading": "90.0",
        "gps_distance": f"{moment.distance:.0f}",
        "speed": f"{kmh:.2f}",
        "voltage": f"{moment.voltage:.2f}",
        "phase_current": f"{abs(phase):.2f}",
        "current": f"{current:.2f}",
        "power": f"{moment.voltage * current:.2f}",
        "torque": "0.00",
        "pwm": f"{pwm:.2f}",
        "battery_level": f"{moment.soc * 100:.0f}",
        "distance": f"{moment.distance:.0f}",
        "totaldistance": f"{2_203_646 + moment.distance:.0f}",
        "system_temp": "35",
        "temp2": "33",
        "cpu_temp": "33",
        "tilt": "1.25",
        "roll": "-0.50",
        "mode": mode,
        "alert": alert,
    } | changed
    return ",".join(cells[name] for name in WHEELLOG_HEADERS[columns].split(","))


def wheellog_file(columns=24, count=200, end="\n", **options):
    lines = [WHEELLOG_HEADERS[columns], *(wheellog_row(moment, columns, **options) for moment in ride(count))]
    return (end.join(lines) + end).encode()


def zero_row(moment, columns=24):
    names = WHEELLOG_HEADERS[columns].split(",")
    zeros = dict.fromkeys(names, "0") | {"date": moment.stamp("%Y-%m-%d"), "time": moment.milliseconds("%H:%M:%S")}
    return ",".join(zeros[name] for name in names)


def euc_world_2019_file(count=200, kilometres=False):
    lines = [EUC_WORLD_2019]
    for moment in ride(count):
        trip = f"{moment.distance / 1000:.3f}" if kilometres else f"{moment.distance:.0f}"
        total = f"{1441.403 + moment.distance / 1000:.3f}" if kilometres else f"{1_441_403 + moment.distance:.0f}"
        lines.append(
            f"{moment.milliseconds('%Y-%m-%dT%H:%M:%S')}+0200,{moment.speed * 3.6:.2f},{moment.voltage:.2f},"
            f"{moment.current:.3f},{moment.power:.2f},{moment.soc * 100:.0f},{trip},{total},30,28,1.20,0.10,Ride,,"
            f"5.00,0.05,{0.01 * moment.index:.2f},{0.0001 * moment.index:.2f},0.00,0.00"
        )
    return ("\n".join(lines) + "\n").encode()


def euc_world_file(header=EUC_WORLD_264, count=200, extras=(), offset="+0200", sign=1.0):
    """EUC World 2.x: a satellite fix in every fifth row only."""
    lines = [header]
    for moment in ride(count):
        stamp = moment.milliseconds("%Y-%m-%dT%H:%M:%S") + offset
        cells = {
            "datetime": stamp,
            "duration": f"{moment.seconds:.0f}",
            "duration_riding": f"{moment.seconds:.0f}",
            "distance": f"{moment.distance / 1000:.3f}",
            "distance_total": f"{1441.403 + moment.distance / 1000:.3f}",
            "speed": f"{moment.speed * 3.6:.2f}",
            "speed_limit": "90.00",
            "voltage": f"{moment.voltage:.2f}",
            "current": f"{sign * moment.current:.2f}",
            "power": f"{sign * moment.power:.0f}",
            "battery": f"{moment.soc * 100:.0f}",
            "temp": "30",
            "temp_motor": "45.5",
            "safety_margin": f"{60 - moment.current:.0f}",
            "cpu_load": "20",
            "tilt": "-1.5",
            "roll": "0.3",
            "fan": "0",
            "alarm": "0",
            "extra": extras[moment.index] if moment.index < len(extras) else "",
        }
        if moment.index % 5 == 0:
            cells |= {
                "gps_datetime": moment.stamp("%Y-%m-%dT%H:%M:%S.000") + offset,
                "gps_distance": f"{moment.distance / 1000:.3f}",
                "gps_lat": "55.3195459",
                "gps_lon": "11.9658043",
                "gps_speed": f"{moment.speed * 3.6 + 0.25:.2f}",
                "gps_alt": "48.3",
                "gps_bearing": "120",
                "gps_acc": "9",
            }
        lines.append(",".join(cells.get(name, "") for name in header.split(",")))
    return ("\n".join(lines) + "\n").encode()


def darknessbot_file(header=DARKNESSBOT_A, count=200, trip=False, sign=1.0):
    iso = header == DARKNESSBOT_A
    lines = [header]
    for moment in ride(count, interval=1.0):
        stamp = moment.stamp() if iso else moment.milliseconds("%d.%m.%Y %H:%M:%S")
        total = moment.distance / 1000 + (0 if trip else 1653.4)
        cells = {
            "Date": stamp,
            "Speed": f"{moment.speed * 3.6:.1f}",
            "Voltage": f"{moment.voltage:.1f}",
            "PWM": "" if iso else f"{40 + moment.current:.1f}",
            "Current": f"{sign * moment.current:.1f}",
            "Power": f"{sign * moment.power:.1f}",
            "Battery level": f"{moment.soc * 100:.1f}",
            "Total mileage": f"{total:.3f}",
            "Temperature": "27.0",
            "Pitch": "",
            "Roll": "",
            "Latitude": "69.6545046",
            "Longitude": "18.9190817",
            "Altitude": "50.7",
            "GPS Speed": f"{moment.speed * 3.6 + 0.5:.1f}",
        }
        lines.append(",".join(cells[name] for name in header.split(",")))
    return ("\r\n".join(lines) + "\r\n").encode()


def darknessbot_backup():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("187A3E9C56FC_27.03.2026.csv", darknessbot_file())
        packed.writestr("187A3E9C56FC_28.03.2026.csv", darknessbot_file(DARKNESSBOT_B))
        packed.writestr("settings.json", '{"version": 3, "units": "metric"}')
    return archive.getvalue()


def euc_planet_file(version=3, count=200, without_fix=0, without_wheel=0, extras=(), sign=1.0):
    header = EUC_PLANET_HEADERS[version]
    lines = [header]
    for moment in ride(count, interval=1.0):
        wheel = moment.index >= without_wheel
        fix = moment.index >= without_fix
        cells = {
            "Date": moment.milliseconds("%d.%m.%Y %H:%M:%S"),
            "Speed": f"{moment.speed * 3.6:.1f}",
            "Voltage": f"{moment.voltage if wheel else 0:.1f}",
            "Temperature": f"{26.0 if wheel else 0:.1f}",
            "Battery level": f"{moment.soc * 100 if wheel else 0:.0f}",
            "Altitude": f"{68.5 if fix else 0:.1f}",
            "Latitude": f"{69.667394 if fix else 0:.6f}",
            "Longitude": f"{18.924065 if fix else 0:.6f}",
            "Total mileage": f"{1653.4 + moment.distance / 1000 if wheel else 0:.1f}",
            "GPS speed": f"{moment.speed * 3.6 + 0.5:.1f}",
            "Ext GPS speed": f"{moment.speed * 3.6:.1f}",
            "Current": f"{sign * moment.current if wheel else 0:.1f}",
            "PWM": f"{40 + moment.current if wheel else 0:.1f}",
            "G-Force": "0.300",
            "G-Force X": "0.100",
            "G-Force Y": "-0.200",
            "Torque": "12.50",
            "Phase current": f"{sign * moment.current * 2:.2f}",
            "Extra": extras[moment.index] if moment.index < len(extras) else "",
        }
        lines.append(",".join(cells[name] for name in header.split(",")))
    return ("\n".join(lines) + "\n").encode()


def m365_file(count=200):
    lines = [M365_HEADER]
    for moment in ride(count, interval=0.5):
        spent = 1.0e-4 * moment.index
        lines.append(
            f"{moment.current},{moment.voltage * 0.4:.2f},{moment.current * moment.voltage * 0.4:.2f},"
            f"{moment.speed * 3.6},{moment.distance / 1000},{moment.soc * 100:.0f},{6500 - moment.index},24,"
            f"{-spent / 10},{spent},600.0,10.8,{1_526_903_103_000 + round(moment.seconds * 1000)}"
        )
    return ("\n".join(lines) + "\n").encode()


def nine_b_metrics_file(count=200):
    """Blocks of 34 (charge), 38 (speed), 41 and 42 (odometer), 71 (voltage), 80 (current) and the serial number."""
    epoch = 1_461_837_600.25
    blocks = {
        16: ("SN0", [(0.0, 0x314E)]),
        17: ("SN1", [(0.0, 0x4F42)]),
        34: ("Batt (%)", [(0.0, 90), (30.0, 89)]),
    }
    speed, low, voltage, current = [], [], [], []
    for moment in ride(count, interval=1.0):
        speed.append((moment.seconds, round(moment.speed * 3600)))
        low.append((moment.seconds, (65_000 + round(moment.distance)) % 65_536))
        voltage.append((moment.seconds + 0.001, round(moment.voltage * 55)))
        current.append((moment.seconds + 0.001, round(moment.current * 100)))
    blocks |= {
        38: ("Speed (Km/h)", speed),
        41: ("Total Mileage 0", low),
        42: ("Total Mileage 1", [(0.0, 3)]),
        71: ("Voltage (V)", voltage),
        80: ("Current (A)", current),
        99: ("Pitch Angle Angular Velocity", [(0.0, -12), (5.0, 40)]),
    }
    lines = ["Time\tVar\tValor"]
    for variable, (name, records) in sorted(blocks.items()):
        lines.append(f"{variable}\t{name}")
        lines += [f"{epoch + seconds:20.3f}\t{variable}\t{value}" for seconds, value in records]
    return ("\n".join(lines) + "\n").encode()


def euc_world_xlsx_file(count=60, stamps_as_text=False):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    captions = (
        "Date & Time;GPS Latitude [°];GPS Longitude [°];GPS Altitude [m];GPS Speed [km/h];Speed [km/h];Battery [%];"
        "Voltage [V];Current [A];Power [W];Temperature [°C];GPS Bearing [°];Heart rate [bpm]"
    )
    sheet.append(captions.split(";"))
    for moment in ride(count, interval=1.0):
        when = START.replace(microsecond=0) + timedelta(seconds=moment.seconds)
        sheet.append(
            [
                when.strftime("%Y-%m-%d %H:%M:%S") if stamps_as_text else when,
                *(55.3195459, 11.9658043, 48.3, moment.speed * 3.6 + 0.5, round(moment.speed * 3.6, 2)),
                *(round(moment.soc * 100), moment.voltage, moment.current, round(moment.power), 30, 120, None),
            ]
        )
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


RAW_FILE = (
    b"17:15:05.651,aaaa1301a5550f60000000b4720020fe00010088\n"
    b"17:15:05.651,f7ffff56650200caffffff000000000000000000\n"
    b"17:15:05.700,000000151d0000000000001b1b00000000000000\n"
) * 5
GPX_FILE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="EUC World" '
    b'xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg><trkpt lat="55.3" lon="11.9"><ele>48.3</ele>'
    b"<time>2023-05-19T13:56:24Z</time><speed>21.5</speed></trkpt></trkseg></trk></gpx>\n"
)
