"""Made-up rides with a known cause, for tests, for scoring, and to try ridelog on.

The physics here shares no code with the estimator and the parsers: what they are measured with must not be what they
are made of. `families()` lists the kinds of ride, `simulate()` makes one case (the files a rider would hand over, and
the truth), `write_case()` puts it into a folder.
"""

from __future__ import annotations

from .case import Case, Family, write_case
from .catalogue import families, simulate
from .fleet import simulate_fleet

__all__ = ["Case", "Family", "families", "simulate", "simulate_fleet", "write_case"]
