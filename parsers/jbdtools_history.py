"""Record types of the JBDTools history: what happened, and which protections acted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NAMES: Final[Mapping[str, str]] = {
    "单体过压": "cell-overvoltage",
    "单体高压": "cell-overvoltage",
    "单体欠压": "cell-undervoltage",
    "单体低压": "cell-undervoltage",
    "整组过压": "pack-overvoltage",
    "整组高压": "pack-overvoltage",
    "整组欠压": "pack-undervoltage",
    "整组低压": "pack-undervoltage",
    "充电高温": "charge-overtemperature",
    "充电低温": "charge-undertemperature",
    "放电高温": "discharge-overtemperature",
    "放电低温": "discharge-undertemperature",
    "充电电流": "charge-overcurrent",
    "充电过流": "charge-overcurrent",
    "放电电流": "discharge-overcurrent",
    "放电过流": "discharge-overcurrent",
    "短路保护": "short-circuit",
    "短路": "short-circuit",
    "前端错误": "front-end",
    "软件锁定": "software-lock",
    "环境高温": "board-overtemperature",
    "PCB高温": "board-overtemperature",
    "压差大": "cell-difference",
    "SOC低": "low-soc",
}
_EVENTS: Final[Mapping[str, str]] = {
    "开始充电": "charge-started",
    "开始放电": "discharge-started",
    "停止充放电": "current-stopped",
    "保护释放": "protection-released",
    "告警释放": "warning-released",
    "非法存储": "invalid-record",
}
_TIMED: Final = "定时"
_PROTECTION: Final = "保护"
_WARNING: Final = "告警"


@dataclass(frozen=True, slots=True)
class Record:
    """One record type.

    Attributes:
        event: Canonical event name, None for a timed sample.
        protections: Protections that acted, empty when they were released, None when the record does not say.
        warnings: The same for warnings.
    """

    event: str | None
    protections: tuple[str, ...] | None = None
    warnings: tuple[str, ...] | None = None


def read_type(text: str | None) -> Record:
    """Read the type of a record; faults may be several, with "; " between them."""
    words = (text or "").strip()
    if not words or words == _TIMED:
        return Record(None)
    if words in _EVENTS:
        released = () if words == "保护释放" else None
        cleared = () if words == "告警释放" else None
        return Record(_EVENTS[words], released, cleared)
    head, colon, rest = words.replace("：", ":").partition(":")
    if colon and head.strip() in (_PROTECTION, _WARNING):
        names = tuple(dict.fromkeys(_name(part) for part in _parts(rest))) or ("other",)
        if head.strip() == _PROTECTION:
            return Record(names[0], protections=names)
        return Record(f"{names[0]}-warning", warnings=names)
    return Record("other-event")


def _parts(text: str) -> list[str]:
    parts = re.split(r"[;；,，、\s]+", text)
    return [part for part in (part.removeprefix("保护:").removeprefix("告警:") for part in parts) if part]


def _name(text: str) -> str:
    return _NAMES.get(text) or next((name for words, name in _NAMES.items() if words in text), "other")
