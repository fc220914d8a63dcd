"""What was seen just before the battery was lost: how low the cells were, and how hot the board and its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.finding import Evidence, Seen
from ridelog.settings import number

from .fet_edges import lowest_cell
from .voltage_meters import contradicted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ridelog.detection import Case
    from ridelog.ride import Track

    from .excursions import Excursions

#: Voltages of a cell, V: loaded low and fine, open low and fine, full at rest; at or below low an undervoltage trip is
#: plausible, at or above fine it is not. Lithium-ion and iron phosphate, whose flat curve is at 3.2 V from a tenth of its
#: charge on.
_LEVELS_V: Final = {"nmc": (2.95, 3.35, 3.45, 3.68, 4.2), "lfp": (2.60, 3.00, 3.10, 3.22, 3.45)}
#: Looking back for the voltage under load, s.
_LOADED_S: Final = 5.0
#: A row so many times further below than an error of the estimate was not the pack's.
_GONE_TIMES: Final = 2.0
#: Shares from which a measured cell and an inferred one are called low.
_MEASURED_LOW, _INFERRED_LOW = 0.7, 0.5
#: A poll with less than this share of the load before the loss does not show how low that took the cells.
_SAME_LOAD: Final = 0.5
#: Answers that agree less than this, of the numbers of cells and chemistries that are possible, are none.
_LEAST_AGREEMENT: Final = 0.2
#: How far the mean cell, fine by the voltage of the whole pack, speaks against a low one: a weak group falls alone
#: (engineering judgement).
_MEAN_ONLY: Final = 0.5
#: Battery and FET temperatures from which heat is plausible and below which it is not, degC, and how sure an assumed limit is.
_HOT_DEGC, _COOL_DEGC, _ASSUMED = 60.0, 45.0, 0.8
#: How far cool cells speak against a trip of heat when the board does not log its own temperature: its FETs are what gets hot
#: first (THM-02; engineering judgement).
_CELLS_ONLY: Final = 0.35


def charge_before(case: Case, track: Track, outside: Excursions, first: int, *, ended: bool = False) -> Evidence:
    """Whether the cells were low just before row `first` of a controller or wheel log.

    A BMS that measures cells and has no FET states is asked first; one with FET states weighs its cells where they open, and
    is asked here only about a log that `ended`. Else the cell voltage follows from the number of cells and
    the chemistry; where they are uncertain every possible pair answers, and what they disagree on counts for less. No count is
    needed for a bound: no cell can have more than its share of a full pack's voltage, and no pack had more when it started.
    """
    for board in case.ride.bms:
        if board.clock.aligned and _measures_cells(board):
            if board.has("discharge_fet") and not ended:
                return Evidence.not_observable("the BMS tells of its cells and FETs itself")
            measured = _measured(case, track, board, first)
            if measured.seen is Seen.OBSERVED:
                return measured
            # A poll may lie before the pull that took the cells down; the controller's voltage under load does not.
            inferred = _inferred(case, track, outside, first)
            return inferred if inferred.seen is Seen.OBSERVED or measured.seen is not Seen.ABSENT else measured
    return _inferred(case, track, outside, first)


def _inferred(case: Case, track: Track, outside: Excursions, first: int) -> Evidence:
    """The cell voltage by the voltage at the controller, unless another log contradicts that."""
    if contradicted(case, track):
        return Evidence.not_observable("the voltage of the controller does not agree with that of the battery")
    chemistries = _chemistries(case)
    volts = track.values("pack_voltage")
    start = min(int(np.searchsorted(track.time, track.time[first] - _LOADED_S)), max(first - 2, 0))
    rows = slice(start, max(first, 1))
    # What is far below any load of this pack was no voltage of its cells: the loss had already flickered there.
    gone = outside.below[rows] > _GONE_TIMES * outside.low_margin[rows]
    before = np.where(gone, np.nan, volts[rows])
    loaded = float(np.nanmin(before)) if np.isfinite(before).any() else float("nan")
    open_v = float(outside.open_circuit[max(first - 1, 0)])
    highest = float(np.nanmax(outside.open_circuit[: first + 1]))
    if not chemistries or not np.isfinite(loaded) or not np.isfinite(highest):
        return Evidence.not_observable("the chemistry of the cells is not known")
    bound = _mean(
        (p, _low(name, full * loaded / highest, full * open_v / highest)) for name, (p, full) in chemistries.items()
    )
    counts = case.pack.series.probabilities
    pairs = [
        (p * q, _low(name, loaded / count, open_v / count))
        for count, q in counts.items()
        for name, (p, _) in chemistries.items()
    ]
    known = sum(weight for weight, _ in pairs)
    low = _mean(pairs) / known if known > 0 else 0.0
    says_low = sum(weight for weight, share in pairs if share >= _INFERRED_LOW)
    agreement = abs(2 * says_low / known - 1) * min(known, 1.0) if known > 0 else 0.0
    if bound >= max(low, _INFERRED_LOW):
        return Evidence.observed(f"{loaded / highest:.0%} of the voltage it began the ride with.", strength=bound)
    if agreement < _LEAST_AGREEMENT:
        return Evidence.not_observable("the number of cells in series and their chemistry are not known well enough")
    best = case.pack.series.best or 1
    note = f"{open_v / best:.2f} V a cell without load, {loaded / best:.2f} V under load before."
    if low >= _INFERRED_LOW:
        return Evidence.observed(note, strength=low * agreement)
    return Evidence.absent(note, strength=(1.0 - low) * agreement * _MEAN_ONLY)


def heat_before(case: Case, board: Track, row: int) -> Evidence:
    """Whether the FETs, the board or a battery sensor of a BMS log were at their limit just before a row."""
    hottest = -np.inf
    where = ""
    rows = slice(max(row - 5, 0), row + 1)
    for channel, setting in (
        ("bms_fet_temperature", "bms_fet_temperature_max"),
        ("battery_temperature", "discharge_temperature_max"),
        ("bms_temperature", "bms_fet_temperature_max"),
    ):
        values = board.values(channel)[rows]
        if np.isfinite(values).any():
            value = float(np.nanmax(values))
            limit = number(case.settings, setting)
            if limit is not None and value >= limit - 2.0:
                return Evidence.observed(f"{value:.0f} degC, limit {limit:.0f} degC.")
            relative = value - (limit - 15.0 if limit is not None else _COOL_DEGC)
            if relative > hottest:
                hottest, where = relative, f"{value:.0f} degC."
    matrix = board.log.matrix("battery_temperatures")[rows]
    if matrix.size and np.isfinite(matrix).any():
        value = float(np.nanmax(matrix))
        if value - _COOL_DEGC > hottest:
            hottest, where = value - _COOL_DEGC, f"{value:.0f} degC."
    if not where:
        return Evidence.not_observable("the log has no temperatures")
    share = hottest / (_HOT_DEGC - _COOL_DEGC)
    if share >= 0.7:
        return Evidence.observed(where, strength=min(share, 1.0) * _ASSUMED)
    own = any(np.isfinite(board.values(name)[rows]).any() for name in ("bms_fet_temperature", "bms_temperature"))
    cool = min(1.0 - max(share, 0.0), 1.0)
    if not own:
        return Evidence.absent(
            f"{where} The temperature of the board itself is not in the log.", strength=_CELLS_ONLY * cool
        )
    return Evidence.absent(where, strength=cool)


def heat_at_loss(case: Case, track: Track, first: int) -> Evidence:
    """`heat_before` of a BMS log without FET states at the moment a controller or wheel log lost the battery."""
    for board in case.ride.bms:
        if board.clock.aligned and not board.has("discharge_fet"):
            rows = _polls_before(track, board, first)
            told = heat_before(case, board, int(rows[-1])) if len(rows) else None
            if told is not None and told.seen is not Seen.NOT_OBSERVABLE:
                return told
    return Evidence.not_observable("no BMS log without FET states has temperatures of that moment")


def _polls_before(track: Track, board: Track, first: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    apart = track.clock.uncertainty_s + board.clock.uncertainty_s
    until = float(track.time[first]) + apart
    return np.flatnonzero((board.time <= until) & (board.time >= until - 2 * apart - 3 * board.log.interval_s - 1.0))


def _measures_cells(board: Track) -> bool:
    return bool(np.isfinite(board.log.matrix("cell_voltages")).any()) or board.has("cell_voltage_min")


def _measured(case: Case, track: Track, board: Track, first: int) -> Evidence:
    """The lowest cell a BMS measured just before."""
    rows = _polls_before(track, board, first)
    cell, _ = lowest_cell(board, int(rows[0]), int(rows[-1])) if len(rows) else (float("nan"), -1)
    chemistries = _chemistries(case)
    if not np.isfinite(cell) or not chemistries:
        return Evidence.not_observable("the cells of that moment are not known")
    share = _mean((p, _share(cell, *_LEVELS_V[name][:2])) for name, (p, _) in chemistries.items())
    note = f"The lowest cell had {cell:.2f} V."
    if share >= _MEASURED_LOW:
        return Evidence.observed(note, strength=share)
    current = board.values("battery_current")[rows]
    load = float(np.nanmax(track.values("battery_current")[max(first - 3, 0) : max(first, 1)], initial=0.0))
    if np.isfinite(current).any() and float(np.nanmax(current)) < _SAME_LOAD * load:
        return Evidence.not_observable("no poll of the BMS lies in the load before the loss")
    return Evidence.absent(note, strength=1.0 - share)


def _chemistries(case: Case) -> dict[str, tuple[float, float]]:
    """Possible chemistries with their probability and the voltage of a full cell at rest, V; none when it is another one."""
    known = case.pack.chemistry
    if known.name and known.name not in _LEVELS_V:
        return {}
    sure = known.confidence if known.name else 0.5
    return {name: (sure if name == (known.name or name) else 1 - sure, levels[4]) for name, levels in _LEVELS_V.items()}


def _share(value: float, low: float, fine: float) -> float:
    return float(np.clip((fine - value) / (fine - low), 0.0, 1.0))


def _low(chemistry: str, loaded: float, open_v: float) -> float:
    """How low a cell is, 0..1: by its voltage under load or by the one without, whichever says more."""
    load_low, load_fine, open_low, open_fine, _ = _LEVELS_V[chemistry]
    return max(_share(loaded, load_low, load_fine), _share(open_v, open_low, open_fine))


def _mean(weighted: Iterable[tuple[float, float]]) -> float:
    return float(sum(weight * value for weight, value in weighted))
