"""Files of battery management systems and of the programs that talk to them, built from the layouts."""

import json
import struct
from datetime import datetime, timedelta

from .tables import table, wave

COUNT = 40


def jbd_frame(register, data):
    body = bytes((0, len(data))) + data
    return bytes((0xDD, register)) + body + struct.pack(">H", (0x10000 - sum(body)) & 0xFFFF) + b"\x77"


def jbd_poll(index):
    current = round(-100 * wave(index, 6, 5))
    basic = struct.pack(">HhHHHHHHHBBBBB", 5284, current, 400, 500, 42, 10894, 0, 0, 0, 0x20, 81, 3, 13, 2)
    basic += struct.pack(">HH", 2981, 2975)
    cells = struct.pack(">13H", *(4060 + cell for cell in range(13)))
    return jbd_frame(3, basic), jbd_frame(4, cells)


def jbd_hex_dump():
    lines = []
    for index in range(12):
        for offset, frame in enumerate(jbd_poll(index)):
            stamp = (datetime(2024, 5, 24, 9, 35, 23) + timedelta(seconds=index + offset / 10)).isoformat(
                " ", "milliseconds"
            )
            lines.append(f"{stamp} <<< {frame.hex(' ')}")
    return ("\n".join(lines) + "\n").encode()


def frame_lines():
    return "".join(
        json.dumps({"ts": 1_716_543_323.0 + index + offset / 10, "frame_hex": frame.hex()}) + "\n"
        for index in range(12)
        for offset, frame in enumerate(jbd_poll(index))
    ).encode()


def raw_frames():
    return b"".join(frame for index in range(12) for frame in jbd_poll(index))


def btsnoop():
    epoch = 0x00DCDDB30F2F8000  # microseconds from the year 0 to 1970
    capture = b"btsnoop\0" + struct.pack(">II", 1, 1002)
    moment = epoch + 1_716_543_323_000_000
    for index in range(12):
        for frame in jbd_poll(index):
            for start in range(0, len(frame), 20):
                value = struct.pack("<BH", 0x1B, 0x0010) + frame[start : start + 20]
                l2cap = struct.pack("<HH", len(value), 4) + value
                packet = b"\x02" + struct.pack("<HH", 0x2000 | 0x0040, len(l2cap)) + l2cap
                moment += 20_000
                capture += struct.pack(">IIIIq", len(packet), len(packet), 1, 0, moment) + packet
        moment += 1_000_000
    return capture


def jk02_cells():
    """JK02 cell information of a board with 24 slots, 8 cells fitted."""
    frames = b""
    for index in range(12):
        frame = bytearray(300)
        frame[:6] = b"\x55\xaa\xeb\x90\x02" + bytes((index,))
        for cell in range(8):
            struct.pack_into("<H", frame, 6 + 2 * cell, 3300 + cell)
            struct.pack_into("<H", frame, 64 + 2 * cell, 50)
        struct.pack_into("<I", frame, 54, 0xFF)
        struct.pack_into("<HH", frame, 58, 3303, 7)
        struct.pack_into("<I", frame, 118, 26_428)
        current = wave(index, 6, 5)
        struct.pack_into("<Ii", frame, 122, round(26_428 * abs(current)), round(-1000 * current))
        struct.pack_into("<hhh", frame, 130, 251, 249, 263)
        frame[141] = 81
        struct.pack_into("<III", frame, 142, 81_000, 100_000, 42)
        frame[158] = 100
        struct.pack_into("<I", frame, 162, 1_000_000 + index)
        frame[166:168] = b"\x01\x01"
        frame[299] = sum(frame[:299]) & 0xFF
        frames += bytes(frame)
    return frames


def jbdtools():
    header = "\t".join(
        [
            "Date",
            "时间",
            "PackVoltage",
            "Current",
            *(f"Cell{cell}" for cell in range(1, 14)),
            "Average Cell",
            "Max Cell",
            "Min Cell",
            "RSOC",
            "Remain Capacity",
            "Full Capacity",
            "Cycle",
            "Temp1",
            "Temp2",
            "Chg MOS Status",
            "Dsg MOS Status",
            "ProtectStatus",
            "BalanceStatus",
            "",
        ]
    )
    lines = []
    for index in range(COUNT):
        stamp = datetime(2024, 5, 24, 9, 35, 23) + timedelta(seconds=index)
        cells = [f"{4.06 + cell / 1000:.3f} V" for cell in range(13)]
        lines.append(
            [
                stamp.strftime("%Y-%m-%d"),
                stamp.strftime("%H:%M:%S"),
                "52.84V",
                f"{-wave(index, 6, 5):.2f}A",
                *cells,
                "4.066 V",
                "4.072 V",
                "4.060 V",
                "81%",
                "4000mAH",
                "5000mAH",
                42,
                25.0,
                24.4,
                "ON",
                "ON",
                "0",
                "0",
                "",
            ]
        )
    return "\n".join([header, *("\t".join(str(cell) for cell in line) for line in lines), ""]).encode("gbk")


def jbd_fig():
    values = {
        **{"FileCode": 3838, "DesignCapacity": 10_000, "CycleCapacity": 8000, "FullChargeVol": 3500},
        **{"ChargeEndVol": 2800, "ManufactureDate": 10_894, "SerialNumber": 0, "CycleCount": 0, "ChgOverTemp": 3431},
        **{"ChgOTRelease": 3381, "CellOverVoltage": 3650, "CellOVRelease": 3500, "CellUnderVoltage": 2500},
        **{"CellUVRelease": 3000, "OverChargeCurrent": 11_000, "OverDisCurrent": 54_536, "BatNumber": 16},
        **{"ChgOCDelay": 10, "DisOCDelay": 10, "RSNS": 1, "CurrentRes": 1},
    }
    return "".join(f"  {key}        {value}\r\r\n" for key, value in values.items()).encode()


def smart_bms_utility():
    header = (
        "timestampUTC;totalVoltage;chargingCurrentA;disChargingCurrentA;remainingCapacityAh;socPercent;t1;t2;"
        + ";".join(f"c{cell}" for cell in range(1, 14))
    )
    lines = []
    for index in range(COUNT):
        stamp = (datetime(2024, 5, 24, 9, 35, 23) + timedelta(seconds=index)).strftime("%Y-%m-%d %H:%M:%S")
        current = wave(index, 2, 5)
        cells = [f"{4.06 + cell / 1000:.3f}" for cell in range(13)]
        lines.append([stamp, 52.84, f"{max(-current, 0):.2f}", f"{max(current, 0):.2f}", 4.0, 81, 25.0, 24.4, *cells])
    return table(header, lines, ";")


def daly_epdatalog():
    captions = ["Line #", "Timestamp", "Battery ID", "Current (A)", "Voltage (V)", "State Of Charge (%)"]
    captions += [
        "Total Capacity (mAH)",
        "Remaining Capacity (mAH)",
        *(f"Cell Voltage {cell} (mV)" for cell in range(1, 5)),
    ]
    captions += ["Highest Cell Voltage (mV)", "Lowest Cell Voltage (mV)", "Temperature 1 (C)"]
    captions += ["Charging (1) Discharging (2) Status", "Charging MOS Status", "Discharging MOS Status"]
    captions += ["Balancing Status", "Cell Balancing Status", *(f"Alarm {number}" for number in range(1, 9))]
    lines = []
    for index in range(COUNT):
        stamp = (datetime(2024, 5, 24, 9, 35, 23) + timedelta(seconds=index)).strftime("%Y-%m-%d %H:%M:%S")
        quoted = ['"00000000"'] * 8
        lines.append(
            [
                index + 1,
                stamp,
                1,
                f"{wave(index, 6, 5):.1f}",
                13.2,
                81.0,
                100000,
                81000,
                3300,
                3301,
                3299,
                3300,
                3301,
                3299,
                25,
                2,
                1,
                1,
                0,
                '"0000"',
                *quoted,
            ]
        )
    text = [", ".join(str(cell) for cell in line) + ", " for line in [captions, *lines]]
    return ("\n".join(text) + "\n").encode()


def jk_detail_log():
    header = (
        "Time,Event,Battery Voltage (V),Battery Current (A),SOC Cap. Remain (AH),SOC Full Charge Cap. (AH),"
        "Max Cell Voltage (V),Min Cell Voltage (V),Max Cell Voltage No,Min Cell Voltage No,Max Temp (C),Min Temp (C),"
        "Temp MOS (C),Heat Current (A),Charge MOS Status,Discharge MOS Status,Balance Status,Heating Status"
    )
    lines = []
    for index in range(COUNT):
        stamp = (datetime(2024, 5, 24, 9, 35, 23) + timedelta(hours=index)).strftime("%Y-%m-%d %H:%M:%S")
        lines.append([stamp, "Timed Record", 52.84, f"{-wave(index, 6, 5):.1f}", 81.0, 100.0, 3.305, 3.301, 3, 7])
        lines[-1] += [25, 24, 27, 0.0, "ON", "ON", "OFF", "OFF"]
    return table(header, lines)


def jk_usb_csv():
    header = (
        "timestamp,battery_voltage,current,power,soc,soh,battery_type,cycle_count,mos_temp,bat_temp1,bat_temp2,"
        "bat_temp3,bat_temp4,bat_temp5,active_cells,avg_cell_voltage,max_volt_delta,remaining_capacity,"
        "full_charge_capacity,heating_status,charge_status,discharge_status"
    )
    lines = []
    for index in range(COUNT):
        stamp = (datetime(2024, 5, 24, 9, 35, 23) + timedelta(seconds=index)).strftime("%Y-%m-%d %H:%M:%S")
        current = wave(index, 6, 5)
        lines.append([stamp, 52.84, f"{-current:.2f}", f"{abs(current) * 52.84:.1f}", 81, 100, "LFP", 42, 27.0, 25.1])
        lines[-1] += [24.9, -200, -200, -200, 3.305, 3.303, 0.004, 81.0, 100.0, "false", "true", "true"]
    return table(header, lines)


def daly_arduino() -> bytes:
    """Serial monitor of an Arduino that reads a Daly BMS."""
    lines = ["Press any key to query data from the BMS", ""]
    for poll in range(20):
        stamp = f"17:33:{poll:02}.250 -> "
        lines.append(f"{stamp}<DALY-BMS DEBUG> Send command: 0x90 Checksum = 0x7D")
        lines.append(f"{stamp}<DALY-BMS DEBUG> {51.8 - poll / 10:.2f}V, {5 + poll:.2f}A, {80 - poll / 10:.2f}SOC")
        lines += [
            f"<DALY-BMS DEBUG> Frame No.: {1 + cell // 3} Cell No: {cell + 1}. {3700 + cell}mV" for cell in range(14)
        ]
        lines.append("<DALY-BMS DEBUG> Frame No.: 1 Sensor No: 1. 26\u00b0C")
        lines.append("<DALY-BMS DEBUG> Cell Balance State: 00000000000001")
        lines += ["Number of Cells:             14", "Discharge MOSFet Status:     1", "Charge MOSFet Status:        0"]
    return "\n".join(lines).encode() + b"\n"
