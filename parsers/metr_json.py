"""Metr and Metr Pro: rides of electric skateboards, as the JSON behind a ride's page or in a local record file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import KILOMETRES_PER_HOUR, MILLI, PERCENT, Column, add_columns
from .json_records import load_object, number, text
from .json_text import json_text
from .positions import drop_missing_fixes
from .timed_rows import timed_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIME: Final = "elapsed"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("voltage", "pack_voltage"),
    Column("current", "battery_current"),
    Column("motorCurrent", "motor_current"),
    Column("rpm", "erpm"),
    Column("duty", "duty", PERCENT, conversion="percent to fraction"),
    Column("speed", "speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("temperature", "fet_temperature"),
    Column("motorTemperature", "motor_temperature", sentinels=(0.0,)),
    Column("elapsedAh", "amp_hours_used"),
    Column("elapsedAhRegen", "amp_hours_charged"),
    Column("elapsedWh", "watt_hours_used"),
    Column("elapsedWhRegen", "watt_hours_charged"),
    Column("elapsedDistance", "distance"),
    Column("altitude", "altitude"),
    Column("latitude", "latitude"),
    Column("longitude", "longitude"),
    Column("faultCode", "fault_code"),
)
#: Keys of a ride; the ones no other app uses tell it apart.
_OWN_KEYS: Final = frozenset(
    {
        "ahRegen",
        "whRegen",
        "escCount",
        "faultsCount",
        "appver",
        "elapsed",
        "elapsedAh",
        "elapsedAhRegen",
        "elapsedWh",
        "elapsedWhRegen",
        "elapsedDistance",
        "motorTemperature",
        "consumption",
    }
)


class MetrJson(Parser):
    """One JSON object: numbers and texts about the ride, and lists of equal length, one value a sample.

    `start` is milliseconds since 1970 (UTC), `elapsed` milliseconds since then. Units: V, A, ERPM, percent of duty,
    km/h, degC, Ah, Wh, m. Samples come at 2 to 5 a second; speed and position are renewed once a second and repeated
    in between; when the app prefers the satellite, speed and distance are the satellite's. `elapsedWh` is known to
    jump by repeated increments in some rides. `source_row` is the place of the sample, counted from 1.
    """

    name: ClassVar[str] = "metr-json"
    title: ClassVar[str] = "Metr JSON (electric skateboards)"
    device: ClassVar[str] = "Metr or Metr Pro module"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = tuple(column.channel for column in COLUMNS)
    clock: ClassVar[str] = "UTC, milliseconds since 1970"

    def sniff(self, source: Source) -> Sniff:
        """Look for keys that no other app uses."""
        head = json_text(source.head).lstrip()
        if not head.startswith("{"):
            return Sniff.no("does not start with a JSON object")
        keys = set(re.findall(r'"(\w{1,40})"\s*:', head))
        if len(keys & _OWN_KEYS) >= 2 and "kind" not in keys:
            return Sniff.yes("the JSON keys are those of Metr")
        return Sniff.no("the JSON keys of Metr are missing (elapsed, motorCurrent, escCount)")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the lists."""
        import polars as pl

        ride, cut = load_object(source.data, source.label)
        elapsed = ride.get(_TIME)
        if not isinstance(elapsed, list) or not elapsed:
            raise ParseError("holds no samples: the list 'elapsed' is missing or empty.", path=source.label)
        samples = len(elapsed)
        lists = {name: value for name, value in ride.items() if isinstance(value, list)}
        series = {name: _fitted(value, samples) for name, value in lists.items() if len(value)}
        frame = pl.DataFrame({name: pl.Series(values, nan_to_null=True) for name, values in series.items()})
        rows = timed_rows(
            frame,
            np.arange(1, samples + 1, dtype=np.int64),
            series[_TIME] * MILLI,
            path=source.label,
            expected="milliseconds since the start in 'elapsed'",
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "latitude", "longitude")
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME, counted="record")
        missing = add_columns(builder, frame, COLUMNS, known=(_TIME,))
        start = number(ride.get("start")) * MILLI
        known = bool(np.isfinite(start))
        return [
            builder.build(
                Role.CONTROLLER,
                self.name,
                clock=Clock(
                    ClockBasis.UTC if known else ClockBasis.NONE,
                    start + float(rows.seconds[0]) if known else None,
                    "UTC" if known else "",
                    MILLI,
                    "'start' is milliseconds since 1970 (UTC)." if known else "The file does not say when it starts.",
                ),
                identity=Identity(
                    device="VESC controller",
                    family="vesc",
                    firmware=text(ride.get("fw")),
                    software=f"Metr {text(ride.get('appver'))}".strip(),
                ),
                damage=(*cut, *_uneven(lists, samples), *rows.damage, *no_fix, *missing, *_several(ride)),
            )
        ]


def _fitted(values: list[object], samples: int) -> NDArray[np.float64]:
    """A list as floats, cut or filled to the number of samples; the tail of a short list is NaN."""
    result = np.full(samples, np.nan)
    count = min(samples, len(values))
    result[:count] = [number(value) for value in values[:count]]
    return result


def _uneven(lists: dict[str, list[object]], samples: int) -> tuple[Damage, ...]:
    uneven = sorted(name for name, values in lists.items() if values and len(values) != samples)
    if not uneven:
        return ()
    message = (
        f"Lists differ in length from 'elapsed' ({samples}): {', '.join(uneven[:8])}; they are taken from the start."
    )
    return (Damage(DamageKind.BROKEN_ROW, Effect.REPAIRED, message, len(uneven)),)


def _several(ride: dict[str, object]) -> tuple[Damage, ...]:
    count = number(ride.get("escCount"))
    if not count > 1:
        return ()
    message = f"The ride was recorded with {count:.0f} controllers; currents and counters are those of all of them."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message),)
