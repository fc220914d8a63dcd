"""BH01: heat of the BMS, and temperature sensors that lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Board temperature that is worth a word, degC (CUR-02 reports boards warm near 60 A).
_WARM_DEGC: Final = 70.0
#: Board temperature close to what FET protections are set to, degC (85 to 100 degC), for so long, s.
_HOT_DEGC, _HOT_S = 85.0, 30.0
#: Or for so many rows and s: a heat sink has no glitches of seconds (engineering judgement).
_HOT_ROWS, _BRIEF_S = 3, 3.0
#: So near to the bound are the rows around one that touches it, K: what a board cools by in seconds without load.
_NEAR_K: Final = 5.0
#: A configured limit counts from this far below it, K.
_BELOW_LIMIT_K: Final = 5.0
_JOIN_S: Final = 30.0
#: Values that stand for a missing or broken sensor, degC (one byte full of ones, nine bits full of ones, -40 offset).
_SENTINELS: Final = (-40.0, 255.0, 215.0, 511.0)
#: A default that is reported instead of a measurement, degC, over so many seconds while another sensor moves by so much, K.
_DEFAULT_DEGC, _DEFAULT_S, _MOVES_K = 25.0, 1800.0, 5.0
#: A battery sensor follows the FETs: correlation, share of their change that it shows, and that others do not show.
_FOLLOWS, _SHOWS, _OTHERS_SHOW = 0.9, 0.4, 0.15
_RANGE_K: Final = 8.0
_LEAST_ROWS: Final = 30
_MOST_ROWS: Final = 5_000

#: Protections that are named for heat, and what was hot.
_NAMED: Final = {
    "fet-overtemperature": "its switches (FETs)",
    "discharge-overtemperature": "the cells",
    "charge-overtemperature": "the cells, too hot to be charged,",
    "battery-overtemperature": "the cells",
    "board-overtemperature": "its board",
}
_FEWEST_NAMED, _RECORDS_S = 2, 60.0
_BOARD: Final = ("bms_fet_temperature", "bms_temperature")


class BmsHeat(Detector):
    """The board of the BMS runs hot, or its sensors cannot be believed.

    What it finds:
        FET or board temperatures near the protection; how warm the board gets at what current; a sensor of unnamed place
        that reads more than cells bear; sensors that report a fill value or a default; a battery sensor that follows the
        FETs instead of the cells.

    Why it matters:
        A hot board trips under load, and a sensor that lies protects nothing (CUR-02, THM-04, ADV-03). A heatsink that
        touches the cells heats them (THM-05).

    Evidence:
        bms.board-hot.

    Looks like it but is not:
        A hot day (battery sensors are as warm), a sensor that is not fitted (null), a board that was just charged.

    Needs:
        A BMS log with a temperature of its FETs or board, or battery sensors.

    Limits:
        What a board may reach differs by model; without a configured limit 85 degC is taken. A constant reading is doubted
        only while another sensor moves.

    Example:
        FETs at 91 degC for 4 minutes at 62 A, cells at 31 degC.
    """

    code: ClassVar[str] = "BH01"
    name: ClassVar[str] = "bms-heat"
    rules: ClassVar[tuple[str, ...]] = ("CUR-02", "THM-04", "THM-05", "ADV-03")
    needs: ClassVar[tuple[Need, ...]] = tuple(
        Need((Role.BMS,), (channel,), rows=5) for channel in (*_BOARD, "battery_temperatures", "battery_temperature")
    )
    evidence: ClassVar[tuple[str, ...]] = ("bms.board-hot",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        findings = self._lying(track)
        spoilt = {channel for finding in findings for channel in finding.channels}
        board = next((name for name in _BOARD if track.has(name) and name not in spoilt), None)
        follows = self._follows(track, board)
        findings += [follows] if follows is not None else []
        findings += self._named(track)
        if board is None:
            unnamed = self._unnamed(track, spoilt)
            if unnamed is not None:
                return Outcome.found([*findings, unnamed], {"bms.board-hot": Evidence.observed(unnamed.message)})
            unseen = {"bms.board-hot": Evidence.not_observable("no temperature of the board is in the log")}
            if findings:
                return Outcome.found(findings, unseen)
            return Outcome.unable("no temperature of the board is in the log; its battery sensors look right.", unseen)
        heat = track.values(board)
        limit = number(track.log.settings, "bms_fet_temperature_max")
        hot = _HOT_DEGC if limit is None or not 60.0 <= limit <= 150.0 else limit - _BELOW_LIMIT_K
        evidence = {"bms.board-hot": Evidence.absent()}
        for first, last in _hot_stretches(track, heat, hot):
            findings.append(self._hot(track, board, first, last, hot, Severity.WARNING))
            evidence["bms.board-hot"] = Evidence.observed(f"{float(np.nanmax(heat[first : last + 1])):.0f} degC.")
        if not any(item.severity is Severity.WARNING for item in findings):
            warm = [item for item in episodes(heat >= _WARM_DEGC, track.time, _JOIN_S) if item[1] > item[0]]
            if warm:
                findings.append(self._hot(track, board, warm[0][0], warm[-1][1], _WARM_DEGC, Severity.INFO))
        if findings:
            return Outcome.found(findings, evidence)
        return Outcome.clear(f"the board is at most {float(np.nanmax(heat)):.0f} degC.", evidence)

    def _unnamed(self, track: Track, spoilt: set[str]) -> Finding | None:
        """A sensor that nobody says the place of reads what cells hardly survive: boards number their own among them."""
        for name, heat in _sensors(track).items():
            channel = name.split(" ")[0]
            if channel in spoilt:
                continue
            for first, last in _hot_stretches(track, heat, _HOT_DEGC):
                top = float(np.nanmax(heat[first : last + 1]))
                return self.finding(
                    track,
                    first,
                    last,
                    severity=Severity.WARNING,
                    event=False,
                    message=(
                        f"The sensor '{name.replace('_', ' ')}' reads {top:.0f} degC. Boards number the sensor on their "
                        "own FETs among those of the battery: if it is that one, the board is close to switching off."
                    ),
                    measurements=(Measurement("temperature", top, "degC", _HOT_DEGC, "CUR-02"),),
                    channels=(channel,),
                    danger=(
                        "If it sits between the cells, they are far hotter than they stand. Do not ride or charge, and keep "
                        "the pack outdoors until it is known where the sensor is."
                    ),
                )
        return None

    def _named(self, track: Track) -> list[Finding]:
        """Stretches in which the BMS itself names heat as the reason it protects; its limit is its own."""
        if not track.has("protections"):
            return []
        named = track.log.named_rows("protections")
        found = []
        for name, what in _NAMED.items():
            acted = [row for row, names in named.items() if name in names]
            # One poll may be garbled; records an hour apart are written for a reason.
            if len(acted) < (_FEWEST_NAMED if track.log.interval_s < _RECORDS_S else 1):
                continue
            first, last = acted[0], acted[-1]
            channels = [channel for channel in (*_BOARD, "battery_temperature") if track.has(channel)]
            heat = {channel: track.values(channel)[max(first - 2, 0) : last + 1] for channel in channels}
            measured = tuple(
                Measurement(channel.replace("_", " "), float(np.nanmax(values)), "degC")
                for channel, values in heat.items()
                if np.isfinite(values).any()
            )
            found.append(
                self.finding(
                    track,
                    first,
                    last,
                    severity=Severity.WARNING,
                    event=False,
                    message=f"The BMS names heat as the reason it protects: {what} were at the limit it is set to.",
                    measurements=measured,
                    channels=("protections",),
                )
            )
        return found

    def _hot(self, track: Track, channel: str, first: int, last: int, limit: float, severity: Severity) -> Finding:
        heat = track.values(channel)[first : last + 1]
        top = float(np.nanmax(heat))
        current = np.abs(track.values("battery_current")[first : last + 1])
        flows = np.isfinite(current).any()
        load = float(np.sqrt(np.nanmean(current**2))) if flows else float("nan")
        measured = [Measurement("temperature of the board", top, "degC", limit, "CUR-02")]
        words = f" at {load:.0f} A (root mean square)" if flows else ""
        if flows:
            measured.append(Measurement("battery current, root mean square", load, "A"))
        cells = track.values("battery_temperature")[first : last + 1]
        if np.isfinite(cells).any():
            measured.append(Measurement("above the battery", top - float(np.nanmedian(cells)), "K"))
        return self.finding(
            track,
            first,
            last,
            severity=severity,
            event=False,
            message=f"The board of the BMS reached {top:.0f} degC{words}.",
            measurements=tuple(measured),
            channels=(channel, "battery_current"),
        )

    def _lying(self, track: Track) -> list[Finding]:
        """Sensors that report a fill value, or a default while others move."""
        sensors = _sensors(track)
        moves = {name: _span(values) for name, values in sensors.items()}
        findings = []
        for name, values in sensors.items():
            known = values[np.isfinite(values)]
            if len(known) < 5:
                continue
            steady = float(known[0]) if (known == known[0]).all() else float("nan")
            others = max((moves[other] for other in sensors if other != name), default=0.0)
            default = steady == _DEFAULT_DEGC and others >= _MOVES_K and track.log.duration_s >= _DEFAULT_S
            if steady in _SENTINELS or default:
                channel = name.split(" ")[0]
                findings.append(
                    self.standing(
                        track,
                        severity=Severity.INFO,
                        message=(
                            f"The sensor '{name.replace('_', ' ')}' reads {steady:g} degC in every row: it is missing or "
                            "broken, and the protection behind it sees no heat."
                        ),
                        measurements=(Measurement("reading", steady, "degC"),),
                        channels=(channel,),
                    )
                )
        return findings

    def _follows(self, track: Track, board: str | None) -> Finding | None:
        """One battery sensor follows the FETs while another does not."""
        matrix = track.log.matrix("battery_temperatures")
        if board is None or matrix.shape[1] < 2 or track.log.rows < _LEAST_ROWS:
            return None
        step = max(1, track.log.rows // _MOST_ROWS)
        heat = track.values(board)[::step]
        matrix = matrix[::step]
        good = np.isfinite(heat)
        if _span(heat) < _RANGE_K or np.count_nonzero(good) < _LEAST_ROWS:
            return None
        shares = np.full(matrix.shape[1], np.nan)
        close = np.zeros(matrix.shape[1])
        for sensor in range(matrix.shape[1]):
            both = good & np.isfinite(matrix[:, sensor])
            if np.count_nonzero(both) >= _LEAST_ROWS and _span(heat[both]) >= _RANGE_K:
                x, y = heat[both] - heat[both].mean(), matrix[both, sensor] - matrix[both, sensor].mean()
                shares[sensor] = float(x @ y / (x @ x))
                size = float(np.sqrt((x @ x) * (y @ y)))
                close[sensor] = float(x @ y) / size if size > 0 else 0.0
        known = np.flatnonzero(np.isfinite(shares))
        if len(known) < 2:
            return None
        most = int(known[np.argmax(shares[known])])
        others = np.delete(shares, most)
        if shares[most] < _SHOWS or close[most] < _FOLLOWS or not np.nanmax(np.abs(others)) < _OTHERS_SHOW:
            return None
        return self.standing(
            track,
            severity=Severity.INFO,
            message=(
                f"Battery sensor {most + 1} follows the FETs of the BMS and not the cells: it, or the cells there, touch "
                "the board or its heatsink."
            ),
            measurements=(Measurement("share of the board's warming", float(shares[most]), "K/K", _SHOWS, "THM-05"),),
            channels=("battery_temperatures", board),
        )


def _hot_stretches(track: Track, heat: NDArray[np.float64], bound: float) -> list[tuple[int, int]]:
    """First and last row of every stretch in which a sensor stays at or above a bound, degC.

    Where it only touches the bound, the rows around have to be near it: then the touch is no glitch either.
    """
    found = [item for item in episodes(heat >= bound, track.time, _JOIN_S) if _is_no_glitch(track, heat, bound, *item)]
    return found or [
        (first, last)
        for first, last in episodes(heat >= bound - _NEAR_K, track.time, _JOIN_S)
        if float(np.nanmax(heat[first : last + 1])) >= bound
        and _is_no_glitch(track, heat, bound - _NEAR_K, first, last)
    ]


def _is_no_glitch(track: Track, heat: NDArray[np.float64], bound: float, first: int, last: int) -> bool:
    lasted = float(track.time[last] - track.time[first])
    enough = lasted >= _HOT_S or np.count_nonzero(heat[first : last + 1] >= bound) >= _HOT_ROWS
    return last > first and lasted >= _BRIEF_S and bool(enough)


def _sensors(track: Track) -> dict[str, NDArray[np.float64]]:
    sensors = {name: track.values(name) for name in _BOARD if track.has(name)}
    matrix = track.log.matrix("battery_temperatures")
    for sensor in range(matrix.shape[1]):
        if np.isfinite(matrix[:, sensor]).any():
            sensors[f"battery_temperatures {sensor + 1}"] = matrix[:, sensor]
    if not matrix.shape[1] and track.has("battery_temperature"):
        sensors["battery_temperature"] = track.values("battery_temperature")
    return sensors


def _span(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    low, high = np.percentile(known[:: max(1, len(known) // _MOST_ROWS)], (2, 98))
    return float(high - low)
