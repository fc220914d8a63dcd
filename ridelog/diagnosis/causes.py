"""The causes ridelog can name, from one readable data file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ridelog.errors import PluginError


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause.

    Attributes:
        id: Its id, a contract.
        kind: "event" for something that happened at a moment, "condition" for a state of the vehicle.
        prior: Log-prior in nats against the other causes of its kind.
        title: What happened, in a few words.
        summary: One or two sentences for a rider.
        danger: Why riding or charging on is dangerous, "" when it is not.
        limit: True when nothing has to be broken for it: a limit acted as it was made to, as on any ride that goes far enough.
    """

    id: str
    kind: str
    prior: float
    title: str
    summary: str
    danger: str
    limit: bool = False


NONE = Cause(
    "none",
    "none",
    0.0,
    "Nothing wrong found",
    "Nothing wrong was found in what could be checked.",
    "",
)
UNDETERMINED = Cause(
    "undetermined",
    "none",
    0.0,
    "It cannot be told from these logs",
    "Something happened, but these logs do not tell what.",
    "",
)


@cache
def causes() -> dict[str, Cause]:
    """Every cause by id, `none` and `undetermined` included.

    Raises:
        PluginError: If the data file breaks its own rules.
    """
    text = files("ridelog.diagnosis").joinpath("causes.toml").read_text(encoding="utf-8")
    table = {NONE.id: NONE, UNDETERMINED.id: UNDETERMINED}
    for row in tomllib.loads(text)["cause"]:
        cause = Cause(**row)
        if cause.id in table or cause.kind not in ("event", "condition"):
            raise PluginError(f"cause '{cause.id}' is given twice or has an unknown kind.")
        table[cause.id] = cause
    return table
