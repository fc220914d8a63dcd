"""The header generations of VESC Tool logs, and what stands before or instead of a header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ridelog.damage import Damage, DamageKind, Effect

TIME: Final = "ms_today"
_VALUES: Final = (
    "ms_today;input_voltage;temp_mos_max;temp_mos_1;temp_mos_2;temp_mos_3;temp_motor;current_motor;current_in;"
    "d_axis_current;q_axis_current;erpm;duty_cycle;amp_hours_used;amp_hours_charged;watt_hours_used;"
    "watt_hours_charged;tachometer;tachometer_abs;encoder_position;fault_code;vesc_id"
)
_VOLTAGES: Final = "d_axis_voltage;q_axis_voltage"
_SETUP: Final = (
    "ms_today_setup;amp_hours_setup;amp_hours_charged_setup;watt_hours_setup;watt_hours_charged_setup;battery_level;"
    "battery_wh_tot;current_in_setup;current_motor_setup;speed_meters_per_sec;tacho_meters;tacho_abs_meters;num_vescs"
)
_IMU: Final = "ms_today_imu;roll;pitch;yaw;accX;accY;accZ;gyroX;gyroY;gyroZ"
_FIX: Final = "gnss_posTime;gnss_lat;gnss_lon;gnss_alt;gnss_gVel;gnss_vVel;gnss_hAcc;gnss_vAcc"

#: Column names by number of columns: VESC Tool 1.17 and before, 1.18, and 1.20 on.
GENERATIONS: Final[dict[int, tuple[str, ...]]] = {
    22: tuple(_VALUES.split(";")),
    32: tuple(f"{_VALUES};{_VOLTAGES};{_FIX}".split(";")),
    55: tuple(f"{_VALUES};{_VOLTAGES};{_SETUP};{_IMU};{_FIX}".split(";")),
}
_KNOWN: Final = frozenset(GENERATIONS[55])
_NEWER: Final = frozenset(f"{_SETUP};{_IMU}".split(";"))
#: Lines another program may write before the header; engineering judgement.
_MOST_PREAMBLE_LINES = 8
_FEWEST_KNOWN = 4
_DAY_MS = 86_400_000
_LOCAL_BEFORE: Final = "VESC Tool before 1.20 stamps with local time."


@dataclass(frozen=True, slots=True)
class ToolHeader:
    """What the head of a VESC Tool log says.

    Attributes:
        names: Column names.
        separator: ";", "," or a tab.
        skip_lines: Lines before the header line.
        in_file: Whether the names stand in the file.
        local: Why the stamps are local time, "" when they are UTC.
        from_uptime: Whether the stamps count from the start of the logger.
        firmware: Firmware version from a line before the header, or "".
        hardware: Hardware version likewise.
        software: What wrote it.
        reason: How it was recognised.
        damage: A missing header.
    """

    names: tuple[str, ...]
    separator: str
    skip_lines: int = 0
    in_file: bool = True
    local: str = ""
    from_uptime: bool = False
    firmware: str = ""
    hardware: str = ""
    software: str = "VESC Tool"
    reason: str = "the header is that of a VESC Tool log"
    damage: tuple[Damage, ...] = ()


def find_header(head: bytes) -> ToolHeader | str:
    """Find the header, or tell from the first row which one is missing.

    Args:
        head: The first bytes of a file of any kind.

    Returns:
        The header, or the reason why this is no VESC Tool log.
    """
    text = head.decode("utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", "replace")
    lines = text.split("\n", 100)[:100]
    for index, line in enumerate(lines[: _MOST_PREAMBLE_LINES + 1]):
        if TIME in line[:2000]:
            separator = max(";,\t", key=line.count)
            names = tuple(name.strip().strip('"') for name in line.strip().split(separator))
            if TIME in names and len(_KNOWN.intersection(names)) >= _FEWEST_KNOWN:
                return _of_names(names, separator, lines[:index], lines[index + 1 : -1])
            break
    return _without_header(lines[0], lines[1] if len(lines) > 2 else "")


def _of_names(names: tuple[str, ...], separator: str, before: list[str], rows: list[str]) -> ToolHeader:
    found = _KNOWN.intersection(names)
    about: dict[str, str] = {}
    for line in before:
        key, colon, value = line.strip().strip("# \t").partition(":")
        if colon and len(key) <= 20:
            about[key.strip().upper()] = value.strip().strip(",;")[:60]
    local = _LOCAL_BEFORE if found >= set(GENERATIONS[22]) and not _NEWER & found else ""
    if any(2 * separator in line for line in rows):
        local = "Cells are empty, as VESC Tool leaves none; programs that do stamp with local time."
    return ToolHeader(
        names=names,
        separator=separator,
        skip_lines=len(before),
        local=local,
        from_uptime="FW" in about or "HW" in about,
        firmware=about.get("FW", ""),
        hardware=about.get("HW", ""),
        software=_software(names, separator),
    )


def _software(names: tuple[str, ...], separator: str) -> str:
    written = tuple(name for name in names if name)
    if separator != ";" or written not in GENERATIONS.values():
        return "another program, in the form of VESC Tool"
    return {22: "VESC Tool 1.17", 32: "VESC Tool 1.18 or 1.19", 55: "VESC Tool 1.20 or later"}[len(written)]


def _without_header(first: str, second: str) -> ToolHeader | str:
    """Recognise a log without a header line by its width and by values that only such a row has."""
    no = f"no header line with '{TIME}' and other VESC Tool columns"
    for separator in ";,":
        cells = first.strip().split(separator)
        width = len(cells) - (cells[-1] == "")
        names = GENERATIONS.get(width)
        if names is None:
            continue
        if not _is_row(cells[:width]) or (second.strip() and second.count(separator) != first.count(separator)):
            return no
        version = "the first version of VESC Tool wrote none" if width == 22 else "it was lost"
        message = f"There is no header line ({version}); the columns are known by their number, {width}."
        return ToolHeader(
            names=names,
            separator=separator,
            in_file=False,
            local=_LOCAL_BEFORE if width < 55 else "",
            software="VESC Tool before 1.17" if width == 22 else "VESC Tool",
            reason=f"rows of {width} numbers as VESC Tool writes them, without a header",
            damage=(Damage(DamageKind.MISSING_HEADER, Effect.REPAIRED, message, 1, (1,)),),
        )
    return no


def _is_row(cells: list[str]) -> bool:
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        return False
    stamp, voltage, duty, fault, identifier = values[0], values[1], values[12], values[20], values[21]
    return (
        0 <= stamp < _DAY_MS
        and 0 <= voltage <= 500
        and abs(duty) <= 1.1
        and 0 <= fault <= 255
        and -1 <= identifier <= 255
        and all(value == int(value) for value in (stamp, fault, identifier))
    )
