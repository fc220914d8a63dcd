"""All scenarios by name, and the drawing of one case."""

from __future__ import annotations

import zlib

import numpy as np

from . import controllers, limits, listed, peaceful, single_logs, states, trips, wheels
from .case import Bench, Case

SCENARIOS = {
    **trips.SCENARIOS,
    **states.SCENARIOS,
    **limits.SCENARIOS,
    **controllers.SCENARIOS,
    **listed.SCENARIOS,
    **single_logs.SCENARIOS,
    **wheels.SCENARIOS,
    **peaceful.SCENARIOS,
}


def draw(name: str, seed: int) -> Case:
    """The case of this scenario and seed, always the same."""
    bench = Bench(np.random.default_rng([seed, zlib.crc32(name.encode())]))
    case = SCENARIOS[name](bench)
    case.name, case.seed = name, seed
    return case
