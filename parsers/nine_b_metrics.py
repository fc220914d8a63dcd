"""9BMetrics: logs of Ninebot One unicycles, written by an iPhone, one block of records for each variable."""

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

from .captions import read_captions
from .columns import KILOMETRES_PER_HOUR, Column, add_columns
from .delimited import read_delimited
from .delimited_layout import printable
from .electric_signs import Electric, signed_columns
from .text_lines import damage_in_file, find_lines, gather_lines, line_numbers

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_HELD: Final = "held until the next record: the app writes a value when it changes"
#: Variables by number; the caption is the number as text.
COLUMNS: Final[tuple[Column, ...]] = (
    Column("34", "soc", 0.01, conversion=f"percent to fraction; {_HELD}"),
    Column("38", "speed", KILOMETRES_PER_HOUR / 1000, conversion=f"km/h x 1000 to m/s; {_HELD}"),
    Column("58", "uptime", conversion=_HELD),
    Column("62", "controller_temperature", 0.1, conversion=f"degC x 10; {_HELD}"),
    Column("71", "pack_voltage", 0.01, conversion=f"V x 100; {_HELD}"),
    Column("80", "battery_current", 0.01, conversion=f"A x 100; {_HELD}"),
    Column("97", "pitch", 0.01, conversion=f"deg x 100; {_HELD}"),
    Column("98", "roll", 0.01, conversion=f"deg x 100; {_HELD}"),
    Column("185", "distance", conversion=_HELD),
)
_SIGNED: Final = frozenset({80, 97, 98, 99, 100, 189, 190})
_ODOMETER_LOW: Final = 41
_ODOMETER_HIGH: Final = 42
_SERIAL: Final = range(16, 23)
_FIRMWARE: Final = 26
#: Constants of the vehicle, not part of the ride: serial number, pairing code, version.
_CONSTANTS: Final = frozenset(range(16, 27))
_VARIABLES: Final = 256
_HALF: Final = 32_768
_WHOLE: Final = 65_536
#: Most cells of all variables side by side; a day of ten variables has a tenth of them (engineering judgement).
_MOST_CELLS: Final = 30_000_000
_BLOCK: Final = re.compile(rb"^\s*(\d{1,3})\t([^\t\r\n]{0,200})\r?$", re.MULTILINE)


class NineBMetrics(Parser):
    """9BMetrics text files (Ninebot One E/E+/P/S).

    Tab-separated, in long form: the header `Time<TAB>Var<TAB>Valor`, then a block for each variable: a line with its
    number and name (`38<TAB>Speed (Km/h)`), and records `epoch seconds<TAB>38<TAB>value`. The time is in UTC with three
    decimals, padded with blanks in front; values are raw integers. A record is written when a value changes, and for
    the last time it was seen unchanged. Variables: 34 charge in percent, 38 speed in km/h x 1000, 41 and 42 low and
    high half of the odometer in m, 58 seconds since power on, 62 temperature in degC x 10, 71 voltage in V x 100,
    80 current in A x 100, 97 and 98 pitch and roll in deg x 100, 185 trip in m, 16 to 22 serial number.
    """

    name: ClassVar[str] = "9bmetrics"
    title: ClassVar[str] = "9BMetrics log (text, Ninebot One)"
    device: ClassVar[str] = "Ninebot One, logged by 9BMetrics on an iPhone"
    roles: ClassVar[tuple[Role, ...]] = (Role.WHEEL,)
    gives: ClassVar[tuple[str, ...]] = (*dict.fromkeys(column.channel for column in COLUMNS), "odometer")
    clock: ClassVar[str] = "UTC to the millisecond"

    def sniff(self, source: Source) -> Sniff:
        """Look for the header."""
        if read_captions(source.head, ("\t",)).lower == ("time", "var", "valor"):
            return Sniff.yes("the header of 9BMetrics")
        return Sniff.no("the header is not Time, Var, Valor")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the stamps need no zone
        """Read the log.

        Raises:
            ParseError: If no record can be used.
        """
        captions = read_captions(source.head, ("\t",))
        data = source.data
        lines = find_lines(np.frombuffer(data, np.uint8), "\t")
        which = np.flatnonzero((lines.counts >= 2) & (np.arange(len(lines.counts)) >= captions.line))
        if not len(which):
            raise ParseError("holds no record of a variable.", path=source.label)
        table = read_delimited(
            gather_lines(data, lines, which), separator="\t", header=("time", "var", "valor"), path=source.label
        )
        damage = [damage_in_file(found, which) for found in table.damage]
        frame = table.frame.drop_nulls()
        rows = table.frame.with_row_index("row").drop_nulls().get_column("row").to_numpy()
        numbers = line_numbers(which, table.lines[rows])
        variables = frame.get_column("var").to_numpy()
        known = (variables >= 0) & (variables < _VARIABLES) & (variables == np.round(variables))
        if not known.any():
            raise ParseError("holds no record of a variable.", path=source.label)
        damage += _unknown(numbers[~known])
        records = _Records(
            frame.get_column("time").to_numpy()[known],
            variables[known].astype(np.int64),
            frame.get_column("valor").to_numpy()[known],
            numbers[known],
        )
        wide, seconds, source_rows, steps = records.widened(source.label)
        table_of_file, signs = signed_columns(COLUMNS, wide, seconds, Electric("71", "80"), "9BMetrics")
        builder = LogBuilder(seconds, source_rows, "Time")
        odometer = records.odometer(seconds)
        if odometer is not None:
            builder.add("odometer", odometer, source="41, 42", conversion=f"low half and high half x 65536; {_HELD}")
            wide = wide.drop("41", "42")
        found = add_columns(builder, _named(wide, data), table_of_file)
        clock = Clock(ClockBasis.UTC, float(seconds[0]), "UTC", 0.001, "The stamps are seconds since 1970 in UTC.")
        everything = (*damage, *steps, *signs, *found)
        return [builder.build(Role.WHEEL, self.name, clock=clock, identity=records.identity(), damage=everything)]


def _unknown(lines: NDArray[np.int64]) -> list[Damage]:
    if not len(lines):
        return []
    rows = tuple(int(line) for line in lines[:20])
    message = f"{len(lines)} records are of no variable there is."
    return [Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(lines), rows)]


def _named(frame: pl.DataFrame, data: bytes) -> pl.DataFrame:
    """Give the columns no channel knows the names the file gives them."""
    names = {number.decode(): printable(text.decode("utf-8", "replace")) for number, text in _BLOCK.findall(data)}
    taken = {column.source for column in COLUMNS}
    return frame.rename(
        {name: f"{name} {names[name]}" for name in frame.columns if name not in taken and names.get(name, "?") != "?"}
    )


class _Records:
    """Records of all variables: stamps in s, variable numbers, raw values and line numbers, each of shape (n,)."""

    def __init__(
        self,
        seconds: NDArray[np.float64],
        variables: NDArray[np.int64],
        values: NDArray[np.float64],
        lines: NDArray[np.int64],
    ) -> None:
        order = np.argsort(seconds, kind="stable")
        self.backward = int(np.sum((np.diff(seconds) < 0) & (np.diff(variables) == 0)))
        signed = np.isin(variables, list(_SIGNED))
        values = np.where(signed & (values >= _HALF), values - _WHOLE, values)
        self.seconds, self.variables = seconds[order], variables[order]
        self.values, self.lines = values[order], lines[order]

    def of(self, variable: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Stamps and values of one variable in the order of time."""
        mine = self.variables == variable
        return self.seconds[mine], self.values[mine]

    def widened(self, path: str) -> tuple[pl.DataFrame, NDArray[np.float64], NDArray[np.int64], tuple[Damage, ...]]:
        """One row for each stamp, a column for each variable; stamps, line numbers and damage."""
        import polars as pl

        of_ride = ~np.isin(self.variables, list(_CONSTANTS))
        if not of_ride.any():
            raise ParseError("holds only constants of the vehicle, no record of a ride.", path=path)
        grid, first = np.unique(self.seconds[of_ride], return_index=True)
        variables = np.unique(self.variables[of_ride])
        damage: list[Damage] = []
        if len(grid) * len(variables) > _MOST_CELLS:
            wanted = np.array([int(column.source) for column in COLUMNS])
            left_out = int(np.sum(~np.isin(variables, wanted)))
            variables = variables[np.isin(variables, wanted)]
            message = f"{left_out} variables without a known meaning are left out: there are too many records."
            damage.append(Damage(DamageKind.NOTE, Effect.LOST, message, left_out))
        columns = [
            pl.Series(str(variable), _held(grid, *self.of(int(variable)))).fill_nan(None) for variable in variables
        ]
        if self.backward:
            message = f"The stamps of a variable step backwards {self.backward} times; its records are put in order."
            damage.append(Damage(DamageKind.CLOCK_STEP, Effect.REPAIRED, message, self.backward, (), "time"))
        return pl.DataFrame(columns), grid, self.lines[of_ride][first], tuple(damage)

    def odometer(self, grid: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Lifetime distance, m: the low half is unwrapped, since both halves are not read at the same moment."""
        seconds, low = self.of(_ODOMETER_LOW)
        _, high = self.of(_ODOMETER_HIGH)
        if not len(low) or not len(high):
            return None
        wraps = np.concatenate(([0.0], np.cumsum(np.diff(low) < -_HALF))) * _WHOLE
        return _held(grid, seconds, low + wraps + high[0] * _WHOLE)

    def identity(self) -> Identity:
        """Serial number and firmware out of the constants."""
        halves = [self.of(variable)[1] for variable in _SERIAL]
        codes = [int(half[-1]) & 0xFFFF for half in halves if len(half)]
        serial = "".join(chr(code & 0xFF) + chr(code >> 8) for code in codes).strip("\0 ")
        version = self.of(_FIRMWARE)[1]
        clean = int(version[-1]) & 0xFFF if len(version) else 0
        return Identity(
            device="Electric unicycle",
            family="ninebot",
            model="Ninebot One",
            firmware=f"{clean >> 8}.{clean >> 4 & 0xF}.{clean & 0xF}" if clean else "",
            serial=serial if serial.isprintable() and serial.isascii() else "",
            software="9BMetrics",
        )


def _held(grid: NDArray[np.float64], seconds: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at the stamps of the grid, each held until the next record; NaN before the first and after the last."""
    at = np.searchsorted(seconds, grid, side="right") - 1
    known = (at >= 0) & (grid <= seconds[-1])
    return np.where(known, values[np.maximum(at, 0)], np.nan)
