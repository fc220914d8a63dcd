"""Each vehicle against its own past, and against the vehicles of its model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .course import DAY_S, Course
from .regression import Line, Rides, fit_line
from .scatter import Scatter, common_scatter
from .series import Series
from .statistics import Trend, change_point, robust_scores, robust_trend, two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Fits of all vehicles of a kind: each tells the next how much they scatter.
_TURNS: Final = 3
#: Change points count as significant below this.
_STEP_P: Final = 0.01
#: Peers are looked at from so many vehicles of a model on.
_FEWEST_PEERS: Final = 5
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


def own_past(found: Series) -> Iterator[dict[str, Any]]:
    """Rows of kind "trend"; `q`, `finding` and the message come when all tests are known."""
    lines = _lines(found)
    for (vehicle, name), course in sorted(found.courses.items()):
        metric, used = _BY_NAME[name], _used(found, vehicle, name)
        stamps = np.array([moment.timestamp() for moment in course.moments]) / DAY_S
        line: Line | Trend | None = lines.get((vehicle, name))
        if name == "trips":
            line = robust_trend(stamps - stamps[0], used)
        if line is None:
            continue
        share = None
        if isinstance(line, Line) and len(line.shares) == 1:
            share = float(line.shares[0])
            used = np.log(course.at_reference(share))
        days = float(stamps[-1] - stamps[0])
        step = change_point(used)
        row = _row(vehicle, name, "trend", course) | {"temperature_share": share}
        change, low, high = (value * days for value in (line.slope, line.low, line.high))
        before, after = line.level, line.level + change
        if step is not None and step.p < _STEP_P:
            row["step_after"], row["step_before"] = course.moments[step.index - 1], course.moments[step.index]
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


def _lines(found: Series) -> dict[tuple[str, str], Line]:
    """The line of each course, with the scatter that courses of its kind have in common."""
    kinds: dict[tuple[str, str], dict[tuple[str, str], Rides]] = defaultdict(dict)
    for (vehicle, name), course in sorted(found.courses.items()):
        # Power cuts are counts of 0 and 1: their test asks for their order alone.
        if name != "trips":
            metric = _BY_NAME[name]
            kinds[name, course.kind][vehicle, name] = course.rides(metric.relative, _side(course.values, metric))
    lines: dict[tuple[str, str], Line] = {}
    for kind in kinds.values():
        common = Scatter()
        for turn in range(_TURNS):
            fitted = {key: line for key, rides in kind.items() if (line := fit_line(rides, common)) is not None}
            if turn == _TURNS - 1:
                lines |= fitted
                break
            common = common_scatter(
                np.array([line.variance for line in fitted.values()]),
                np.array([line.freedom for line in fitted.values()]),
            )
    return lines


def _side(values: NDArray[np.float64], metric: Metric) -> float:
    """1, or -1 where what may grow to either side is mostly negative; the order of the rides does not matter."""
    return -1.0 if metric.worse == 0 and float(np.median(values)) < 0 else 1.0


def _used(found: Series, vehicle: str, name: str) -> NDArray[np.float64]:
    """What is compared: logarithms of relative metrics, else values to the side they are on."""
    metric, values = _BY_NAME[name], found.values(vehicle, name)
    return np.log(values) if metric.relative else _side(values, metric) * values


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
        for (vehicle, name), course in sorted(found.courses.items()):
            if name == metric.name and len(course.values) >= 3:
                groups[models.get(vehicle, "")].append(vehicle)
        for model, vehicles in sorted(groups.items()):
            if len(vehicles) < _FEWEST_PEERS or not model:
                continue
            levels = np.array([found.level(vehicle, metric.name) for vehicle in vehicles])
            used = np.log(levels) if metric.relative else np.abs(levels) if metric.worse == 0 else levels
            floor = _SIZES if metric.relative and model not in told else metric.matters / 2
            scores = robust_scores(used, floor)
            for place, vehicle in enumerate(vehicles):
                others = float(np.median(np.delete(used, place)))
                change = float(used[place]) - others
                before, after = others, float(used[place])
                if metric.relative:
                    before, after, change = math.exp(before), math.exp(after), math.expm1(change)
                yield _row(vehicle, metric.name, "peers", found.courses[vehicle, metric.name]) | {
                    "before": before, "after": after, "change": change, "change_low": None, "change_high": None,
                    "unit": metric.unit, "p": two_sided(float(scores[place])),
                }  # fmt: skip


def _row(vehicle: str, name: str, kind: str, course: Course) -> dict[str, Any]:
    first, last = course.moments[0], course.moments[-1]
    return {
        "vehicle": vehicle, "metric": name, "kind": kind, "rides": len(course.values),
        "days": round((last - first).total_seconds() / DAY_S, 3), "first": first, "last": last,
        "step_after": None, "step_before": None, "temperature_share": None,
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
    size = abs(change)
    if metric.relative:
        number, unit = f"{100 * size:.0f}", "\u202f%"
    elif metric.unit in ("V", "ohm"):
        number, unit = f"{1000 * size:.1f}", " mV" if metric.unit == "V" else " mΩ"
    elif metric.unit == "points":
        number, unit = f"{100 * size:.0f}", " points"
    else:
        number, unit = f"{size:.1f}", f" {metric.unit.replace('degC', '°C')}"
    sign = "±" if float(number) == 0 else "+" if change >= 0 else "\u2212"
    return f"{sign}{number}{unit}"
