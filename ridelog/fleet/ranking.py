"""Which vehicle to look at first: trends, incidents and outliers become one order; bad data never does."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .series import LATEST, LEAST_QUALITY, Series, copies, series
from .statistics import benjamini_hochberg
from .tables import arrow_schema
from .trends import SHOWN_ONLY, judge, own_past, peers

if TYPE_CHECKING:
    import pyarrow as pa

#: Causes that say something about the data or nothing about the pack; they never make a vehicle a risk.
_ABOUT_DATA: Final = frozenset(
    {
        "none",
        "undetermined",
        "",
        "telemetry-fault",
        "controller-sensing-fault",
        "sense-wiring-fault",
        "wrong-series-count",
    }
)
#: Share of risk that evidence of a kind can bring (engineering judgement; an order, not a probability): what grows
#: from ride to ride is about to fail and comes first, then what keeps failing, then what stands out among peers.
TREND_SHARES: Final = {
    "resistance": 0.75,
    "cell_resistance": 0.6,
    "cell_offset": 0.5,
    "capacity": 0.6,
    "trips": 0.5,
    "soc_error": 0.2,
}
PEER_SHARES: Final = {
    "resistance": 0.3,
    "cell_resistance": 0.35,
    "cell_offset": 0.3,
    "capacity": 0.25,
    "soc_error": 0.1,
}
CRITICAL_SHARE: Final = 0.35
WARNING_SHARE: Final = 0.12
#: What is read of each ride.
_COLUMNS: Final = [
    "vehicle", "model", "started", "cause", "probability", "severity", "trips", "data_quality", "data_notes", "error",
    "error_kind",
]  # fmt: skip
#: A power cut whose cause is open counts as one of this probability would (engineering judgement).
_UNEXPLAINED: Final = "power-cut, cause undetermined"
UNEXPLAINED_PROBABILITY: Final = 0.6


def compare(tables: Mapping[str, pa.Table], told: Collection[str] = ()) -> dict[str, pa.Table]:
    """Tables `trends` and `vehicles` from the tables of the rides.

    All tests of one audit that can become findings, of every vehicle and metric, against its own past and among peers,
    are adjusted together by Benjamini and Hochberg: of the rows marked as findings for their order, about one in twenty
    may be chance.

    Args:
        tables: Tables of the rides, with vehicles and models filled in.
        told: Models that a fleet table gave.
    """
    import pyarrow as pa

    logs = tables["logs"].select(_COLUMNS).to_pylist()
    found = series(tables)
    models = _models(logs)
    rows = list(own_past(found))
    found = found.settled(
        {row["vehicle"]: row["temperature_share"] for row in rows if row["temperature_share"] is not None}
    )
    rows += peers(found, models, told)
    # What is only shown can become no finding: it is no test among those that can.
    for shown in (False, True):
        family = [row for row in rows if (row["metric"] in SHOWN_ONLY) is shown]
        for row, q in zip(family, benjamini_hochberg([row["p"] for row in family]), strict=True):
            row["q"] = q
            judge(row)
    rows.sort(key=lambda row: (row["vehicle"], row["kind"] != "trend", row["metric"]))
    by_vehicle: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_vehicle[row["vehicle"]].append(row)
    rides: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for ride, copy in zip(logs, copies(tables["logs"]), strict=True):
        if not copy:
            rides[ride["vehicle"]].append(ride)
    # A folder that holds nothing but files of unknown kinds is no vehicle; its files stay rows of `logs`.
    for name in [n for n, own in rides.items() if all(ride["error_kind"] == "unknown-format" for ride in own)]:
        del rides[name]
    ranked = [_vehicle(name, rides[name], by_vehicle[name], models.get(name, ""), found) for name in sorted(rides)]
    ranked.sort(key=lambda row: (-row["risk"], row["vehicle"]))
    for rank, row in enumerate(ranked, 1):
        row["rank"] = rank
    return {
        "trends": pa.Table.from_pylist(rows, arrow_schema("trends")),
        "vehicles": pa.Table.from_pylist(ranked, arrow_schema("vehicles")),
    }


def _models(logs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The model most rides of a vehicle say."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for ride in logs:
        if ride["model"]:
            counts[ride["vehicle"]][ride["model"]] += 1
    return {vehicle: min(count, key=lambda model: (-count[model], model)) for vehicle, count in counts.items()}


def _vehicle(
    name: str, rides: Sequence[dict[str, Any]], trends: Sequence[dict[str, Any]], model: str, found: Series
) -> dict[str, Any]:
    read = [ride for ride in rides if not ride["error"]]
    safe = 1.0
    reasons: list[tuple[float, str]] = []
    for row in trends:
        if not row["finding"]:
            continue
        share = (TREND_SHARES if row["kind"] == "trend" else PEER_SHARES).get(row["metric"], 0.0)
        reasons.append((share * _size(row), row["message"]))
    reasons += _incidents(read)
    for share, _ in reasons:
        safe *= 1 - min(share, 0.99)
    reasons.sort(key=lambda item: (-item[0], item[1]))
    moments = [ride["started"] for ride in rides if ride["started"] is not None]
    notes = Counter(note for ride in rides for note in ride["data_notes"] or ())
    quality = float(np.mean([ride["data_quality"] or 0.0 for ride in rides])) if rides else 0.0
    resistance = found.values(name, "resistance")
    change = next((row["change"] for row in trends if row["metric"] == "resistance" and row["kind"] == "trend"), None)
    return {
        "vehicle": name,
        "model": model,
        "rides": len(read),
        "unreadable": len(rides) - len(read),
        "first": min(moments, default=None),
        "last": max(moments, default=None),
        "risk": round(1 - safe, 4),
        "reasons": [text for share, text in reasons if share > 0],
        "trips": sum(bool(ride["trips"]) for ride in read),
        "critical": sum(_blamed(ride) and ride["severity"] == "critical" for ride in read),
        "resistance_ohm": float(np.median(resistance[-LATEST:])) if len(resistance) else None,
        "resistance_change": change,
        "data_quality": round(quality, 4),
        "data_notes": [
            f"{note} ({count})" for note, count in sorted(notes.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def _size(row: Mapping[str, Any]) -> float:
    """How much of its share a change brings: half when it just matters, more the further it went, never quite all."""
    from .trends import METRICS

    matters = next(metric.matters for metric in METRICS if metric.name == row["metric"])
    return float(1 - 0.5 * matters / max(abs(row["change"]), matters))


def _blamed(ride: Mapping[str, Any]) -> bool:
    """The ride's verdict is about the vehicle and its data are good enough for one."""
    return ride["cause"] not in _ABOUT_DATA and (ride["data_quality"] or 0) >= LEAST_QUALITY


def _unexplained(ride: Mapping[str, Any]) -> bool:
    """Power was cut on good data, and nobody can say why: that is no clean bill."""
    return bool(ride["trips"]) and ride["cause"] == "undetermined" and (ride["data_quality"] or 0) >= LEAST_QUALITY


def _incidents(read: Sequence[dict[str, Any]]) -> list[tuple[float, str]]:
    """Share of risk and sentence for each cause; what came back counts more, but never more than a clear trend."""
    causes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for ride in read:
        if _blamed(ride) and ride["severity"] in ("critical", "warning"):
            causes[ride["cause"]].append(ride)
        elif _unexplained(ride):
            causes[_UNEXPLAINED].append(ride | {"probability": UNEXPLAINED_PROBABILITY})
    found = []
    for cause, rides in sorted(causes.items()):
        worst = CRITICAL_SHARE if any(ride["severity"] == "critical" for ride in rides) else WARNING_SHARE
        surest = max(float(ride["probability"] or 0) for ride in rides)
        often = min(len(rides), 4) ** 0.5
        last = max((ride["started"] for ride in rides if ride["started"] is not None), default=None)
        when = f", last on {last:%Y-%m-%d}" if last else ""
        times = "1 ride" if len(rides) == 1 else f"{len(rides)} rides"
        found.append((min(worst * surest * often, 0.7), f"{_words(cause)}: {times}{when}."))
    return found


def _words(cause: str) -> str:
    text = cause.replace("-", " ")
    return (text[:1].upper() + text[1:]).replace("Bms", "BMS")
