"""What a BMS protected against, from the words of a table: "Discharge overcurrent", "COVP", "MOS Over Temp"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

#: Words for "nothing", as boards, apps and loggers write them.
_NOTHING: Final = re.compile(
    r"|0+|0x0+|none|no|nil|null|na|normal|ok|okay|good|clear|cleared|off|false|idle|inactive|released?|keine?|aucune?"
    r"|no (?:alarms?|alerts?|errors?|faults?|protections?|warnings?)|нет|норма|无|正常|无报警|无保护|无故障"
)
_DISCHARGE: Final = r"dis|dsg|dchg|entlad|decharg|descarg|scaric|разряд|放电"
_CHARGE: Final = r"(?<!dis)ch(?:a?r)?g|(?<!ent)lad|(?<!de)charg|(?<!des)carga|ricaric|заряд|充电"
_MOS: Final = r"mos|fet|power ?tube|管"

#: What happened, and words for it; the first that fits counts. Abbreviations are those of the common boards.
_WHAT: Final = (
    ("short", r"short|\bscp?\b|\bscd?p?\b|kurzschluss|court circuit|cortocircuit|corto circuito|короткое|кз\b|短路"),
    ("manual", r"manual|by (?:app|user|command|hand|remote)|(?:app|remote|button|bluetooth) (?:off|closed?|turn)"),
    ("manual", r"switched off|turned off|手动"),
    ("lock", r"software lock|locked|锁"),
    ("failure", rf"(?:{_MOS})\w*(?: tube)? (?:fail|fault|error|damage|broken|adhesion|stuck)|管故障|管损坏"),
    (
        "cold",
        r"under ?temp|low(?:er)? temp|temp\w* (?:too )?low|too cold|\bc?d?utp?c?d?\b|unterktemp|untertemp|低温|欠温",
    ),
    (
        "hot",
        r"over ?temp|high(?:er)? temp|temp\w* (?:too )?high|over ?heat|too hot|\bc?d?m?otp?[cd]?\b|ubertemp|übertemp",
    ),
    ("hot", r"перегрев|过温|高温|过热"),
    ("current", r"over ?curr|curr\w* (?:too )?high|over ?load|\bocp?[cd]?p?\d?\b|\b[cd]oc\d?p?\b|\bocp\d?\b|uberstrom"),
    ("current", r"überstrom|surintens|sobrecorriente|sovracorrente|сверхток|перегрузк|过流|过载"),
    (
        "low",
        r"under ?volt|low(?:er)? volt|volt\w* (?:too )?low|over ?dis ?ch|\b[cp]?uvp?d?\b|unterspann|sous tension|欠压",
    ),
    ("low", r"过放|低压|низкое напр"),
    (
        "high",
        r"over ?volt|high(?:er)? volt|volt\w* (?:too )?high|over ?charg|\b[cp]?ovp?d?\b|uberspann|überspann|过压|过充",
    ),
    ("high", r"surtension|sobretension|sovratension|высокое напр"),
    ("spread", r"(?:cell|volt\w*|pressure) diff|diff\w* (?:of )?(?:cell|volt)|imbalance|\bdelta\b|压差"),
    ("wire", r"wire|open ?line|sampling line|断线"),
    ("sensor", r"current sens|shunt"),
    ("probe", r"(?:temp\w*|ntc) sens|\bntc\b"),
    ("talk", r"communicat|\bcomm?s?\b|通讯|通信"),
    ("full", r"\bfull\b|充满"),
    ("chip", r"\bafe\b|front ?end|chip"),
)
_WHATS: Final = tuple((what, re.compile(pattern)) for what, pattern in _WHAT)
_PLAIN: Final = {
    "short": "short-circuit",
    "lock": "software-lock",
    "spread": "cell-difference",
    "wire": "open-wire",
    "sensor": "current-sensor",
    "probe": "temperature-sensor",
    "talk": "communication",
    "full": "full",
    "chip": "front-end",
}
_IS_DISCHARGE: Final = re.compile(rf"{_DISCHARGE}|\b(?:doc|dot|dut|ocd|otd|utd|dotp|dutp|docp)\d?p?\b")
_IS_CHARGE: Final = re.compile(rf"{_CHARGE}|\b(?:coc|cot|cut|occ|otc|utc|cotp|cutp|cocp)\d?p?\b")
_IS_MOS: Final = re.compile(rf"{_MOS}|\bmotp?\b")
_IS_PACK: Final = re.compile(r"pack|total|batt?er|whole|\bp[ou]vp?\b|gesamt|总|整")
_SEPARATORS: Final = re.compile(r"[,;|/+&\n]+")


def protections_of(texts: Sequence[str | None]) -> list[tuple[str, ...] | None] | None:
    """The names of the protections in each cell of a column, by its words.

    Args:
        texts: Cells of the column; None and blanks are "nothing active" in a column that is understood.

    Returns:
        Canonical names for each row, "other" for words that are not known, empty where nothing is active; None when no
        cell of the column can be understood.
    """
    known = {text: _names(text) for text in dict.fromkeys(texts) if text is not None}
    spoken = [names for text, names in known.items() if text.strip()]
    if not any(names != ("other",) for names in spoken):
        return None
    return [known[text] if text is not None else () for text in texts]


@lru_cache(maxsize=1024)
def _names(text: str) -> tuple[str, ...]:
    words = re.sub(r"[\s_\-.:()\[\]{}'\"]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text[:400])).casefold().strip()
    found: list[str] = []
    for part in _SEPARATORS.split(words):
        part = part.strip()
        if not _NOTHING.fullmatch(part):
            found.append(_name(part))
    return tuple(dict.fromkeys(found))


def _name(words: str) -> str:
    what = next((what for what, pattern in _WHATS if pattern.search(words)), "")
    discharge = bool(_IS_DISCHARGE.search(words))
    charge = not discharge and bool(_IS_CHARGE.search(words))
    part = "pack" if _IS_PACK.search(words) else "cell"
    if what in _PLAIN:
        return _PLAIN[what]
    if what == "current":
        return "charge-overcurrent" if charge else "discharge-overcurrent"
    if what in ("low", "high"):
        return f"{part}-{'under' if what == 'low' else 'over'}voltage"
    if what == "hot":
        if _IS_MOS.search(words):
            return "fet-overtemperature"
        return (
            "charge-overtemperature"
            if charge
            else "discharge-overtemperature"
            if discharge
            else "battery-overtemperature"
        )
    if what == "cold":
        return "charge-undertemperature" if charge else "discharge-undertemperature"
    if what == "failure":
        return "charge-fet-failure" if charge else "discharge-fet-failure"
    if what == "manual":
        return "charge-manual-off" if charge else "discharge-manual-off" if discharge else "manual-off"
    return "other"
