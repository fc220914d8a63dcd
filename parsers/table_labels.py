"""Captions of dashboards, which carry the labels of a series: "bms.mean {device: jk1, field: voltage}"."""

from __future__ import annotations

import re
from typing import Final

_LABELLED: Final = re.compile(r"^([^{}]*)\{([^{}]{1,400})\}\s*$")
_LABEL: Final = re.compile(r"(\w+)\s*[:=]\s*\"?([^\",{}]*)")
#: Labels that name what is measured; the others name where.
_NAMES: Final = ("field", "_field", "__name__", "name", "metric")


def without_labels(caption: str) -> str:
    """A caption without the labels of its series: the label that names the value, else what stands before them."""
    match = _LABELLED.match(caption) if "{" in caption else None
    if match is None:
        return caption
    labels = {name.lower(): value.strip() for name, value in _LABEL.findall(match[2])}
    return next((labels[name] for name in _NAMES if labels.get(name)), match[1].strip() or caption)
