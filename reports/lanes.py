"""States over time: faults, protections, switches, modes and event records as labelled bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.arrow_columns import floats
from ridelog.channels import CHANNELS, Kind
from ridelog.faults import FAULTS
from ridelog.log import Role

from .words import plain

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ridelog.ride import Track

#: More bars than this cannot be told apart on a screen; the longest are kept.
_MOST_BARS: Final = 300
#: A mode that changes more often than this is a number in disguise, not a state.
_MOST_STATES: Final = 40
_LONGEST_LABEL: Final = 60

#: Switches: channel to (label, text when on, text when off, tone when off).
_SWITCHES: Final = {
    "discharge_fet": ("Discharge switch", "on", "OFF", "alarm"),
    "charge_fet": ("Charge switch", "on", "OFF", "warn"),
    "precharge_fet": ("Precharge", "on", "off", "plain"),
    "balancing": ("Balancing", "on", "", "plain"),
    "charger_connected": ("Charger", "plugged in", "", "plain"),
}
#: Texts of a state that are not worth a bar.
_QUIET: Final = frozenset({"", "none", "no", "ok", "0"})
_STATES: Final = {
    "discharge_fet_state": "Discharge switch says",
    "charge_fet_state": "Charge switch says",
    "bms_state": "BMS state",
    "mode": "Mode",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A state that lasted: from, to (s on the group's clock), its text and its tone (alarm, warn, on, plain)."""

    start_s: float
    end_s: float
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of bars; `omitted` bars were too many to show."""

    label: str
    log: int
    bars: tuple[Bar, ...]
    omitted: int = 0


def lanes(track: Track, suffix: str = "") -> Iterator[Lane]:
    """Every state channel of a log as a lane; a channel that says nothing gives none.

    Args:
        track: The log.
        suffix: What every label ends with: the name of the log when there are several.
    """
    log = track.log
    if not log.rows or log.role is Role.CONFIG:
        return
    for name in log.channels:
        bars: list[Bar] = []
        label = name
        if name == "fault_code":
            label, bars = "Fault", _faults(track)
        elif name == "alert":
            label, bars = "Alert", _texts(track, name, "warn")
        elif name in _SWITCHES:
            label, bars = _SWITCHES[name][0], _switch(track, name)
        elif name in _STATES:
            label, bars = _STATES[name], _texts(track, name, "plain")
            if len(bars) > _MOST_STATES or all(bar.text.isdigit() for bar in bars):
                continue
        elif CHANNELS[name].kind is Kind.NAMES and name != "driver_faults":
            label, bars = name.capitalize(), _names(track, name, "alarm" if name == "protections" else "warn")
        elif name == "event":
            label, bars = "Event", _texts(track, name, "warn", "-")
        if bars:
            yield _lane(label + suffix, track.index, bars)


def _lane(label: str, log: int, bars: list[Bar]) -> Lane:
    if len(bars) <= _MOST_BARS:
        return Lane(label, log, tuple(bars))
    kept = sorted(sorted(bars, key=lambda bar: bar.start_s - bar.end_s)[:_MOST_BARS], key=lambda bar: bar.start_s)
    return Lane(f"{label} (the {len(kept)} longest of {len(bars)})", log, tuple(kept), len(bars) - len(kept))


def _runs(codes: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Stretches of equal codes as (first row, row after the last, code); negative codes are skipped."""
    edges = np.flatnonzero(np.diff(codes)) + 1
    firsts = np.concatenate(([0], edges))
    lasts = np.concatenate((edges, [len(codes)]))
    wanted = codes[firsts] >= 0
    for first, last in zip(firsts[wanted].tolist(), lasts[wanted].tolist(), strict=True):
        yield first, last, int(codes[first])


def _bar(track: Track, first: int, after: int, text: str, tone: str) -> Bar:
    time = track.time
    end = float(time[min(after, len(time) - 1)])
    if after >= len(time) and np.isfinite(track.log.interval_s):
        end += track.log.interval_s
    text = plain(text)
    return Bar(float(time[first]), end, text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…", tone)


def _faults(track: Track) -> list[Bar]:
    values = track.values("fault_code")
    codes = np.where(np.isfinite(values) & (values != 0), np.nan_to_num(values), -1).astype(np.int64)
    names = track.log.table.column("fault_name") if track.has("fault_name") else None
    bars = []
    for first, after, code in _runs(codes):
        name = names[first].as_py() if names is not None else None
        bars.append(_bar(track, first, after, fault_text(code, name), "alarm"))
    return bars


def fault_text(code: int, name: str | None) -> str:
    """A fault as a rider can look it up: the name in the log, else that of the firmware, and its number."""
    known = name or (FAULTS[code].name if code in FAULTS else "")
    return f"{known.removeprefix('FAULT_CODE_').replace('_', ' ').lower()} ({code})" if known else f"fault {code}"


def _switch(track: Track, name: str) -> list[Bar]:
    _, on, off, tone = _SWITCHES[name]
    values = track.values(name)
    codes = np.where(np.isfinite(values), np.nan_to_num(values) > 0.5, -1).astype(np.int64)
    return [
        _bar(track, first, after, on if code else off, "on" if code else tone)
        for first, after, code in _runs(codes)
        if (on if code else off)
    ]


def _texts(track: Track, name: str, tone: str, joint: str = "") -> list[Bar]:
    """Stretches of equal text; `joint` joins the words of canonical names."""
    indices, words = _dictionary(track.log.table.column(name).combine_chunks())
    loud = np.array([word is not None and word.strip().lower() not in _QUIET for word in words] or [False])
    codes = np.where((indices >= 0) & loud[np.maximum(indices, 0)], indices, -1)
    if joint:
        words = [word and word.replace(joint, " ") for word in words]
    return [_bar(track, first, after, words[code] or "", tone) for first, after, code in _runs(codes)]


def _names(track: Track, name: str, tone: str) -> list[Bar]:
    column = track.log.table.column(name).combine_chunks()
    indices, words = _dictionary(column.flatten())
    rows = floats(column.value_parent_indices()).astype(np.int64)
    bars = []
    for code, word in enumerate(words):
        active = np.full(len(column), -1, dtype=np.int64)
        active[rows[indices == code]] = 1
        text = (word or "").replace("-", " ")
        bars += [_bar(track, first, after, text, tone) for first, after, _ in _runs(active)]
    return sorted(bars, key=lambda bar: (bar.start_s, bar.text))


def _dictionary(column: pa.Array) -> tuple[NDArray[np.int64], list[str | None]]:
    encoded = column.dictionary_encode()
    indices = np.nan_to_num(floats(encoded.indices), nan=-1.0)
    return indices.astype(np.int64), encoded.dictionary.to_pylist()
