"""Logs on one clock: what two devices both saw tells how their clocks relate."""

from __future__ import annotations

from .joining import AlignmentOptions, join

__all__ = ["AlignmentOptions", "join"]
