"""Units as people write them in captions and behind values, and their factors to the units of the channels."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit.

    Attributes:
        quantity: The unit of the vocabulary it converts to ("V", "m/s", "degC", ...); "fraction" for percent.
        name: How it is written in notes.
        factor: Factor to that unit, applied first.
        offset: Added after the factor.
    """

    quantity: str
    name: str
    factor: float = 1.0
    offset: float = 0.0

    @property
    def conversion(self) -> str:
        """What converting does, for the metadata of a channel; "" when nothing is done."""
        if self.factor == 1.0 and not self.offset:
            return ""
        target = "fraction" if self.quantity == "fraction" else self.quantity
        return f"{self.name} to {target}"


_FAHRENHEIT: Final = Unit("degC", "degF", 1 / 1.8, -32 / 1.8)
#: Unit and its spellings, lower case, without blanks.
_SPELLINGS: Final[tuple[tuple[Unit, str], ...]] = (
    (Unit("V", "V"), "v volt volts в 伏 伏特 vdc"),
    (Unit("V", "mV", 0.001), "mv millivolt millivolts мв 毫伏"),
    (Unit("V", "0.1 V", 0.1), "0.1v 100mv"),
    (Unit("V", "10 mV", 0.01), "10mv 0.01v"),
    (Unit("A", "0.1 A", 0.1), "0.1a 100ma"),
    (Unit("A", "10 mA", 0.01), "10ma 0.01a"),
    (Unit("A", "A"), "a amp amps ampere amperes а 安 安培 adc"),
    (Unit("A", "mA", 0.001), "ma milliamp milliamps ма 毫安"),
    (Unit("W", "W"), "w watt watts вт 瓦 瓦特"),
    (Unit("W", "kW", 1000.0), "kw kilowatt квт 千瓦"),
    (Unit("Ah", "Ah"), "ah амперчас ач а·ч 安时"),
    (Unit("Ah", "mAh", 0.001), "mah мач 毫安时"),
    (Unit("Wh", "Wh"), "wh втч вт·ч 瓦时"),
    (Unit("Wh", "kWh", 1000.0), "kwh квтч квт·ч 千瓦时 度"),
    (Unit("m/s", "m/s"), "m/s mps м/с 米/秒"),
    (Unit("m/s", "km/h", 1 / 3.6), "km/h kmh kph kmph км/ч кмч 公里/小时 千米/小时 公里/时"),
    (Unit("m/s", "mph", 0.44704), "mph mi/h miles/h"),
    (Unit("m/s", "kn", 1852 / 3600), "kn knot knots kt kts"),
    (Unit("m", "m"), "m meter meters metre metres м 米"),
    (Unit("m", "km", 1000.0), "km kilometer kilometers kilometre kilometres км 公里 千米"),
    (Unit("m", "miles", 1609.344), "mi mile miles meilen миль"),
    (Unit("m", "ft", 0.3048), "ft feet foot"),
    (Unit("degC", "degC"), "°c c degc ℃ celsius grad 摄氏度 градc °с с°"),
    (_FAHRENHEIT, "°f f degf ℉ fahrenheit 华氏度"),
    (Unit("degC", "K", 1.0, -273.15), "k kelvin"),
    (Unit("fraction", "%", 0.01), "% pct percent prozent pourcent процент процентов 百分比 perc"),
    (Unit("s", "s"), "s sec secs second seconds sek sekunden сек с 秒 seconde secondes secondi segundos"),
    (Unit("s", "ms", 0.001), "ms msec millis milliseconds millisecond мс 毫秒"),
    (Unit("s", "us", 1e-6), "us µs μs usec micros microseconds мкс 微秒"),
    (Unit("s", "min", 60.0), "min mins minutes minuten минут мин 分钟 分"),
    (Unit("s", "h", 3600.0), "h hr hrs hours stunden ч 小时"),
    (Unit("1/min", "1/min"), "rpm 1/min u/min tr/min min-1 об/мин 转/分 r/min"),
    (Unit("deg", "deg"), "° deg degree degrees 度角"),
    (Unit("ohm", "ohm"), "ohm ohms ω ом 欧 欧姆"),
    (Unit("ohm", "mohm", 0.001), "mohm mω мом 毫欧"),
    (Unit("Nm", "Nm"), "nm n·m n*m"),
    (Unit("g", "g"), "g"),
    (Unit("deg/s", "deg/s"), "deg/s °/s dps"),
)
UNITS: Final[dict[str, Unit]] = {word: unit for unit, words in _SPELLINGS for word in words.split()}
#: Units written without brackets behind a caption only count when they are one of these: the others are words as well.
_TRAILING: Final = frozenset(
    "v mv a ma w kw ah mah wh kwh kmh kph kmph mph mps km c degc f degf pct percent % s sec secs seconds ms us rpm deg "
    "ohm mohm m mi miles millis milliseconds в мв а ма вт ач мач втч кмч км °c °f ° mω".split()
)
#: Units behind a caption in mixed case: "speedKmh", "packVoltageMv", "Cell1mV". A single letter but W and V is none:
#: "currentA" may be that of a phase; behind a battery it is not.
_CAMEL: Final = re.compile(
    r"(?<=[a-z]{3})(?:Kmh|Kph|Mph|Mps|Mv|MV|mV|Ma|MA|mA|Mah|MAh|mAh|Wh|Kwh|Pct|Percent|Ms|W|V)$"
    r"|(?<=[A-Za-z]\d)mV$|(?<=[A-Za-z]\d\d)mV$|(?:(?<=Batt)|(?<=batt)|(?<=Pack)|(?<=pack)|(?<=Battery)|(?<=battery))A$"
)
_PER_SECOND: Final = re.compile(r"[\s_]*met(?:er|re)s?[\s_]*per[\s_]*sec(?:ond)?s?$", re.IGNORECASE)
_COMPOUND: Final = re.compile(
    r"(?:^|[\s_,:;-])(km/h|mi/h|m/s|1/min|u/min|tr/min|r/min|deg/s|°/s|км/ч|м/с|об/мин|公里/小时|а·ч|вт·ч|n·m)$"
)


def plain(text: str) -> str:
    """A text with one form of every character: full width to half width, signs such as the one for degC spelt out."""
    return unicodedata.normalize("NFKC", text).strip()


def find_unit(text: str) -> Unit | None:
    """The unit a text is, None when it is none."""
    return UNITS.get(plain(text).casefold().replace(" ", "").rstrip("."))


def split_unit(caption: str) -> tuple[str, Unit | None]:
    """Cut the unit off a caption.

    Args:
        caption: As the file writes it: "Voltage (V)", "Spannung [V]", "电压/V", "speed_kmh", "Duty%".

    Returns:
        The caption without its unit, and the unit or None.
    """
    text = _PER_SECOND.sub(" m/s", plain(caption))
    for match in reversed(list(re.finditer(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]", text))):
        unit = find_unit(match.group(1))
        if unit:
            return f"{text[: match.start()]} {text[match.end() :]}".strip(), unit
    lowered = text.casefold()
    compound = _COMPOUND.search(lowered)
    if compound:
        return text[: compound.start()].strip(), find_unit(compound.group(1))
    if text.endswith(("%", "°C", "°F")) and len(text) > 2:
        size = 1 if text.endswith("%") else 2
        return text[:-size].strip(), find_unit(text[-size:])
    camel = _CAMEL.search(text)
    if camel:
        return text[: camel.start()], find_unit(camel.group())
    last = re.search(r"^(.+?)[\s_/,:;.-]+([^\s_/,:;.-]+)$", text)
    if last and last.group(2).casefold() in _TRAILING:
        return last.group(1).strip(), find_unit(last.group(2))
    return text, None
