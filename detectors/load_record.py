"""How the load just before a moment compares with all the pack had delivered before: a record, or nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.finding import Evidence

if TYPE_CHECKING:
    from ridelog.ride import Track

#: Spans over which a load is compared, s: over-current protections of the common boards wait from a second to some ten
#: seconds, the largest allowed loads a minute.
_SPANS_S: Final = (0.0, 1.0, 3.0, 10.0, 60.0)
#: So much of the ride must lie before for a comparison, s (engineering judgement).
_EARLIER_S: Final = 60.0
#: A load of this much of the highest one carried before is a record, up to this much it is none (engineering judgement).
_RECORD, _NO_RECORD = 1.0, 0.9
#: A load that is a record only for its length speaks for a limit when it is about as high as any before; one far below what
#: was carried for shorter would need a limit that low (engineering judgement: boards are sized above the peaks they carry).
_FAR_BELOW, _AS_HIGH = 0.4, 0.75
#: No board of a vehicle's pack has an over-current limit below the first, A (engineering judgement), and boards are sold for the
#: second and more (CUR-04): a record of a quiet ride below that says less of a limit.
_NO_LIMIT_A, _SMALL_LIMIT_A = 10.0, 35.0
#: How far a small load that merely lasted longer than ever speaks against a limit, at the most.
_ONLY_LONG: Final = 0.6
#: Rows this far apart let a rush of current slip through, s, and what is left then of its absence (engineering judgement).
_SHORT_S, _LONG_S, _LESS, _LITTLE = 0.5, 3.0, 0.6, 0.3


def load_evidence(track: Track, row: int, ampere: float) -> Evidence:
    """Whether the load before a row, `ampere` at its highest, was a record of the ride."""
    record = load_record(track, row)
    if record is None:
        return Evidence.not_observable("the ride before it is too short to compare the load with")
    if record >= _RECORD:
        height = _height(track, row, ampere)
        if height <= _FAR_BELOW:
            note = f"{ampere:.0f} A lasted longer than ever, but the pack had given {ampere / height:.0f} A."
            return Evidence.absent(note, strength=_ONLY_LONG * (1 - height / _FAR_BELOW))
        if ampere <= _NO_LIMIT_A:
            return Evidence.absent(f"{ampere:.0f} A: no board has so low a limit.", strength=_ONLY_LONG)
        strength = min(0.5 + (record - _RECORD) / 0.2, 1.0) * min((height - _FAR_BELOW) / (_AS_HIGH - _FAR_BELOW), 1.0)
        strength *= min((ampere - _NO_LIMIT_A) / (_SMALL_LIMIT_A - _NO_LIMIT_A), 1.0)
        return Evidence.observed(f"{ampere:.0f} A.", strength=strength)
    if record > _NO_RECORD:
        return Evidence.not_observable(f"the load, {ampere:.0f} A, was about the highest of the ride")
    interval = track.log.interval_s
    seen = 1.0 if interval <= _SHORT_S else _LESS if interval <= _LONG_S else _LITTLE
    return Evidence.absent(f"{ampere:.0f} A.", strength=seen * min((1.0 - record) / 0.4, 1.0))


def _height(track: Track, row: int, ampere: float) -> float:
    """Share of the highest current carried before, single rows aside, that the load reached."""
    current = track.values("battery_current")[: max(row - 3, 1)]
    current = current[np.isfinite(current)]
    rows = max(2, len(current) // 1000)
    return ampere / max(float(np.partition(current, -rows)[-rows]), 1e-6) if len(current) > rows else 1.0


def load_record(track: Track, row: int) -> float | None:
    """Largest ratio of the mean discharge current up to a row to the highest one of the same span earlier in the ride.

    A protection with a fixed limit and delay opens at a load the pack had not carried before: 1 and more is a record
    over some span, clearly less says that the pack carried more for longer and stayed on.

    Args:
        track: A log with a battery current in A.
        row: The first row after the load, at least 1.

    Returns:
        The ratio, or None when too little of the ride lies before.
    """
    time = track.time[:row]
    current = np.clip(np.nan_to_num(track.values("battery_current")[:row]), 0.0, None)
    if len(time) < 3 or time[-1] - time[0] < _EARLIER_S:
        return None
    charge = np.concatenate(([0.0], np.cumsum(0.5 * (current[1:] + current[:-1]) * np.diff(time))))
    last = float(time[-1])
    ratios = []
    for span in _SPANS_S:
        if span == 0.0:
            recent = time >= last - max(1.0, 2.5 * track.log.interval_s)
            now, before = float(current[recent].max()), float(current[~recent].max(initial=0.0))
        elif span < 1.5 * track.log.interval_s or last - float(time[0]) < 2 * span:
            continue
        else:
            ends = time[time >= time[0] + span]
            means = (np.interp(ends, time, charge) - np.interp(ends - span, time, charge)) / span
            now, before = float(means[-1]), float(means[ends <= last - span].max(initial=0.0))
        if before > 0.0:
            ratios.append(now / before)
    return max(ratios) if ratios else None
