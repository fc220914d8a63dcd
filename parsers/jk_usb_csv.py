"""CSV of a community app for JK BMSs on a USB-serial adapter."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .cell_columns import numbered_matrix
from .columns import PERCENT, Column, add_columns
from .delimited import read_delimited
from .distinct_texts import distinct_texts
from .loose_text import unknown_captions
from .required_columns import require_columns
from .stamps import parse_first_fitting
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = "timestamp"
_MISNAMED: Final = "active_cells"
_SENSORS: Final = tuple(f"bat_temp{number}" for number in range(1, 6))
_FLAGS: Final = {"charge_status": "charge_fet", "discharge_status": "discharge_fet", "heating_status": "heating"}
_SIGN: Final = "sign changed: the source counts charging positive"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("battery_voltage", "pack_voltage"),
    Column("current", "battery_current", -1.0, conversion=_SIGN),
    Column("soc", "soc", PERCENT, conversion="percent to fraction"),
    Column("soh", "soh", PERCENT, conversion="percent to fraction"),
    Column("cycle_count", "cycle_count"),
    Column("mos_temp", "bms_fet_temperature"),
    Column("avg_cell_voltage", "cell_voltage_average"),
    Column("max_volt_delta", "cell_voltage_delta"),
    Column("remaining_capacity", "remaining_capacity"),
    Column("full_charge_capacity", "full_charge_capacity"),
)
_TYPICAL: Final = ("battery_voltage", "current", "soc", "mos_temp", "bat_temp1", _MISNAMED, "max_volt_delta")
_PATTERNS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")
#: A probe that is not fitted reads -200 or 0 throughout; nothing colder than this is a battery.
_NO_PROBE: Final = -60.0
_HIGHEST_CELL_V: Final = 5.0
_TRUE: Final = ("true", "1", "on", "1.0")
_FALSE: Final = ("false", "0", "off", "0.0")


class JkUsbCsv(Parser):
    """`timestamp,battery_voltage,current,power,soc,soh,battery_type,cycle_count,mos_temp,bat_temp1..5,active_cells,...`.

    UTF-8, cells apart by commas, stamps `yyyy-MM-dd HH:mm:ss` by the wall clock of the phone. The current is positive
    when charging and the power has no sign. The column `active_cells` holds the highest cell voltage in spite of its
    name; it is taken as such where its values look like one.
    """

    name: ClassVar[str] = "jk-usb-csv"
    title: ClassVar[str] = "JK BMS over USB-serial, CSV of a community app"
    device: ClassVar[str] = "JK BMS, logged by a phone on a USB-serial adapter"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = (
        *(column.channel for column in COLUMNS),
        "cell_voltage_max",
        "cell_count",
        "battery_temperatures",
        "battery_temperature",
        *_FLAGS.values(),
    )
    clock: ClassVar[str] = "wall clock of the phone, without a zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions."""
        if read_captions(source.head).has(_TIME, *_TYPICAL):
            return Sniff.yes("the header is that of the USB-serial app for JK BMSs")
        return Sniff.no(f"the first line has no columns '{_MISNAMED}', 'max_volt_delta' and 'mos_temp'")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the rows.

        Raises:
            ParseError: If no row has a stamp.
        """
        texts = (_TIME, "battery_type", *_FLAGS)
        captions = read_captions(source.head)
        numbers = {column.source for column in COLUMNS}.union(_SENSORS, (_MISNAMED, "power"))
        table = read_delimited(
            source.data,
            separator=captions.separator,
            text_columns=texts,
            loose_columns=unknown_captions(captions.names, numbers.union(texts)),
            path=source.label,
        )
        require_columns(table.frame, (_TIME, _MISNAMED), source.label)
        stamps, _ = parse_first_fitting(table.frame.get_column(_TIME), _PATTERNS)
        rows = timed_rows(table.frame, table.lines, stamps, path=source.label, expected="yyyy-MM-dd HH:mm:ss")
        frame = rows.frame
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        damage = [*table.damage, *rows.damage, *_add_extreme(builder, frame, rows.lines)]
        for source_name, channel in _FLAGS.items():
            if source_name in frame.columns:
                flags = distinct_texts(frame.get_column(source_name)).numbers(_flag)
                builder.add(channel, flags, source=source_name)
        sensors = [name for name in _SENSORS if name in frame.columns]
        probes = [_probe(frame, name) for name in sensors]
        if sensors:
            matrix = numbered_matrix(dict(enumerate(probes, start=1)), frame.height)
            builder.add("battery_temperatures", matrix, source=", ".join(sensors))
            fitted = [probe for probe in probes if not np.isnan(probe).all()] or probes
            builder.add("battery_temperature", reduce(np.fmax, fitted), derived="the hottest of the battery sensors")
        damage += add_columns(builder, frame, COLUMNS, known=(_TIME, _MISNAMED, *_FLAGS, *sensors), finite=True)
        clock = Clock(
            ClockBasis.LOCAL,
            float(rows.seconds[0]),
            options.zone,
            1.0,
            "The app writes the wall clock of the phone; the file does not say the zone.",
        )
        identity = Identity(device="JK BMS", family="jk", software="JK BMS USB app")
        return [builder.build(Role.BMS, self.name, clock=clock, identity=identity, damage=damage)]


def _add_extreme(builder: LogBuilder, frame: pl.DataFrame, lines: NDArray[np.int64]) -> tuple[Damage, ...]:
    values = frame.get_column(_MISNAMED).to_numpy().astype(np.float64, copy=False)
    finite = np.isfinite(values)
    known = values if finite.all() else values[finite]
    if not len(known) or not (known <= _HIGHEST_CELL_V).all() or (known == np.floor(known)).all():
        builder.add("cell_count", values, source=_MISNAMED)
        return ()
    builder.add("cell_voltage_max", values, source=_MISNAMED, conversion="the column is misnamed")
    message = f"Column '{_MISNAMED}' holds the highest cell voltage, not the number of cells; read as such."
    return (Damage(DamageKind.NOTE, Effect.REPAIRED, message, len(values), (int(lines[0]),), "cell_voltage_max"),)


def _flag(text: str | None) -> float:
    word = (text or "").strip().lower()
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else np.nan


def _probe(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """Temperatures of a probe; NaN for one that is not fitted."""
    import polars as pl

    lowest, highest = frame.select(pl.col(name).min(), pl.col(name).max().alias("highest")).row(0)
    if highest is None or highest <= _NO_PROBE or lowest == highest == 0.0:
        return np.full(frame.height, np.nan)
    values = frame.get_column(name).to_numpy().astype(np.float64, copy=False)
    if lowest > _NO_PROBE:
        return values
    values = np.where(values > _NO_PROBE, values, np.nan)
    return values if np.nan_to_num(values).any() else np.full(len(values), np.nan)
