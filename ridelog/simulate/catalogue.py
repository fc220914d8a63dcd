"""Every family of made-up rides, and the way to one case."""

from __future__ import annotations

from typing import Final

from ridelog.errors import UsageError

from . import (
    families_board,
    families_cells,
    families_controller,
    families_healthy,
    families_healthy_standing,
    families_limits,
    families_path,
    families_regen,
    families_storage,
    families_telemetry,
    families_trip,
)
from .case import Case, Family, simulate_family

_ALL: Final[tuple[Family, ...]] = (
    *families_healthy.FAMILIES,
    *families_healthy_standing.FAMILIES,
    *families_trip.FAMILIES,
    *families_regen.FAMILIES,
    *families_path.FAMILIES,
    *families_cells.FAMILIES,
    *families_limits.FAMILIES,
    *families_controller.FAMILIES,
    *families_telemetry.FAMILIES,
    *families_storage.FAMILIES,
    *families_board.FAMILIES,
)


def families() -> tuple[Family, ...]:
    """Give all families, healthy ones first."""
    return _ALL


def family(name: str) -> Family:
    """Find a family by its name.

    Raises:
        UsageError: If there is none of that name.
    """
    for one in _ALL:
        if one.name == name:
            return one
    raise UsageError(f"there is no scenario '{name}'.", advice="`ridelog simulate list` names them all.")


def simulate(family_or_name: Family | str, seed: int, suite: str | None = None, variant: int = 1) -> Case:
    """Make one case; the same arguments give the same bytes.

    Args:
        family_or_name: A family or its name.
        seed: Which case of the family, from 0.
        suite: Which logs there are, one of the family's suites; drawn from them if not given.
        variant: Physics: 1, or 2 for a hold-out with other cells, noise and vehicles.

    Raises:
        UsageError: If there is no such family, or it has no such suite.
    """
    one = family(family_or_name) if isinstance(family_or_name, str) else family_or_name
    if suite is not None and suite not in one.suites:
        raise UsageError(f"scenario '{one.name}' has no suite '{suite}'.", advice=f"It has {', '.join(one.suites)}.")
    return simulate_family(one, seed, suite, variant)
