"""The vocabulary: every channel a log can carry, with its unit, type, sign and plausible range.

Units are SI-like, once and for all: V, A, s, degC, m/s, m, Ah, Wh, ohm, deg for angles, and fractions 0..1 (never
percent). Battery current is positive when discharging, in every channel, whatever the source does. A balance current
is a magnitude. Lists (one value for each cell) keep their index: a cell that was not read is null, never left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How the values of a channel are stored."""

    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "flag"
    TEXT = "text"
    NUMBERS = "numbers"
    FLAGS = "flags"
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class Channel:
    """One canonical column.

    Attributes:
        name: Canonical name.
        unit: Unit of the values; "" where there is none.
        kind: Storage; NUMBERS and FLAGS are fixed-size lists (a null for what was not read), NAMES a list of names.
        low: Lowest plausible value in `unit`; a value below is a telemetry error, not a measurement.
        high: Highest plausible value.
        meaning: One sentence, with the sign where one matters.
    """

    name: str
    unit: str
    kind: Kind
    low: float
    high: float
    meaning: str


def _number(name: str, unit: str, low: float, high: float, meaning: str) -> Channel:
    return Channel(name, unit, Kind.NUMBER, low, high, meaning)


def _integer(name: str, low: float, high: float, meaning: str, unit: str = "") -> Channel:
    return Channel(name, unit, Kind.INTEGER, low, high, meaning)


def _flag(name: str, meaning: str) -> Channel:
    return Channel(name, "", Kind.FLAG, 0, 1, meaning)


def _text(name: str, meaning: str) -> Channel:
    return Channel(name, "", Kind.TEXT, 0, 0, meaning)


def _numbers(name: str, unit: str, low: float, high: float, meaning: str) -> Channel:
    return Channel(name, unit, Kind.NUMBERS, low, high, meaning)


_ALL: Final[tuple[Channel, ...]] = (
    # Every log has these two.
    _number("time", "s", 0, 1e9, "Seconds since the first sample of this log, never decreasing."),
    _integer("source_row", 0, 1e15, "Line number (text) or byte offset (binary) in the file this row came from."),
    # Power path.
    _number("pack_voltage", "V", 5, 500, "Voltage of the whole pack where this device measures it."),
    _number("battery_current", "A", -1500, 1500, "Battery current of this device, positive when discharging."),
    _number("motor_current", "A", -2000, 2000, "Motor (phase) current, positive when driving."),
    _number("d_axis_current", "A", -2000, 2000, "Field-axis motor current."),
    _number("q_axis_current", "A", -2000, 2000, "Torque-axis motor current."),
    _number("d_axis_voltage", "V", -500, 500, "Field-axis motor voltage."),
    _number("q_axis_voltage", "V", -500, 500, "Torque-axis motor voltage."),
    _number("field_weakening_current", "A", -500, 500, "Field weakening current."),
    _number("requested_current", "A", -2000, 2000, "Motor current the balance or throttle loop asked for."),
    _number("power", "W", -200000, 200000, "Electrical power, positive when discharging."),
    _number("motor_power", "W", -200000, 200000, "Power at the motor, positive when driving."),
    _number("torque", "Nm", -2000, 2000, "Motor torque, positive when driving."),
    _number("duty", "", -1.1, 1.1, "Fraction of the bus voltage put on the motor, signed with the direction."),
    _number("pwm", "", 0, 1.5, "Share of the voltage headroom in use on a wheel; 1 is none left."),
    _number("total_battery_current", "A", -3000, 3000, "Battery current of all controllers, discharge positive."),
    _number("total_motor_current", "A", -4000, 4000, "Motor current summed over all controllers."),
    _integer("controller_count", 0, 16, "Controllers heard on the bus, this one included."),
    _integer("controller_id", -1, 255, "Identifier of the controller that answered."),
    # Motion.
    _number("erpm", "1/min", -300000, 300000, "Electrical revolutions per minute, signed with the direction."),
    _number("motor_rpm", "1/min", -30000, 30000, "Mechanical motor revolutions per minute."),
    _number("speed", "m/s", -60, 60, "Vehicle speed from the motor."),
    _number("distance", "m", -1e7, 1e7, "Distance of this trip or since the controller started."),
    _number("distance_absolute", "m", 0, 1e7, "Distance since the controller started, both directions added."),
    _number("odometer", "m", 0, 1e9, "Lifetime distance of the vehicle."),
    _number("tachometer", "", -1e10, 1e10, "Motor steps since the controller started, signed."),
    _number("tachometer_absolute", "", 0, 1e10, "Motor steps since the controller started, both directions added."),
    _number("encoder_position", "deg", -1, 360, "Rotor position by the encoder."),
    _number("roll", "deg", -360, 360, "Roll angle."),
    _number("pitch", "deg", -360, 360, "Pitch angle."),
    _number("yaw", "deg", -360, 360, "Yaw angle."),
    _number("setpoint", "deg", -360, 360, "Pitch the balance loop aims for."),
    _number("acceleration_x", "g", -200, 200, "Acceleration along x."),
    _number("acceleration_y", "g", -200, 200, "Acceleration along y."),
    _number("acceleration_z", "g", -200, 200, "Acceleration along z."),
    _number("angular_rate_x", "deg/s", -5000, 5000, "Turn rate around x."),
    _number("angular_rate_y", "deg/s", -5000, 5000, "Turn rate around y."),
    _number("angular_rate_z", "deg/s", -5000, 5000, "Turn rate around z."),
    # Heat.
    _number("fet_temperature", "degC", -40, 180, "Hottest power-stage sensor of the controller."),
    _number("fet_temperature_1", "degC", -40, 180, "Power-stage sensor 1."),
    _number("fet_temperature_2", "degC", -40, 180, "Power-stage sensor 2."),
    _number("fet_temperature_3", "degC", -40, 180, "Power-stage sensor 3."),
    _number("motor_temperature", "degC", -40, 250, "Motor winding sensor."),
    _number("controller_temperature", "degC", -40, 180, "Board or housing temperature of a wheel or controller."),
    _number("processor_temperature", "degC", -40, 150, "Processor or second board sensor."),
    _number("ambient_temperature", "degC", -40, 80, "Air temperature."),
    # Counters.
    _number("amp_hours_used", "Ah", 0, 1e6, "Charge taken since the controller started (drive only)."),
    _number("amp_hours_charged", "Ah", 0, 1e6, "Charge returned by regen since the controller started."),
    _number("watt_hours_used", "Wh", 0, 1e8, "Energy taken since the controller started."),
    _number("watt_hours_charged", "Wh", 0, 1e8, "Energy returned by regen since the controller started."),
    _number("total_amp_hours_used", "Ah", 0, 1e6, "Charge taken, all controllers."),
    _number("total_amp_hours_charged", "Ah", 0, 1e6, "Charge returned, all controllers."),
    _number("total_watt_hours_used", "Wh", 0, 1e8, "Energy taken, all controllers."),
    _number("total_watt_hours_charged", "Wh", 0, 1e8, "Energy returned, all controllers."),
    _number("uptime", "s", 0, 1e10, "Seconds since this device started, by its own count."),
    # State.
    _integer("fault_code", 0, 255, "Active fault of the controller, 0 for none; VESC numbering."),
    _text("fault_name", "Fault in words, VESC names without the prefix."),
    _text("mode", "Riding mode or state in the device's own words."),
    _text("alert", "Alert text of the device or the app."),
    _integer("ride_state", 0, 255, "State number of a balance package."),
    _number("remote_input", "", -1.5, 1.5, "Throttle or remote demand, positive drive, negative brake."),
    _number("throttle_1", "V", -1, 6, "First analog input of the throttle or foot pad."),
    _number("throttle_2", "V", -1, 6, "Second analog input of the throttle or foot pad."),
    # Energy meter.
    _number("soc", "", 0, 1, "State of charge the device reports."),
    _number("soh", "", 0, 1.2, "State of health the device reports."),
    _number("energy_left", "Wh", -1e5, 1e6, "Energy the device believes is left."),
    _number("remaining_capacity", "Ah", -10, 5000, "Charge the BMS believes is left."),
    _number("full_charge_capacity", "Ah", 0, 5000, "Capacity of a full pack as the BMS believes."),
    _number("nominal_capacity", "Ah", 0, 5000, "Capacity as configured."),
    _number("cycle_count", "", 0, 1e6, "Charge cycles as the BMS counts them."),
    # BMS.
    _numbers("cell_voltages", "V", 0.5, 5, "Voltage of each cell group, first cell first; null for one not read."),
    _numbers("cell_wire_resistances", "ohm", 0, 5, "Resistance of each sense wire as the BMS measures it."),
    _number("cell_voltage_max", "V", 0.5, 5, "Highest cell voltage as the BMS reports it."),
    _number("cell_voltage_min", "V", 0.5, 5, "Lowest cell voltage as the BMS reports it."),
    _number("cell_voltage_average", "V", 0.5, 5, "Mean cell voltage as the BMS reports it."),
    _number("cell_voltage_delta", "V", 0, 5, "Difference of highest and lowest cell as the BMS reports it."),
    _integer("cell_max_index", 0, 255, "Index of the highest cell, from 0."),
    _integer("cell_min_index", 0, 255, "Index of the lowest cell, from 0."),
    _integer("cell_count", 0, 255, "Number of cells the BMS is configured for or finds."),
    _flag("discharge_fet", "Discharge FETs on."),
    _flag("charge_fet", "Charge FETs on."),
    _flag("precharge_fet", "Precharge FET on."),
    _text("discharge_fet_state", "Why the discharge FETs are as they are: on, off or a canonical protection name."),
    _text("charge_fet_state", "Why the charge FETs are as they are: on, off or a canonical protection name."),
    _flag("balancing", "Any balancing at work."),
    Channel("cells_balancing", "", Kind.FLAGS, 0, 1, "Balancing of each cell."),
    _number("balance_current", "A", 0, 50, "Size of the balance current."),
    Channel("protections", "", Kind.NAMES, 0, 0, "Active protections; empty when none, null if unknown."),
    Channel("warnings", "", Kind.NAMES, 0, 0, "Active warnings by canonical name."),
    _number("battery_temperature", "degC", -40, 120, "Hottest battery sensor."),
    _numbers("battery_temperatures", "degC", -40, 120, "Every battery sensor; null for one not fitted."),
    _number("bms_temperature", "degC", -40, 150, "Board of the BMS."),
    _number("bms_fet_temperature", "degC", -40, 180, "FETs of the BMS."),
    _number("balancer_temperature", "degC", -40, 180, "Balancer of the BMS."),
    _number("discharge_fet_drop", "V", -10, 200, "Drain-source voltage of the discharge FETs."),
    _number("discharge_gate_voltage", "V", -5, 30, "Gate drive of the discharge FETs."),
    _number("charge_gate_voltage", "V", -5, 30, "Gate drive of the charge FETs."),
    _number("charger_voltage", "V", 0, 500, "Voltage at the charge port."),
    _number("humidity", "", 0, 1, "Relative humidity in the housing."),
    _flag("charger_connected", "A charger is plugged in."),
    _flag("load_connected", "A load is connected."),
    _flag("heating", "The heater is on."),
    _text("bms_state", "State of the BMS: idle, charging, discharging, standby, fault."),
    # Position.
    _number("latitude", "deg", -90, 90, "Latitude."),
    _number("longitude", "deg", -180, 180, "Longitude."),
    _number("altitude", "m", -500, 9000, "Altitude."),
    _number("gps_speed", "m/s", 0, 100, "Speed by satellite."),
    _number("gps_vertical_speed", "m/s", -100, 100, "Climb rate by satellite."),
    _number("gps_heading", "deg", 0, 360, "Course by satellite."),
    _number("gps_accuracy", "m", 0, 10000, "Horizontal accuracy of the fix."),
    _number("gps_vertical_accuracy", "m", 0, 10000, "Vertical accuracy of the fix."),
    _number("gps_distance", "m", 0, 1e8, "Distance by satellite."),
    _number("gps_time", "s", 0, 1e11, "Satellite clock, seconds since 1970 or since midnight as the clock note says."),
    # Events and fault records.
    _text("event", "Canonical event name of an event record."),
    _text("event_text", "The event in the device's own words."),
    _integer("event_code", 0, 65535, "The event number of the device."),
    _integer("fault_motor", 0, 8, "Motor a fault record belongs to."),
    _number("motor_current_filtered", "A", -2000, 2000, "Filtered motor current of a fault record."),
    _number("gate_driver_voltage", "V", 0, 60, "Gate driver supply of a fault record."),
    _number("cycles_running", "", 0, 1e12, "Control cycles since the output was enabled, of a fault record."),
    Channel("driver_faults", "", Kind.NAMES, 0, 0, "Flags of the gate driver chip of a fault record."),
    # Configuration.
    _text("setting", "Name of a setting, canonical where there is one."),
    _text("setting_text", "Value of the setting as written."),
    _number("setting_value", "", -1e12, 1e12, "Value of the setting as a number in its canonical unit."),
    _text("setting_unit", "Unit of the setting."),
)

CHANNELS: Final[dict[str, Channel]] = {channel.name: channel for channel in _ALL}

#: Names a BMS protection can have in the `protections` and `warnings` channels and in `*_fet_state`.
PROTECTIONS: Final[dict[str, str]] = {
    "cell-overvoltage": "A cell was above its limit.",
    "cell-undervoltage": "A cell was below its limit.",
    "pack-overvoltage": "The pack was above its limit.",
    "pack-undervoltage": "The pack was below its limit.",
    "charge-overcurrent": "The charge current was above its limit.",
    "discharge-overcurrent": "The discharge current was above its limit for longer than its delay.",
    "short-circuit": "The current rose faster and higher than any load: short circuit protection.",
    "charge-overtemperature": "Too hot to charge.",
    "charge-undertemperature": "Too cold to charge.",
    "discharge-overtemperature": "Too hot to discharge.",
    "discharge-undertemperature": "Too cold to discharge.",
    "fet-overtemperature": "The FETs of the BMS were too hot.",
    "battery-overtemperature": "A battery sensor was too hot.",
    "board-overtemperature": "The BMS board was too hot.",
    "cell-difference": "The cells were too far apart.",
    "temperature-difference": "The temperature sensors were too far apart.",
    "cell-count": "The number of cells does not fit the setting.",
    "wire-resistance": "A sense wire has too much resistance.",
    "open-wire": "A sense wire is open.",
    "current-sensor": "The current sensor reads nonsense.",
    "temperature-sensor": "A temperature sensor reads nonsense.",
    "front-end": "The measuring chip failed.",
    "communication": "Parts of the BMS do not hear each other.",
    "charge-fet-failure": "The charge FETs do not do what they are told.",
    "discharge-fet-failure": "The discharge FETs do not do what they are told.",
    "precharge-failure": "The precharge did not complete.",
    "software-lock": "Locked by software.",
    "manual-off": "Switched off by an app, a button or a command.",
    "charge-manual-off": "Charging switched off by an app, a button or a command.",
    "discharge-manual-off": "Discharging switched off by an app, a button or a command.",
    "charge-timeout": "Charging took too long.",
    "low-soc": "The state of charge is low.",
    "high-soc": "The state of charge is high.",
    "full": "The battery is full.",
    "starting": "The BMS is starting up or testing itself.",
    "other": "A protection ridelog has no name for; the text of the device is kept beside it.",
}
