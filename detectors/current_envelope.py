"""CU01: currents against what the BMS allows and what its board is rated for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.diagnosis.ratings import largest, named
from ridelog.durations import lasting
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track
from ridelog.settings import number

from .cell_current import beyond_the_cells
from .cell_rows import cell_rows, charges
from .overcurrent_time import FAR, between, beyond, by_controller

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Regen is held below this, A (REG-01), or below the charge limit of the BMS.
_REGEN_A: Final = 120.0
#: A peak rating is for seconds, s (CUR-01).
_PEAK_S: Final = 5.0
#: A limit that is far passed for so many of its delays and so many seconds does not act; engineering judgement.
_DELAYS, _IGNORED_S = 3.0, 5.0
#: Or a delay that is known is surely passed, by this share and this many s, so many times.
_PASSED, _PASSED_S, _TIMES = 1.1, 0.25, 3
#: Delay when nobody says it, s: the longest that boards are delivered with.
_DELAY_S: Final = 30.0
#: The BMS should be this much above what the controllers may draw (CUR-07).
_HEADROOM: Final = 1.2
#: Interruptions of a current, s, and shortest one that counts, s.
_JOIN_S, _SHORTEST_S = 0.5, 0.3
#: A limit below this is no limit of a vehicle, A.
_LEAST_LIMIT_A: Final = 5.0


class CurrentEnvelope(Detector):
    """Currents beyond the limits of the BMS or the rating of its board.

    What it finds:
        Regen above the charge limit of the BMS or above 120 A, currents above the continuous rating, or what power cells
        are kept at, for more than seconds, controllers that may draw what the BMS does not allow, and currents far above
        the over-current limit that did not trip it, at once for long or again and again for longer than its delay.

    Why it matters:
        Regen above the charge limit opens the charge path while braking (REG-01); a peak rating lasts seconds (CUR-01); a
        protection that does not act leaves the fuse and the controller alone (TRIP-20).

    Evidence:
        protection.overcurrent-ignored.

    Looks like it but is not:
        A peak within the delay of the protection, a charger, a current meter that is a few percent off.

    Needs:
        A BMS, controller or wheel log with the battery current.

    Limits:
        Limits and ratings are known only when the log, a configuration or the model name tells them. One controller of
        several shows a part of the current.

    Example:
        64 s at 182 A with a limit of 100 A and 10 s, discharge FETs on: the protection did not act.
    """

    code: ClassVar[str] = "CU01"
    name: ClassVar[str] = "current-envelope"
    rules: ClassVar[tuple[str, ...]] = ("REG-01", "CUR-01", "CUR-04", "CUR-05", "CUR-07", "TRIP-20", "TRIP-10")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.BMS, *RIDING_ROLES), ("battery_current",), rows=5),)
    evidence: ClassVar[tuple[str, ...]] = ("protection.overcurrent-ignored",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log."""
        whole = track.values("total_battery_current")
        current = whole if np.isfinite(whole).any() else track.values("battery_current")
        limit = _limit(case, "discharge_current_limit")
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        ignored = self._ignored(case, track, current, limit)
        if ignored is not None:
            findings.append(ignored)
            evidence["protection.overcurrent-ignored"] = Evidence.observed(ignored.message, at=ignored.onset)
        elif limit is not None and track.log.role is Role.BMS:
            short = bool((current > FAR * limit).any())
            evidence["protection.overcurrent-ignored"] = (
                Evidence.not_observable("the current went above the limit, and the polls do not tell for how long")
                if short
                else Evidence.absent()
            )
        else:
            evidence["protection.overcurrent-ignored"] = Evidence.not_observable("the limit of the BMS is not known")
        for found in (
            self._regen(case, track, current),
            self._continuous(case, track, current),
            self._of_the_cells(case, track, current),
            self._headroom(case, track, limit),
        ):
            findings += [found] if found is not None else []
        if findings:
            return Outcome.found(findings, evidence)
        known = np.isfinite(current).any()
        most, back = (float(np.nanmax(current)), float(-np.nanmin(current))) if known else (0.0, 0.0)
        allowed = f"; the BMS allows {limit:.0f} A" if limit is not None else "; the limits of the BMS are not known"
        return Outcome.clear(f"at most {max(most, 0.0):.0f} A out and {max(back, 0.0):.0f} A back{allowed}.", evidence)

    def _ignored(self, case: Case, track: Track, current: NDArray[np.float64], limit: float | None) -> Finding | None:
        """A current far above the limit, for several of its delays, with the FETs on during and after it."""
        if limit is None or track.log.role is not Role.BMS or not track.has("discharge_fet"):
            return None
        delay = number(case.settings, "discharge_overcurrent_delay")
        known = delay is not None and delay > 0
        wait = delay if known and delay is not None else _DELAY_S
        needed, passed = max(_IGNORED_S, _DELAYS * wait), _PASSED * wait + _PASSED_S
        on = track.values("discharge_fet") > 0.5
        over = [
            (first, last, lasted)
            for first, last in beyond(current, track.time, limit)
            if on[first : last + 2].all()
            and (
                lasted := max(
                    between(track, current, first, last, limit), by_controller(case, track, first, last, limit)
                )
            )
            >= passed
        ]
        if not over:
            return None
        first, last, lasted = max(over, key=lambda item: item[2])
        long = lasted >= needed and last - first >= 4
        if not long and not (known and len(over) >= _TIMES):
            return None
        level = float(np.nanmean(current[first : last + 1]))
        often = "" if len(over) == 1 else f", {len(over)} times,"
        return self.finding(
            track,
            first,
            last,
            severity=Severity.WARNING,
            event=False,
            message=(
                f"{level:.0f} A flowed for {lasting(lasted)}{often} and the BMS, whose limit is {limit:.0f} A, did not act: its "
                "over-current protection cannot be relied on."
            ),
            measurements=(
                Measurement("battery current", level, "A", limit, "TRIP-20"),
                Measurement("time", lasted, "s", needed if long else passed, "delay of the protection"),
            ),
            channels=("battery_current", "discharge_fet"),
        )

    def _regen(self, case: Case, track: Track, current: NDArray[np.float64]) -> Finding | None:
        given = _limit(case, "charge_current_limit")
        bound = min(_REGEN_A, given) if given is not None else _REGEN_A
        back = current < -bound
        if not back.any():
            return None
        if track.log.role is Role.BMS:
            rows = cell_rows(case, track)
            if rows is not None:
                for first, last in charges(rows):
                    back[rows.rows[first] : rows.rows[last] + 1] = False
        found = [item for item in episodes(back, track.time, _JOIN_S) if _lasts(track, *item)]
        if not found:
            return None
        first, last = min(found, key=lambda item: float(np.fmin.reduce(current[item[0] : item[1] + 1])))
        most = float(-np.nanmin(current[first : last + 1]))
        source = "charge limit of the BMS" if given is not None and given <= _REGEN_A else "REG-01"
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            message=(
                f"Braking sent {most:.0f} A back, above {bound:.0f} A"
                + (", which the BMS allows: it may open the charge path while braking." if source != "REG-01" else ".")
            ),
            measurements=(Measurement("braking current", most, "A", bound, source),),
            channels=("battery_current",),
        )

    def _continuous(self, case: Case, track: Track, current: NDArray[np.float64]) -> Finding | None:
        family = track.log.identity.family if track.log.role is Role.BMS else case.family
        model = next((board.log.identity.model for board in case.ride.bms if board.log.identity.model), "")
        by_name = named(family, model)
        rated = largest(family) if family and by_name is None else None
        if by_name is not None:
            bound, source = by_name.continuous_a, "rating in the model name"
        elif rated is not None and rated.continuous_a is not None:
            bound, source = rated.continuous_a[1], "largest board of the family, CUR-04"
        else:
            return None
        found = [
            item
            for item in episodes(current > bound, track.time, 1.0)
            if track.time[item[1]] - track.time[item[0]] > _PEAK_S and item[1] > item[0]
        ]
        if not found:
            return None
        first, last = max(found, key=lambda item: track.time[item[1]] - track.time[item[0]])
        lasted = float(track.time[last] - track.time[first])
        level = float(np.nanmedian(current[first : last + 1]))
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            message=f"{level:.0f} A flowed for {lasting(lasted)}; this BMS is rated for {bound:.0f} A continuously.",
            measurements=(
                Measurement("battery current", level, "A", bound, source),
                Measurement("time above the rating", lasted, "s", _PEAK_S, "CUR-01"),
            ),
            channels=("battery_current",),
        )

    def _of_the_cells(self, case: Case, track: Track, current: NDArray[np.float64]) -> Finding | None:
        found = beyond_the_cells(case, track, current)
        if found is None:
            return None
        return self.finding(
            track,
            found.first,
            found.last,
            severity=Severity.INFO,
            message=(
                f"{found.level:.0f} A flowed for {found.lasted:.0f} s, {found.level / found.capacity:.0f} times the "
                f"{found.capacity:.1f} Ah of the pack: even good power cells are kept near seven times."
            ),
            measurements=(Measurement("battery current", found.level, "A", found.bound, "CUR-05"),),
            channels=("battery_current",),
        )

    def _headroom(self, case: Case, track: Track, limit: float | None) -> Finding | None:
        demand = _limit(case, "battery_current_max")
        if limit is None or demand is None or track.log.role is not Role.BMS:
            return None
        counts = [riding.values("controller_count") for riding in case.ride.riding]
        count = max((float(np.nanmax(values)) for values in counts if np.isfinite(values).any()), default=1.0)
        ratio = limit / (demand * max(count, 1.0))
        if ratio >= _HEADROOM:
            return None
        return self.standing(
            track,
            severity=Severity.INFO,
            message=(
                f"The controllers may draw {demand * max(count, 1.0):.0f} A and the BMS cuts at {limit:.0f} A: too little "
                "room between them."
            ),
            measurements=(Measurement("limit of the BMS over the demand", ratio, "", _HEADROOM, "CUR-07"),),
            channels=("battery_current",),
        )


def _limit(case: Case, name: str) -> float | None:
    value = number(case.settings, name)
    return value if value is not None and value >= _LEAST_LIMIT_A else None


def _lasts(track: Track, first: int, last: int) -> bool:
    return last > first and float(track.time[last] - track.time[first]) >= _SHORTEST_S
