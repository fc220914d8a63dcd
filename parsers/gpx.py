"""GPX tracks: recognised so that the rider hears which file to give instead."""

from __future__ import annotations

import re

from ridelog.errors import RefusedError
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

_ROOT = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*<gpx[\s>]", re.DOTALL)


class Gpx(Parser):
    """GPX tracks, such as EUC World and other ride loggers export: refused.

    XML with `<gpx>` as its root. A track holds positions, altitudes, times (UTC) and at most a speed (EUC World writes
    km/h where the format has no speed at all), but neither voltage nor current, so that nothing about a battery or a
    controller can be told from it.
    """

    name = "gpx"
    title = "GPX track (refused: holds no voltage or current)"
    device = "Any navigation or ride logging app"
    roles = (Role.WHEEL,)
    gives = ()
    clock = "UTC"

    def sniff(self, source: Source) -> Sniff:
        """Look for the root element."""
        if _ROOT.match(source.head[:8192]):
            return Sniff.yes("XML with gpx as its root")
        return Sniff.no("not XML with gpx as its root")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the contract of a parser
        """Refuse the file.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(
            "is a GPX track, which holds positions and neither voltage nor current.",
            path=source.label,
            advice="Export the ride as CSV (in EUC World: the file in the folder 'EUC World', or the trip as XLSX).",
        )
