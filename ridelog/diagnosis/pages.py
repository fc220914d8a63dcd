"""The handbook and its rules as pages: `python -m scripts.make_docs` writes them from the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ridelog.diagnosis.causes import causes
from ridelog.diagnosis.handbook import CONTROLLERS, FAMILIES, Entry, entries
from ridelog.diagnosis.ratings import Rating, ratings
from ridelog.diagnosis.rules import KINDS, rules

_WORDS: Final = {"do": "Do", "check": "Check", "avoid": "Beware", "know": "Good to know"}
_LEGEND: Final = (
    "How sure the field is: *established* (physics, firmware or common practice), *field reports* (several riders), "
    "*single report* (one rider), *contradictory* (the field says both; so does the entry)."
)
_GENERATED: Final = "<!-- Written by `python -m scripts.make_docs` from the data; edit the data. -->"


def handbook_page() -> str:
    """The handbook: by cause, by BMS family with its ratings, by controller, and the rest."""
    lines = ["# Field handbook", "", _GENERATED, "", _LEGEND, "", "Dangers are in bold and come first.", ""]
    lines += ["## By cause", ""]
    for cause in causes().values():
        about = [entry for entry in entries() if cause.id in entry.causes and not entry.families]
        if about:
            lines += [f"### {cause.title}", "", f"`{cause.id}`. {cause.summary}", "", *_entries(about), ""]
    lines += ["## By BMS family", ""]
    for family, words in FAMILIES.items():
        lines += [f"### {words}", "", *_ratings(ratings(family))]
        lines += [*_entries(entry for entry in entries() if family in entry.families), ""]
    lines += ["## By controller", ""]
    for controller, words in CONTROLLERS.items():
        lines += [f"### {words}", "", *_entries(entry for entry in entries() if controller in entry.controllers), ""]
    rest = [entry for entry in entries() if not (entry.causes or entry.families or entry.controllers)]
    lines += ["## Charging, storing and building", "", *_entries(rest)]
    return "\n".join(lines) + "\n"


def _entries(found: Iterable[Entry]) -> list[str]:
    return [_entry(entry) for entry in sorted(found, key=lambda entry: entry.order)]


def _entry(entry: Entry) -> str:
    word = _WORDS[entry.kind]
    mark = f"**{word}:**" if entry.danger else f"{word}:"
    about = ", ".join([FAMILIES[name] for name in entry.families] + [CONTROLLERS[name] for name in entry.controllers])
    basis = ", ".join(entry.rules) or entry.basis
    remarks = "; ".join(part for part in (about, entry.sureness, f"since {entry.since}" if entry.since else "") if part)
    return f"- {mark} {entry.text} *({remarks})* [{basis}]"


def _ratings(found: Iterable[Rating]) -> list[str]:
    rows = [_rating(rating) for rating in found]
    if not rows:
        return []
    return [
        "| board | continuous | peak | balancing | cells | other | how sure | rules |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _rating(rating: Rating) -> str:
    cells = "" if rating.series_max is None else f"up to {rating.series_max}"
    if rating.series_advertised is not None:
        cells += f" (sold for {rating.series_advertised})"
    other = [
        "" if rating.wake_floor_v is None else f"asleep below {rating.wake_floor_v:g} V.",
        "" if rating.balance_from_v is None else f"balances from {rating.balance_from_v:.2f} V a cell.",
        "" if rating.rest_spread_v is None else f"cells within {rating.rest_spread_v * 1000:.0f} mV at rest.",
        rating.note,
    ]
    sure = rating.sureness + (f", {rating.since}" if rating.since else "")
    columns = (
        rating.board,
        _range(rating.continuous_a),
        "" if rating.peak_a is None else f"{rating.peak_a:g} A",
        _range(rating.balance_a),
        cells,
        " ".join(part for part in other if part),
        sure,
        ", ".join(rating.rules),
    )
    return f"| {' | '.join(columns)} |"


def _range(values: tuple[float, float] | None) -> str:
    if values is None:
        return ""
    low, high = values
    return f"{low:g} A" if low == high else f"{low:g} to {high:g} A"


def rules_page() -> str:
    """Every rule with its home."""
    lines = ["# Rules of the field, and where each one lives", "", _GENERATED, ""]
    lines += ["Class: D detectable from logs, P partly, A advice only; in brackets what is special.", ""]
    lines += ["| rule | what it says | class | kind | where | handbook |", "|---|---|---|---|---|---|"]
    for rule in rules().values():
        homes = [f"`{name}`" for name in rule.detectors] + [f"fleet trend `{name}`" for name in rule.trends]
        where = ", ".join(homes) + (f" {rule.note}" if rule.note else "")
        listed = ", ".join(entry.id for entry in rule.entries)
        lines.append(
            f"| {rule.id} | {rule.says} | {rule.detectability} | {KINDS[rule.kind]} | {where.strip()} | {listed} |"
        )
    return "\n".join(lines) + "\n"


#: File name in docs/ to the function that gives its text.
PAGES: Final[dict[str, Callable[[], str]]] = {"handbook.md": handbook_page, "rules.md": rules_page}
