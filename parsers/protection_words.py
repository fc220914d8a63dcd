"""From the words of a BMS or its app for a protection, in several languages, to the canonical names."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from ridelog.channels import PROTECTIONS

#: Texts that say that nothing acts, lower case.
_NOTHING: Final = frozenset(
    "0 0.0 no none null nil ok normal good false off clear cleared healthy inactive idle - -- n/a na nan [] {} () "
    "fault_code_none no_fault nofault no_error noerror no_alarm noalarm no_protection keine kein nein aus aucun aucune "
    "non rien ninguno ninguna nada nessuno nessuna нет норма 正常 无 无故障 无告警 无保护 没有 否".split()
)
_ZEROS: Final = re.compile(r"(?:0x|0b)?[0\s:.,-]+h?$")
#: What stands between several protections in one cell.
_BETWEEN: Final = re.compile(r"[;|,+\n\r&、，；]| / | and | und | et | y | и ")
#: Words for one thing, after which a text is a set of marks. The order matters: the longer before the shorter.
_MARKS: Final[tuple[tuple[str, str], ...]] = tuple(
    (pattern, f" {mark} ")
    for pattern, mark in (
        (r"over[\s_-]?dis[\s_-]?charg\w*|过放|tiefentlad\w*|переразряд\w*", "UV"),
        (r"over[\s_-]?charg\w*|过充|uberlad\w*|перезаряд\w*", "OV"),
        (r"dis[\s_-]?charg\w*|dischg\w*|\bdsg\w*|\bdchg\w*|entlad\w*|decharg\w*|descarg\w*|scaric\w*|разряд\w*|放电", "D"),
        (r"\bpre[\s_-]?chg?\b|precharge|预充", "PRE"),
        (r"charg\w*|\bchg\w*|\blade\w*|ladung|carga|carica|заряд\w*|充电", "C"),
        (r"short[\s_-]?circuit\w*|\bshort\w*|\bsc[pd]?\b|kurzschlus\w*|court[\s_-]?circuit|corto\w*|коротк\w*|\bкз\b|短路", "SC"),
        (r"\bmosfets?\b|\bmos\b|\bfets?\b|power[\s_-]?tube|功率管|mos管|管", "FET"),
        (r"\bboard\b|\bpcb\b|\bambient\b|\benvironment\w*|platine|umgebung\w*|环境|主板|板", "BOARD"),
        (r"under[\s_-]?volt\w*|low[\s_-]?volt\w*|volt\w*[\s_-]+(?:too[\s_-]+)?low|unterspann\w*|sous[\s_-]?tension"
         r"|(?:sub|bajo)[\s_-]?volt\w*|sotto[\s_-]?tension\w*|низк\w* напряж\w*"
         r"|недонапряж\w*|欠压|低压|欠电压|电压过?低", "UV"),
        (r"over[\s_-]?volt\w*|high[\s_-]?volt\w*|volt\w*[\s_-]+(?:too[\s_-]+)?high|uberspann\w*|sur[\s_-]?tension"
         r"|(?:sobre|alto)[\s_-]?volt\w*|sovra[\s_-]?tension\w*|высок\w* напряж\w*"
         r"|перенапряж\w*|过压|高压|过电压|电压过?高", "OV"),
        (r"over[\s_-]?curr\w*|high[\s_-]?curr\w*|curr\w*[\s_-]+(?:too[\s_-]+)?high|overload|uberstrom\w*|surintensite"
         r"|sobre[\s_-]?(?:corriente|intensidad)|sovra[\s_-]?corrente|перегруз\w*|过流|过电流|电流过大", "OC"),
        (r"over[\s_-]?temp\w*|high[\s_-]?temp\w*|temp\w*[\s_-]+(?:too[\s_-]+)?high|over[\s_-]?heat\w*|too[\s_-]+hot|ubertemp\w*"
         r"|surchauffe|sobre[\s_-]?temp\w*|sovra[\s_-]?temp\w*|перегрев\w*|过温|高温|温度过?高", "OT"),
        (r"under[\s_-]?temp\w*|low[\s_-]?temp\w*|temp\w*[\s_-]+(?:too[\s_-]+)?low|too[\s_-]+cold|untertemp\w*|sotto[\s_-]?temp\w*"
         r"|переохлажд\w*|欠温|低温|温度过?低", "UT"),
        (r"\bocd\d?\b", "OC D"), (r"\bocc\d?\b", "OC C"), (r"\buvp?\b", "UV"),
        (r"\bovp?\b", "OV"), (r"\bocp?\d?\b", "OC"), (r"\botp?\b", "OT"), (r"\butp?\b", "UT"),
        (r"\b([dc])(oc|ot|ut|uv|ov)p?\d?\b", r"\1x\2"),
        (r"\bc(uv|ov)p?\b", r"CELL \1x"), (r"\bp(uv|ov)p?\b", r"PACK \1x"),
        (r"\bcells?\b|zelle\w*|\bcellules?\b|\bceldas?\b|\bcelle?\w?\b|ячейк\w*|单体|电芯|单节", "CELL"),
        (r"\bpack\b|\btotal\b|\bgesamt\w*|整组|总压|总体|общ\w*", "PACK"),
        (r"\bbatter\w*|\bbatt?\b|akku|батаре\w*|电池", "BATTERY"),
        (r"imbalance|differen\w*|\bdelta\b|\bdiff\b|unbalanced|压差|差", "DIFF"),
        (r"sensors?|\bntc\b|probe|датчик\w*|传感器|温感", "SENSOR"),
        (r"\bcurrent\b|\bstrom\b|\bток\b|电流", "CURRENT"),
        (r"\btemp\w*|温", "TEMP"),
        (r"\bwires?\b|\bcable\w*|disconnect\w*|断线|掉线|松", "WIRE"),
        (r"\bafe\b|front[\s_-]?end|acquisition|前端", "AFE"),
        (r"fail\w*|abnormal\w*|\bdefect\w*|damage\w*|broken|adhesion|welded|故障|异常|失效|粘连|损坏", "FAIL"),
        (r"\block\w*|锁", "LOCK"),
        (r"manual\w*|by (?:app|user|command|hand|remote)|(?:app|remote|button|bluetooth) (?:off|closed?|turn)", "MANUAL"),
        (r"(?:switched|turned) off|手动", "MANUAL"),
        (r"\bcommunicat\w*|\bcomm\b|\bcan\b|通信|通讯", "COMM"),
        (r"\bcount\b|number of|\bstrings?\b|串数", "COUNT"),
        (r"\bsoc\b", "SOC"), (r"\blow\b|niedrig|低", "LOW"), (r"\bhigh\b|\bhoch\b|高", "HIGH"),
        (r"\bfull\b|满", "FULL"), (r"timeout|time[\s_-]?out|超时", "TIMEOUT"),
        (r"releas\w*|recover\w*|cleared|restored|aufgehoben|释放|解除|恢复", "RELEASED"),
        (r"warn\w*|\bpre[\s_-]?alarm|level[\s_-]?1\b|一级|предупр\w*|avertiss\w*|advertenc\w*|avviso", "WARNING"),
    )
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(pattern), mark) for pattern, mark in _MARKS)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SCRIPTS: Final = re.compile(r"(?<=[a-z0-9])(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])(?=[a-z0-9])")
_BIT_FIELD: Final = re.compile(r"(?:0[xb])?[0-9a-f]{1,16}h?", re.IGNORECASE)
#: Longest text of one cell that is looked at.
_LONGEST = 400


def says_nothing(text: str) -> bool:
    """Tell whether a text says that no protection acts: "none", "OK", "0x0000", "正常"."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("\"'[]").strip().casefold()
    return (
        not plain
        or plain in _NOTHING
        or bool(_ZEROS.match(plain))
        or bool(re.match(r"no (?:fault|alarm|error|warn)", plain))
    )


@lru_cache(maxsize=4096)
def protection_in(text: str) -> tuple[str, bool] | None:
    """Read one protection.

    Args:
        text: "Cell undervoltage", "DSG_OCP", "单体欠压保护", or a canonical name.

    Returns:
        Its canonical name and whether it only warns; None for words that name none, or one that was released.
    """
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).strip().strip("\"'[](){}").strip()
    canonical = plain.casefold().replace("_", "-").replace(" ", "-")
    if canonical in PROTECTIONS:
        return canonical, False
    marks = _marks(plain)
    if "RELEASED" in marks:
        return None
    name = _name(marks)
    return (name, "WARNING" in marks) if name else None


def protections_in(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Read all protections of a cell.

    Args:
        text: One text, or several with a separator between them.

    Returns:
        Names of what acts and of what only warns, both empty where the text says that nothing does; None where no word
        is understood.
    """
    if says_nothing(text):
        return (), ()
    acting: dict[str, None] = {}
    warning: dict[str, None] = {}
    understood = False
    for part in _BETWEEN.split(text[:_LONGEST]):
        if says_nothing(part):
            continue
        found = protection_in(part)
        if found is None:
            understood = understood or "RELEASED" in _marks(part)
            continue
        understood = True
        (warning if found[1] else acting)[found[0]] = None
    return (tuple(acting), tuple(warning)) if understood else None


def is_bit_field(text: str) -> bool:
    """Tell whether a text is a number whose bits may be protections: "0x0200", "512"."""
    plain = text.strip()
    return bool(_BIT_FIELD.fullmatch(plain)) and any(character.isdigit() for character in plain)


def _marks(text: str) -> frozenset[str]:
    words = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text)).casefold().replace("_", " ").replace("-", " ")
    words = "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))
    words = _SCRIPTS.sub(" ", words)
    for pattern, mark in _COMPILED:
        words = pattern.sub(mark, words)
    marks = set()
    for word in words.split():
        direction, cross, kind = word.partition("x")
        if cross and direction in ("d", "c"):
            marks |= {direction.upper(), kind.upper()}
        elif word.endswith("x") and word[:-1] in ("uv", "ov"):
            marks.add(word[:-1].upper())
        elif word.isupper():
            marks.add(word)
    return frozenset(marks)


def _name(marks: frozenset[str]) -> str:
    """The protection that a set of marks means, "" for none."""
    charging = "C" in marks and "D" not in marks
    discharging = "D" in marks
    if "SC" in marks:
        return "short-circuit"
    if "PRE" in marks:
        return "precharge-failure" if "FAIL" in marks else ""
    if "FET" in marks and "FAIL" in marks and (charging or discharging):
        return "charge-fet-failure" if charging else "discharge-fet-failure"
    if "SENSOR" in marks and "FAIL" in marks:
        return "current-sensor" if "CURRENT" in marks else "temperature-sensor"
    for mark, what in (("OT", "overtemperature"), ("UT", "undertemperature")):
        if mark in marks:
            return _temperature(marks, what, charging, discharging)
    if "OC" in marks:
        return "charge-overcurrent" if charging else "discharge-overcurrent"
    for mark, what in (("OV", "overvoltage"), ("UV", "undervoltage")):
        if mark in marks:
            whole = "PACK" in marks or ("BATTERY" in marks and "CELL" not in marks)
            return f"{'pack' if whole else 'cell'}-{what}"
    return _rest(marks, charging, discharging)


def _temperature(marks: frozenset[str], what: str, charging: bool, discharging: bool) -> str:
    if charging or discharging:
        return f"{'charge' if charging else 'discharge'}-{what}"
    if what == "undertemperature":
        return "charge-undertemperature"
    return "fet-overtemperature" if "FET" in marks else f"{'board' if 'BOARD' in marks else 'battery'}-overtemperature"


def _rest(marks: frozenset[str], charging: bool, discharging: bool) -> str:
    """Protections that are no limit of voltage, current or temperature."""
    if "SOC" in marks and marks & {"LOW", "HIGH"}:
        return "low-soc" if "LOW" in marks else "high-soc"
    if "DIFF" in marks:
        return "temperature-difference" if "TEMP" in marks else "cell-difference"
    if "WIRE" in marks:
        return "open-wire"
    if "AFE" in marks:
        return "front-end"
    if "MANUAL" in marks:
        return "charge-manual-off" if charging else "discharge-manual-off" if discharging else "manual-off"
    if "LOCK" in marks:
        return "software-lock"
    if "COMM" in marks and "FAIL" in marks:
        return "communication"
    if "CELL" in marks and "COUNT" in marks:
        return "cell-count"
    if "TIMEOUT" in marks and charging:
        return "charge-timeout"
    return ""
