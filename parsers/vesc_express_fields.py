"""The fields of a header-encoded VESC log: how the header describes them, and which channel each is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from ridelog.channels import CHANNELS

from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILES, MILES_PER_HOUR, MILLI, PERCENT, Column

#: Fields an Express can log; engineering judgement, thirty times its own limit of 120 would be a table of its own.
_MOST_FIELDS = 4000
_PARTS = 6
_FROM_MODULATION: Final = "computed by the firmware from modulation and motor current on most boards"

TIME: Final = "t_day"
TIME_GNSS: Final = "t_day_pos"

#: Fields of the local controller (also with "VN " or "M2 " before them for further controllers).
CONTROLLER: Final[dict[str, str]] = {
    "Input Voltage": "pack_voltage",
    "Current": "motor_current",
    "Current In": "battery_current",
    "Duty": "duty",
    "RPM": "erpm",
    "Temp Fet": "fet_temperature",
    "Temp Motor": "motor_temperature",
    "iq": "q_axis_current",
    "id": "d_axis_current",
    "vq": "q_axis_voltage",
    "vd": "d_axis_voltage",
    "Fault": "fault_code",
    "ADC1": "throttle_1",
    "ADC2": "throttle_2",
}
#: Fields of the vehicle as the local controller tells them, and of the satellite receiver.
VEHICLE: Final[dict[str, str]] = {
    "Batt": "soc",
    "Batt %": "soc",
    "kmh_vesc": "speed",
    "roll": "roll",
    "pitch": "pitch",
    "yaw": "yaw",
    "fault": "fault_code",
    "trip_vesc": "distance",
    "trip_vesc_abs": "distance_absolute",
    "cnt_ah": "amp_hours_used",
    "cnt_ah_chg": "amp_hours_charged",
    "cnt_wh": "watt_hours_used",
    "cnt_wh_chg": "watt_hours_charged",
    TIME_GNSS: "gps_time",
    "gnss_lat": "latitude",
    "gnss_lon": "longitude",
    "gnss_alt": "altitude",
    "gnss_h_acc": "gps_accuracy",
    "gnss_h_vel": "gps_speed",
    "kmh_gnss": "gps_speed",
    "gnss_v_vel": "gps_vertical_speed",
    "gnss_v_acc": "gps_vertical_accuracy",
    "trip_gnss": "gps_distance",
}
#: Fields VESC Tool writes when it saves a real-time log in this form; its counters are those of the whole setup.
SAVED: Final[dict[str, str]] = {
    "v_in": "pack_voltage",
    "soc": "soc",
    "duty": "duty",
    "erpm": "erpm",
    "t_mosfet": "fet_temperature",
    "t_mosfet_1": "fet_temperature_1",
    "t_mosfet_2": "fet_temperature_2",
    "t_mosfet_3": "fet_temperature_3",
    "t_motor": "motor_temperature",
    "position": "encoder_position",
    "setup_curr_motor": "total_motor_current",
    "setup_curr_battery": "total_battery_current",
    "setup_power": "power",
    "v1_curr_motor": "motor_current",
    "v1_curr_battery": "battery_current",
    "cnt_ah": "total_amp_hours_used",
    "cnt_ah_chg": "total_amp_hours_charged",
    "cnt_wh": "total_watt_hours_used",
    "cnt_wh_chg": "total_watt_hours_charged",
    "v1_cnt_ah": "amp_hours_used",
    "v1_cnt_ah_chg": "amp_hours_charged",
    "v1_cnt_wh": "watt_hours_used",
    "v1_cnt_wh_chg": "watt_hours_charged",
    "acc_x": "acceleration_x",
    "acc_y": "acceleration_y",
    "acc_z": "acceleration_z",
    "gyro_x": "angular_rate_x",
    "gyro_y": "angular_rate_y",
    "gyro_z": "angular_rate_z",
    "num_vesc": "controller_count",
}
#: Fields of a saved real-time log that no other file has; two of them tell.
_ONLY_SAVED: Final = frozenset({"setup_curr_motor", "setup_curr_battery", "setup_power", "v1_curr_motor", "num_vesc"})
BMS: Final[dict[str, str]] = {
    "bms_v_tot": "pack_voltage",
    "bms_i_in_ic": "battery_current",
    "bms_soc": "soc",
    "bms_hum": "humidity",
    "bms_temp_hum": "bms_temperature",
}
_NO_SENSOR: Final[dict[str, tuple[float, ...]]] = {
    "fet_temperature_1": (0.0,),
    "fet_temperature_2": (0.0,),
    "fet_temperature_3": (0.0,),
    "throttle_1": (0.0,),
    "throttle_2": (0.0,),
    "roll": (0.0,),
    "pitch": (0.0,),
    "yaw": (0.0,),
    "encoder_position": (-1.0,),
    "humidity": (0.0,),
    "bms_temperature": (0.0,),
    "gps_accuracy": (0.0,),
    "gps_vertical_accuracy": (0.0,),
}
_OTHER_CONTROLLER: Final = re.compile(r"(V\d{1,3}|M2) (.+)")
_ANGLES: Final = frozenset({"roll", "pitch", "yaw", "setpoint"})
#: Factor to the canonical unit by the unit the header names, lower case.
_UNITS: Final[dict[str, dict[str, float]]] = {
    "m/s": {"km/h": KILOMETRES_PER_HOUR, "kmh": KILOMETRES_PER_HOUR, "mph": MILES_PER_HOUR},
    "m": {"km": KILOMETRES, "mi": MILES},
    "s": {"ms": MILLI},
    "": {"%": PERCENT},
    "V": {"mv": MILLI},
    "A": {"ma": MILLI},
    "W": {"kw": 1000.0},
    "Ah": {"mah": MILLI},
    "Wh": {"kwh": 1000.0},
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the header.

    Attributes:
        key: What programs know it by.
        name: Caption.
        unit: Unit, may be "".
        precision: Digits after the point.
        relative: Shown relative to its first value.
        timestamp: It is the time of the row.
    """

    key: str
    name: str
    unit: str
    precision: int
    relative: bool
    timestamp: bool


def parse_header(line: str) -> tuple[Field, ...] | str:
    """Read a header such as `Input Voltage:Input Voltage:V:2:0:0;t_day:Time:s:3:0:1`.

    Args:
        line: The first line.

    Returns:
        The fields in file order, or the reason why this is no such header. In a field with fewer than six parts the
        missing ones repeat the last, as VESC Tool reads it.
    """
    texts = line.strip().removesuffix(";").split(";")
    if len(texts) > _MOST_FIELDS:
        return "the first line has more fields than a VESC log"
    fields: list[Field] = []
    whole = 0
    for text in texts:
        parts = [part.strip() for part in text.strip().strip('"').split(":")]
        if len(parts) < 2 or not parts[0]:
            return "the first line is no header of fields 'key:name:unit:precision:relative:timestamp'"
        whole += len(parts) == _PARTS and parts[3].isdecimal() and {parts[4], parts[5]} <= {"0", "1"}
        parts = (parts + [parts[-1]] * _PARTS)[:_PARTS]
        precision = int(parts[3]) if parts[3].isdecimal() and len(parts[3]) < 3 else 2
        fields.append(Field(parts[0], parts[1], parts[2], precision, parts[4] == "1", parts[5] == "1"))
    if not whole or 2 * whole < len(fields):
        return "the fields of the first line do not have the six parts of a VESC log"
    return tuple(fields)


def is_saved(keys: frozenset[str]) -> bool:
    """Tell whether VESC Tool made the file out of a real-time log."""
    return len(_ONLY_SAVED & keys) >= 2


def controller_of(key: str) -> tuple[str, str]:
    """Controller a field belongs to ("" the local one, "M2" its second motor, "V12" on the bus) and its plain key."""
    match = _OTHER_CONTROLLER.fullmatch(key)
    if match is None or match[2] not in CONTROLLER:
        return "", key
    return match[1], match[2]


def column(field: Field, channel: str, caption: str) -> Column:
    """Table entry of a field, with its unit brought to the canonical one.

    Args:
        field: The field.
        channel: Its channel.
        caption: Name of its column in the frame.
    """
    unit = CHANNELS[channel].unit
    given = field.unit.lower()
    if not given and field.key.startswith("kmh_"):
        given = "km/h"
    scale, conversion = _UNITS.get(unit, {}).get(given, 1.0), ""
    if channel in _ANGLES and "deg" not in given and "\u00b0" not in given:
        given, scale = "rad", 180.0 / float(np.pi)
    if scale != 1.0:
        conversion = "percent to fraction" if given == "%" else f"{field.unit or given} to {unit}"
    return Column(
        caption,
        channel,
        scale,
        conversion=conversion,
        derived=_FROM_MODULATION if channel in ("battery_current", "total_battery_current") else "",
        sentinels=_NO_SENSOR.get(channel, ()),
    )
