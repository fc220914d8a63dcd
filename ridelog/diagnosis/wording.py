"""The words for a probability, by the ladder that is part of the contract."""

from __future__ import annotations

from typing import Final

#: A cause is not named below this.
NAMED_FROM: Final = 0.35
LIKELY_FROM: Final = 0.60
#: While no cause is likely, others from this on have to be reckoned with: in what is dangerous and in what to do.
CANDIDATE_FROM: Final = 0.15
_LADDER: Final = ((0.85, "probable cause"), (LIKELY_FROM, "likely"), (NAMED_FROM, "possible"))
UNTOLD: Final = "undetermined: data needed"
NOTHING_WRONG: Final = "nothing wrong found"
#: What stands before the account of a cause that is not sure: it is told as it would have happened.
_HEDGES: Final = {
    "possible": "One explanation among several:",
    "likely": "Most of what was seen fits this:",
}


def wording(probability: float) -> str:
    """The words for a probability."""
    for bound, words in _LADDER:
        if probability >= bound:
            return words
    return UNTOLD


def hedged(account: str, words: str) -> str:
    """The account of a cause with as much reserve as its wording asks for."""
    return f"{_HEDGES[words]} {account}" if words in _HEDGES else account
