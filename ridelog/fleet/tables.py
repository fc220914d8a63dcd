"""The tables of an audit: their columns, units and version. `docs/fleet.md` is written from here."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

#: Raised when a column changes its meaning or goes; a new column does not raise it.
SCHEMA: Final = "ridelog.audit/1"

_RIDE: Final = ("ride_id", "string", "Key of the ride: joins all tables; changes with the files and the analysis.")

#: Table to its columns: name, Arrow type, meaning with unit.
TABLES: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "logs": (
        _RIDE,
        ("vehicle", "string", "The vehicle."),
        ("vehicle_basis", "string", "How it was told: table, pattern, device, folder or none."),
        ("model", "string", "What it is compared with: from the fleet table, else devices and cell count."),
        ("started", "timestamp", "First sample, UTC; local stamps without a zone count as UTC; null if not known."),
        ("started_basis", "string", "utc, local, name (a date in the file's name or folder) or none."),
        ("duration_s", "double", "From the first to the last sample, s."),
        ("files", "strings", "Files, below the folder that was audited."),
        ("sha256", "strings", "Hash of each log's bytes."),
        ("grouping", "string", "Why these files are one ride, or why a file was left alone."),
        ("bytes", "int64", "Bytes of the files."),
        ("rows", "int64", "Rows of all logs."),
        ("parsers", "strings", "Parser of each log."),
        ("roles", "strings", "Role of each log."),
        ("devices", "strings", "Hash of each device id found in the logs; the ids themselves are not kept."),
        ("cause", "string", "Most probable cause, 'none', 'undetermined', or '' when the ride could not be read."),
        ("probability", "double", "Its probability, 0..1."),
        ("wording", "string", "The verdict in words."),
        ("severity", "string", "Highest severity of all findings: critical, warning, info or ''."),
        ("critical", "int32", "Findings of that severity."),
        ("warnings", "int32", "Findings of that severity."),
        ("unable", "int32", "Checks that could not look."),
        ("trips", "int32", "Power cuts found on this ride (BMS trips and open power paths)."),
        ("series", "int32", "Cell groups in series, null if not sure."),
        ("chemistry", "string", "Chemistry, '' if not known."),
        ("resistance_ohm", "double", "Resistance of the pack as measured, ohm."),
        ("resistance_reference_ohm", "double", "The same at 25 degC and half charge, ohm; see `temperature_basis`."),
        ("temperature_basis", "string", "battery (a sensor on the pack), board (another sensor at the start) or none."),
        ("capacity_ah", "double", "Capacity, Ah."),
        ("capacity_error_ah", "double", "Its standard error, Ah."),
        ("cell_offset_v", "double", "Largest offset of a cell at rest against the median cell, V, with its sign."),
        ("soc_error", "double", "Shown minus open-circuit state of charge, median, -1..1."),
        ("battery_temperature_max", "double", "degC."),
        ("fet_temperature_max", "double", "degC."),
        ("motor_temperature_max", "double", "degC."),
        ("lost_rows", "int64", "Rows, frames or values that could not be kept."),
        ("repaired_rows", "int64", "Rows that were repaired."),
        ("data_quality", "double", "0 (nothing could be read) .. 1 (nothing to complain about)."),
        ("data_notes", "strings", "What was wrong with the data."),
        ("report", "string", "Page of this ride below the result's folder, '' if none was made."),
        ("error", "string", "Why it could not be analyzed, ''."),
        ("error_kind", "string", "unreadable, unknown-format, internal, time, memory, died or ''."),
    ),
    "findings": (
        _RIDE,
        ("number", "int32", "Place in the ride's report, from 1."),
        ("code", "string", "Code of the detector."),
        ("name", "string", "Its name."),
        ("severity", "string", "critical, warning or info."),
        ("start_s", "double", "s of the ride's clock."),
        ("end_s", "double", "s of the ride's clock."),
        ("onset_earliest_s", "double", "Last sample before it began."),
        ("onset_latest_s", "double", "First sample after it began."),
        ("log", "int32", "Index of the log."),
        ("first_row", "int64", "Line or byte offset in the file."),
        ("last_row", "int64", "Line or byte offset in the file."),
        ("message", "string", "One or two sentences."),
    ),
    "causes": (
        _RIDE,
        ("rank", "int32", "1 is the most probable."),
        ("cause", "string", "Cause id."),
        ("probability", "double", "0..1."),
        ("role", "string", "ranked or contributing."),
    ),
    "pack_health": (
        _RIDE,
        ("log", "int32", "Index of the log."),
        ("role", "string", "Its role; a controller's resistance holds the leads, a BMS's does not."),
        ("parser", "string", "Its parser."),
        ("resistance_ohm", "double", "Ohmic part, ohm."),
        ("resistance_low_ohm", "double", "Lower end of its 95 % interval."),
        ("resistance_high_ohm", "double", "Upper end."),
        ("resistance_slow_ohm", "double", "Polarisation part, ohm."),
        ("resistance_reference_ohm", "double", "At 25 degC and half charge, ohm, null if the temperature is unknown."),
        ("temperature_basis", "string", "battery, board or none."),
        ("confidence", "double", "0..1."),
        ("noise_v", "double", "Robust standard deviation of the residual, V."),
    ),
    "cell_health": (
        _RIDE,
        ("log", "int32", "Index of the log."),
        ("cell", "int32", "Number of the cell group as the BMS shows it, from 1."),
        ("rest_offset_v", "double", "Offset at rest against the median cell, V."),
        ("rest_offset_error_v", "double", "Standard error."),
        ("extra_resistance_ohm", "double", "Resistance above the median cell's, ohm."),
        ("extra_resistance_error_ohm", "double", "Standard error."),
    ),
    "errors": (
        _RIDE,
        ("file", "string", "File, below the folder that was audited."),
        ("kind", "string", "See `error_kind` of logs."),
        ("message", "string", "What is wrong and what to do."),
    ),
    "trends": (
        ("vehicle", "string", "The vehicle."),
        ("metric", "string", "What was followed."),
        ("kind", "string", "trend (against its own past) or peers (against vehicles of its model)."),
        ("rides", "int32", "Rides with a value."),
        ("days", "double", "From the first of them to the last."),
        ("first", "timestamp", "First ride."),
        ("last", "timestamp", "Last ride."),
        ("before", "double", "Level at the beginning by the fitted line; of the peers for kind peers."),
        ("after", "double", "Level at the end; of this vehicle for kind peers."),
        ("change", "double", "Relative change for resistance and capacity (0.32 is +32 %), else absolute."),
        ("change_low", "double", "Lower end of its 95 % interval."),
        ("change_high", "double", "Upper end."),
        ("unit", "string", "share, or the unit of an absolute change."),
        ("step_after", "timestamp", "Change point: last ride before it, null where a straight line fits as well."),
        ("step_before", "timestamp", "Change point: first ride after it."),
        (
            "temperature_share",
            "double",
            "How much of the assumed law of temperature its resistance follows, null if unknown.",
        ),
        ("p", "double", "Probability of so much by chance."),
        ("q", "double", "The same after Benjamini-Hochberg over all tests of this audit."),
        ("finding", "bool", "It is significant (q <= 0.05), large enough to matter, and for the worse."),
        ("message", "string", "One sentence."),
    ),
    "vehicles": (
        ("rank", "int32", "1 is the vehicle to look at first."),
        ("vehicle", "string", "The vehicle."),
        ("model", "string", "What it is compared with."),
        ("rides", "int32", "Rides that could be read."),
        ("unreadable", "int32", "Rides that could not."),
        ("first", "timestamp", "First ride."),
        ("last", "timestamp", "Last ride."),
        ("risk", "double", "0..1, see docs/fleet.md; an order, not a probability."),
        ("reasons", "strings", "What the risk is made of, largest first."),
        ("trips", "int32", "Rides with a power cut."),
        ("critical", "int32", "Rides whose verdict is a cause with a critical finding."),
        ("resistance_ohm", "double", "Reference resistance, median of the last five rides."),
        ("resistance_change", "double", "Relative change over the vehicle's rides, null if it cannot be told."),
        ("data_quality", "double", "Mean over its rides, unreadable ones count 0."),
        ("data_notes", "strings", "What is wrong with its data, most frequent first."),
    ),
}

#: Tables that a worker fills for each ride; the others are made from them.
PER_RIDE: Final = ("logs", "findings", "causes", "pack_health", "cell_health", "errors")


@cache
def arrow_schema(table: str) -> pa.Schema:
    """Arrow schema of a table; name, meaning and version travel in its metadata."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "strings": pa.list_(pa.string()),
        "double": pa.float64(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema(
        [pa.field(name, types[kind], metadata={"meaning": meaning}) for name, kind, meaning in TABLES[table]],
        metadata={"schema": SCHEMA, "table": table},
    )


@cache
def part_schema() -> pa.Schema:
    """Schema of a part: one row a ride, the rows of its tables nested in it, so that a part is one atomic file."""
    import pyarrow as pa

    fields = [pa.field("key", pa.string())]
    fields += [pa.field(table, pa.list_(pa.struct(list(arrow_schema(table))))) for table in PER_RIDE]
    return pa.schema(fields, metadata={"schema": SCHEMA})
