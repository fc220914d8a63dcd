"""Tables as riders have them: a home-made logger, a spreadsheet, an unknown app."""

from __future__ import annotations

import datetime as calendar

import numpy as np

from .controller_log import Rows


def stamp(seconds: float, start: calendar.datetime, style: str) -> str:
    """A time in one of the styles riders' loggers use."""
    when = start + calendar.timedelta(seconds=float(seconds))
    if style == "iso":
        return when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    if style == "space":
        return when.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if style == "clock":
        return when.strftime("%H:%M:%S.%f")[:-3]
    if style == "epoch_ms":
        return str(int((when - calendar.datetime(1970, 1, 1)).total_seconds() * 1000))
    if style == "ms":
        return str(int(seconds * 1000))
    return f"{seconds:.2f}"


#: Captions: column name, caption, factor, decimals.
CONTROLLER_STYLES: list[dict[str, object]] = [
    {
        "time": ("time", "s"),
        "columns": [("voltage", "voltage", 1, 2), ("current", "current", 1, 2), ("speed", "speed_kmh", 3.6, 1)],
    },
    {
        "time": ("Time (s)", "s"),
        "columns": [
            ("voltage", "Battery Voltage (V)", 1, 2),
            ("current", "Battery Current (A)", 1, 2),
            ("motor", "Motor Current (A)", 1, 1),
            ("speed", "Speed (km/h)", 3.6, 1),
            ("duty", "Duty (%)", 100, 1),
            ("fet", "Controller Temp (°C)", 1, 1),
            ("fault", "Fault Code", 1, 0),
        ],
    },
    {
        "time": ("timestamp", "iso"),
        "columns": [
            ("voltage", "input_voltage", 1, 1),
            ("current", "input_current", 1, 2),
            ("motor", "motor_current", 1, 2),
            ("erpm", "erpm", 1, 0),
            ("duty", "duty_cycle", 1, 3),
            ("fet", "mosfet_temp", 1, 1),
            ("fault", "fault_code", 1, 0),
        ],
    },
    {
        "time": ("ms", "ms"),
        "columns": [
            ("voltage", "Vbat", 1, 2),
            ("current", "Ibat", 1, 2),
            ("speed", "kmh", 3.6, 1),
            ("erpm", "ERPM", 1, 0),
        ],
    },
    {
        "time": ("Timestamp", "space"),
        "columns": [
            ("speed", "Speed [km/h]", 3.6, 1),
            ("voltage", "Voltage [V]", 1, 1),
            ("current", "Current [A]", 1, 1),
            ("fet", "Temperature [°C]", 1, 0),
            ("distance", "Distance [m]", 1, 0),
        ],
    },
    {
        "time": ("Time", "clock"),
        "columns": [
            ("voltage", "Volts", 1, 2),
            ("current", "Amps", 1, 2),
            ("power", "Watts", 1, 0),
            ("speed", "MPH", 2.23694, 1),
            ("duty", "Duty", 1, 3),
        ],
    },
    {
        "time": ("Zeit", "space"),
        "german": True,
        "columns": [
            ("voltage", "Spannung [V]", 1, 2),
            ("current", "Strom [A]", 1, 2),
            ("speed", "Geschwindigkeit [km/h]", 3.6, 1),
            ("fet", "Temperatur [°C]", 1, 1),
        ],
    },
]


def controller_table(rows: Rows, rng: np.random.Generator, start: calendar.datetime, style: int | None = None) -> bytes:
    """A CSV with ordinary captions; the battery current is positive when discharging."""
    layout = CONTROLLER_STYLES[int(rng.integers(len(CONTROLLER_STYLES))) if style is None else style]
    caption, kind = layout["time"]
    columns = layout["columns"]
    german = bool(layout.get("german"))
    rows.values["power"] = rows.values["voltage"] * rows.values["current"]
    turned = -1 if style is None and rng.random() < 0.12 else 1
    zero = float(rows.time[0]) if rows.time.size else 0.0
    lines = [(";" if german else ",").join([caption, *(item[1] for item in columns)])]
    for i, when in enumerate(rows.time):
        cells = [stamp(when - zero if kind in ("s", "ms") else when, start, kind)]
        cells += [
            f"{float(rows.values[name][i]) * factor * (turned if name in ('current', 'power') else 1):.{digits}f}"
            for name, _text, factor, digits in columns
        ]
        lines.append(";".join(cell.replace(".", ",") for cell in cells) if german else ",".join(cells))
    return ("\n".join(lines) + "\n").encode()


#: What boards call their protections in an exported table.
PROTECTION_TEXT = {
    "": ["", "None", "0", "Normal"],
    "over-current": [
        "Discharge overcurrent",
        "DischargeOCP",
        "Discharge Over Current",
        "discharge overcurrent protection",
    ],
    "under-voltage": ["Cell undervoltage", "CellUVP", "Cell Under Voltage", "cell undervoltage protection"],
    "short": ["Short circuit", "SCP", "Short Circuit", "short circuit protection"],
    "over-temperature": ["MOS overtemperature", "MOSOTP", "MOS Over Temp", "discharge overtemperature protection"],
    "command": ["", "None", "0", "Normal"],
    "over-voltage": ["Cell overvoltage", "CellOVP", "Cell Over Voltage", "cell overvoltage protection"],
    "charge-over-current": ["Charge overcurrent", "ChargeOCP", "Charge Over Current", "charge overcurrent protection"],
}


def board_table(
    rows: Rows, rng: np.random.Generator, start: calendar.datetime, *, flags: bool = True, sign: int = -1
) -> bytes:
    """A CSV of a battery board; `sign` -1 writes charging as positive, as most boards do."""
    style = int(rng.integers(3))
    text = int(rng.integers(4))
    series = rows.values["cells"].shape[1]
    names = [
        [
            "Time",
            "Total Voltage (V)",
            "Current (A)",
            "SOC (%)",
            *(f"Cell {k} (V)" for k in range(1, series + 1)),
            "Temp 1 (°C)",
            "MOS Temp (°C)",
        ],
        [
            "timestamp",
            "pack_voltage",
            "pack_current",
            "soc",
            *(f"cell_{k:02d}" for k in range(1, series + 1)),
            "temp1",
            "mos_temp",
        ],
        ["Date Time", "Voltage", "Current", "RSOC", *(f"Cell{k}" for k in range(1, series + 1)), "T1", "MOS"],
    ][style]
    switches = [
        ["Charge MOS", "Discharge MOS", "Protection"],
        ["charge_fet", "discharge_fet", "protection"],
        ["Chg FET", "Dsg FET", "Protect"],
    ][style]
    word = [("OFF", "ON"), ("0", "1"), ("off", "on")][style]
    lines = [",".join(names + (switches if flags else []))]
    values = rows.values
    kind = ["space", "iso", "space"][style]
    for i, when in enumerate(rows.time):
        cells = [
            stamp(when, start, kind),
            f"{values['voltage'][i]:.2f}",
            f"{sign * values['current'][i]:.2f}",
            f"{values['soc'][i] * 100:.0f}",
        ]
        cells += [f"{value:.3f}" for value in values["cells"][i]]
        cells += [f"{values['cell_temperature'][i]:.1f}", f"{values['mos_temperature'][i]:.1f}"]
        if flags:
            cells += [
                word[values["charge"][i]],
                word[values["discharge"][i]],
                PROTECTION_TEXT[values["protection"][i]][text],
            ]
        lines.append(",".join(cells))
    return ("\n".join(lines) + "\n").encode()
