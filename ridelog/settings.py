"""The vocabulary of configuration: limits and delays of controllers and BMSs, in canonical names and units.

Limits of currents are magnitudes (positive), for discharge and charge alike; the name says the direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Setting:
    """One canonical setting.

    Attributes:
        name: Canonical name.
        unit: Unit; "" for a number without one, a flag or text.
        meaning: One sentence.
    """

    name: str
    unit: str
    meaning: str


_ALL: Final[tuple[Setting, ...]] = (
    # The pack, as somebody configured it.
    Setting("series_cells", "", "Cell groups in series."),
    Setting("chemistry", "", "Chemistry as text: nmc, lfp, lto, lead-acid."),
    Setting("nominal_capacity", "Ah", "Capacity of the pack."),
    Setting("nominal_energy", "Wh", "Energy of a full pack as the meter assumes it."),
    # Controller.
    Setting("controller_voltage_min", "V", "Below this the controller stops with an under-voltage fault."),
    Setting("controller_voltage_max", "V", "Above this the controller stops with an over-voltage fault."),
    Setting("battery_cut_start", "V", "Drive current folds back from here."),
    Setting("battery_cut_end", "V", "Drive current is zero here."),
    Setting("regen_cut_start", "V", "Regen current folds back from here."),
    Setting("regen_cut_end", "V", "Regen current is zero here."),
    Setting("battery_current_max", "A", "Most battery current while driving, of one controller."),
    Setting("battery_regen_current_max", "A", "Most battery current while braking, of one controller."),
    Setting("motor_current_max", "A", "Most motor current while driving."),
    Setting("motor_brake_current_max", "A", "Most motor current while braking."),
    Setting("motor_current_absolute_max", "A", "Motor current at which the controller faults."),
    Setting("slow_absolute_current", "", "The absolute limit looks at the filtered current."),
    Setting("fet_temperature_start", "degC", "Current folds back from this FET temperature."),
    Setting("fet_temperature_end", "degC", "Current is zero at this FET temperature."),
    Setting("motor_temperature_start", "degC", "Current folds back from this motor temperature."),
    Setting("motor_temperature_end", "degC", "Current is zero at this motor temperature."),
    Setting("power_max", "W", "Most drive power."),
    Setting("regen_power_max", "W", "Most regen power."),
    Setting("erpm_max", "1/min", "Most electrical speed."),
    Setting("duty_max", "", "Most duty."),
    Setting("fault_stop_time", "s", "How long the motor is released after a fault."),
    Setting("motor_poles", "", "Magnet poles of the motor."),
    Setting("gear_ratio", "", "Motor turns for a wheel turn."),
    Setting("wheel_diameter", "m", "Wheel diameter."),
    # BMS.
    Setting("cell_overvoltage_limit", "V", "A cell above this opens the charge FETs."),
    Setting("cell_overvoltage_recovery", "V", "They close again below this."),
    Setting("cell_overvoltage_delay", "s", "After this time."),
    Setting("cell_undervoltage_limit", "V", "A cell below this opens the discharge FETs."),
    Setting("cell_undervoltage_recovery", "V", "They close again above this."),
    Setting("cell_undervoltage_delay", "s", "After this time."),
    Setting("pack_overvoltage_limit", "V", "A pack above this opens the charge FETs."),
    Setting("pack_overvoltage_recovery", "V", "They close again below this."),
    Setting("pack_overvoltage_delay", "s", "After this time."),
    Setting("pack_undervoltage_limit", "V", "A pack below this opens the discharge FETs."),
    Setting("pack_undervoltage_recovery", "V", "They close again above this."),
    Setting("pack_undervoltage_delay", "s", "After this time."),
    Setting("charge_current_limit", "A", "A charge or regen current above this opens the charge FETs."),
    Setting("charge_overcurrent_delay", "s", "After this time."),
    Setting("charge_overcurrent_recovery", "s", "They close again after this time."),
    Setting("discharge_current_limit", "A", "A discharge current above this opens the discharge FETs."),
    Setting("discharge_overcurrent_delay", "s", "After this time."),
    Setting("discharge_overcurrent_recovery", "s", "They close again after this time."),
    Setting("discharge_current_limit_2", "A", "Second, faster discharge limit."),
    Setting("discharge_overcurrent_delay_2", "s", "Its delay."),
    Setting("short_circuit_current", "A", "Current at which the short circuit protection acts."),
    Setting("short_circuit_delay", "s", "Its delay."),
    Setting("short_circuit_recovery", "s", "Closed again after this time."),
    Setting("charge_temperature_max", "degC", "Too hot to charge above."),
    Setting("charge_temperature_min", "degC", "Too cold to charge below."),
    Setting("discharge_temperature_max", "degC", "Too hot to discharge above."),
    Setting("discharge_temperature_min", "degC", "Too cold to discharge below."),
    Setting("bms_fet_temperature_max", "degC", "FETs of the BMS too hot above."),
    Setting("cell_difference_limit", "V", "Cells too far apart above."),
    Setting("balance_start_voltage", "V", "Cells are balanced from this voltage on."),
    Setting("balance_trigger", "V", "Cells are balanced when they differ by more."),
    Setting("balance_current_max", "A", "Most balance current."),
    Setting("power_off_voltage", "V", "A cell below this switches the BMS off."),
    Setting("sleep_voltage", "V", "A cell below this lets the BMS sleep."),
    Setting("soc_full_voltage", "V", "Cell voltage shown as 100 %."),
    Setting("soc_empty_voltage", "V", "Cell voltage shown as 0 %."),
    Setting("charge_fet_enabled", "", "Charging is switched on."),
    Setting("discharge_fet_enabled", "", "Discharging is switched on."),
    Setting("balancer_enabled", "", "Balancing is switched on."),
    Setting("shunt_resistance", "ohm", "Shunt as configured."),
    Setting("trips_short_circuit", "", "Lifetime count of short circuit trips."),
    Setting("trips_charge_overcurrent", "", "Lifetime count of charge over-current trips."),
    Setting("trips_discharge_overcurrent", "", "Lifetime count of discharge over-current trips."),
    Setting("trips_cell_overvoltage", "", "Lifetime count of cell over-voltage trips."),
    Setting("trips_cell_undervoltage", "", "Lifetime count of cell under-voltage trips."),
    Setting("trips_pack_overvoltage", "", "Lifetime count of pack over-voltage trips."),
    Setting("trips_pack_undervoltage", "", "Lifetime count of pack under-voltage trips."),
    Setting("trips_charge_overtemperature", "", "Lifetime count of charge over-temperature trips."),
    Setting("trips_charge_undertemperature", "", "Lifetime count of charge under-temperature trips."),
    Setting("trips_discharge_overtemperature", "", "Lifetime count of discharge over-temperature trips."),
    Setting("trips_discharge_undertemperature", "", "Lifetime count of discharge under-temperature trips."),
)

SETTINGS: Final[dict[str, Setting]] = {setting.name: setting for setting in _ALL}


def number(settings: Mapping[str, float | str | bool], name: str) -> float | None:
    """A setting as a number, None when it is missing or text."""
    value = settings.get(name)
    return None if value is None or isinstance(value, str) else float(value)
