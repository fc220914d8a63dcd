"""Lists of faults as the VESC terminal prints them and riders paste them."""

from __future__ import annotations

import numpy as np

NAMES = {
    1: "OVER_VOLTAGE",
    2: "UNDER_VOLTAGE",
    3: "DRV",
    4: "ABS_OVER_CURRENT",
    5: "OVER_TEMP_FET",
    6: "OVER_TEMP_MOTOR",
}


def listing(rng: np.random.Generator, records: list[dict[str, float]]) -> bytes:
    """The listing; a record has code, current, filtered, voltage, duty, erpm, cycles, temperature."""
    loose = bool(rng.random() < 0.4)
    lines = ["faults" if rng.random() < 0.4 else "", "The following faults were registered since start:", ""]
    tacho = int(rng.integers(1000, 900000))
    for record in records:
        top = int(rng.integers(2400, 9000))
        tacho += int(rng.integers(0, 9000))
        rows = [
            ("Fault", f"FAULT_CODE_{NAMES[int(record['code'])]}"),
            ("Current", f"{record['current']:.1f}"),
            ("Current filtered", f"{record['filtered']:.1f}"),
            ("Voltage", f"{record['voltage']:.2f}"),
            ("Duty", f"{record['duty']:.3f}"),
            ("RPM", f"{record['erpm']:.1f}"),
            ("Tacho", str(tacho)),
            ("Cycles running", f"{record['cycles']:.0f}"),
            ("TIM duty", f"{record['duty'] * top:.0f}"),
            ("TIM val samp", f"{top // 4}"),
            ("TIM current samp", f"{top * 3 // 4}"),
            ("TIM top", str(top)),
            ("Comm step", str(int(rng.integers(1, 7)))),
            ("Temperature", f"{record['temperature']:.2f}"),
        ]
        if record["code"] == 3:
            rows.append(("DRV8301_FAULTS", "| FETLC_OC | FETHC_OC |" if rng.random() < 0.6 else "No DRV8301 faults"))
        lines += [f"{label} : {value}" if loose else f"{label:<17}: {value}" for label, value in rows] + [" "]
    return "\n".join(lines).encode()


def record(
    code: int,
    current: float,
    filtered: float,
    voltage: float,
    duty: float,
    erpm: float,
    cycles: float,
    temperature: float,
) -> dict[str, float]:
    """One entry of the listing."""
    return {
        "code": code,
        "current": current,
        "filtered": filtered,
        "voltage": voltage,
        "duty": duty,
        "erpm": erpm,
        "cycles": cycles,
        "temperature": temperature,
    }
