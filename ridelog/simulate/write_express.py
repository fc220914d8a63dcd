"""Writes the log of a VESC Express: fields described in the header, an empty field for "not new since the last row"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from .bms_telemetry import BmsTelemetry
    from .controller_telemetry import ControllerTelemetry
    from .vehicle import Controller


def write_express(
    rng: Generator,
    t: ControllerTelemetry,
    controller: Controller,
    bms: BmsTelemetry | None,
    *,
    boot_s: float,
) -> bytes:
    """Write the log.

    Args:
        rng: For the throttle voltages.
        t: The controller's samples; the log has their rate.
        controller: For the battery level.
        bms: The board heard on the bus, whose values are held between its messages; None for none.
        boot_s: Seconds since the logger started at the first sample; its clock knows nothing else.
    """
    from .write_vesc_tool import battery_level

    count = len(t)
    level, _ = battery_level(t["slow_voltage"], controller.configured_cells, controller.configured_ah)
    throttle = 0.9 + 1.6 * np.clip(t["throttle"], 0, 1) + rng.normal(0, 0.004, count)
    zero = np.zeros(count)
    fields: list[tuple[str, str, str, int, NDArray[np.float64]]] = [
        ("Input Voltage", "Input Voltage", "V", 2, t["voltage"]),
        ("Current", "Current", "A", 2, t["motor_current"]),
        ("Current In", "Current In", "A", 2, t["battery_current"]),
        ("Duty", "Duty", "", 2, t["duty"]),
        ("RPM", "RPM", "", 2, t["erpm"]),
        ("Temp Fet", "Temp Fet", "degC", 1, t["fet_temperature"]),
        ("Temp Motor", "Temp Motor", "degC", 1, t["motor_temperature"]),
        ("Batt", "Batt", "%", 2, level * 100),
        ("kmh_vesc", "Speed VESC", "km/h", 2, t["speed"] * 3.6),
        ("roll", "roll", "", 2, rng.normal(0, 0.03, count)),
        ("pitch", "pitch", "", 2, np.radians(t.values.get("tilt", rng.normal(1.2, 1.7, count)))),
        ("yaw", "yaw", "", 2, zero),
        ("fault", "fault", "", 0, t["fault"]),
        ("trip_vesc", "trip_vesc", "m", 2, t["metres"]),
        ("trip_vesc_abs", "trip_vesc_abs", "m", 2, t["metres"]),
        ("cnt_ah", "Amp Hours", "Ah", 2, t["ah_used"]),
        ("cnt_wh", "Watt Hours", "Wh", 2, t["wh_used"]),
        ("cnt_ah_chg", "Ah Chg", "Ah", 2, t["ah_charged"]),
        ("cnt_wh_chg", "Wh Chg", "Wh", 2, t["wh_charged"]),
        ("ADC1", "ADC1", "V", 2, t.values.get("pad_left", throttle)),
        ("ADC2", "ADC2", "V", 2, t.values.get("pad_right", 0.9 + 1.6 * np.clip(-t["throttle"], 0, 1))),
    ]
    held = np.zeros(count, bool)
    if bms is not None and len(bms):
        place = np.clip(np.searchsorted(bms.true_s, t.true_s, side="right") - 1, 0, len(bms) - 1)
        held = np.concatenate(([False], np.diff(place) == 0))
        fields.append(("bms_v_tot", "BMS Voltage", "V", 2, bms.voltage[place]))
        fields.extend(
            (f"BMS_C{cell + 1}", f"BMS_C{cell + 1}", "V", 3, np.nan_to_num(bms.cells[place, cell]))
            for cell in range(bms.cells.shape[1])
        )
        # The current as the bridged board counts it: charging positive.
        fields.append(("bms_i_in_ic", "BMS Current", "A", 2, -bms.current[place]))
        fields.append(("bms_soc", "bms_soc", "%", 2, bms.soc[place] * 100))
        fields.extend(
            (f"BMS_T{sensor + 1}", f"BMS_T{sensor + 1}", "degC", 2, bms.temperatures[place, sensor])
            for sensor in range(bms.temperatures.shape[1])
        )
    header = ";".join(f"{key}:{name}:{unit}:{digits}:0:0" for key, name, unit, digits, _ in fields)
    header += ";t_day:Time:s:3:0:1"
    # Single precision seconds since the start of the logger.
    seconds = boot_s + (t.stamp_s - t.stamp_s[0] if count else zero)
    day = np.mod(seconds.astype(np.float32), np.float32(86400)).astype(np.float64)
    texts = [
        _column(values, digits, held if key.lower().startswith("bms") else None) for key, _, _, digits, values in fields
    ]
    texts.append(_column(day, 3, None))
    return (header + "\n" + "".join(";".join(row) + "\n" for row in zip(*texts, strict=True))).encode()


def _column(values: NDArray[np.float64], digits: int, held: NDArray[np.bool_] | None) -> list[str]:
    texts = [f"{value:.{digits}f}" for value in values.tolist()]
    if held is None:
        return texts
    return ["" if same else text for text, same in zip(texts, held.tolist(), strict=True)]
