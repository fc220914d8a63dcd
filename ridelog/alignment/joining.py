"""From logs to a ride: which log's clock is kept, and how each of the others is brought onto it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ridelog.clock import ClockBasis
from ridelog.log import Log, Role
from ridelog.ride import ClockFit, ClockPiece, Ride, Track, reference_index

#: Uncertainty of two logs of one file that count from the same moment, s.
_SAME_FILE_S: Final = 0.1
#: Bases on which two logs of one file count from the same moment.
_COMMON: Final = (ClockBasis.UTC, ClockBasis.LOCAL, ClockBasis.TIME_OF_DAY, ClockBasis.BOOT)


@dataclass(frozen=True, slots=True)
class AlignmentOptions:
    """What the expert said about the clocks.

    Attributes:
        offsets: Log index to seconds added to its stamps to get the reference clock's.
        align: False to leave every log on a clock of its own.
    """

    offsets: Mapping[int, float] = field(default_factory=dict)
    align: bool = True


def join(logs: Sequence[Log], options: AlignmentOptions | None = None) -> Ride:
    """Put logs on the clock of the reference log.

    Logs of one file that count from the same moment share their clock. Every other log is brought onto the reference
    clock by what both saw; where that is not possible it stays on its own clock, with the reason.

    Args:
        logs: The logs of one ride.
        options: What the expert said.
    """
    options = options or AlignmentOptions()
    reference = reference_index(logs)
    fits: dict[int, ClockFit] = {}
    if logs:
        fits[reference] = ClockFit()
    for index, offset in options.offsets.items():
        if 0 <= index < len(logs) and index != reference:
            fits[index] = _given(offset)
    for index, log in enumerate(logs):
        if index not in fits and (why := _timeless(log)):
            fits[index] = _not_aligned(why)
    if options.align:
        _from_same_file(logs, fits)
        for index, log in enumerate(logs):
            if index not in fits:
                # Most rides are one log, which is aligned with nothing.
                from .pair import align_pair

                fits[index] = align_pair(logs[reference], log)
                if fits[index].aligned:
                    _from_same_file(logs, fits)
        _from_same_file(logs, fits, again=True)
    own = _not_aligned("alignment was switched off")
    return Ride(tuple(Track(index, log, fits.get(index, own)) for index, log in enumerate(logs)), reference)


def _given(offset: float) -> ClockFit:
    return ClockFit(True, "The offset was given by the user.", (ClockPiece(0.0, offset),), method="given")


def _not_aligned(why: str) -> ClockFit:
    return ClockFit(False, f"Not aligned: {why}.", method="none")


def _timeless(log: Log) -> str:
    """Why a log has no moments at all, "" when it has."""
    if log.role is Role.CONFIG:
        return "a configuration has no time"
    if not log.rows:
        return "the log has no rows"
    if log.clock.basis is ClockBasis.NONE and log.role is Role.EVENTS:
        return "the list has no times"
    return ""


def _from_same_file(logs: Sequence[Log], fits: dict[int, ClockFit], *, again: bool = False) -> None:
    """Carry the fit of an aligned log over to the logs of the same file whose stamps count from the same moment.

    Args:
        logs: The logs.
        fits: What is known so far; added to.
        again: True to replace fits that failed, too.
    """
    for index, log in enumerate(logs):
        if index in fits and not (again and not fits[index].aligned):
            continue
        for other, fit in list(fits.items()):
            start, begun = log.clock.start, logs[other].clock.start
            if fit.aligned and start is not None and begun is not None and _share_clock(log, logs[other]):
                fits[index] = _carried(fit, start - begun)
                break


def _share_clock(one: Log, other: Log) -> bool:
    same_file = one.origin.sha256 and (one.origin.sha256, one.origin.member) == (
        other.origin.sha256,
        other.origin.member,
    )
    same_basis = one.clock.basis in _COMMON and one.clock.basis is other.clock.basis
    # A BMS counts from its own start, the phone that listens from another moment: with BOOT the device must be one.
    same_device = one.clock.basis is not ClockBasis.BOOT or one.parser == other.parser
    return bool(same_file and same_basis and same_device and one.role is not Role.CONFIG and one.rows)


def _carried(fit: ClockFit, later_s: float) -> ClockFit:
    """The fit of a log that begins `later_s` after one whose fit is known, by the clock both share."""
    pieces = tuple(
        replace(piece, start_s=piece.start_s - later_s, offset_s=piece.offset_s + later_s) for piece in fit.pieces
    )
    return ClockFit(
        True,
        "It comes from the same file as another log and counts from the same moment.",
        pieces,
        fit.uncertainty_s + _SAME_FILE_S,
        fit.residual_s,
        fit.systematic_s,
        "same file",
    )
