"""One module an output."""

from __future__ import annotations

REPORTS: tuple[object, ...] = ()
