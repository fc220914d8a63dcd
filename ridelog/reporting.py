"""What a report is: it turns an incident into a file or text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ridelog.incident import Incident


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the user wants to see.

    Attributes:
        include_location: Show positions; they stay out otherwise.
        color: Use colours on a terminal.
        width: Width of a terminal in characters, 0 for unknown.
    """

    include_location: bool = False
    color: bool = False
    width: int = 0


class Report(ABC):
    """One output of an analysis. One module in `reports/` each.

    Attributes:
        name: Short id ("html").
        suffix: File name suffix of the output.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]

    @abstractmethod
    def render(self, incident: Incident, options: ReportOptions) -> str:
        """Give the whole output as text; the same incident gives the same text."""
