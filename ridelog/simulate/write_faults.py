"""Writes what the controller's terminal prints for `faults`, and its motor configuration as XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .faults import DRV, NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from .state import FaultRecord
    from .vehicle import Controller, Vehicle

#: The list of the firmware is a ring of so many entries.
RING = 25


def write_faults(rng: Generator, records: Sequence[FaultRecord]) -> bytes:
    """Write the terminal's answer; the list starts again after the ring is full."""
    kept = list(records)
    if len(kept) >= RING:
        kept = kept[len(kept) - max(len(kept) % RING, 1) :]
    if not kept:
        return b"No faults registered since startup\n"
    lines = ["The following faults were registered since start:", " "]
    for record in kept:
        top = int(rng.choice([3360, 4200, 5600, 8400]))
        duty = int(abs(record.duty) * top)
        sample = int(rng.integers(1, top))
        fields: list[tuple[str, str]] = [
            ("Fault", NAMES[record.code]),
            ("Motor", "1"),
            ("Current", f"{record.current:.1f}"),
            ("Current filtered", f"{record.filtered:.1f}"),
            ("Voltage", f"{record.voltage:.2f}"),
            ("Duty", f"{record.duty:.3f}"),
            ("RPM", f"{record.erpm:.1f}"),
            ("Tacho", str(int(rng.integers(0, 400_000)))),
            ("Cycles running", str(record.cycles)),
            ("TIM duty", str(duty)),
            ("TIM val samp", str(sample)),
            ("TIM current samp", str(int(rng.integers(1, top)))),
            ("TIM top", str(top)),
            ("Comm step", "0"),
            ("Temperature", f"{record.temperature:.2f}"),
        ]
        lines += [f"{label:<17}: {value}" for label, value in fields]
        if record.code == DRV:
            lines.append(f"{'DRV8301_FAULTS':<17}: | FETLC_OC | FETHC_OC |")
        lines.append(" ")
    return ("\n".join(lines) + "\n").encode()


def write_configuration(controller: Controller, vehicle: Vehicle) -> bytes:
    """Write the motor configuration, one element a parameter."""
    whole = {
        "si_battery_cells": controller.configured_cells,
        "si_motor_poles": 2 * vehicle.pole_pairs,
        "m_fault_stop_time_ms": round(controller.fault_stop_s * 1000),
        "si_battery_type": 0,
        "l_slow_abs_current": 0,
        "motor_type": 2,
    }
    gear = vehicle.erpm_per_speed * np.pi * vehicle.wheel_diameter_m / 60 / vehicle.pole_pairs
    real = {
        "l_current_max": controller.motor_max,
        "l_current_min": -controller.motor_brake,
        "l_in_current_max": controller.battery_max,
        "l_in_current_min": -controller.battery_regen,
        "l_abs_current_max": controller.absolute_max,
        "l_min_erpm": -100000,
        "l_max_erpm": 100000,
        "l_min_vin": controller.voltage_min,
        "l_max_vin": controller.voltage_max,
        "l_battery_cut_start": controller.cut_start,
        "l_battery_cut_end": controller.cut_end,
        "l_battery_regen_cut_start": controller.regen_cut_start,
        "l_battery_regen_cut_end": controller.regen_cut_end,
        "l_temp_fet_start": controller.fet_start,
        "l_temp_fet_end": controller.fet_end,
        "l_temp_motor_start": controller.motor_start,
        "l_temp_motor_end": controller.motor_end,
        "l_max_duty": 0.95,
        "foc_motor_r": vehicle.winding_ohm,
        "si_gear_ratio": gear,
        "si_wheel_diameter": vehicle.wheel_diameter_m,
        "si_battery_ah": controller.configured_ah,
    }
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<MCConfiguration>", "    <ConfigVersion>4</ConfigVersion>"]
    lines += [f"    <{name}>{value}</{name}>" for name, value in whole.items()]
    lines += [f"    <{name}>{value:.6g}</{name}>" for name, value in real.items()]
    return ("\n".join([*lines, "</MCConfiguration>"]) + "\n").encode()
