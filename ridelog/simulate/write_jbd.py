"""JBD boards: the live record of JBDTools, a tab-separated text that calls itself .xls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from .write_jk import bitmask

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .scene import Scene

PROTECTION_BITS: Final[dict[str, int]] = {
    "cell-overvoltage": 0,
    "cell-undervoltage": 1,
    "pack-overvoltage": 2,
    "pack-undervoltage": 3,
    "charge-overtemperature": 4,
    "charge-undertemperature": 5,
    "discharge-overtemperature": 6,
    "fet-overtemperature": 6,
    "charge-overcurrent": 8,
    "discharge-overcurrent": 9,
    "short-circuit": 10,
    "front-end": 11,
    "software-lock": 12,
}


def jbdtools_name(scene: Scene, *, english: bool) -> str:
    """File name: the day on the computer's clock."""
    day = f"{scene.bms_clock.local(0.0):%Y%m%d}"
    return f"Record{day}.xls" if english else f"记录数据{day}.xls"


def write_jbdtools(scene: Scene, t: BmsTelemetry, *, english: bool) -> bytes:
    """Write the live record; units are glued to the values, every line ends with a tab, text is in GBK.

    Args:
        scene: For the clock.
        t: The samples.
        english: The layout of 2016 with English captions, or that of 2018 to 2021.
    """
    # The first sensor sits on the board itself.
    temperatures = np.concatenate((t.fet_temperature[:, None], t.temperatures), axis=1)
    series, sensors = t.cells.shape[1], temperatures.shape[1]
    cells = [f"Cell{k + 1}" for k in range(series)]
    if english:
        warm = [f"Temp{k + 1}" for k in range(sensors)]
        header = ["Date", "时间", "PackVoltage", "Current", *cells, "Average Cell", "Max Cell", "Min Cell", "RSOC"]
        header += ["Remain Capacity", "Full Capacity", "Cycle", *warm, "Chg MOS Status", "Dsg MOS Status"]
    else:
        warm = [f"温度(temp){k + 1}" for k in range(sensors)]
        header = ["日期(date)", "时间(time))", "总电压(voltage)", "电流(current)", *cells, "平均电压(avg cell))"]
        header += ["最高电压(max_cell))", "最低电压(min_cell)", "RSOC", "剩余容量(remaincap))", "标容量称(fcc))"]
        header += ["循环次数(cycle))", *warm, "充电MOS状态(C_FET))", "放电MOS状态(D_FET))"]
    header += ["ProtectStatus", "BalanceStatus"]
    lines = ["\t".join(header) + "\t"]
    read = np.nan_to_num(t.cells)
    extremes = np.stack([np.nanmean(t.cells, axis=1), np.nanmax(t.cells, axis=1), np.nanmin(t.cells, axis=1)], axis=1)
    highest = np.nan_to_num(t.cells).argmax(axis=1)
    for row in range(len(t)):
        moment = datetime.fromtimestamp(float(t.stamp_s[row]) + scene.bms_clock.zone_s, UTC)
        current = -float(t.current[row])
        fields = [f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}", f"{t.voltage[row]:0.2f}V"]
        fields.append(f"{'-' if current < 0 else ''}{abs(current):0.2f}A")
        fields += [f"{value:0.3f} V" for value in read[row].tolist()]
        fields += [f"{value:0.3f} V" for value in extremes[row].tolist()]
        fields += [f"{int(t.soc[row] * 100)}%", f"{round(float(t.remaining_ah[row]) * 1000)}mAH"]
        fields += [f"{round(t.capacity_ah * 1000)}mAH", str(t.cycles)]
        fields += [f"{value:0.1f}" for value in temperatures[row].tolist()]
        fields += ["ON" if t.charge[row] else "OFF", "ON" if t.discharge[row] else "OFF"]
        fields.append(f"{bitmask(t.protections[row], PROTECTION_BITS):x}")
        fields.append(f"{1 << int(highest[row]) if t.balancing[row] else 0:x}")
        lines.append("\t".join(fields) + "\t")
    return ("\n".join(lines) + "\n").encode("gbk")
