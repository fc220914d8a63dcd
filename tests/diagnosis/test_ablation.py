"""A log less makes a verdict less sure, and never turns it into a contradicting one that is called probable."""

import pytest

from benchmarks.ablation import ablate, contradicts, surer

#: Family and seed of simulated incidents of two logs: a trip, a lead, a charge path, a condition, a limit.
SIMULATED = (
    ("overcurrent-trip", 1),
    ("connector-opens-under-load", 4),
    ("charge-fets-off-kills", 3),
    ("undervoltage-trip-weak-cell", 1),
)


@pytest.fixture(scope="module", params=SIMULATED, ids=[name for name, _ in SIMULATED])
def rows(request):
    found = ablate(*request.param)
    assert len(found) >= 2, "the draw has a single log: choose another seed"
    return [row for row in found if "refused" not in row]


def test_a_log_less_never_contradicts(rows):
    assert not [row for row in rows if contradicts(row)]


def test_a_log_less_is_not_surer(rows):
    assert not [row for row in rows if surer(row)]
