"""VESC configuration files: the motor, application and package settings that VESC Tool saves as XML."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.settings import SETTINGS
from ridelog.sources import Source

from .vesc_config_xml import Parameter, read_parameters


@dataclass(frozen=True, slots=True)
class _Known:
    """A parameter with a canonical setting; a magnitude loses its sign."""

    setting: str
    scale: float = 1.0
    magnitude: bool = False
    flag: bool = False


#: Parameters of the motor configuration that have a canonical name. Units are those of the firmware, scaled.
PARAMETERS: Final[dict[str, _Known]] = {
    "l_min_vin": _Known("controller_voltage_min"),
    "l_max_vin": _Known("controller_voltage_max"),
    "l_battery_cut_start": _Known("battery_cut_start"),
    "l_battery_cut_end": _Known("battery_cut_end"),
    "l_battery_regen_cut_start": _Known("regen_cut_start"),
    "l_battery_regen_cut_end": _Known("regen_cut_end"),
    "l_in_current_max": _Known("battery_current_max", magnitude=True),
    "l_in_current_min": _Known("battery_regen_current_max", magnitude=True),
    "l_current_max": _Known("motor_current_max", magnitude=True),
    "l_current_min": _Known("motor_brake_current_max", magnitude=True),
    "l_abs_current_max": _Known("motor_current_absolute_max", magnitude=True),
    "l_slow_abs_current": _Known("slow_absolute_current", flag=True),
    "l_temp_fet_start": _Known("fet_temperature_start"),
    "l_temp_fet_end": _Known("fet_temperature_end"),
    "l_temp_motor_start": _Known("motor_temperature_start"),
    "l_temp_motor_end": _Known("motor_temperature_end"),
    "l_watt_max": _Known("power_max", magnitude=True),
    "l_watt_min": _Known("regen_power_max", magnitude=True),
    "l_max_erpm": _Known("erpm_max", magnitude=True),
    "l_max_duty": _Known("duty_max"),
    "m_fault_stop_time_ms": _Known("fault_stop_time", 0.001),
    "si_motor_poles": _Known("motor_poles"),
    "si_gear_ratio": _Known("gear_ratio"),
    "si_wheel_diameter": _Known("wheel_diameter"),
    "si_battery_cells": _Known("series_cells"),
    "si_battery_ah": _Known("nominal_capacity"),
}
_BATTERY_TYPE: Final = "si_battery_type"
#: Chemistry and highest cell voltage of the battery types of the firmware, by number.
_BATTERY_TYPES: Final = {0: ("nmc", 4.25), 1: ("lfp", 3.7), 2: ("lead-acid", 2.6)}
_DEVICES: Final = {
    "MCConfiguration": "VESC motor configuration",
    "APPConfiguration": "VESC application configuration",
    "CustomConfiguration": "VESC package configuration",
}
_ROOT: Final = re.compile(rf"(?:<\?xml[^>]*\?>)?(?:\s|<!--.{{0,2000}}?-->)*<({'|'.join(_DEVICES)})[\s/>]", re.DOTALL)


class VescConfig(Parser):
    """XML with the root `MCConfiguration`, `APPConfiguration` or `CustomConfiguration`; one element a parameter.

    Plain text in each element: numbers with a point, flags and choices as whole numbers, no units, no attributes, in
    any order; parameters that a version did not have are missing. `ConfigVersion` (since 2021) counts versions of the
    file, not of the firmware. `l_*` are limits (`_min` of currents and powers are negative: braking), `si_*` what the
    user says about battery, motor and wheel (the defaults 3 cells and 6 Ah often stay), `m_fault_stop_time_ms` is in
    ms. Texts such as `motor_description` hold escaped HTML.
    """

    name: ClassVar[str] = "vesc-config"
    title: ClassVar[str] = "VESC Tool configuration XML (motor, application, package)"
    device: ClassVar[str] = "VESC controller"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONFIG,)
    gives: ClassVar[tuple[str, ...]] = ("setting", "setting_text", "setting_value", "setting_unit")
    clock: ClassVar[str] = "none: settings have no time"

    def sniff(self, source: Source) -> Sniff:
        """Look at the root element."""
        root = _ROOT.match(source.head.decode("utf-8-sig", "replace").lstrip())
        if root is None:
            return Sniff.no("the root element is none of " + ", ".join(_DEVICES))
        return Sniff.yes(f"the root element is {root[1]}")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the parameters."""
        document = read_parameters(source.data, source.label)
        if document.root not in _DEVICES:
            raise ParseError(f"the root element is '{document.root}', not a VESC configuration.", path=source.label)
        if not document.parameters:
            raise ParseError(
                "the configuration holds no parameter.", path=source.label, advice="Save it again in VESC Tool."
            )
        rows = document.parameters
        settings, wrong = _settings(rows) if document.root == "MCConfiguration" else ({}, ())
        builder = LogBuilder(np.zeros(len(rows)), np.array([row.line for row in rows], dtype=np.int64))
        known = [PARAMETERS.get(row.name) for row in rows]
        names = [row.name if item is None else item.setting for row, item in zip(rows, known, strict=True)]
        if document.root == "MCConfiguration":
            names = ["chemistry" if name == _BATTERY_TYPE else name for name in names]
        builder.add("setting", names, conversion="canonical name where there is one")
        builder.add("setting_text", [row.text for row in rows])
        values = [_value(row, item) for row, item in zip(rows, known, strict=True)]
        builder.add("setting_value", np.array(values, dtype=np.float64), conversion="canonical unit; magnitudes")
        builder.add("setting_unit", [SETTINGS[name].unit if name in SETTINGS else None for name in names])
        builder.keep("parameter", [row.name for row in rows])
        log = builder.build(
            Role.CONFIG,
            self.name,
            clock=Clock(ClockBasis.NONE, reason="Settings have no time."),
            identity=Identity(device=_DEVICES[document.root], family="vesc", software="VESC Tool"),
            damage=(*document.damage, *wrong),
            settings=settings,
        )
        return [log]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _value(row: Parameter, known: _Known | None) -> float:
    value = _number(row.text)
    if known is None:
        return value
    return abs(value * known.scale) if known.magnitude else value * known.scale


def _settings(
    rows: Sequence[Parameter],
) -> tuple[dict[str, float | str | bool], tuple[Damage, ...]]:
    """Canonical settings, and a note on a battery that cannot be the one the cut-off is made for."""
    settings: dict[str, float | str | bool] = {}
    lines: dict[str, int] = {}
    for row in rows:
        known = PARAMETERS.get(row.name)
        value = _value(row, known)
        if math.isnan(value):
            continue
        lines[row.name] = row.line
        if known is not None:
            settings[known.setting] = bool(value) if known.flag else value
        elif row.name == _BATTERY_TYPE and int(value) in _BATTERY_TYPES:
            settings["chemistry"] = _BATTERY_TYPES[int(value)][0]
    return settings, _check_battery(settings, lines)


def _check_battery(settings: Mapping[str, float | str | bool], lines: Mapping[str, int]) -> tuple[Damage, ...]:
    cells, cut = settings.get("series_cells"), settings.get("battery_cut_start")
    if not isinstance(cells, float) or not isinstance(cut, float):
        return ()
    highest = next((volts for name, volts in _BATTERY_TYPES.values() if name == settings.get("chemistry")), 4.25)
    if cells >= 1 and cut <= cells * highest:
        return ()
    message = (
        f"The battery is set to {cells:g} cells in series, but drive current folds back from {cut:g} V, more than "
        "they can have: the battery was never entered."
    )
    row = (lines["si_battery_cells"],) if "si_battery_cells" in lines else ()
    return (Damage(DamageKind.WRONG_SETTING, Effect.NOTED, message, 1, row, "series_cells"),)
