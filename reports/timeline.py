"""The description of the timelines that the page draws, with their numbers, as one compressed text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .payload import Payload

if TYPE_CHECKING:
    from .figures import Group, Panel, Series
    from .lanes import Lane

_TIME_STEP_S = 0.001


def packed(groups: Sequence[Group]) -> str:
    """Everything the page needs to draw the timelines, as base64 text of a gzip stream (see `payload`)."""
    payload = Payload()
    description = {"groups": [_group(group, payload) for group in groups]}
    return payload.pack(description)


def _group(group: Group, payload: Payload) -> dict[str, object]:
    return {
        "id": group.id,
        "span": [_stamp(second) for second in group.span],
        "window": [_stamp(second) for second in group.window],
        "panels": [_panel(panel, payload) for panel in group.panels],
        "lanes": [_lane(lane) for lane in group.lanes],
        "marks": [
            {"n": mark.number, "s": _stamp(mark.start_s), "e": _stamp(mark.end_s), "k": mark.severity, "t": mark.text}
            for mark in group.marks
        ],
    }


def _panel(panel: Panel, payload: Payload) -> dict[str, object]:
    return {
        "id": panel.id,
        "title": panel.title,
        "unit": panel.unit,
        "decimals": panel.decimals,
        "height": panel.height,
        "limits": [{"v": value, "t": text} for value, text in panel.limits],
        "series": [_series(series, panel.step, payload) for series in panel.series],
    }


def _series(series: Series, step: float, payload: Payload) -> dict[str, object]:
    rows = series.drawn.rows
    return {
        "n": series.name,
        "c": series.colour,
        "d": series.dash,
        "on": series.shown,
        "x": payload.add(series.time[rows], _TIME_STEP_S),
        "y": payload.add(series.values[rows], step),
        "b": series.drawn.breaks.tolist(),
    }


def _lane(lane: Lane) -> dict[str, object]:
    return {
        "n": lane.label,
        "b": [[_stamp(bar.start_s), _stamp(bar.end_s), bar.text, bar.tone] for bar in lane.bars],
    }


def _stamp(seconds: float) -> float:
    return round(seconds, 3)
