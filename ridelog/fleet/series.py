"""What is followed from ride to ride: values of each metric by vehicle, in order of time.

Works on columns, not on rows: the cells of thousands of rides would be hundreds of megabytes as Python objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .course import Course

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

#: The level of today is the median of so many rides.
LATEST: Final = 5
#: Rides of a lower data quality do not speak about the vehicle.
LEAST_QUALITY: Final = 0.5
#: Least confidence of a resistance that is followed.
_SURE: Final = 0.4
#: A capacity is followed when its standard error is below this share.
_SURE_CAPACITY: Final = 0.15

#: The cell that is followed is the one whose offset reaches highest at this quantile of its rides. The choice does not
#: know their order, so it cannot make a trend out of noise; a cell that stood out for a fifth of the rides is seen.
_STANDS_OUT: Final = 0.8

_Courses = dict[tuple[str, str], Course]


@dataclass(frozen=True, slots=True)
class Series:
    """Values of every metric.

    Attributes:
        courses: Vehicle and metric to the values as measured, in order of time.
        today: Vehicle and metric to the level of the last rides, where it is not that of the course: cells that stand
            out now and cells that stood out over the rides may be two.
        shares: Vehicle to how much of the assumed law of temperature its resistance follows, where rides tell it.
    """

    courses: _Courses
    today: dict[tuple[str, str], float]
    shares: Mapping[str, float] = field(default_factory=dict)

    def settled(self, shares: Mapping[str, float]) -> Series:
        """The same with the shares that a fit gave."""
        return replace(self, shares=shares)

    def values(self, vehicle: str, metric: str) -> NDArray[np.float64]:
        """Values in order of time, shape (n,), a resistance at 25 degC and half charge; empty without any."""
        course = self.courses.get((vehicle, metric))
        return course.at_reference(self.shares.get(vehicle)) if course is not None else np.empty(0)

    def level(self, vehicle: str, metric: str) -> float:
        """Level of the last rides."""
        own = self.today.get((vehicle, metric))
        return own if own is not None else float(np.median(self.values(vehicle, metric)[-LATEST:]))


#: Metric to its column of `logs`.
_OF_RIDES: Final = {
    "soc_error": "soc_error",
    "trips": "trips",
    "battery_temperature": "battery_temperature_max",
    "fet_temperature": "fet_temperature_max",
    "motor_temperature": "motor_temperature_max",
}
_OF_CELLS: Final = {
    "cell_offset": ("rest_offset_v", "rest_offset_error_v"),
    "cell_resistance": ("extra_resistance_ohm", "extra_resistance_error_ohm"),
}


def series(tables: Mapping[str, pa.Table]) -> Series:
    """Values of every metric by vehicle, in order of time; rides without a date, copies and errors are left out.

    Resistances are followed as one kind of device sees them, that which the vehicle has most values from: a controller's
    include the leads and a BMS's do not. Of the cells one is followed, that which stands out most: the
    largest of each ride would only follow noise.

    Args:
        tables: `logs`, `pack_health` and `cell_health` with vehicles filled in.
    """
    logs = tables["logs"]
    vehicles = logs.column("vehicle").to_pylist()
    started = logs.column("started").to_pylist()
    usable = _followed(logs)
    found: _Courses = {}
    today: dict[tuple[str, str], float] = {}
    columns = {name: (logs.column(column).to_pylist(), None) for name, column in _OF_RIDES.items()}
    capacity, error = (logs.column(name).to_pylist() for name in ("capacity_ah", "capacity_error_ah"))
    sure = [
        value if value and spread is not None and value > 0 and spread < _SURE_CAPACITY * value else None
        for value, spread in zip(capacity, error, strict=True)
    ]
    columns["capacity"] = sure, error
    for name, (values, errors) in columns.items():
        places: dict[str, list[int]] = defaultdict(list)
        for place in np.flatnonzero(usable):
            if values[place] is not None:
                places[vehicles[place]].append(int(place))
        for vehicle, own in places.items():
            own.sort(key=lambda place: (started[place], values[place]))
            found[vehicle, name] = Course(
                [started[place] for place in own],
                np.array([values[place] for place in own], dtype=float),
                np.array([errors[place] if errors else np.nan for place in own], dtype=float),
                [""] * len(own),
            )
    _resistances(tables, vehicles, started, usable, found)
    _cells(tables, vehicles, started, usable, found, today)
    return Series(found, today)


def copies(logs: pa.Table) -> NDArray[np.bool_]:
    """Rides whose bytes are those of one before of the same vehicle, shape (n,): they count once."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    found = np.zeros(logs.num_rows, dtype=bool)
    names, contents = (logs.column(name).to_pylist() for name in ("vehicle", "sha256"))
    for place, (vehicle, content) in enumerate(zip(names, contents, strict=True)):
        key = (vehicle, tuple(content or ()))
        found[place] = bool(content) and key in seen
        seen.add(key)
    return found


def _followed(logs: pa.Table) -> NDArray[np.bool_]:
    """Rides that count, shape (n,): they could be read, have a date, are no copy, and their data can be trusted."""
    columns = (logs.column(name).to_pylist() for name in ("error", "started", "data_quality"))
    told = [
        not error and moment is not None and (quality or 0.0) >= LEAST_QUALITY
        for error, moment, quality in zip(*columns, strict=True)
    ]
    return np.array(told, dtype=bool) & ~copies(logs)


def _places(table: pa.Table, logs: pa.Table, usable: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Row of `logs` of each row of another table, and whether that ride counts."""
    import pyarrow.compute as pc

    found = pc.index_in(table.column("ride_id"), value_set=logs.column("ride_id").combine_chunks())
    place = np.asarray(pc.fill_null(found, -1).combine_chunks(), dtype=np.int64)
    return place, (place >= 0) & usable[np.maximum(place, 0)]


def _numbers(table: pa.Table, column: str) -> NDArray[np.float64]:
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(table.column(column).cast("float64"), float("nan")).combine_chunks())


def _resistances(
    tables: Mapping[str, pa.Table], vehicles: list[str], started: list[Any], usable: NDArray[np.bool_], found: _Courses
) -> None:
    packs = tables["pack_health"]
    place, counts = _places(packs, tables["logs"], usable)
    at_reference, measured = _numbers(packs, "resistance_reference_ohm"), _numbers(packs, "resistance_ohm")
    with np.errstate(invalid="ignore", divide="ignore"):
        heat = np.log(measured / at_reference)
    errors = (_numbers(packs, "resistance_high_ohm") - _numbers(packs, "resistance_low_ohm")) / (2 * 1.96)
    counts &= (measured > 0) & (_numbers(packs, "confidence") >= _SURE)
    parsers = packs.column("parser").to_pylist()
    eyes = [
        (role, basis if np.isfinite(heat[row]) else "none")
        for row, (role, basis) in enumerate(
            zip(packs.column("role").to_pylist(), packs.column("temperature_basis").to_pylist(), strict=True)
        )
    ]
    seen_by: dict[str, dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in np.flatnonzero(counts):
        seen_by[vehicles[place[row]]][eyes[row]].append(int(row))
    rank = {"battery": 2, "board": 1, "none": 0}
    for vehicle, own in seen_by.items():
        most = max(len(rows) for rows in own.values())
        role, basis = max(
            (eye for eye in own if len(own[eye]) >= 0.6 * most), key=lambda eye: (rank[eye[1]], len(own[eye]), eye)
        )
        rows = sorted(own[role, basis], key=lambda row: (started[place[row]], measured[row]))
        found[vehicle, "resistance"] = Course(
            [started[place[row]] for row in rows],
            measured[rows],
            errors[rows],
            [parsers[row] for row in rows],
            f"{role} {basis}",
            basis,
            np.nan_to_num(heat[rows]) if basis != "none" else np.zeros(len(rows)),
        )


def _cells(
    tables: Mapping[str, pa.Table],
    vehicles: list[str],
    started: list[Any],
    usable: NDArray[np.bool_],
    found: _Courses,
    today: dict[tuple[str, str], float],
) -> None:
    cells = tables["cell_health"]
    place, counts = _places(cells, tables["logs"], usable)
    number = np.asarray(cells.column("cell").combine_chunks())
    moments = np.array([0.0 if moment is None else moment.timestamp() for moment in started])
    _, vehicle = (
        np.unique(np.array(vehicles, dtype=object), return_inverse=True) if vehicles else ([], np.zeros(0, int))
    )
    for name, (column, error) in _OF_CELLS.items():
        value, errors = _numbers(cells, column), _numbers(cells, error)
        rows = np.flatnonzero(counts & np.isfinite(value))
        own = vehicle[place[rows]]
        rows = rows[np.lexsort((moments[place[rows]], number[rows], own))]
        for same_vehicle in _runs(rows, vehicle[place[rows]]):
            courses = list(_runs(same_vehicle, number[same_vehicle]))
            key = (vehicles[place[same_vehicle[0]]], name)
            signed = value if name == "cell_resistance" else np.abs(value)
            reach = [float(np.quantile(signed[course], _STANDS_OUT)) for course in courses]
            chosen = courses[int(np.argmax(reach))]
            found[key] = Course(
                [started[place[row]] for row in chosen], value[chosen], errors[chosen], [""] * len(chosen)
            )
            latest = [float(np.median(value[course[-LATEST:]])) for course in courses]
            today[key] = max(latest, key=abs if name == "cell_offset" else float)


def _runs(rows: NDArray[np.int64], labels: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Parts of an array with the same label, which stand together."""
    if len(rows):
        yield from np.split(rows, np.flatnonzero(np.diff(labels)) + 1)
