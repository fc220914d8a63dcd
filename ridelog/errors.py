"""The one family of errors.

Every message names the file, the place in it, what was expected and what to do, so that the command line can print
it as it stands. All errors pickle, because an audit moves them between processes.
"""

from __future__ import annotations

from collections.abc import Mapping


class RidelogError(Exception):
    """Base of every error ridelog raises on purpose.

    Args:
        message: What is wrong and what was expected, one sentence.
        path: The file as the user named it, or "".
        place: Where in the file ("line 12", "byte 300", "column 'speed'"), or "".
        advice: What the user can do about it, or "".
    """

    def __init__(self, message: str, *, path: str = "", place: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.place = place
        self.advice = advice

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.path, self.place) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} {self.advice}" if self.advice else text

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.__dict__.copy()))


def _rebuild(kind: type[RidelogError], message: str, state: dict[str, object]) -> RidelogError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class SourceError(RidelogError):
    """The bytes cannot be had: missing file, unreadable archive, or a limit against hostile input was reached."""


class ParseError(RidelogError):
    """A parser recognised the file but cannot make a log of it."""


class RefusedError(ParseError):
    """The format is known and not usable for an analysis; the advice says what to hand over instead."""


class MappingNeededError(ParseError):
    """Columns whose meaning the data cannot decide; a mapping file answers it."""


class UnrecognisedError(RidelogError):
    """No parser recognised the file.

    Args:
        path: The file as the user named it.
        reasons: Parser name to the reason why it is not that format.
        kind: What the file is instead ("a photo"), "" where nothing tells.
        advice: What to hand in instead, "" for the general advice.
    """

    def __init__(self, path: str, reasons: Mapping[str, str], kind: str = "", advice: str = "") -> None:
        listed = "'ridelog formats' lists what can be read"
        super().__init__(
            f"{kind}, not a log that ridelog knows." if kind else "not a log that ridelog knows.",
            path=path,
            advice=f"{advice} {listed}." if advice else f"{listed}; 'ridelog inspect' shows why each refused it.",
        )
        self.reasons = dict(reasons)


class UsageError(RidelogError):
    """The command or call was used in a way that cannot work."""


class PluginError(RidelogError):
    """A parser, detector or report plugin breaks its contract."""
