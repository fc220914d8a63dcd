"""One module a failure signature. To add one: write the module, add its class to `DETECTORS`."""

from __future__ import annotations

DETECTORS: tuple[object, ...] = ()
