"""From the parts to the tables people read: live rides only, in one order, whatever happened on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .store import Store
from .tables import PER_RIDE, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa


def done_keys(store: Store) -> dict[str, list[str]]:
    """Keys of the rides each part answers for, by the name of the part; an unreadable part answers for none."""
    found: dict[str, list[str]] = {}
    for name in store.names("parts", ".parquet"):
        table = store.read_table(f"parts/{name}", ["key"])
        if table is None:
            store.remove(f"parts/{name}")
        else:
            found[name] = table.column("key").to_pylist()
    return found


def collect(store: Store, wanted: set[str]) -> dict[str, pa.Table]:
    """Rows of all tables for the wanted rides, each ride once; parts without a wanted ride are removed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    gathered: dict[str, list[pa.Table]] = {table: [arrow_schema(table).empty_table()] for table in PER_RIDE}
    left = set(wanted)
    for name, part in store.tables("parts"):
        keys = set(part.column("key").to_pylist()) & left
        if not keys:
            store.remove(f"parts/{name}")
            continue
        left -= keys
        live = part.filter(pc.is_in(part.column("key"), pa.array(sorted(keys))))
        for table in PER_RIDE:
            column = live.column(table).combine_chunks()
            rows = column.flatten()
            gathered[table].append(
                pa.Table.from_arrays(rows.flatten(), schema=arrow_schema(table)) if len(rows) else gathered[table][0]
            )
    return {table: pa.concat_tables(parts).combine_chunks() for table, parts in gathered.items()}


def with_vehicles(
    tables: Mapping[str, pa.Table], vehicles: Mapping[str, tuple[str, str]], models: Mapping[str, str]
) -> dict[str, pa.Table]:
    """The same tables with vehicle and model filled in, sorted by vehicle, start and file."""
    import pyarrow as pa
    import pyarrow.compute as pc

    logs = tables["logs"]
    ids = logs.column("ride_id").to_pylist()
    names = [vehicles[ride][0] for ride in ids]
    given = [models.get(name, "") for name in names]
    own = logs.column("model").to_pylist()
    model = [one or other or "" for one, other in zip(given, own, strict=True)]
    logs = logs.set_column(logs.column_names.index("vehicle"), arrow_schema("logs").field("vehicle"), pa.array(names))
    basis = pa.array([vehicles[ride][1] for ride in ids])
    logs = logs.set_column(logs.column_names.index("vehicle_basis"), arrow_schema("logs").field("vehicle_basis"), basis)
    logs = logs.set_column(
        logs.column_names.index("model"), arrow_schema("logs").field("model"), pa.array(model, pa.string())
    )
    started = logs.column("started").to_pylist()
    files = logs.column("files").to_pylist()
    order = sorted(
        range(len(ids)),
        key=lambda place: (names[place], started[place] is None, started[place] or 0, files[place], ids[place]),
    )
    result = {"logs": logs.take(pa.array(order, pa.int64())).cast(arrow_schema("logs"))}
    rank = {ids[place]: position for position, place in enumerate(order)}
    for table in PER_RIDE[1:]:
        rows = tables[table]
        place = pa.array([rank[ride] for ride in rows.column("ride_id").to_pylist()], pa.int64())
        # A stable sort keeps the order of a ride's own rows.
        result[table] = rows.take(pc.array_sort_indices(place) if len(rows) else place)
    return result


def publish(store: Store, tables: Mapping[str, pa.Table], csv: bool) -> None:
    """Write every table as a Parquet dataset of one file, and as CSV where asked for."""
    for name, table in tables.items():
        schema = arrow_schema(name)
        store.write_table(f"{name}/part-0.parquet", table.cast(schema).replace_schema_metadata(schema.metadata))
        if csv:
            store.write(f"csv/{name}.csv", _csv(table))


def _csv(table: pa.Table) -> bytes:
    import polars as pl

    frame = pl.DataFrame(pl.from_arrow(table))
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(name).list.join("; ") for name in lists).write_csv().encode()
