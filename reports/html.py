"""The report as one HTML file that opens offline."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ridelog.reporting import Report, ReportOptions

if TYPE_CHECKING:
    from ridelog.incident import Incident

    from .figures import Group

_HERE = Path(__file__).parent
#: SHA-256 of the unpacked Plotly bundle: the policy of the page lets this very script run and no other.
PLOTLY_SHA256: Final = "mXhOOr+wexQqFeUhpDnm2a3c6ts/eVU/0kxyd08GSbo="
_BOOT: Final = 'document.documentElement.className="js";'


class HtmlReport(Report):
    """One self-contained page: it fetches nothing, and runs no script but its own.

    The numbers of the charts and the chart library travel inside the page as gzip streams. A content security policy
    names every script and style by its hash, so that nothing a log contains could run even if it were not escaped.
    """

    name = "html"
    suffix = ".html"

    def render(self, incident: Incident, options: ReportOptions) -> str:
        """Give the page; the same incident gives the same text."""
        from markupsafe import Markup

        from . import quality, sections, verdict, words
        from .cause_titles import cause_title
        from .figures import groups
        from .overlay import overlays
        from .page_templates import environment
        from .route import route
        from .timeline import packed

        timelines = groups(incident)
        style, script = _asset("report.css"), _script()
        context = {
            "policy": _policy(style, script),
            "style": Markup(style),  # noqa: S704 - our own file
            "boot": Markup(_BOOT),  # noqa: S704 - our own text
            "script": Markup(script),  # noqa: S704 - our own file
            "incident": incident,
            "files": list(dict.fromkeys(words.file_name(item) for item in incident.inputs)),
            "verdict": verdict.verdict(incident),
            "moment": verdict.moment(incident),
            "advice": sections.advice(incident.advice),
            "causes": sections.ranked(incident),
            "calibrated": bool(incident.verdict.calibration),
            "contributing": [
                {"title": cause_title(item.cause), "share": item.probability, "sentence": item.sentence}
                for item in incident.contributing
            ],
            "findings": sections.findings(incident),
            "checks": sections.checks(incident),
            "pack": quality.pack(incident),
            "clocks": sections.clocks(incident),
            "overlays": [(Markup(svg), caption) for svg, caption in overlays(incident)],  # noqa: S704 - escaped there
            "location": Markup(route(incident)) if options.include_location else "",  # noqa: S704 - numbers only
            "quality": quality.quality(incident),
            "settings": quality.settings(incident),
            "provenance": quality.provenance(incident, options.include_location),
            "timelines": [_timeline(incident, group) for group in timelines],
            "report": Markup(_embedded(incident)),  # noqa: S704 - escaped by _embedded
        }
        if timelines:
            context["data"] = Markup(packed(timelines))  # noqa: S704 - base64
            context["plotly"] = Markup(_plotly())  # noqa: S704 - base64
        return environment().get_template("page.html.j2").render(context)


def _timeline(incident: Incident, group: Group) -> dict[str, object]:
    from markupsafe import Markup

    from . import drawing, words

    tracks = [incident.ride.tracks[index] for index in group.logs]
    return {
        "group": group,
        "names": [words.log_name(incident.ride, track.index) for track in tracks],
        "aligned": all(track.clock.aligned for track in tracks),
        "reason": tracks[0].clock.reason,
        "span": [words.moment(second) for second in group.span],
        "overview": Markup(drawing.overview(group)),  # noqa: S704 - escaped in drawing
        "still": Markup(drawing.still(group)),  # noqa: S704 - escaped in drawing
        "caption": f"From {words.moment(group.window[0])} to {words.moment(group.window[1])} of the ride.",
    }


def _embedded(incident: Incident) -> str:
    """The JSON report for inside the page: file names instead of paths, and nothing that ends a script element."""
    from . import words

    report = incident.to_dict()
    inputs = report["inputs"]
    assert isinstance(inputs, list)
    for entry, item in zip(inputs, incident.inputs, strict=True):
        entry["path"], entry["member"] = words.last_part(item.path), words.last_part(item.member)
    text = json.dumps(report, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return (_HERE / "assets" / name).read_text(encoding="utf-8")


def _script() -> str:
    parts = "\n".join(_asset(name) for name in ("numbers.js", "timeline.js", "page.js"))
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _plotly() -> str:
    return base64.b64encode((_HERE / "assets" / "plotly-basic.min.js.gz").read_bytes()).decode("ascii")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _policy(style: str, script: str) -> str:
    """Everything is forbidden but our own scripts and style, the chart library, and inline pictures.

    Plotly adds an empty style element and sets style attributes; neither can load or run anything.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(_BOOT)} {_hash(script)} 'sha256-{PLOTLY_SHA256}'",
            f"style-src-elem {_hash(style)} {_hash('')}",
            "style-src-attr 'unsafe-inline'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
