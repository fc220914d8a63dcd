"""The field handbook: what to check, do and avoid, by cause, BMS family and controller class."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from ridelog.diagnosis.causes import NONE, causes
from ridelog.diagnosis.evidence import builtin_table
from ridelog.errors import PluginError
from ridelog.incident import Advice
from ridelog.log import Role

if TYPE_CHECKING:
    from ridelog.ride import Ride

KINDS: Final = ("do", "check", "avoid", "know")
SURENESS: Final = ("established", "field reports", "single report", "contradictory")
#: BMS families and packs the handbook knows, with the words for them.
FAMILIES: Final[Mapping[str, str]] = {
    "jk": "JK",
    "ant": "ANT",
    "jbd": "JBD / LLT",
    "daly": "Daly",
    "charge-only": "Charge-only board with an active balancer",
    "ninebot": "Stock Ninebot pack",
    "navee": "Stock Navee pack",
    "bribms": "Bribms",
}
#: Classes of controllers the handbook knows, with the words for them.
CONTROLLERS: Final[Mapping[str, str]] = {
    "vesc": "VESC controller",
    "75-volt-board": "Controller of the 75 V class (75100 and its kin)",
    "wheel": "Self-balancing wheel",
}
#: A cause gets advice from this probability on: "possible" on the wording ladder.
LEAST_PROBABILITY: Final = 0.35
#: Most entries a report shows, and how many of them may be about the first cause, about each other cause, about the
#: BMS family and about the controller in general; engineering judgement: more than a dozen is not read.
MOST: Final = 12
_FIRST_CAUSE, _OTHER_CAUSE, _FAMILY, _CONTROLLER = 8, 3, 3, 1

_75_VOLT = re.compile(r"(?<!\d)75[\s_/-]?(?:v|1\d0|200|300|350)(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the handbook.

    Attributes:
        id: Its id.
        kind: "check", "do", "avoid" or "know".
        text: One or two sentences.
        rules: Rule ids it comes from.
        sureness: "established", "field reports", "single report" or "contradictory".
        causes: Causes it is about; empty for any.
        families: BMS families it is about; empty for any.
        controllers: Controller classes it is about; empty for any.
        danger: Not heeding it makes riding or charging dangerous.
        basis: What it rests on where no rule says it, "".
        when: Evidence one of which must have been seen for it to fit; empty for whatever was seen.
        unless: Evidence with any of which it does not fit.
        since: When the field reported it ("2021-07", "2024-2025"), "" when not known.
    """

    id: str
    kind: str
    text: str
    rules: tuple[str, ...] = ()
    sureness: str = "field reports"
    causes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()
    danger: bool = False
    basis: str = ""
    since: str = ""
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def suits(self, seen: frozenset[str] | None) -> bool:
        """Tell whether it fits what was seen, evidence by id; None when that is not known."""
        return seen is None or ((not self.when or bool(seen & set(self.when))) and not seen & set(self.unless))

    def fits(self, families: frozenset[str], controllers: frozenset[str]) -> bool:
        """Tell whether it is about such a vehicle: one of its families and one of its controllers is there."""
        return (not self.families or bool(families & set(self.families))) and (
            not self.controllers or bool(controllers & set(self.controllers))
        )

    @property
    def order(self) -> tuple[bool, int]:
        """Sorts dangers first, then do, check, avoid, know."""
        return (not self.danger, KINDS.index(self.kind))

    def advice(self) -> Advice:
        """The entry as a report shows it."""
        about = [FAMILIES[name] for name in self.families] + [CONTROLLERS[name] for name in self.controllers]
        return Advice(self.kind, self.text, self.rules, self.sureness, self.since, ", ".join(about), self.danger)


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry of the handbook.

    Raises:
        PluginError: If the data file breaks its own rules.
    """
    text = files("ridelog.diagnosis").joinpath("handbook.toml").read_text(encoding="utf-8")
    found = tuple(_entry(row) for row in tomllib.loads(text)["entry"])
    if len({entry.id for entry in found}) < len(found):
        raise PluginError("an entry of the handbook is given twice.")
    return found


def _entry(row: Mapping[str, Any]) -> Entry:
    lists = {key: tuple(row.get(key, ())) for key in ("rules", "causes", "families", "controllers", "when", "unless")}
    entry = Entry(**{**row, **lists})
    unknown = [
        *(set(entry.causes) - set(causes())),
        *(set(entry.families) - set(FAMILIES)),
        *(set(entry.controllers) - set(CONTROLLERS)),
        *({entry.kind} - set(KINDS)),
        *({entry.sureness} - set(SURENESS)),
        *({*entry.when, *entry.unless} - set(builtin_table().rows)),
    ]
    if unknown:
        raise PluginError(f"handbook entry '{entry.id}' names an unknown {', '.join(sorted(unknown))}.")
    if not (entry.rules or entry.basis):
        raise PluginError(f"handbook entry '{entry.id}' says neither a rule nor another basis.")
    return entry


def families(ride: Ride, family: str = "") -> frozenset[str]:
    """Families of the packs in a ride that the handbook knows; `family` is what the user or the log said."""
    named = {family.lower(), *(track.log.identity.family.lower() for track in ride.tracks)}
    return frozenset(named & set(FAMILIES))


def controller_classes(ride: Ride) -> frozenset[str]:
    """Classes of the controllers in a ride, by the role and the names in its logs; see `CONTROLLERS`."""
    found = set()
    for track in ride.tracks:
        identity = track.log.identity
        if track.log.role is Role.WHEEL:
            found.add("wheel")
        elif identity.family == "vesc":
            found.add("vesc")
            if _75_VOLT.search(f"{identity.model} {identity.hardware}"):
                found.add("75-volt-board")
    return frozenset(found)


def advice(
    ranked: Iterable[tuple[str, float]],
    families: Iterable[str] = (),
    controllers: Iterable[str] = (),
    seen: Iterable[str] | None = None,
) -> tuple[Advice, ...]:
    """What the handbook says about the causes at hand and this vehicle.

    Args:
        ranked: Cause ids with their probabilities, the most probable first.
        families: Families of the BMSs and packs in the log.
        controllers: Classes of the controllers in the log.
        seen: Ids of the evidence that was observed, None when that is not known.

    Returns:
        At most `MOST` entries, dangers first: those for causes of probability 0.35 or more, then those about the
        family and the controller in general. Without any incident only what is good to know of them.
    """
    here, driven = frozenset(families), frozenset(controllers)
    observed = None if seen is None else frozenset(seen)
    wanted = list(dict.fromkeys(cause for cause, probability in ranked if probability >= LEAST_PROBABILITY))
    quiet = wanted in ([], [NONE.id])
    chosen: dict[str, Entry] = {}
    for rank, cause in enumerate(wanted):
        fitting = [entry for entry in for_cause(cause, here, driven) if entry.id not in chosen]
        fitting = [entry for entry in fitting if entry.suits(observed)]
        for entry in _varied(fitting, _OTHER_CAUSE if rank else _FIRST_CAUSE):
            chosen[entry.id] = entry
    general = [entry for entry in entries() if not entry.causes and entry.fits(here, driven) and entry.suits(observed)]
    if quiet:
        general = [entry for entry in general if entry.kind == "know"]
    for entry in _varied([entry for entry in general if entry.families], _FAMILY):
        chosen.setdefault(entry.id, entry)
    for entry in _varied([entry for entry in general if entry.controllers], _CONTROLLER):
        chosen.setdefault(entry.id, entry)
    shown = list(chosen.values())[:MOST]
    return tuple(entry.advice() for entry in sorted(shown, key=lambda entry: entry.order))


def for_cause(cause: str, families: frozenset[str], controllers: frozenset[str]) -> list[Entry]:
    """Entries about a cause that fit the vehicle, the dangers and those about exactly this vehicle first."""
    matching = [entry for entry in entries() if cause in entry.causes and entry.fits(families, controllers)]
    return sorted(
        matching, key=lambda entry: (not entry.danger, not (entry.families or entry.controllers), entry.order)
    )


def _varied(fitting: list[Entry], most: int) -> list[Entry]:
    """The first `most` entries, but every danger and one of each kind before the second of a kind."""
    seen: set[str] = set()
    first: list[Entry] = []
    rest: list[Entry] = []
    for entry in fitting:
        if entry.danger or entry.kind not in seen:
            first.append(entry)
        else:
            rest.append(entry)
        seen.add(entry.kind)
    return (first + rest)[:most]
