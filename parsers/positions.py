"""Satellite fixes: 0, 0 is no place anybody rides at, and a fix of another rate is held until the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Mean radius of the earth in m (IUGG).
EARTH_RADIUS_M = 6_371_008.8


def drop_missing_fixes(
    frame: pl.DataFrame, latitude: str, longitude: str, others: Iterable[str] = ()
) -> tuple[pl.DataFrame, tuple[Damage, ...]]:
    """Make nulls of positions at latitude 0 and longitude 0, which loggers write before the first fix.

    Args:
        frame: The columns of the file, numbers.
        latitude: Name of the latitude column.
        longitude: Name of the longitude column.
        others: Columns that come with the fix (altitude, accuracy, speed); null where there is none. Columns that are
            not in the frame are passed over.

    Returns:
        The frame, and a note when no row has a fix.
    """
    import polars as pl

    if latitude not in frame.columns or longitude not in frame.columns or not frame.height:
        return frame, ()
    missing = ((pl.col(latitude) == 0) & (pl.col(longitude) == 0)).fill_null(False)
    names = [name for name in (latitude, longitude, *others) if name in frame.columns]
    some, none = frame.select(missing.any().alias("some"), missing.all().alias("none")).row(0)
    if not some:
        return frame, ()
    frame = frame.with_columns(pl.when(~missing).then(pl.col(name)).alias(name) for name in names)
    if not none:
        return frame, ()
    return frame, (
        Damage(
            DamageKind.MISSING_SENSOR,
            Effect.NOTED,
            "No row has a satellite fix (latitude and longitude are 0 all through).",
            frame.height,
            channel="latitude",
        ),
    )


def held(
    times: NDArray[np.float64], fix_times: NDArray[np.float64], values: Mapping[str, NDArray[np.float64]], hold_s: float
) -> dict[str, NDArray[np.float64]]:
    """Values of a slower series at other times: the last one at or before each, for at most `hold_s`.

    Args:
        times: Where values are wanted, in s, shape (n,).
        fix_times: When the values were taken, in s, shape (k,), in any order.
        values: Series by name, each of shape (k,).
        hold_s: After this time a value counts as lost, in s.

    Returns:
        The series at `times`, each of shape (n,), NaN where there is none.
    """
    order = np.argsort(fix_times, kind="stable")
    ordered = fix_times[order]
    at = np.searchsorted(ordered, times, side="right") - 1
    known = (at >= 0) & (len(ordered) > 0)
    index = np.where(known, at, 0)
    if len(ordered):
        known &= times - ordered[index] <= hold_s
    return {
        name: np.where(known, series[order][index], np.nan) if len(ordered) else np.full(len(times), np.nan)
        for name, series in values.items()
    }


def track_speed(
    times: NDArray[np.float64], latitude: NDArray[np.float64], longitude: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Speed over ground between fixes at least 2 s apart, in m/s.

    Args:
        times: Stamps in s, shape (n,).
        latitude: Degrees, shape (n,), NaN for no fix.
        longitude: Degrees, shape (n,).

    Returns:
        Shape (n,); NaN where the position is not known or has not moved.
    """
    speed = np.full(len(times), np.nan)
    known = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    if len(known) < 2:
        return speed
    moved = np.concatenate(([True], (np.diff(latitude[known]) != 0) | (np.diff(longitude[known]) != 0)))
    known = known[moved]
    kept = [known[0]]
    for index in known[1:]:
        if times[index] - times[kept[-1]] >= 2.0:
            kept.append(index)
    points = np.asarray(kept)
    if len(points) < 2:
        return speed
    north = np.radians(np.diff(latitude[points]))
    middle = np.radians(latitude[points][:-1])
    east = np.radians(np.diff(longitude[points])) * np.cos(middle)
    speed[points[1:]] = EARTH_RADIUS_M * np.hypot(north, east) / np.diff(times[points])
    return speed
