"""The page of an audit: one file that sorts and filters by itself, opens offline and fetches nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .ranking import CRITICAL_SHARE, PEER_SHARES, TREND_SHARES, UNEXPLAINED_PROBABILITY, WARNING_SHARE
from .series import LEAST_QUALITY, series
from .trends import METRICS, SHOWN_ONLY

if TYPE_CHECKING:
    import pyarrow as pa

_HERE: Final = Path(__file__).parent
#: More rides than this would make the page slow to open; the tables hold all.
_MOST_RIDES: Final = 20_000
_RIDES: Final = (
    "ride_id", "vehicle", "started", "files", "cause", "probability", "severity", "resistance_ohm",
    "resistance_reference_ohm", "trips", "data_quality", "data_notes", "report", "error",
)  # fmt: skip

#: Metric to the factor and unit its chart is labelled with.
_SHOWN: Final[dict[str, tuple[float, str]]] = {
    "resistance": (1000, "mΩ"),
    "capacity": (1, "Ah"),
    "cell_offset": (1000, "mV"),
    "cell_resistance": (1000, "mΩ"),
    "soc_error": (100, "points"),
    "trips": (1, ""),
    "battery_temperature": (1, "°C"),
    "fet_temperature": (1, "°C"),
    "motor_temperature": (1, "°C"),
}


def page(tables: Mapping[str, pa.Table]) -> str:
    """The page for the tables of an audit; the same tables give the same text.

    The numbers travel as one JSON text; the page builds only the rows that are in sight, so that ten thousand rides
    scroll as ten do. Text from logs is put in as text, never as markup, and the policy of the page runs its own
    script and nothing else.
    """
    from jinja2 import Environment
    from markupsafe import Markup

    style, script = (_HERE / "page.css").read_text("utf-8"), (_HERE / "page.js").read_text("utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (_HERE / "page.html.j2").read_text("utf-8")
    )
    vehicles = tables["vehicles"].to_pylist()
    logs = tables["logs"]
    listed = _worst(logs)
    data = {
        "vehicles": vehicles,
        "trends": tables["trends"].to_pylist(),
        "rides": {name: listed.column(name).to_pylist() for name in _RIDES},
        "series": _series(tables),
        "metrics": {
            metric.name: {
                "words": metric.words,
                "factor": _SHOWN[metric.name][0],
                "unit": _SHOWN[metric.name][1],
                "matters": metric.matters,
                "relative": metric.relative,
            }
            for metric in METRICS
        },
    }
    errors = sum(1 for text in logs.column("error").to_pylist() if text)
    findings = sum(tables["trends"].column("finding").to_pylist())
    return template.render(
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        data=Markup(_embedded(data)),  # noqa: S704 - escaped by _embedded
        vehicles=len(vehicles),
        rides=logs.num_rows,
        listed=listed.num_rows,
        errors=errors,
        tests=sum(name not in SHOWN_ONLY for name in tables["trends"].column("metric").to_pylist()),
        findings=findings,
        trend=TREND_SHARES,
        peer=PEER_SHARES,
        critical=CRITICAL_SHARE,
        warning=WARNING_SHARE,
        unexplained=UNEXPLAINED_PROBABILITY,
        quality=f"{LEAST_QUALITY:.0%}",
    )


def _worst(logs: pa.Table) -> pa.Table:
    """The rides a page can hold: all, or the most severe and unreadable ones, in their order."""
    if logs.num_rows <= _MOST_RIDES:
        return logs
    weight = {"critical": 0, "warning": 2}
    columns = (logs.column("severity").to_pylist(), logs.column("error").to_pylist())
    ranks = [1 if error else weight.get(severity, 3) for severity, error in zip(*columns, strict=True)]
    places = sorted(range(len(ranks)), key=lambda place: (ranks[place], place))[:_MOST_RIDES]
    return logs.take(sorted(places))


def _series(tables: Mapping[str, pa.Table]) -> dict[str, dict[str, list[list[float]]]]:
    """Vehicle to metric to moments (s since 1970) and values, at most 200 of each."""
    told = tables["trends"].select(["vehicle", "temperature_share"]).to_pylist()
    shares = {row["vehicle"]: row["temperature_share"] for row in told if row["temperature_share"] is not None}
    found = series(tables).settled(shares)
    result: dict[str, dict[str, list[list[float]]]] = {}
    for (vehicle, metric), course in sorted(found.courses.items()):
        chosen = slice(None, None, -(-len(course.values) // 200))
        stamps = [float(round(moment.timestamp())) for moment in course.moments[chosen]]
        values = found.values(vehicle, metric)[chosen]
        result.setdefault(vehicle, {})[metric] = [stamps, [float(f"{value:.4g}") for value in values]]
    return result


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(data: object) -> str:
    """JSON that cannot end the element it stands in."""

    def plain(value: Any) -> object:  # noqa: ANN401 - what the encoder does not know
        return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)

    text = json.dumps(data, default=plain, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
