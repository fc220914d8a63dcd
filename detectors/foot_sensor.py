"""FS01: the foot sensor of a balance board lets go at speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.battery.quantiles import median
from ridelog.detection import Case, Detector, Need
from ridelog.episodes import run_ends
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.ride import RIDING_ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

#: A half of the pad is pressed from this voltage on and released below the other, V (supply 3.3 V; usual thresholds of
#: balance packages are 2 to 3 V). A pad spends nearly all rows at one of the two.
_PRESSED_V, _RELEASED_V, _TWO_LEVELS = 1.5, 0.8, 0.97
#: Rows at speed that show it, and the share of them in which a half in use is pressed.
_FEWEST, _STOOD_ON = 5, 0.7
#: Speed from which stepping off is no ordinary end of a ride, m/s.
_SPEED_M_S: Final = 2.5
#: A release this short is a bump or a jump, s; balance packages wait for about 0.25 s before they stop.
_SHORTEST_S: Final = 0.25
#: Rows further apart than this are a pause of the log, s: a board brakes from its top speed to rest in two of them.
_PAUSE_S: Final = 1.0
#: The board stops within this time after it, s; it then has lost this share of its speed, or tilts by so much, deg.
_AFTER_S, _LOST_SHARE, _TILT_DEG = 1.5, 0.6, 15.0
#: The board was level before: its tilt lay within this of that of the seconds before, deg. A fall releases the pads too.
_LEVEL_DEG, _LEVEL_S = 8.0, 2.0
#: States of balance packages (Float, Refloat) for half a pad and a whole pad released, by number and by word.
_STOP_NUMBERS: Final = (8.0, 9.0)
_STOP_WORDS: Final = ("stop half", "stop full", "switch half", "switch full")
_HALF_NOTE: Final = "one half alone was released: packages stop for that only near standstill"
#: Words of the states of a balance package that rides.
_RIDE_WORDS: Final = ("riding", "running", "wheelslip")
#: After a jump the ride goes on: pressed again, and at this share of the speed so long after, s.
_GOES_ON_SHARE, _GOES_ON_S = 0.6, (1.0, 3.0)


class FootSensor(Detector):
    """The foot sensor is released at speed, and the board stops under its rider.

    What it finds:
        Rows at speed in which the whole foot pad goes from pressed to released, or the state becomes the stop for it,
        followed by a stop from speed, a jump of the tilt, or the end of the log.

    Why it matters:
        A balance board drops its nose when it believes that nobody stands on it.

    Evidence:
        foot.released-at-speed.

    Looks like it but is not:
        Stepping off at walking pace, a heel lifted while the ride goes on or to step off (one half alone stops a board only
        near standstill: information), a jump (both halves for a moment), a fall for
        another reason (the board tilts first; the pads come after), the throttle of another vehicle on the same inputs.

    Needs:
        A log of a balance board with its foot pad (`ADC1`, `ADC2`) or its state, and the speed, 3 rows a second or more.

    Limits:
        A rider who jumps off at speed and a sensor that fails look the same. A release in a pause of the log does not show.

    Example:
        31 km/h, ADC1 and ADC2 from 3.0 to 0.1 V, STOP Full; 0.4 s later 24 degrees, 1 s later 3 km/h.
    """

    code: ClassVar[str] = "FS01"
    name: ClassVar[str] = "foot-sensor"
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Need, ...]] = (
        Need(RIDING_ROLES, ("throttle_1", "throttle_2", "speed", "pitch"), interval_s=0.35, rows=20),
        Need(RIDING_ROLES, ("ride_state", "speed"), interval_s=0.35, rows=20),
        Need(RIDING_ROLES, ("mode", "speed"), interval_s=0.35, rows=20),
    )
    evidence: ClassVar[tuple[str, ...]] = ("foot.released-at-speed",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log of a balance board."""
        pads, states = _pads(track), _stopped(track)
        if pads is None and states is None:
            return Outcome.unable("neither a foot pad nor the state of a balance package is in the log.")
        stopped = np.zeros(track.log.rows, dtype=np.bool_) if states is None else states
        speed = np.abs(track.values("speed"))
        whole = stopped if pads is None else (pads < _RELEASED_V).all(axis=1) | stopped
        findings: list[Finding] = []
        tilted = False
        for first, last in _released_in_ride(track, speed, whole):
            how = _stop(track, speed, stopped, first, last) or _ended(track, last)
            tilted |= bool(how) and not _level(track, first)
            if how and _level(track, first):
                findings.append(self._finding(track, speed, first, last, how))
        half = None if findings or pads is None else self._half(track, speed, pads, whole, stopped)
        if findings:
            at = findings[0].onset
            return Outcome.found(findings, {"foot.released-at-speed": Evidence.observed(findings[0].message, at=at)})
        if half is not None:
            return Outcome.found((half,), {"foot.released-at-speed": Evidence.not_observable(_HALF_NOTE)})
        if tilted:
            return Outcome.clear("the foot pad was released at speed only after the board had tilted.")
        return Outcome.clear("the foot pad was not released at speed with a stop behind it.")

    def _finding(self, track: Track, speed: NDArray[np.float64], first: int, last: int, how: str) -> Finding:
        before = float(np.nanmax(speed[max(first - 3, 0) : first]))
        return self.finding(
            track,
            first,
            last,
            severity=Severity.CRITICAL,
            message=f"At {3.6 * before:.0f} km/h the foot sensor was released, and {how}.",
            measurements=(Measurement("speed before", before, "m/s", _SPEED_M_S, "engineering judgement"),),
            channels=("throttle_1", "throttle_2", "mode", "ride_state", "speed", "pitch"),
        )

    def _half(
        self,
        track: Track,
        speed: NDArray[np.float64],
        pads: NDArray[np.float64],
        whole: NDArray[np.bool_],
        stopped: NDArray[np.bool_],
    ) -> Finding | None:
        """Half a pad released at speed before the board stopped: a heel that is lifted to step off, or a fall."""
        for first, last in _released_in_ride(track, speed, (pads < _RELEASED_V).any(axis=1) & ~whole):
            if _stop(track, speed, stopped, first, last):
                return self.finding(
                    track,
                    first,
                    last,
                    severity=Severity.INFO,
                    message=(
                        f"One half of the foot sensor was released at {3.6 * float(np.nanmax(speed[first - 1 : first])):.0f} "
                        "km/h, and the board came to its stop: a heel that was lifted to step off, or a fall."
                    ),
                    channels=("throttle_1", "throttle_2", "speed"),
                )
        return None


def _pads(track: Track) -> NDArray[np.float64] | None:
    """Voltages of the halves in use, shape (rows, 1 or 2); None when the inputs are no pad that a rider stands on."""
    if not track.has("throttle_1") or not track.has("throttle_2") or not (track.has("pitch") or track.has("mode")):
        return None
    pads = np.column_stack((track.values("throttle_1"), track.values("throttle_2")))
    read = np.isfinite(pads[:, 0]) & np.isfinite(pads[:, 1])
    ridden = pads[np.flatnonzero(read & (np.abs(track.values("speed")) > _SPEED_M_S))]
    if len(ridden) < _FEWEST:
        return None
    pressed = ridden >= _PRESSED_V
    two_levels = float((pressed | (ridden < _RELEASED_V)).mean())
    used = np.count_nonzero(pressed, axis=0) / len(ridden) >= _STOOD_ON
    return pads[:, used] if used.any() and two_levels >= _TWO_LEVELS else None


def _stopped(track: Track) -> NDArray[np.bool_] | None:
    """Rows whose state is the stop for a released pad, by its words, else by its number; None without such states."""
    if track.has("mode"):
        coded = track.log.table.column("mode").combine_chunks().dictionary_encode()
        words = [(text or "").casefold() for text in coded.dictionary.to_pylist()]
        if any(word in text for text in words for word in (*_STOP_WORDS, *_RIDE_WORDS)):
            stops = [place for place, text in enumerate(words) if any(word in text for word in _STOP_WORDS)]
            return np.isin(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), stops)
    if track.has("ride_state"):
        return np.isin(track.values("ride_state"), _STOP_NUMBERS)
    return None


def _released_in_ride(track: Track, speed: NDArray[np.float64], released: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last row of each release before which three rows were ridden at speed; values not read are passed over.

    Across a pause of the log nothing is known of the speed at the release: the rider may have come to rest in it.
    """
    first, last = run_ends(released)
    first, last = first[first > 0], last[first > 0]
    before = speed[np.maximum(first[:, None] - (3, 2, 1), 0)]
    ridden = np.isfinite(before).any(axis=1) & (np.fmin.reduce(before, axis=1) >= _SPEED_M_S)
    ridden &= track.time[first] - track.time[first - 1] <= _PAUSE_S
    return list(zip(first[ridden].tolist(), last[ridden].tolist(), strict=True))


def _level(track: Track, first: int) -> bool:
    """Whether the tilt in the last rows before was that of the ride."""
    pitch = track.values("pitch")
    start = int(np.searchsorted(track.time, track.time[first] - _LEVEL_S))
    before = pitch[min(start, max(first - 3, 0)) : first]
    before = before[np.isfinite(before)]
    return len(before) < 3 or bool(np.abs(before[-2:] - np.median(before)).max() <= _LEVEL_DEG)


def _stop(track: Track, speed: NDArray[np.float64], stopped: NDArray[np.bool_], first: int, last: int) -> str:
    """How the board stopped after a release, in words; "" when the ride went on."""
    lasts = float(track.time[min(last + 1, track.log.rows - 1)] - track.time[first])
    if lasts < _SHORTEST_S:
        return ""
    end = int(np.searchsorted(track.time, track.time[first] + _AFTER_S, side="right"))
    after = slice(first, min(end, last + 2))
    before = float(np.nanmax(speed[max(first - 3, 0) : first]))
    goes_on = np.searchsorted(track.time, track.time[first] + _GOES_ON_S[0])
    later = speed[goes_on : np.searchsorted(track.time, track.time[first] + _GOES_ON_S[1], side="right")]
    if lasts < _AFTER_S and np.isfinite(later).any() and median(later) >= _GOES_ON_SHARE * before:
        return ""
    slowest = float(np.nanmin(speed[after])) if np.isfinite(speed[after]).any() else before
    pitch = track.values("pitch")
    level = pitch[max(first - 5, 0) : first]
    tilt = 0.0
    if np.isfinite(level).any() and np.isfinite(pitch[after]).any():
        tilt = float(np.nanmax(np.abs(pitch[after] - np.nanmedian(level))))
    seconds = float(track.time[min(end, track.log.rows) - 1] - track.time[first])
    if slowest <= (1 - _LOST_SHARE) * before:
        return f"it slowed to {3.6 * slowest:.0f} km/h within {max(seconds, 0.1):.1f} s"
    if tilt >= _TILT_DEG:
        return f"it tilted by {tilt:.0f} degrees"
    return "the board went to its stop" if bool(stopped[after].any()) else ""


def _ended(track: Track, last: int) -> str:
    """A log that ends with the pad released at speed, in words."""
    return "the log ends there" if last >= track.log.rows - 1 else ""
