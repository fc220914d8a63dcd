"""Numbers, moments, units and states in the words of a rider."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ridelog.finding import Interval, Measurement
    from ridelog.incident import Input
    from ridelog.log import Log
    from ridelog.ride import Ride

#: Between a number and its unit.
THIN: Final = "\u202f"
_MINUS: Final = "\u2212"

#: Unit to (factor, unit as shown, decimals or None for as many as the size asks for).
_SHOWN: Final[Mapping[str, tuple[float, str, int | None]]] = {
    "m/s": (3.6, "km/h", 1),
    "degC": (1.0, "°C", 1),
    "deg": (1.0, "°", 1),
    "deg/s": (1.0, "°/s", 0),
    "1/min": (1.0, "rpm", 0),
    "W": (1.0, "W", 0),
    "Wh": (1.0, "Wh", 0),
    "m": (1.0, "m", 0),
    "ohm Ah": (1.0, "Ω Ah", 3),
}

SEVERITY: Final[Mapping[str, str]] = {"critical": "Critical", "warning": "Warning", "info": "Note"}
ROLE: Final[Mapping[str, str]] = {
    "controller": "Controller",
    "bms": "BMS",
    "wheel": "Wheel",
    "events": "Event records",
    "config": "Configuration",
}
CLOCK_BASIS: Final[Mapping[str, str]] = {
    "utc": "world time (UTC)",
    "local": "local date and time",
    "time-of-day": "time of day, without a date",
    "boot": "time since the device was switched on",
    "none": "no clock of its own",
}
EFFECT: Final[Mapping[str, str]] = {"lost": "Lost", "repaired": "Repaired", "noted": "Noted"}
ADVICE: Final[Mapping[str, str]] = {"do": "Do", "check": "Check", "avoid": "Beware", "know": "Good to know"}

#: Control characters and marks that reorder text: a log must not be able to hide or forge words with them.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


#: Units that are written in letters in messages, behind a number.
_WRITTEN: Final = (
    (re.compile(r"(?<=\d)[ \u202f]?mOhm\b"), f"{THIN}mΩ"),
    (re.compile(r"(?<=\d)[ \u202f]?degC\b"), f"{THIN}°C"),
)


def plain(text: str) -> str:
    """Text without control characters, reordering marks and broken characters, units behind numbers as signs."""
    for written, sign in _WRITTEN:
        text = written.sub(sign, text)
    return _UNSAFE.sub("\ufffd", text)


def number(value: float, decimals: int | None = None) -> str:
    """A number with as many decimals as its size asks for, a true minus sign and no negative zero."""
    if not math.isfinite(value):
        return "–"
    if decimals is None:
        size = abs(value)
        decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
        if 0 < size < 0.01:
            return f"{value:.2g}".replace("-", _MINUS)
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", _MINUS)


def quantity(value: float, unit: str, beside: Sequence[float] = ()) -> str:
    """A value with its unit as a rider reads it ("43.1 V", "62 mΩ", "28.4 km/h").

    Args:
        value: The value in the canonical unit.
        unit: Canonical unit.
        beside: Other values of the same unit shown beside it: all get the same number of decimals.
    """
    if not math.isfinite(value):
        return "–"
    sizes = [abs(item) for item in (value, *beside) if math.isfinite(item)]
    if unit == "ohm" and max(sizes) < 1:
        return f"{number(value * 1000, 1 if max(sizes) < 0.1 else 0)}{THIN}mΩ"
    if unit == "ohm":
        return f"{number(value, 2)}{THIN}Ω"
    if unit == "V" and max(sizes) < 6:
        return f"{number(value, 3)}{THIN}V"
    if unit == "s":
        return duration(value)
    factor, shown, decimals = _SHOWN.get(unit, (1.0, unit, None))
    if decimals is None and unit in ("V", "A"):
        decimals = 1
    text = number(value * factor, decimals)
    return text if not shown else f"{text}{shown}" if shown == "°" else f"{text}{THIN}{shown}"


def percent(share: float) -> str:
    """A share 0..1 as a percentage; certainty is never claimed: never 0 % or 100 % for what lies between."""
    if 0 < share < 0.005:
        return f"under 1{THIN}%"
    if 0.99 < share < 1:
        return f"over 99{THIN}%"
    return f"{round(share * 100)}{THIN}%"


def moment(seconds: float, decimals: int = 0) -> str:
    """A moment of the ride: m:ss, with hours or days when there are any ("12:07.4", "1:02:33", "12 d 4:05")."""
    scale = 10**decimals
    ticks = round(abs(seconds) * scale)
    whole, rest = divmod(ticks, scale)
    hours, minutes = divmod(whole // 60, 60)
    if hours >= 48:
        return f"{_MINUS if seconds < 0 else ''}{hours // 24}{THIN}d {hours % 24}:{minutes:02d}"
    text = f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
    if decimals:
        text += f".{rest:0{decimals}d}"
    return f"{_MINUS}{text}" if seconds < 0 and ticks else text


def duration(seconds: float) -> str:
    """A length of time ("80 ms", "0.52 s", "3.4 s", "12 min 30 s", "1 h 4 min")."""
    size = abs(seconds)
    sign = _MINUS if seconds < 0 else ""
    if not math.isfinite(size):
        return "–"
    if size == 0:
        return f"0{THIN}s"
    if size < 0.1:
        return f"{sign}{number(size * 1000, 0 if size >= 0.01 else 1)}{THIN}ms"
    if size < 120:
        return f"{sign}{number(size, 2 if size < 1 else 1 if size < 10 else 0)}{THIN}s"
    minutes, rest = divmod(round(size), 60)
    if minutes < 60:
        return f"{sign}{minutes}{THIN}min" + (f" {rest}{THIN}s" if rest else "")
    hours = minutes // 60
    if hours < 48:
        return f"{sign}{hours}{THIN}h {minutes % 60}{THIN}min"
    return f"{sign}{hours // 24}{THIN}d {hours % 24}{THIN}h"


def between(interval: Interval) -> str:
    """An onset as what it is, an interval ("between 10:12.40 and 10:12.45")."""
    width = interval.latest_s - interval.earliest_s
    decimals = 0 if width >= 5 else 1 if width >= 0.5 else 2 if width >= 0.045 else 3
    first, last = moment(interval.earliest_s, decimals), moment(interval.latest_s, decimals)
    return f"at {last}" if first == last else f"between {first} and {last}"


def stretch(start_s: float, end_s: float) -> str:
    """When a finding was: a moment, or from when to when."""
    decimals = 0 if end_s - start_s >= 60 else 1
    first, last = moment(start_s, decimals), moment(end_s, decimals)
    return first if first == last else f"{first} – {last}"


def compared(measurement: Measurement) -> str:
    """How far a measured value lies from its limit ("16.9 A above the limit, 28 %"), "" without a limit.

    A value whose sign differs from that of its limit is compared by size: the limit is then one of a magnitude.
    """
    limit = measurement.limit
    if limit is None or not (math.isfinite(limit) and math.isfinite(measurement.value)):
        return ""
    opposite = measurement.value * limit < 0
    distance = abs(measurement.value) - abs(limit) if opposite else measurement.value - limit
    if distance == 0:
        return "at the limit"
    beside = (measurement.value, limit)
    text = f"{quantity(abs(distance), measurement.unit, beside)} {'above' if distance > 0 else 'below'} the limit"
    share = abs(distance / limit) if limit else 0.0
    return f"{text}, {round(share * 100)}{THIN}%" if 0.005 <= share < 2 else text


def strength(nats: float) -> str:
    """How much a piece of evidence weighs, in words; the bounds are odds of about 3 and 10 to 1."""
    size = abs(nats)
    return "strong" if size >= 2.3 else "clear" if size >= 1.1 else "weak"


def file_name(item: Input) -> str:
    """The name of a file without its folders; a member of an archive with the name of the archive."""
    name = last_part(item.path) or "standard input"
    member = last_part(item.member)
    return f"{name} › {member}" if member and member != name else name


def last_part(path: str) -> str:
    """The last part of a path or URL, whatever the system; without the query of a URL."""
    if "://" in path:
        path = path.split("?", 1)[0].split("#", 1)[0]
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def log_name(ride: Ride, index: int) -> str:
    """The file name of a log, else the parser that read it; logs of the same name are told apart by their number."""
    if not 0 <= index < len(ride.tracks):
        return f"log {index + 1}"
    names = [
        last_part(track.log.origin.member) or last_part(track.log.origin.path) or track.log.parser
        for track in ride.tracks
    ]
    return names[index] if names.count(names[index]) == 1 else f"{names[index]}, log {index + 1}"


#: Words of detector names that are written in capitals.
_CAPITALS: Final = frozenset({"bms", "fet", "fets", "foc", "pwm", "soc", "can", "ocv", "imu", "gps"})


def spoken(name: str) -> str:
    """The name of a check as a heading ("bms-trip": "BMS trip")."""
    said = " ".join(part.upper() if part in _CAPITALS else part for part in name.split("-"))
    return first_capital(said)


def short(name: str, most: int = 24) -> str:
    """A name that fits in a legend: the middle of a long one is left out."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"


def row_kind(log: Log) -> str:
    """What `source_row` counts: what the parser says, else "line" in text files; "byte" offsets of binary records are far apart.

    A controller's fault list is text, though each of its records takes a dozen lines.
    """
    if said := log.source_of("source_row"):
        return said
    rows = log.source_rows
    if len(rows) < 2 or (log.role == "events" and log.has("fault_code")):
        return "line"
    return "byte" if (int(rows[-1]) - int(rows[0])) / (len(rows) - 1) >= 8 else "line"


def place(kind: str, first: int, last: int) -> str:
    """Where in the file ("line 1234", "lines 1,234 – 1,240", "byte 5,120")."""
    if first == last:
        return f"{kind} {first}"
    return f"{kind}s {first} – {last}"


def counted(count: int, singular: str, plural: str = "") -> str:
    """A number with its noun ("1 row", "3 rows"), thousands kept apart."""
    return f"{count:,}".replace(",", THIN) + THIN + (singular if count == 1 else plural or singular + "s")


def first_capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
