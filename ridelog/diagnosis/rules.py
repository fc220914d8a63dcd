"""Where each rule of the field handbook lives: in which detector, check, guard, entry or switch."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from ridelog.diagnosis.handbook import Entry, entries
from ridelog.errors import PluginError

#: Kinds of homes, with the words for them.
KINDS: Final[dict[str, str]] = {
    "detector": "looked for by a detector",
    "guard": "known to a detector as ordinary",
    "configuration": "a check of settings or ratings",
    "handbook": "advice",
    "meta": "switches something on or off",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the field.

    Attributes:
        id: Its id ("TRIP-03").
        kind: Kind of its home, one of `KINDS`.
        detectability: "D", "D/P", "P" or "A" (detectable, partly, advice), with a remark in brackets.
        says: The rule, one sentence.
        detectors: Names of the detectors it is encoded in, the first one is its home.
        note: What it switches, for kind "meta".
        trends: What a fleet report follows from ride to ride for it (`trends.metric`), where one log tells nothing or less.
    """

    id: str
    kind: str
    detectability: str
    says: str
    detectors: tuple[str, ...] = ()
    note: str = ""
    trends: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Handbook entries that come from it, the dangers first."""
        return tuple(sorted((entry for entry in entries() if self.id in entry.rules), key=lambda entry: entry.order))


@cache
def rules() -> dict[str, Rule]:
    """Every rule by id, in the order of the table.

    Raises:
        PluginError: If the data file breaks its own rules.
    """
    text = files("ridelog.diagnosis").joinpath("rules.toml").read_text(encoding="utf-8")
    table: dict[str, Rule] = {}
    for row in tomllib.loads(text)["rule"]:
        rule = Rule(
            row["id"],
            row["kind"],
            row["class"],
            row["says"],
            tuple(row.get("detectors", ())),
            row.get("note", ""),
            tuple(row.get("trends", ())),
        )
        if rule.id in table or rule.kind not in KINDS:
            raise PluginError(f"rule '{rule.id}' is given twice or has an unknown kind.")
        table[rule.id] = rule
    return table
