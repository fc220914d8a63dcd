"""Binary BMS protocols: pure functions from frames to fields. To add one: write the module, add it to `PROTOCOLS`."""

from __future__ import annotations

from .protocol import Protocol

PROTOCOLS: tuple[Protocol, ...] = ()
