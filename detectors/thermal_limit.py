"""TL01: heat reduces the power."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.battery.quantiles import median, quantiles
from ridelog.detection import Case, Detector, Need
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Seen, Severity
from ridelog.ride import RIDING_ROLES, Track
from ridelog.settings import number

from .heat_alerts import heat_alerts, warning_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Where a VESC starts to fold the current back unless configured otherwise, degC (firmware default).
DEFAULT_START_DEGC = 85.0
_JOIN_S = 10.0
_SHORTEST_S = 1.0
#: From the start of the fold-back to no current at all, degC (firmware default).
_RANGE_DEGC = 15.0
#: In this share of the range a fold-back takes less than riders mostly leave unused (engineering judgement).
_LITTLE_SHARE = 1 / 3
#: The limit is another one when this share of the hot rows in which the rider asked for power, and this many, carry this
#: much more than a fold-back that leaves clearly less would leave of the highest current before. Asked for: this share of
#: what it leaves. Engineering judgement.
_UNTOUCHED_SHARE, _UNTOUCHED_ROWS, _UNTOUCHED_FACTOR, _CLEARLY_LESS = 0.2, 10, 1.5, 0.8
_ASKED_FACTOR = 0.5
#: A current that sinks as the heat grows is folded back all the same: compared in so many parts of the hot stretch, those
#: with this share of its highest current, over so many K; sinking by this share, and correlated so. Engineering judgement.
_PARTS, _ASKED_PART, _WARMS_DEGC, _SINKS_SHARE, _TOGETHER = 20, 0.4, 3.0, 0.04, 0.6
_AT_ITS_TOP_DEGC: Final = 0.5
#: A sensor that jumps by more than this between rows is a bad sensor, not heat, degC; engineering judgement.
_JUMP_DEGC = 15.0

#: A motor that pulls this many amperes in this many rows has no winding beyond the end of the fold-back; engineering judgement.
_PULLS_A, _PULLS_ROWS = 5.0, 10

#: An alert tells of heat, and not of how much it took away: what it counts for (engineering judgement).
_OWN_WORDS: Final = 0.6
#: Channel, setting of the fold-back start, evidence, words.
_SENSORS: Final = (
    ("fet_temperature", "fet_temperature_start", "thermal.fet-limit", "power stage"),
    ("controller_temperature", "fet_temperature_start", "thermal.fet-limit", "controller"),
    ("motor_temperature", "motor_temperature_start", "thermal.motor-limit", "motor"),
)
#: Fault with which the controller stops at the end of the range (VESC numbering), by the evidence it goes with.
_STOPS: Final = {"thermal.fet-limit": 5, "thermal.motor-limit": 6}


class ThermalLimit(Detector):
    """The controller or the motor is so hot that the current folds back.

    What it finds:
        Stretches in which a temperature is above the start of the controller's fold-back range, or in which the vehicle's
        own alert names heat of the drive.

    Why it matters:
        Power fades although battery and throttle are fine; at the end of the range the controller stops with a fault.

    Evidence:
        thermal.fet-limit, thermal.motor-limit, sensor.fet-temperature-jumps, sensor.motor-temperature-jumps.

    Looks like it but is not:
        A sensor that is missing or jumps: heat comes and goes slowly. A controller whose limit is not the firmware's
        default and that gives its current on without sinking as the heat grows: that is information.

    Needs:
        A controller or wheel log with a temperature.

    Limits:
        Without the configuration the firmware's default start (85 degC) is assumed, with less weight unless the controller
        stopped with the fault of that heat.

    Example:
        FETs at 91 degC for 40 s, current down from 60 A to 31 A.
    """

    code: ClassVar[str] = "TL01"
    name: ClassVar[str] = "thermal-limit"
    rules: ClassVar[tuple[str, ...]] = ("THM-03", "ADV-03")
    needs: ClassVar[tuple[Need, ...]] = tuple(Need(RIDING_ROLES, (channel,), rows=5) for channel, *_ in _SENSORS)
    evidence: ClassVar[tuple[str, ...]] = (
        "thermal.fet-limit",
        "thermal.motor-limit",
        "sensor.fet-temperature-jumps",
        "sensor.motor-temperature-jumps",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller or wheel log."""
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        looked: list[str] = []
        for channel, setting, name, words in _SENSORS:
            if not track.has(channel):
                continue
            given = number(case.settings, setting)
            start = given if given is not None and 40.0 <= given <= 150.0 else DEFAULT_START_DEGC
            if _no_sensor(track, channel, start):
                looked.append(
                    f"the {words} reads {float(np.nanmax(track.values(channel))):.0f} degC all along: no sensor"
                )
                continue
            looked.append(
                f"{words} at most {float(np.nanmax(track.values(channel))):.0f} degC, fold-back from {start:.0f}"
            )
            cooler = _Cooler(track, channel, start)
            for first, last in episodes(track.values(channel) >= start, track.time, _JOIN_S):
                if sensor_jumps(track, channel, first, last):
                    findings.append(self._jumping(track, channel, words, first, last))
                    part = "motor" if channel == "motor_temperature" else "fet"
                    at = track.onset(first)
                    evidence.setdefault(f"sensor.{part}-temperature-jumps", Evidence.observed(at=at))
                    continue
                if track.time[last] - track.time[first] < _SHORTEST_S:
                    continue
                # A controller that stops because of this heat has its limit here, whatever flowed on the way.
                set_here = given is not None or _stopped(track, name, first, last)
                if not set_here and _untouched(cooler, first, last):
                    findings.append(self._hot_and_on(track, channel, words, first, last))
                    continue
                if not set_here and _hardly(track, channel, first, last, start):
                    findings.append(self._hardly_hot(track, channel, words, first, last))
                    continue
                findings.append(self._hot(track, channel, words, first, last, start, given is not None))
                if name not in evidence:
                    sure = 1.0 if set_here else 0.75
                    evidence[name] = Evidence.observed(strength=sure, at=track.onset(first))
        if not any(seen.seen is Seen.OBSERVED for seen in evidence.values()):
            for first, last, words in heat_alerts(track):
                message = warning_of(track, first, last, words, tuple(channel for channel, *_ in _SENSORS))
                findings.append(
                    self.finding(track, first, last, severity=Severity.WARNING, message=message, channels=("alert",))
                )
                evidence.setdefault(
                    "thermal.fet-limit",
                    Evidence.observed(f'It warned: "{words}".', strength=_OWN_WORDS, at=track.onset(first)),
                )
        reason = "; ".join(looked) + "."
        if not findings:
            return Outcome.clear(reason)
        for name in self.evidence:
            evidence.setdefault(name, Evidence.absent())
        return Outcome.found(findings, evidence)

    def _jumping(self, track: Track, channel: str, words: str, first: int, last: int) -> Finding:
        values = track.values(channel)[max(first - 2, 0) : last + 3]
        values = values[np.isfinite(values)]
        step = float(np.abs(np.diff(values)).max())
        return self.finding(
            track,
            first,
            last,
            severity=Severity.WARNING,
            message=(
                f"The {words} temperature jumps by {step:.0f} degC between rows and passes the controller's limit: "
                "that is the sensor or its line, not heat."
            ),
            measurements=(Measurement("largest step between rows", step, "degC", _JUMP_DEGC, "engineering judgement"),),
            channels=(channel,),
        )

    def _hot(
        self, track: Track, channel: str, words: str, first: int, last: int, start: float, configured: bool
    ) -> Finding:
        hottest = float(np.nanmax(track.values(channel)[first : last + 1]))
        source = "configuration" if configured else "firmware default"
        return self.finding(
            track,
            first,
            last,
            severity=Severity.WARNING,
            message=(
                f"The {words} reached {hottest:.0f} degC; from {start:.0f} degC ({source}) the controller "
                "reduces the current."
            ),
            measurements=(Measurement(f"{words} temperature", hottest, "degC", start, source),),
            channels=(channel,),
        )

    def _hardly_hot(self, track: Track, channel: str, words: str, first: int, last: int) -> Finding:
        hottest = float(np.nanmax(track.values(channel)[first : last + 1]))
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            event=False,
            message=(
                f"The {words} reached {hottest:.0f} degC, just above the usual start of the fold-back "
                f"({DEFAULT_START_DEGC:.0f} degC): if that is the limit set, up to "
                f"{100 * (hottest - DEFAULT_START_DEGC) / _RANGE_DEGC:.0f} % of the highest current was taken away."
            ),
            measurements=(
                Measurement(f"{words} temperature", hottest, "degC", DEFAULT_START_DEGC, "firmware default"),
            ),
            channels=(channel,),
        )

    def _hot_and_on(self, track: Track, channel: str, words: str, first: int, last: int) -> Finding:
        hottest = float(np.nanmax(track.values(channel)[first : last + 1]))
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            event=False,
            message=(
                f"The {words} reached {hottest:.0f} degC, above the usual start of the fold-back "
                f"({DEFAULT_START_DEGC:.0f} degC), and the current went on as before: its limit is set higher."
            ),
            measurements=(
                Measurement(f"{words} temperature", hottest, "degC", DEFAULT_START_DEGC, "firmware default"),
            ),
            channels=(channel,),
        )


def _no_sensor(track: Track, channel: str, start: float) -> bool:
    """Tell whether the reading is one number throughout, of a heat that would leave no current, while current flows."""
    values = track.values(channel)
    known = values[np.isfinite(values)]
    current = "motor_current" if track.has("motor_current") else "battery_current"
    if not len(known) or not track.has(current) or float(np.ptp(known)) > 0 or known[0] < start + _RANGE_DEGC:
        return False
    return int(np.count_nonzero(np.abs(track.values(current)) > _PULLS_A)) >= _PULLS_ROWS


def _stopped(track: Track, evidence: str, first: int, last: int) -> bool:
    """Whether the controller stopped in these rows with the fault of this heat."""
    codes = track.values("fault_code")[first : last + 1]
    return bool(np.any(codes == _STOPS[evidence]))


def _hardly(track: Track, channel: str, first: int, last: int, start: float) -> bool:
    """Tell whether a fold-back that is only assumed took little, and the current does not show that it took anything."""
    heat = track.values(channel)[first : last + 1]
    if float(np.nanmax(heat)) >= start + _LITTLE_SHARE * _RANGE_DEGC:
        return False
    current = "motor_current" if track.has("motor_current") else "battery_current"
    return not track.has(current) or not _gives_way(heat, np.abs(track.values(current)[first : last + 1]))


@dataclass(eq=False)
class _Cooler:
    """The rows of a log below the start of a fold-back, degC, by one of its channels."""

    track: Track
    channel: str
    start: float

    @cached_property
    def flowed(self) -> NDArray[np.float64] | None:
        """Size of the current in every row, A, that of the motor where the log has it; None without a current."""
        current = "motor_current" if self.track.has("motor_current") else "battery_current"
        return np.abs(self.track.values(current)) if self.track.has(current) else None

    @cached_property
    def usual(self) -> tuple[int, float]:
        """How many rows are cooler, and their high current, A."""
        assert self.flowed is not None
        cooler = self.flowed[(self.track.values(self.channel) < self.start) & np.isfinite(self.flowed)]
        return len(cooler), float(quantiles(cooler, (0.995,))[0]) if len(cooler) else 0.0


def _untouched(cooler: _Cooler, first: int, last: int) -> bool:
    """Tell whether the current of the hot rows shows that nothing was folded back.

    A fold-back leaves a share of the limit, which the highest current of the cooler rows shows when most of the ride was
    cooler: a current far above that share in many rows was not folded back.
    """
    if cooler.flowed is None:
        return False
    hot, at = (values[first : last + 1] for values in (cooler.flowed, cooler.track.values(cooler.channel)))
    left = np.clip((cooler.start + _RANGE_DEGC - at) / _RANGE_DEGC, 0.0, 1.0)
    folded = np.isfinite(hot) & (left < _CLEARLY_LESS)
    if int(folded.sum()) < _UNTOUCHED_ROWS or cooler.usual[0] < len(hot):
        return False
    asked = hot[folded] / np.maximum(left[folded] * cooler.usual[1], 1e-6)
    more, some = asked > _UNTOUCHED_FACTOR, asked > _ASKED_FACTOR
    much = int(more.sum()) >= _UNTOUCHED_ROWS and more.sum() >= _UNTOUCHED_SHARE * some.sum()
    return bool(much) and not _gives_way(at, hot)


def _gives_way(heat: NDArray[np.float64], flowed: NDArray[np.float64]) -> bool:
    """Tell whether the current sinks as the heat grows: a fold-back whose range is wider than the firmware's default.

    Compared are the highest currents of parts of the stretch up to its hottest moment, so that letting go in between does
    not count.
    """
    rising = int(np.argmax(heat >= np.nanmax(heat) - _AT_ITS_TOP_DEGC)) + 1
    parts = [part for part in np.array_split(np.arange(rising), _PARTS) if np.isfinite(flowed[part]).any()]
    if len(parts) < _PARTS // 2:
        return False
    warm = np.array([median(heat[part]) for part in parts])
    top = np.array([float(quantiles(flowed[part][~np.isnan(flowed[part])], (0.75,))[0]) for part in parts])
    asked = top > _ASKED_PART * float(top.max())
    if int(asked.sum()) < _PARTS // 2 or float(np.ptp(warm[asked])) < _WARMS_DEGC:
        return False
    cool, hot = np.array_split(np.argsort(warm[asked], kind="stable"), 2)
    fell = 1 - float(np.median(top[asked][hot])) / float(np.median(top[asked][cool]))
    return fell >= _SINKS_SHARE and float(np.corrcoef(warm[asked], top[asked])[0, 1]) <= -_TOGETHER


def sensor_jumps(track: Track, channel: str, first: int, last: int) -> bool:
    """The readings around an episode change faster than heat does."""
    values = track.values(channel)[max(first - 2, 0) : last + 3]
    values = values[np.isfinite(values)]
    return len(values) > 1 and float(np.abs(np.diff(values)).max()) > _JUMP_DEGC
