"""Floaty, as JSON: rides of self-balancing boards on VESC controllers."""

from __future__ import annotations

import re
from typing import ClassVar, Final

import numpy as np

from ridelog.errors import ParseError
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import MILLI
from .floaty_csv import COLUMNS, OTHER_NUMBERS, TIME, floaty_log
from .json_records import column, load_object, objects, text, unknown_columns
from .json_text import json_text
from .positions import held

#: Keys that together no other app writes: those of a ride, or those of its records.
_RIDE_KEYS: Final = ("boardId", "startTime", "stopReason")
_RECORD_KEYS: Final = ("batteryVolts", "dutyCycle", "motorCurrent")
#: Names of the location records, and what the CSV export of the app calls them.
_LOCATION: Final[dict[str, str]] = {
    "timestamp": "gpsTimestamp",
    "altitude": "altitude",
    "latitude": "latitude",
    "longitude": "longitude",
    "accuracy": "accuracy",
    "speed": "gpsSpeed",
}
#: A location is held for this time, s; the phone gives one a second, so ten missed ones end it (engineering judgement).
_HOLD_S: Final = 10.0


class FloatyJson(Parser):
    """One JSON object that describes the ride and holds the lists `logs` (telemetry) and `locations` (phone).

    Beside them stand `id`, `name`, `boardId`, `startTime`, `endTime`, `stopReason`, `polyline` and `distance`. Records
    carry `timestamp` in milliseconds since 1970 (UTC) and the same quantities and units as Floaty's CSV; what was not
    received is null, the temperatures and the trip distance then 0. Locations have their own rate; each row of the log
    carries the last one. `source_row` is the place of the record in `logs`, counted from 1.
    """

    name: ClassVar[str] = "floaty-json"
    title: ClassVar[str] = "Floaty JSON (balance boards on VESC)"
    device: ClassVar[str] = "Floaty app"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(item.channel for item in COLUMNS))
    clock: ClassVar[str] = "UTC, milliseconds since 1970"

    def sniff(self, source: Source) -> Sniff:
        """Look for the keys of a ride or of its records."""
        head = json_text(source.head).lstrip()
        if not head.startswith("{"):
            return Sniff.no("does not start with a JSON object")
        keys = set(re.findall(r'"(\w{1,40})"\s*:', head))
        if keys.issuperset(_RIDE_KEYS) or keys.issuperset(_RECORD_KEYS):
            return Sniff.yes("the JSON keys are those of Floaty")
        return Sniff.no("the JSON keys of Floaty are missing (boardId, startTime, stopReason)")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the records."""
        import polars as pl

        ride, cut = load_object(source.data, source.label)
        records = objects(ride.get("logs"))
        if not records:
            raise ParseError(
                "holds no telemetry: the list 'logs' is missing or empty.",
                path=source.label,
                advice="Record with the board connected.",
            )
        names = dict.fromkeys((*(item.source for item in COLUMNS), *OTHER_NUMBERS))
        values = {name: column(records, name) for name in names if any(name in record for record in records[:100])}
        values.setdefault(TIME, np.full(len(records), np.nan))
        locations = objects(ride.get("locations"))
        fixes = {ours: column(locations, theirs) for theirs, ours in _LOCATION.items()}
        fix_times = fixes["gpsTimestamp"] * MILLI
        known = np.isfinite(fix_times)
        if known.any():
            fixes = {name: series[known] for name, series in fixes.items()}
            values.update(held(values[TIME] * MILLI, fix_times[known], fixes, _HOLD_S))
        more = unknown_columns(records, names)
        frame = pl.DataFrame({name: pl.Series(series, nan_to_null=True) for name, series in (values | more).items()})
        lines = np.arange(1, len(records) + 1, dtype=np.int64)
        board = text(ride.get("boardId"))
        return [floaty_log(frame, lines, cut, parser=self.name, path=source.label, board=board, counted="record")]
