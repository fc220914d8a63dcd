"""Each vehicle against its own past, and against the vehicles of its model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from .statistics import change_point, robust_scores, robust_trend, two_sided

_DAY_S: Final = 86400.0
#: Change points count as significant below this.
_STEP_P: Final = 0.01
#: Peers are looked at from so many vehicles of a model on.
_FEWEST_PEERS: Final = 5
_LATEST: Final = 5
#: Spread of the logarithm of resistance and capacity of packs that have only the cell count in common: two to five
#: cells in parallel are common (engineering judgement).
_SIZES: Final = 0.35


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that is followed from ride to ride.

    Attributes:
        name: As it stands in `trends`.
        words: In words.
        worse: 1 when growing is for the worse, -1 when falling is, 0 when any change is (away from zero).
        relative: Changes are shares of the level, else absolute.
        matters: Least change that matters (engineering judgement).
        unit: Unit of an absolute change.
    """

    name: str
    words: str
    worse: int
    relative: bool
    matters: float
    unit: str


METRICS: Final = (
    Metric("resistance", "resistance at 25 °C and half charge", 1, True, 0.12, "share"),
    Metric("capacity", "capacity", -1, True, 0.10, "share"),
    Metric("cell_offset", "largest cell offset at rest", 0, False, 0.010, "V"),
    Metric("cell_resistance", "extra resistance of the worst cell", 1, False, 0.0015, "ohm"),
    Metric("soc_error", "error of the shown state of charge", 0, False, 0.08, "points"),
    Metric("trips", "power cuts per ride", 1, False, 0.2, "per ride"),
    Metric("battery_temperature", "highest battery temperature", 1, False, 8.0, "degC"),
    Metric("fet_temperature", "highest controller temperature", 1, False, 12.0, "degC"),
    Metric("motor_temperature", "highest motor temperature", 1, False, 15.0, "degC"),
)
_BY_NAME: Final = {metric.name: metric for metric in METRICS}
#: Temperatures follow the weather and the way of riding: they are shown, and no finding is made of them alone.
SHOWN_ONLY: Final = frozenset({"battery_temperature", "fet_temperature", "motor_temperature"})

Point = tuple[datetime, float]
Series = dict[tuple[str, str], list[Point]]


def series(
    logs: Sequence[Mapping[str, Any]], packs: Sequence[Mapping[str, Any]], cells: Sequence[Mapping[str, Any]]
) -> Series:
    """Values of every metric by vehicle, in order of time; rides without a date, copies and errors are left out.

    Resistances are followed as one device sees them: the log role and parser the vehicle has most values from, since
    a controller's include the leads and a BMS's do not.
    """
    found: Series = defaultdict(list)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    rides: dict[str, Mapping[str, Any]] = {}
    for ride in logs:
        content = (ride["vehicle"], tuple(ride["sha256"] or ()))
        if ride["error"] or ride["started"] is None or content in seen:
            continue
        seen.add(content)
        rides[ride["ride_id"]] = ride
    for ride in rides.values():
        columns = (
            ("capacity", ride["capacity_ah"] if _sure_capacity(ride) else None),
            ("soc_error", ride["soc_error"]),
            ("trips", None if ride["trips"] is None else float(ride["trips"])),
            ("battery_temperature", ride["battery_temperature_max"]),
            ("fet_temperature", ride["fet_temperature_max"]),
            ("motor_temperature", ride["motor_temperature_max"]),
        )
        for name, value in columns:
            if value is not None:
                found[ride["vehicle"], name].append((ride["started"], float(value)))
    _resistances(rides, packs, found)
    _cells(rides, cells, found)
    for points in found.values():
        points.sort()
    return found


def _sure_capacity(ride: Mapping[str, Any]) -> bool:
    value, error = ride["capacity_ah"], ride["capacity_error_ah"]
    return value is not None and error is not None and value > 0 and error < 0.15 * value


def _resistances(rides: Mapping[str, Mapping[str, Any]], packs: Sequence[Mapping[str, Any]], found: Series) -> None:
    seen_by: dict[str, dict[tuple[str, str, str], list[Point]]] = defaultdict(lambda: defaultdict(list))
    for row in packs:
        ride = rides.get(row["ride_id"])
        value = row["resistance_reference_ohm"] or row["resistance_ohm"]
        if ride is None or value is None or value <= 0 or (row["confidence"] or 0) < 0.4:
            continue
        eye = (row["role"], row["parser"], row["temperature_basis"])
        seen_by[ride["vehicle"]][eye].append((ride["started"], float(value)))
    for vehicle, eyes in seen_by.items():
        rank = {"battery": 2, "board": 1, "none": 0}
        most = max(len(points) for points in eyes.values())
        best = max(
            (eye for eye in eyes if len(eyes[eye]) >= 0.6 * most), key=lambda eye: (rank[eye[2]], len(eyes[eye]), eye)
        )
        found[vehicle, "resistance"] = eyes[best]


def _cells(rides: Mapping[str, Mapping[str, Any]], cells: Sequence[Mapping[str, Any]], found: Series) -> None:
    """Follow the one cell that stands out most over the rides: the largest of each ride would only follow noise."""
    for column, name in (("rest_offset_v", "cell_offset"), ("extra_resistance_ohm", "cell_resistance")):
        values: dict[str, dict[int, list[Point]]] = defaultdict(lambda: defaultdict(list))
        for row in cells:
            ride = rides.get(row["ride_id"])
            if ride is not None and row[column] is not None and math.isfinite(row[column]):
                values[ride["vehicle"]][row["cell"]].append((ride["started"], float(row[column])))
        for vehicle, by_cell in values.items():
            worst = max(sorted(by_cell), key=lambda cell: _standing_out(by_cell[cell], name == "cell_resistance"))
            found[vehicle, name] = by_cell[worst]


def _standing_out(points: Sequence[Point], signed: bool) -> float:
    latest = float(np.median([value for _, value in sorted(points)[-_LATEST:]]))
    return latest if signed else abs(latest)


def own_past(found: Series) -> Iterator[dict[str, Any]]:
    """Rows of kind "trend"; `q`, `finding` and the message come when all tests are known."""
    for (vehicle, name), points in sorted(found.items()):
        metric = _BY_NAME[name]
        stamps = np.array([moment.timestamp() for moment, _ in points]) / _DAY_S
        values = np.array([value for _, value in points])
        used = np.log(values) if metric.relative else np.abs(values) if metric.worse == 0 else values
        line = robust_trend(stamps - stamps[0], used)
        if line is None:
            continue
        days = float(stamps[-1] - stamps[0])
        step = change_point(used)
        row = _row(vehicle, name, "trend", points, days)
        change, low, high = (value * days for value in (line.slope, line.low, line.high))
        before, after = line.level, line.level + change
        if step is not None and step.p < _STEP_P:
            row["step_after"], row["step_before"] = points[step.index - 1][0], points[step.index][0]
            reach = (high - low) / 2
            before, after, change = step.before, step.after, step.after - step.before
            low, high = min(change - reach, low), max(change + reach, high)
        if metric.relative:
            before, after = math.exp(before), math.exp(after)
            change, low, high = (math.expm1(value) for value in (change, low, high))
        yield row | {
            "before": before, "after": after, "change": change, "change_low": low, "change_high": high,
            "unit": metric.unit, "p": line.p,
        }  # fmt: skip


def peers(found: Series, models: Mapping[str, str], told: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Rows of kind "peers": the latest level of a vehicle against the vehicles of its model.

    Args:
        found: The series.
        models: Vehicle to model.
        told: Models from a fleet table. Any other is only devices and cell count, and such packs differ in size.
    """
    for metric in METRICS:
        if metric.name in SHOWN_ONLY or metric.name == "trips":
            continue
        groups: dict[str, list[str]] = defaultdict(list)
        for vehicle, name in sorted(found):
            if name == metric.name and len(found[vehicle, name]) >= 3:
                groups[models.get(vehicle, "")].append(vehicle)
        for model, vehicles in sorted(groups.items()):
            if len(vehicles) < _FEWEST_PEERS or not model:
                continue
            levels = np.array([_latest(found[vehicle, metric.name]) for vehicle in vehicles])
            used = np.log(levels) if metric.relative else np.abs(levels) if metric.worse == 0 else levels
            floor = _SIZES if metric.relative and model not in told else metric.matters / 2
            scores = robust_scores(used, floor)
            for place, vehicle in enumerate(vehicles):
                points = found[vehicle, metric.name]
                others = float(np.median(np.delete(used, place)))
                change = float(used[place]) - others
                before, after = others, float(used[place])
                if metric.relative:
                    before, after, change = math.exp(before), math.exp(after), math.expm1(change)
                days = (points[-1][0] - points[0][0]).total_seconds() / _DAY_S
                yield _row(vehicle, metric.name, "peers", points, days) | {
                    "before": before, "after": after, "change": change, "change_low": None, "change_high": None,
                    "unit": metric.unit, "p": two_sided(float(scores[place])),
                }  # fmt: skip


def _latest(points: Sequence[Point]) -> float:
    return float(np.median([value for _, value in points[-_LATEST:]]))


def _row(vehicle: str, name: str, kind: str, points: Sequence[Point], days: float) -> dict[str, Any]:
    return {
        "vehicle": vehicle, "metric": name, "kind": kind, "rides": len(points), "days": round(days, 3),
        "first": points[0][0], "last": points[-1][0], "step_after": None, "step_before": None,
    }  # fmt: skip


def judge(row: dict[str, Any]) -> None:
    """Fill in `finding` and `message` of a row whose q is known."""
    metric = _BY_NAME[row["metric"]]
    change = row["change"]
    worse = change > 0 if metric.worse >= 0 else change < 0
    # The near end of the interval, in the direction of the change, must be past zero.
    near = row["change_low"] if change > 0 else row["change_high"]
    sure = row["kind"] == "peers" or (near is not None and near * change > 0)
    row["finding"] = bool(
        row["q"] <= 0.05 and worse and abs(change) >= metric.matters and sure and metric.name not in SHOWN_ONLY
    )
    size = _amount(change, metric)
    if row["kind"] == "peers":
        row["message"] = f"{metric.words[0].upper()}{metric.words[1:]} is {size} against vehicles of its model."
        return
    between = f" ({_amount(row['change_low'], metric)} to {_amount(row['change_high'], metric)})"
    step = row["step_after"]
    when = f"in {row['days']:.0f} days"
    if step is not None:
        when += f", mostly in one step between {step:%Y-%m-%d} and {row['step_before']:%Y-%m-%d}"
    row["message"] = f"{metric.words[0].upper()}{metric.words[1:]} {size} {when}{between}, {row['rides']} rides."


def _amount(change: float, metric: Metric) -> str:
    sign = "+" if change >= 0 else "\u2212"
    size = abs(change)
    if metric.relative:
        return f"{sign}{100 * size:.0f}\u202f%"
    if metric.unit in ("V", "ohm"):
        return f"{sign}{1000 * size:.1f} m{'V' if metric.unit == 'V' else 'Ω'}"
    if metric.unit == "points":
        return f"{sign}{100 * size:.0f} points"
    return f"{sign}{size:.3g} {metric.unit.replace('degC', '°C')}"
