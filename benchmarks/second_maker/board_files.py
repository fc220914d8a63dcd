"""Files of battery boards as their own programs write them, and captured frames as text."""

from __future__ import annotations

import datetime as calendar

import numpy as np

from .controller_log import Rows
from .table_files import stamp

#: JBD protection bits.
JBD_BITS = {
    "": 0,
    "over-voltage": 1 << 0,
    "under-voltage": 1 << 1,
    "over-temperature": 1 << 6,
    "charge-over-current": 1 << 8,
    "over-current": 1 << 9,
    "short": 1 << 10,
    "command": 1 << 12,
}
#: JK (JK02) error bits.
JK_BITS = {
    "": 0,
    "over-voltage": 1 << 4,
    "under-voltage": 1 << 11,
    "over-temperature": 1 << 1,
    "charge-over-current": 1 << 6,
    "over-current": 1 << 13,
    "short": 1 << 14,
    "command": 0,
}


def jbdtools(rows: Rows, start: calendar.datetime, capacity: float) -> bytes:
    """The live record of the Windows program: tab-separated text in GBK, units glued to the values."""
    values, series = rows.values, rows.values["cells"].shape[1]
    head = [
        "日期(date)",
        "时间(time))",
        "总电压(voltage)",
        "电流(current)",
        *(f"Cell{k}" for k in range(1, series + 1)),
        "平均电压(avg cell))",
        "最高电压(max_cell))",
        "最低电压(min_cell)",
        "RSOC",
        "剩余容量(remaincap))",
        "标容量称(fcc))",
        "循环次数(cycle))",
        "温度(temp)1",
        "温度(temp)2",
        "充电MOS状态(C_FET))",
        "放电MOS状态(D_FET))",
        "ProtectStatus",
        "BalanceStatus",
    ]
    lines = ["\t".join(head) + "\t"]
    for i, when in enumerate(rows.time):
        moment = start + calendar.timedelta(seconds=float(when))
        cells = values["cells"][i]
        row = [
            moment.strftime("%Y-%m-%d"),
            moment.strftime("%H:%M:%S"),
            f"{values['voltage'][i]:.2f}V",
            f"{-values['current'][i]:.2f}A",
            *(f"{v:.3f} V" for v in (*cells, cells.mean(), cells.max(), cells.min())),
            f"{values['soc'][i] * 100:.0f}%",
            f"{values['soc'][i] * capacity * 1000:.0f}mAH",
            f"{capacity * 1000:.0f}mAH",
            "57",
            f"{values['mos_temperature'][i]:.1f}",
            f"{values['cell_temperature'][i]:.1f}",
            "ON" if values["charge"][i] else "OFF",
            "ON" if values["discharge"][i] else "OFF",
            f"{JBD_BITS[values['protection'][i]]:x}",
            "0",
        ]
        lines.append("\t".join(row) + "\t")
    return ("\r\n".join(lines) + "\r\n").encode("gbk")


def smart_bms_utility(rows: Rows, start: calendar.datetime, capacity: float) -> bytes:
    """The day file of the iOS app: semicolons, charging and discharging current in two columns, no switches."""
    values, series = rows.values, rows.values["cells"].shape[1]
    head = [
        "timestampUTC",
        "totalVoltage",
        "chargingCurrentA",
        "disChargingCurrentA",
        "remainingCapacityAh",
        "socPercent",
        "t1",
        "t2",
    ]
    lines = [";".join(head + [f"c{k}" for k in range(1, series + 1)])]
    for i, when in enumerate(rows.time):
        moment = start + calendar.timedelta(seconds=float(when))
        current = values["current"][i]
        row = [
            moment.strftime("%Y-%m-%d %H:%M:%S"),
            f"{values['voltage'][i]:.2f}",
            f"{max(-current, 0):.2f}",
            f"{max(current, 0):.2f}",
            f"{values['soc'][i] * capacity:.2f}",
            f"{values['soc'][i] * 100:.0f}",
            f"{values['mos_temperature'][i]:.1f}",
            f"{values['cell_temperature'][i]:.1f}",
            *(f"{v:.3f}" for v in values["cells"][i]),
        ]
        lines.append(";".join(row))
    return ("\n".join(lines) + "\n").encode()


def jbd_frames(rows: Rows, start: calendar.datetime, capacity: float) -> bytes:
    """Replies 03 and 04 of a JBD board, one a line in hexadecimal with a time in front."""
    values, lines = rows.values, []

    def frame(register: int, data: bytes) -> str:
        body = bytes([0, len(data)]) + data
        check = (0x10000 - sum(body)) & 0xFFFF
        return (bytes([0xDD, register]) + body + check.to_bytes(2, "big") + b"\x77").hex().upper()

    for i, when in enumerate(rows.time):
        cells = values["cells"][i]
        data = int(values["voltage"][i] * 100).to_bytes(2, "big") + round(-values["current"][i] * 100).to_bytes(
            2, "big", signed=True
        )
        data += (
            int(values["soc"][i] * capacity * 100).to_bytes(2, "big")
            + int(capacity * 100).to_bytes(2, "big")
            + (57).to_bytes(2, "big")
        )
        data += (
            ((21 << 9) | (5 << 5) | 9).to_bytes(2, "big")
            + bytes(4)
            + JBD_BITS[values["protection"][i]].to_bytes(2, "big")
            + b"\x22"
        )
        data += bytes([round(values["soc"][i] * 100), values["charge"][i] | values["discharge"][i] << 1, cells.size, 2])
        data += b"".join(
            round(values[name][i] * 10 + 2731).to_bytes(2, "big") for name in ("mos_temperature", "cell_temperature")
        )
        when_text = stamp(float(when), start, "space")
        lines.append(f"{when_text} {frame(3, data)}")
        lines.append(f"{when_text} {frame(4, b''.join(round(v * 1000).to_bytes(2, 'big') for v in cells))}")
    return ("\n".join(lines) + "\n").encode()


def jk_frames(rows: Rows, start: calendar.datetime, capacity: float) -> bytes:
    """Cell-info frames of a JK board (32-cell layout), one a line in hexadecimal with a time in front."""
    values, lines = rows.values, []
    for i, when in enumerate(rows.time):
        cells = np.round(values["cells"][i] * 1000).astype(int)
        frame = bytearray(300)
        frame[0:6] = bytes([0x55, 0xAA, 0xEB, 0x90, 0x02, i & 0xFF])

        def put(offset: int, value: float, size: int, signed: bool = False, frame: bytearray = frame) -> None:
            frame[offset : offset + size] = round(value).to_bytes(size, "little", signed=signed)

        for k, millivolts in enumerate(cells):
            put(6 + 2 * k, millivolts, 2)
            put(80 + 2 * k, 60 + 3 * (k % 5), 2)
        put(70, (1 << cells.size) - 1, 4)
        put(74, cells.mean(), 2)
        put(76, cells.max() - cells.min(), 2)
        frame[78], frame[79] = int(cells.argmax()), int(cells.argmin())
        put(144, values["mos_temperature"][i] * 10, 2, True)
        put(150, values["voltage"][i] * 1000, 4)
        put(154, abs(values["voltage"][i] * values["current"][i]) * 1000, 4)
        put(158, -values["current"][i] * 1000, 4, True)
        put(162, values["cell_temperature"][i] * 10, 2, True)
        put(164, values["cell_temperature"][i] * 10 + 4, 2, True)
        put(166, JK_BITS[values["protection"][i]], 4)
        frame[173] = round(values["soc"][i] * 100)
        put(174, values["soc"][i] * capacity * 1000, 4)
        put(178, capacity * 1000, 4)
        put(182, 57, 4)
        put(186, 57 * capacity * 900, 4)
        frame[190] = 97
        put(194, 3_000_000 + when, 4)
        frame[198], frame[199], frame[201] = values["charge"][i], values["discharge"][i], 1
        frame[214] = 0b0111
        frame[275] = 1
        frame[299] = sum(frame[:299]) & 0xFF
        lines.append(f"{stamp(float(when), start, 'space')} {frame.hex().upper()}")
    return ("\n".join(lines) + "\n").encode()
