"""PW01: a self-balancing vehicle runs out of voltage and falls."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

from .lifted_wheel import MOVING_M_S, carried_nobody, spun_up_before, was_ridden
from .wheel_fall import JOIN_S, LYING_DEG, fall_after, lies_down

#: Headroom that is used up: at this share of the voltage nothing is left to balance with (WheelLog reads 100 or 101).
_FULL_PWM, _FULL_DUTY = 0.97, 0.92
#: The headroom runs out for about this long before a fall, s; engineering judgement.
_LASTS_S = 0.5
#: A log that ends within this time after the headroom was gone, s, with less than this share of the current it had: the motor
#: let go and the log with it; engineering judgement.
_ENDS_S, _LET_GO_SHARE = 1.0, 0.2


class PwmSaturation(Detector):
    """The voltage headroom is used up at speed, and the vehicle falls.

    What it finds:
        Rows in which PWM or duty is at its limit in motion on a vehicle that balances itself, followed by free spin,
        a jump of the tilt, or a stop from speed; the same as the last rows of a log; a fall of a wheel whose log has no PWM. A
        fall with headroom left is told as information: it has another reason.

    Why it matters:
        A self-balancing vehicle needs voltage in reserve to stay upright; at full PWM it tips over.

    Evidence:
        pwm.saturated-fall, pwm.saturated-at-the-end, pwm.fall-without-headroom.

    Looks like it but is not:
        A scooter or skateboard at full duty (it does not balance: only its top speed), a wheel that is lifted off the
        ground and spins (it stood in the seconds before, had headroom when it began to spin, or gained its speed on less
        energy than the lightest rider takes), a fall at low PWM.

    Needs:
        A wheel log with PWM, or a log with duty of a vehicle that reports its tilt, and speed.

    Limits:
        Whether the rider fell or stepped off cannot be told from the row alone, and without PWM not why a wheel fell.

    Example:
        62 km/h, PWM 100 %, 0.6 s later the tilt goes from 3 to 41 degrees and the wheel spins to 91 km/h.
    """

    code: ClassVar[str] = "PW01"
    name: ClassVar[str] = "pwm-saturation"
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.WHEEL,), ("pwm",), interval_s=2.0, rows=20),
        Need(RIDING_ROLES, ("duty", "pitch"), interval_s=2.0, rows=20),
        Need((Role.WHEEL,), ("speed", "pitch"), interval_s=2.0, rows=20),
    )
    evidence: ClassVar[tuple[str, ...]] = (
        "pwm.saturated-fall",
        "pwm.saturated-at-the-end",
        "pwm.fall-without-headroom",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one wheel or controller log."""
        if not (track.has("pwm") or track.has("duty")):
            return self._without_headroom(track)
        used, limit = (
            (track.values("pwm"), _FULL_PWM) if track.has("pwm") else (np.abs(track.values("duty")), _FULL_DUTY)
        )
        speed = _speed(track)
        if speed is None:
            return Outcome.unable("the log has no speed.")
        full = used >= limit
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        for first, last in episodes(full, track.time, JOIN_S):
            start = max(first - max(int(1.0 / max(track.log.interval_s, 0.01)), 1), 0)
            moving = (
                float(speed[start : first + 1].max(initial=0.0)) > MOVING_M_S
                and was_ridden(track, speed, first)
                and not spun_up_before(track, speed, used, first)
                and not carried_nobody(track, speed, first)
            )
            how = fall_after(track, speed, first, last) if moving else ""
            if not how:
                continue
            before = float(np.nanmax(speed[start : first + 1], initial=0.0))
            findings.append(
                self.finding(
                    track,
                    first,
                    last,
                    severity=Severity.CRITICAL,
                    message=(
                        f"At {3.6 * before:.0f} km/h no voltage headroom was left "
                        f"({100 * float(np.nanmax(used[first : last + 1])):.0f} %), and {how}."
                    ),
                    measurements=(
                        Measurement("headroom in use", float(np.nanmax(used[first : last + 1])), "", limit, "firmware"),
                        Measurement("speed before", before, "m/s"),
                    ),
                    channels=("pwm", "duty", "speed", "pitch"),
                )
            )
            if not evidence:
                evidence["pwm.saturated-fall"] = Evidence.observed(how.capitalize() + ".", at=track.onset(first))
        if findings:
            return Outcome.found(findings, evidence)
        ended = self._at_the_end(track, speed, used, limit)
        if ended is not None:
            return Outcome.found((ended,), {"pwm.saturated-at-the-end": Evidence.observed(at=ended.onset)})
        fallen = self._with_headroom(track, speed, used)
        most = float(np.nanmax(used, initial=0.0))
        gap = track.log.interval_s
        hides = (
            f" A moment at the limit shorter than {gap:.2g} s could fall between two rows." if gap > _LASTS_S else ""
        )
        absent = Evidence.absent(hides.strip(), strength=max(min(_LASTS_S / gap, 1.0), 0.3) if gap > 0 else 1.0)
        if fallen is not None:
            return Outcome.found(
                (fallen,), {**dict.fromkeys(self.evidence, Evidence.absent()), "pwm.saturated-fall": absent}
            )
        return Outcome.clear(
            f"the headroom in use was at most {100 * most:.0f} %, and no fall followed.{hides}",
            {"pwm.saturated-fall": absent},
        )

    def _with_headroom(
        self,
        track: Track,
        speed: np.ndarray[tuple[int], np.dtype[np.float64]],
        used: np.ndarray[tuple[int], np.dtype[np.float64]],
    ) -> Finding | None:
        """A wheel that goes down although its rows show headroom left: a fall for another reason, or a rider who jumps off."""
        fallen = lies_down(track, speed) if track.log.role is Role.WHEEL and track.has("pitch") else None
        if fallen is None:
            return None
        *_, upright, _ = fallen
        begin = int(np.searchsorted(track.time, track.time[upright] - 1.0))
        most = float(np.nanmax(used[begin : upright + 1], initial=0.0))
        words = (
            f"the wheel went down. The rows of the second before show at most {100 * most:.0f} % of the voltage headroom in use; "
            "why it went down is not in them."
        )
        return self._fall(track, speed, fallen, Severity.INFO, words, ("pitch", "speed", "pwm"))

    def _fall(
        self,
        track: Track,
        speed: np.ndarray[tuple[int], np.dtype[np.float64]],
        fallen: tuple[int, int, int, float],
        severity: Severity,
        words: str,
        channels: tuple[str, ...],
    ) -> Finding:
        """What is said of a wheel that lies down."""
        first, last, upright, moved = fallen
        return self.finding(
            track,
            first,
            last,
            severity=severity,
            onset=track.onset(first),
            message=f"At {3.6 * float(speed[upright]):.0f} km/h the pitch moved by {moved:.0f} degrees: {words}",
            measurements=(
                Measurement("pitch", moved, "deg", LYING_DEG, "engineering judgement"),
                Measurement("speed before", float(speed[upright]), "m/s"),
            ),
            channels=channels,
        )

    def _at_the_end(
        self,
        track: Track,
        speed: np.ndarray[tuple[int], np.dtype[np.float64]],
        used: np.ndarray[tuple[int], np.dtype[np.float64]],
        limit: float,
    ) -> Finding | None:
        """A log that ends at speed with the headroom used up, or right after it when the motor has let go."""
        end = track.log.rows - 1
        full = np.flatnonzero(used >= limit)
        if track.log.role is not Role.WHEEL or not len(full):
            return None
        last = int(full[-1])
        first = _first_of_the_last(used[: last + 1] >= limit)
        if last < end and not _let_go(track, first, last):
            return None
        moving = float(speed[first]) > MOVING_M_S and float(speed[last]) > MOVING_M_S
        lifted = spun_up_before(track, speed, used, first) or carried_nobody(track, speed, first)
        if not moving or not was_ridden(track, speed, first) or lifted:
            return None
        return self.finding(
            track,
            first,
            last,
            severity=Severity.CRITICAL,
            message=(
                f"The log ends at {3.6 * float(speed[last]):.0f} km/h with no voltage headroom left "
                f"({100 * float(used[last]):.0f} %); what came next is not in it."
            ),
            measurements=(
                Measurement("headroom in use", float(used[last]), "", limit, "firmware"),
                Measurement("speed", float(speed[last]), "m/s"),
            ),
            channels=("pwm", "duty", "speed"),
        )

    def _without_headroom(self, track: Track) -> Outcome:
        """A fall of a wheel whose log does not show its PWM."""
        speed = _speed(track)
        if speed is None:
            return Outcome.unable("the log has no speed.")
        fallen = lies_down(track, speed)
        if fallen is not None:
            first, _, _, moved = fallen
            words = "the wheel fell. Its log has no PWM, so that the voltage headroom is not known."
            finding = self._fall(track, speed, fallen, Severity.CRITICAL, words, ("pitch", "speed"))
            seen = Evidence.observed(f"The pitch moved by {moved:.0f} degrees.", at=track.onset(first))
            return Outcome.found((finding,), {"pwm.fall-without-headroom": seen})
        return Outcome.clear(
            "the wheel did not fall; the log has no PWM, and the headroom is not known.",
            {"pwm.saturated-fall": Evidence.not_observable("the log has no PWM")},
        )


def _let_go(track: Track, first: int, last: int) -> bool:
    """Tell whether the log ends so soon after these rows that nothing but the loss of the motor's current is in it."""
    current = np.abs(track.values("motor_current" if track.has("motor_current") else "battery_current"))
    before, after = current[first : last + 1], current[last + 1 :]
    if track.time[-1] - track.time[last] > _ENDS_S or not np.isfinite(before).any() or not np.isfinite(after).any():
        return False
    return float(np.nanmax(after)) < _LET_GO_SHARE * float(np.nanmedian(before))


def _first_of_the_last(full: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """First row of the stretch that reaches to the last row."""
    before = np.flatnonzero(~full)
    return int(before[-1]) + 1 if len(before) else 0


def _speed(track: Track) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Size of the speed in m/s, filled over rows that were not refreshed; from the motor when there is no speed."""
    values = np.abs(track.values("speed"))
    if not np.isfinite(values).any():
        values = np.abs(track.values("erpm")) / 900.0
    if not np.isfinite(values).any():
        return None
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == len(values):
        return values
    return np.asarray(np.interp(np.arange(len(values)), known, values[known]))
