"""A summary for the terminal: the verdict, what it rests on, and what could not be checked."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ridelog.finding import Status
from ridelog.reporting import Report, ReportOptions

from . import words

if TYPE_CHECKING:
    from rich.console import Console

    from ridelog.incident import Incident

_WIDTH: Final = 100
#: Findings that only explain; more of them are counted, not listed.
_MOST_NOTES: Final = 3
_MOST_FINDINGS: Final = 12
_STYLES: Final = {
    "critical": "bold red",
    "warning": "yellow",
    "info": "blue",
    "clear": "bold green",
    "unknown": "bold magenta",
}


class TerminalReport(Report):
    """Plain text in the words of the page; coloured only when asked for. Text from logs is never read as markup."""

    name = "terminal"
    suffix = ".txt"

    def render(self, incident: Incident, options: ReportOptions) -> str:
        """Give the summary; without colours it holds no escape sequence at all."""
        from rich.console import Console

        console = Console(
            file=io.StringIO(),
            width=options.width or _WIDTH,
            force_terminal=options.color,
            no_color=not options.color,
            color_system="standard" if options.color else None,
            force_interactive=False,
            force_jupyter=False,
            legacy_windows=False,
            highlight=False,
            emoji=False,
            markup=False,
            _environ={},
        )
        writer = _Writer(console)
        _verdict(incident, writer)
        _findings(incident, writer)
        _not_checked(incident, writer)
        _pack(incident, writer)
        _damage(incident, writer)
        assert isinstance(console.file, io.StringIO)
        lines = (line.rstrip() for line in console.file.getvalue().splitlines())
        return "\n".join(lines).strip("\n") + "\n"


class _Writer:
    """Writes lines with a hanging indent; everything is made safe for a terminal first."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def line(self, text: str, style: str = "", indent: int = 0) -> None:
        from rich.padding import Padding
        from rich.text import Text

        self.console.print(Padding(Text(_safe(text), style), (0, 0, 0, indent)))

    def title(self, text: str) -> None:
        self.console.print()
        self.line(text, "bold")

    def table(self, rows: Iterable[tuple[str, ...]], style: str = "") -> None:
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        rows = list(rows)
        if not rows:
            return
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for index in range(len(rows[0])):
            table.add_column(overflow="fold", style=style if index == 0 else "", no_wrap=False)
        for row in rows:
            table.add_row(*(Text(_safe(cell)) for cell in row))
        self.console.print(Padding(table, (0, 0, 0, 2)))


def _safe(text: str) -> str:
    return words.plain(text).replace(words.THIN, "\u00a0").replace("\n", " ")


def _verdict(incident: Incident, writer: _Writer) -> None:
    from .cause_titles import cause_title
    from .verdict import verdict

    said = verdict(incident)
    for danger in incident.verdict.dangers:
        writer.line(f"! {danger}", _STYLES["critical"])
    if incident.verdict.dangers:
        writer.line("")
    headline = dict.fromkeys((str(said["wording"]), str(said["title"])))
    writer.line((". " if ":" in str(said["wording"]) else ": ").join(headline), _STYLES[str(said["tone"])])
    writer.line(incident.verdict.summary)
    facts = said["facts"]
    assert isinstance(facts, list)
    writer.line("")
    rows = [(name, f"{value} ({note.rstrip('.')})" if note else value) for name, value, note in facts]
    if len(incident.causes) > 1 and incident.verdict.calibration:
        others = ", ".join(f"{cause_title(c.cause)} {words.percent(c.probability)}" for c in incident.causes[1:4])
        rows.append(("Less probable", others))
    if incident.contributing:
        factors = "; ".join(
            f"{cause_title(item.cause)} ({words.percent(item.probability)}): {item.sentence}"
            for item in incident.contributing
        )
        rows.append(("Contributing", factors))
    if incident.would_settle:
        rows.append(("To settle it", incident.would_settle))
    writer.table(rows, "dim")
    advice = [item for item in incident.advice if item.kind in ("do", "check", "avoid")]
    if advice:
        writer.title("What to do")
        writer.table((words.ADVICE[item.kind], item.text) for item in advice)


def _findings(incident: Incident, writer: _Writer) -> None:
    from .sections import findings

    rows = findings(incident)
    writer.title(f"Findings ({len(rows)})")
    if not rows:
        writer.line("No check found anything.", indent=2)
    single = [row for row in rows if not row["repeated"]]
    shown = [row for row in single if row["severity"] != "info"][:_MOST_FINDINGS]
    shown += [row for row in single if row["severity"] == "info"][:_MOST_NOTES]
    for row in shown:
        writer.line(
            f"{row['number']}. {row['label']}: {row['name']} [{row['code']}], {row['when']}",
            _STYLES[str(row["severity"])],
            2,
        )
        writer.line(f"{row['message']} {row['repeats']}".strip(), indent=5)
        measurements = row["measurements"]
        assert isinstance(measurements, list)
        for item in measurements:
            limit = f", limit {item['limit']}" if item["limit"] else ""
            distance = f", {item['distance']}" if item["distance"] else ""
            writer.line(f"{item['name']}: {item['value']}{limit}{distance}", "dim", 5)
        order = row["order"]
        assert isinstance(order, list)
        for text in order:
            writer.line(text, "dim", 5)
        writer.line(f"See {row['place']} of {row['file']}.", "dim", 5)
    if len(shown) < len(rows):
        writer.line(
            f"and {words.counted(len(rows) - len(shown), 'more finding')}; the other reports hold them.", indent=2
        )


def _not_checked(incident: Incident, writer: _Writer) -> None:
    unable = [check for check in incident.checks if check.status is Status.UNABLE]
    clear = sum(check.status is Status.CLEAR for check in incident.checks)
    writer.title(f"Could not be checked ({len(unable)} of {len(incident.checks)}; {clear} looked and found nothing)")
    if unable:
        reasons: dict[str, list[str]] = {}
        for check in unable:
            reasons.setdefault(words.first_capital(check.reason), []).append(words.spoken(check.name))
        writer.table(((reason, ", ".join(names)) for reason, names in reasons.items()), "dim")
    else:
        writer.line("Everything could be checked.", indent=2)


def _pack(incident: Incident, writer: _Writer) -> None:
    from .quality import pack

    rows = pack(incident)["rows"]
    assert isinstance(rows, list)
    if rows:
        writer.title("Battery")
        writer.table(((name, value, note) for name, value, note in rows), "dim")


def _damage(incident: Incident, writer: _Writer) -> None:
    writer.title("Files")
    for item in incident.inputs:
        rows = words.counted(item.rows, "row")
        writer.line(
            f"{words.file_name(item)}: {words.ROLE.get(item.role, item.role)}, {rows}, read by {item.parser}", indent=2
        )
        for damage in item.damage:
            places = f" (first at {damage.rows[0]})" if damage.rows else ""
            writer.line(f"{words.EFFECT[str(damage.effect)]} × {damage.count}: {damage.message}{places}", "dim", 5)
