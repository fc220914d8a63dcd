"""The model of one device's time series: an Arrow table of canonical channels and what is known about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ridelog.arrow_columns import floats, from_array, from_list, from_values, integers, matrix, named_rows, valid
from ridelog.channels import CHANNELS
from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage
from ridelog.errors import PluginError
from ridelog.wrong_unit import in_wrong_unit

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from numpy.typing import NDArray


class Role(StrEnum):
    """Which part of the vehicle wrote the log."""

    CONTROLLER = "controller"
    BMS = "bms"
    WHEEL = "wheel"
    EVENTS = "events"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known about the device; every text may be "".

    Attributes:
        device: Type of device in words ("VESC controller", "JK BMS").
        family: Short family name for rating tables: vesc, jk, ant, jbd, daly, or the name of the wheel maker.
        model: Model name.
        hardware: Hardware version.
        firmware: Firmware version.
        serial: Serial number, MAC address or device id. Private: kept out of reports unless asked for.
        software: The program that wrote the file.
    """

    device: str = ""
    family: str = ""
    model: str = ""
    hardware: str = ""
    firmware: str = ""
    serial: str = ""
    software: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The file a log came from: its path as given, the archive member, the hash and the size of the bytes read."""

    path: str = ""
    member: str = ""
    sha256: str = ""
    size: int = 0


@dataclass(eq=False)
class Log:
    """One device's time series.

    Attributes:
        table: Arrow table. `time` (s, from 0, never decreasing) and `source_row` come first, then the canonical
            channels, then the columns the parser does not know, under their own names. The metadata of each field
            holds `unit`, `source` (column or byte field in the file), `conversion` (what was done to the values) and,
            where the value was computed and not measured, `derived` (from what).
        role: Which part of the vehicle wrote it.
        parser: Name of the parser that read it.
        clock: What its stamps count from.
        identity: What is known about the device.
        damage: What was dropped, repaired or not believed.
        settings: Configuration that came with the log, by canonical setting name (see `ridelog.settings`).
        origin: The file it came from; filled in by the reader, not by the parser.
    """

    table: pa.Table
    role: Role
    parser: str
    clock: Clock = field(default_factory=lambda: Clock(ClockBasis.NONE))
    identity: Identity = field(default_factory=Identity)
    damage: tuple[Damage, ...] = ()
    settings: Mapping[str, float | str | bool] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)

    def __post_init__(self) -> None:
        self._values: dict[str, NDArray[Any]] = {}
        self._named: dict[str, dict[int, tuple[str, ...]]] = {}

    def __repr__(self) -> str:
        return f"<Log {self.role} by {self.parser}: {self.rows} rows, {len(self.channels)} channels>"

    def __getstate__(self) -> dict[str, object]:
        state = self.__dict__.copy()
        for cached in ("time", "interval_s", "channels"):
            state.pop(cached, None)
        state["_values"], state["_named"] = {}, {}
        return state

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Canonical channels of this log that hold at least one value, without `time` and `source_row`."""
        names = []
        for name in self.table.column_names:
            if name in CHANNELS and name not in ("time", "source_row"):
                column = self.table.column(name)
                if column.null_count < len(column):
                    names.append(name)
        return tuple(names)

    def has(self, *channels: str) -> bool:
        """Tell whether every one of `channels` is there and holds at least one value."""
        return all(name in self.channels for name in channels)

    def derived(self, channel: str) -> str:
        """Say from what a channel was computed; "" when it was measured or is not there."""
        return self._metadata(channel).get("derived", "") if channel in self.table.column_names else ""

    def unit(self, column: str) -> str:
        """Unit of a column, "" where there is none or it is not known."""
        return self._metadata(column).get("unit", "")

    def source_of(self, column: str) -> str:
        """Name of the column or byte field in the file that a channel came from."""
        return self._metadata(column).get("source", "")

    def conversion(self, column: str) -> str:
        """What was done to the values of a column, "" when nothing."""
        return self._metadata(column).get("conversion", "")

    def _metadata(self, column: str) -> dict[str, str]:
        metadata = self.table.schema.field(column).metadata or {}
        return {key.decode(): value.decode() for key, value in metadata.items()}

    @cached_property
    def time(self) -> NDArray[np.float64]:
        """Stamps in s from 0, shape (rows,), never decreasing."""
        return floats(self.table.column("time"))

    @property
    def source_rows(self) -> NDArray[np.int64]:
        """Source row (line or byte offset) of each row, shape (rows,)."""
        if "source_row" not in self._values:
            self._values["source_row"] = integers(self.table.column("source_row"))
        return self._values["source_row"]

    @cached_property
    def interval_s(self) -> float:
        """Median time between rows that differ in time, in s; infinity with fewer than two."""
        steps = np.diff(self.time)
        steps = steps[steps > 0]
        return float(np.median(steps)) if len(steps) else float("inf")

    @property
    def duration_s(self) -> float:
        """Time from the first to the last row, in s."""
        return float(self.time[-1] - self.time[0]) if self.rows else 0.0

    def values(self, channel: str) -> NDArray[np.float64]:
        """Values of a NUMBER, INTEGER or FLAG channel as floats, NaN for null; shape (rows,).

        A channel the log does not have gives all NaN.
        """
        if channel not in self._values:
            if channel not in self.table.column_names:
                values: NDArray[np.float64] = np.full(self.rows, np.nan)
            else:
                values = floats(self.table.column(channel))
            values.flags.writeable = False
            self._values[channel] = values
        return self._values[channel]

    def matrix(self, channel: str) -> NDArray[np.float64]:
        """Values of a NUMBERS or FLAGS channel as floats, NaN for null; shape (rows, list size).

        A channel the log does not have gives shape (rows, 0).
        """
        if channel not in self._values:
            if channel not in self.table.column_names:
                values: NDArray[np.float64] = np.empty((self.rows, 0))
            else:
                values = matrix(self.table.column(channel))
            self._values[channel] = values
        return self._values[channel]

    def texts(self, channel: str, first: int = 0, end: int | None = None) -> list[str | None]:
        """Values of a TEXT channel, of the rows from `first` to before `end`."""
        if channel not in self.table.column_names:
            return [None] * len(range(self.rows)[first:end])
        return list(self.table.column(channel)[first:end].to_pylist())

    def names(self, channel: str, first: int = 0, end: int | None = None) -> list[tuple[str, ...] | None]:
        """Values of a NAMES channel of the rows from `first` to before `end`: a tuple a row, None where it is not known."""
        if channel not in self.table.column_names:
            return [None] * len(range(self.rows)[first:end])
        return [None if row is None else tuple(row) for row in self.table.column(channel)[first:end].to_pylist()]

    def named_rows(self, channel: str) -> Mapping[int, tuple[str, ...]]:
        """Rows in which a NAMES channel names something, in order, with what it names; few of most logs."""
        if channel not in self._named:
            there = channel in self.table.column_names
            self._named[channel] = named_rows(self.table.column(channel)) if there else {}
        return self._named[channel]

    def named_known(self, channel: str) -> NDArray[np.bool_]:
        """Rows in which it is known what a NAMES channel names, be it nothing; shape (rows,)."""
        key = f"{channel} known"
        if key not in self._values:
            there = channel in self.table.column_names
            self._values[key] = valid(self.table.column(channel)) if there else np.zeros(self.rows, dtype=bool)
            self._values[key].flags.writeable = False
        return self._values[key]

    def to_polars(self) -> pl.DataFrame:
        """Give the table as a polars frame."""
        import polars as pl

        frame: pl.DataFrame = pl.DataFrame(pl.from_arrow(self.table))
        return frame

    def to_pandas(self) -> pd.DataFrame:
        """Give the table as a pandas frame."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame


class LogBuilder:
    """Collects columns and makes a `Log` of them.

    Args:
        time: Stamps in s, shape (n,), never decreasing (`ridelog.clock.repair_backward_steps`); the first is made 0.
        source_row: Line number or byte offset of each row, shape (n,).
        time_source: Column the stamps came from.
        counted: What `source_row` counts, in the singular, where it is neither lines nor bytes: "record", "row".
    """

    def __init__(
        self,
        time: Any,  # noqa: ANN401 - any array type
        source_row: Any,  # noqa: ANN401 - any array type
        time_source: str = "",
        counted: str = "",
    ) -> None:
        stamps = np.asarray(time, dtype=np.float64)
        if len(stamps):
            stamps = stamps - stamps[0]
        if len(stamps) > 1 and bool((stamps[1:] < stamps[:-1]).any()):
            raise PluginError("a parser gave stamps that decrease; repair_backward_steps() must come first.")
        self.rows = len(stamps)
        self._columns: dict[str, pa.Array | pa.ChunkedArray] = {}
        self._fields: dict[str, pa.Field] = {}
        self.add("time", stamps, source=time_source)
        self.add("source_row", np.asarray(source_row, dtype=np.int64), source=counted)

    def add(
        self,
        channel: str,
        values: Any,  # noqa: ANN401 - numpy, Arrow, polars or a list
        *,
        source: str = "",
        conversion: str = "",
        derived: str = "",
    ) -> None:
        """Add a canonical channel.

        Args:
            channel: Canonical name.
            values: One value a row: numpy array (NaN becomes null), Arrow array, polars series or list; for NUMBERS
                and FLAGS a matrix (rows, size) with NaN for what was not read.
            source: Column or byte field of the file.
            conversion: What was done to the values ("x 0.1", "sign changed: source counts charging positive").
            derived: From what the values were computed when they are not a measurement.

        Raises:
            PluginError: If the channel is not in the vocabulary or the length is wrong.
        """
        known = CHANNELS.get(channel)
        if known is None:
            raise PluginError(f"'{channel}' is not a channel; the vocabulary is in ridelog.channels.")
        array = from_values(values, known)
        self._put(channel, array, {"unit": known.unit, "source": source, "conversion": conversion, "derived": derived})

    def keep(self, name: str, values: Any, unit: str = "") -> None:  # noqa: ANN401 - numpy, Arrow, polars or a list
        """Keep a column the parser does not know, as it is; a name that is taken gets " (as logged)" added."""
        # A zero byte, as a damaged header has it, ends a name for the libraries behind Arrow.
        name = name.replace("\0", "\ufffd")
        while name in CHANNELS or name in self._columns:
            name += " (as logged)"
        array = values.alias(name).to_arrow() if hasattr(values, "to_arrow") else values
        if isinstance(array, np.ndarray):
            array = from_array(array)
        elif not isinstance(array, pa.Array | pa.ChunkedArray):
            array = from_list(list(array))
        self._put(name, array, {"unit": unit, "source": name})

    def _put(self, name: str, array: pa.Array | pa.ChunkedArray, metadata: dict[str, str]) -> None:
        if len(array) != self.rows:
            raise PluginError(f"column '{name}' has {len(array)} values for {self.rows} rows.")
        self._columns[name] = array
        self._fields[name] = pa.field(name, array.type, metadata={k: v for k, v in metadata.items() if v})

    def has(self, name: str) -> bool:
        """Tell whether a column was added."""
        return name in self._columns

    def build(
        self,
        role: Role,
        parser: str,
        *,
        clock: Clock | None = None,
        identity: Identity | None = None,
        damage: Iterable[Damage] = (),
        settings: Mapping[str, float | str | bool] | None = None,
    ) -> Log:
        """Make the log; a channel that cannot be in its unit is kept as a column of the source."""
        wrong = in_wrong_unit(self._columns)
        for name in wrong:
            self.keep(name, self._columns[name])
            del self._columns[name], self._fields[name]
        table = pa.table(list(self._columns.values()), schema=pa.schema(list(self._fields.values())))
        return Log(
            table,
            role,
            parser,
            clock or Clock(ClockBasis.NONE),
            identity or Identity(),
            (*damage, *wrong.values()),
            dict(settings or {}),
        )
