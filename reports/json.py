"""The report as JSON: the contract `ridelog.report/1`, described by the JSON Schema in the package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ridelog.reporting import Report, ReportOptions

if TYPE_CHECKING:
    from ridelog.incident import Incident


class JsonReport(Report):
    """One compact object in the order of the contract, in ASCII, with a line end; the same incident, the same bytes."""

    name = "json"
    suffix = ".json"

    def render(self, incident: Incident, options: ReportOptions) -> str:  # noqa: ARG002 - JSON has no options
        """Give the object; numbers that are not finite are null."""
        return json.dumps(incident.to_dict(), separators=(",", ":"), allow_nan=False) + "\n"
