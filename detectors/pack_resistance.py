"""PR01: resistance and sag of the pack."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.battery.pack import Residual
from ridelog.battery.quantiles import median, quantiles
from ridelog.channels import CHANNELS
from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .capacity_of_ride import capacity_of_ride
from .pack_current import pack_current

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Ohmic sag at the ride's high current, as a share of the open-circuit voltage, from which the pack is too weak for
#: the load; engineering judgement: small healthy packs at full throttle reach 0.14.
_SAG_SHARE = 0.155
#: Cells that are known to be sound sag by what the load asks of them: a small pack is allowed so many times the share.
_SOUND_TIMES = 1.5
#: Resistance of a cell group at 25 degC times its capacity, ohm Ah: healthy cells have 0.03 to 0.15, by the
#: direct-current resistances of common power and energy cells; engineering judgement.
_HIGH_OHM_AH = 0.21
#: The most of healthy cells, and what not even worn power cells stay below (new ones have 0.03 to 0.045), ohm Ah.
_ORDINARY_OHM_AH, _LOW_OHM_AH = 0.15, 0.035
#: Resistance of a cell group from which not even a single energy cell of good make explains it (35 to 45 mOhm new), ohm,
#: with a sag of this share; engineering judgement.
_HIGH_GROUP_OHM, _GROUP_SAG_SHARE = 0.040, 0.12
#: A number of cells in series less probable than this is not considered.
_POSSIBLE = 0.1
#: Cells without load below this are nearly empty, V (NMC, a tenth of the charge), where every cell has more resistance and its
#: voltage falls with the charge that the load takes: up to so many times the sag is ordinary there (the resistance alone is
#: 1.5 to 2 times that of half charge; engineering judgement).
_NEARLY_EMPTY_V, _EMPTY_TIMES = 3.35, 2.0
#: A sag of this share does no harm on this ride, whatever the pack is; engineering judgement.
_HARMLESS_SHARE = 0.06
#: A voltage further from what the pack has at this current than these shares of the sag and of its voltage is not this
#: pack's: a garbled row, a pack that is gone, or a current of another moment; engineering judgement.
_ODD_SHARE, _ODD_VOLTS_SHARE = 0.3, 0.1
#: A capacity below this is no setting of a vehicle, Ah.
_LEAST_AH = 0.5
#: SAG-01: a sag of 10 V strands a scooter with charge left.
_SAG_V = 10.0


class PackResistance(Detector):
    """How much the pack sags, and whether that is too much.

    What it finds:
        The resistance of the pack and its leads with its interval, the sag at the ride's high current, and packs that
        sag more than their load or their capacity allows.

    Why it matters:
        A sagging pack reaches cutoffs with charge left and trips undervoltage protections (SAG-01); resistance that
        grows from ride to ride is the earliest sign of an ageing pack or joint (THM-02).

    Evidence:
        pack.high-resistance.

    Looks like it but is not:
        A cold pack (two to four times the resistance at -10 degC), a nearly empty one (up to twice the sag is ordinary
        there), a time shift between the voltage and current columns (estimated first), a wrong current scale.

    Needs:
        A log with pack voltage and battery current and a few hard accelerations.

    Limits:
        Worn cells of a large pack and healthy ones of a small pack have the same resistance. What the BMS knows of the
        capacity, or the fall of the voltage over the ride, decides; a short ride tells the capacity within a factor of
        two or three. Where neither decides, the capacity from which on it is too much is stated.

    Example:
        116 mOhm (between 112 and 120): 7.1 V sag at 61 A, 13 % of the open-circuit voltage.
    """

    code: ClassVar[str] = "PR01"
    name: ClassVar[str] = "pack-resistance"
    rules: ClassVar[tuple[str, ...]] = ("SAG-01", "SAG-03", "THM-02", "CUR-07")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.CONTROLLER, Role.WHEEL, Role.BMS), ("pack_voltage", "battery_current"), rows=50),
    )
    evidence: ClassVar[tuple[str, ...]] = ("pack.high-resistance",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log."""
        estimate = case.pack.resistance.get(track.index)
        residual = case.pack.residual.get(track.index)
        if estimate is None or residual is None:
            return Outcome.unable(case.pack.notes.get(track.index, "the resistance could not be estimated."))
        current = _believed(track, estimate.ohm, residual)
        believed = current[np.isfinite(current)]
        if not len(believed):
            return Outcome.unable("no row has a voltage and a current that fit each other.")
        high = float(quantiles(believed, (0.995,))[0])
        open_circuit = median(residual.open_circuit)
        sag = estimate.ohm * max(high, 0.0)
        share = sag / open_circuit if open_circuit > 0 else 0.0
        product = self._product(case, track)
        group = self._group(case, track.index)
        empty = _nearly_empty(case, open_circuit)
        times = _EMPTY_TIMES if empty else _SOUND_TIMES if self._sound(case) else 1.0
        allowed = times * _SAG_SHARE
        tired = group is not None and group >= times * _HIGH_GROUP_OHM and share >= times * _GROUP_SAG_SHARE
        too_much = share >= allowed or tired or (product is not None and product >= _HIGH_OHM_AH)
        message = (
            f"The pack and its leads have {1000 * estimate.ohm:.0f} mOhm "
            f"(between {1000 * estimate.low_ohm:.0f} and {1000 * estimate.high_ohm:.0f}): {sag:.1f} V sag at {high:.0f} A."
        )
        measured = [
            Measurement("resistance", estimate.ohm, "ohm"),
            Measurement("sag at the high current", sag, "V", allowed * open_circuit, "engineering judgement"),
            Measurement("high current", high, "A"),
        ]
        if product is not None:
            measured.append(
                Measurement("resistance of a cell group times capacity", product, "ohm Ah", _HIGH_OHM_AH, "data sheets")
            )
        if tired and group is not None:
            measured.append(
                Measurement("resistance of a cell group", group, "ohm", times * _HIGH_GROUP_OHM, "data sheets")
            )
        # More than sound cells have and less than is too much is left open, however little this ride asked for.
        ordinary = product is None or product < _ORDINARY_OHM_AH
        can_tell = too_much or (share < _HARMLESS_SHARE and ordinary) or (product is not None and product < _LOW_OHM_AH)
        if not can_tell and case.pack.series.best is not None and case.pack.series.certain:
            a_group = (estimate.reference_ohm or estimate.ohm) / case.pack.series.best
            message += (
                f" Healthy cells of a pack of up to {_ORDINARY_OHM_AH / a_group:.0f} Ah can have that; from "
                f"{_HIGH_OHM_AH / a_group:.0f} Ah on it is too much."
            )
            stated = number(track.log.settings, "nominal_capacity")
            if track.log.role is Role.CONTROLLER and stated is not None and stated > _LEAST_AH:
                fits = "too much" if stated * a_group >= _HIGH_OHM_AH else "ordinary"
                message += f" With the {stated:.0f} Ah that the controller is set to, right or wrong, it is {fits}."
        if empty and not too_much and share >= _SAG_SHARE:
            message += (
                " NMC cells are nearly empty there, where every pack sags like that; a ride on a fuller one tells more."
            )
        severity = Severity.WARNING if too_much and estimate.confidence >= 0.5 else Severity.INFO
        if severity is Severity.WARNING:
            message += " That is more than a pack of this kind should have for this load."
            if sag >= _SAG_V:
                message += " It reaches the cutoff with much charge left, whatever the display shows."
        finding = self.standing(
            track,
            severity=severity,
            message=message,
            measurements=tuple(measured),
            channels=("pack_voltage", "battery_current"),
        )
        if severity is Severity.WARNING:
            by_load = 0.7 + 4.0 * (share - allowed) if share >= allowed else 0.65 if tired else 0.5
            strength = min(by_load + (0.4 if product is not None and product >= _HIGH_OHM_AH else 0.0), 1.0)
            seen = Evidence.observed(strength=strength * min(estimate.confidence + 0.2, 1.0))
        elif too_much:
            seen = Evidence.not_observable("the resistance is too uncertain")
        elif not can_tell:
            seen = Evidence.not_observable("whether the pack is worn cannot be told without its capacity")
        else:
            seen = Evidence.absent(strength=min(max(1.0 - share / allowed, 0.0) + 0.2, 1.0) * estimate.confidence)
        return Outcome.found((finding,), {"pack.high-resistance": seen})

    def _group(self, case: Case, track: int) -> float | None:
        """Least resistance a cell group can have by this track, at 25 degC where the temperature is known, in ohm."""
        counts, estimate = case.pack.series.probabilities, case.pack.resistance[track]
        most = max((count for count in counts if counts[count] >= _POSSIBLE), default=0)
        return (estimate.reference_ohm or estimate.ohm) * estimate.low_ohm / estimate.ohm / most if most else None

    def _sound(self, case: Case) -> bool:
        """Whether a board knows the capacity, and its cells have the resistance that healthy ones of it have."""
        series = case.pack.series
        if series.best is None or not series.certain:
            return False
        for board in case.ride.bms:
            estimate, capacity = case.pack.resistance.get(board.index), _capacity(board)
            if estimate is not None and estimate.reference_ohm is not None and capacity is not None:
                return estimate.reference_ohm / series.best * capacity < _ORDINARY_OHM_AH
        return False

    def _product(self, case: Case, track: Track) -> float | None:
        """Least resistance of a cell group at 25 degC times least capacity, ohm Ah; None unless the count is sure.

        The capacity a controller is configured with is often wrong and is not used, nor is, with a capacity that a BMS
        knows, the resistance the controller sees, which holds the leads too. The capacity of the ride itself is used
        with the resistance of the same log: an error in the scale of the current then cancels.
        """
        series = case.pack.series
        if series.best is None or not series.certain:
            return None
        for other in case.ride.bms:
            estimate = case.pack.resistance.get(other.index)
            capacity = _capacity(other)
            if estimate is not None and estimate.reference_ohm is not None and capacity is not None:
                low = estimate.reference_ohm * estimate.low_ohm / estimate.ohm
                return low / series.best * capacity
        estimate, by_ride = case.pack.resistance[track.index], capacity_of_ride(case, track)
        if estimate.reference_ohm is None or by_ride is None:
            return None
        least = estimate.reference_ohm * estimate.low_ohm / estimate.ohm / series.best * by_ride[0]
        return least if least >= _HIGH_OHM_AH else None


def _nearly_empty(case: Case, open_circuit: float) -> bool:
    """Whether the pack was nearly empty for half of the ride, or may have been: iron phosphate has that voltage in the middle."""
    series = case.pack.series
    if series.best is None or not series.certain or case.pack.chemistry.name not in ("nmc", ""):
        return False
    return open_circuit / series.best < _NEARLY_EMPTY_V


def _believed(track: Track, ohm: float, residual: Residual) -> NDArray[np.float64]:
    """The current in A, NaN in rows whose voltage or current cannot be, or whose voltage has nothing to do with the current."""
    current, volts = pack_current(track), track.values("pack_voltage")
    odd = np.abs(residual.volts) > _ODD_SHARE * ohm * np.abs(current) + _ODD_VOLTS_SHARE * residual.open_circuit
    for name, values in (("battery_current", current), ("pack_voltage", volts)):
        odd |= ~((values >= CHANNELS[name].low) & (values <= CHANNELS[name].high))
    return np.where(odd, np.nan, current)


def _capacity(track: Track) -> float | None:
    """Capacity in Ah by a BMS: what it learned, what it has left over its state of charge, or what it was told."""
    if track.has("full_charge_capacity"):
        learned = track.values("full_charge_capacity")
        if np.isfinite(learned).any():
            return float(np.nanmedian(learned))
    if track.has("soc", "remaining_capacity"):
        soc = track.values("soc")
        with np.errstate(all="ignore"):
            ratio = np.where(soc > 0.2, track.values("remaining_capacity") / soc, np.nan)
        if np.isfinite(ratio).any():
            return float(np.nanmedian(ratio))
    told = track.values("nominal_capacity")
    return float(np.nanmedian(told)) if track.has("nominal_capacity") and np.isfinite(told).any() else None


def known_capacity(case: Case) -> float | None:
    """Capacity of the pack in Ah as a board knows it, else as the rests of the ride tell it; None when neither does."""
    told = [capacity for board in case.ride.bms if (capacity := _capacity(board)) is not None and capacity > _LEAST_AH]
    if told:
        return told[0]
    return case.pack.capacity.amp_hours if case.pack.capacity is not None else None
