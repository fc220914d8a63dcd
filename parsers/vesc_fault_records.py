"""Records of a `faults` listing found in text: by their labels in the order the firmware prints, never in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

#: Numeric fields in the order the firmware prints them, by the label as printed. "TIM PWM CNT" and "TIM Samp CNT" stand
#: in place of the other TIM fields before firmware 1.11.
NUMBERS: Final[tuple[str, ...]] = (
    "Motor",
    "Current",
    "Current filtered",
    "Voltage",
    "Gate drv voltage",
    "Duty",
    "RPM",
    "Tacho",
    "Cycles running",
    "TIM PWM CNT",
    "TIM Samp CNT",
    "TIM duty",
    "TIM val samp",
    "TIM current samp",
    "TIM top",
    "Comm step",
    "Temperature",
)
_ORDER: Final = {label: index for index, label in enumerate(NUMBERS)}
_LABELS: Final = "|".join(label.replace(" ", r"[ \t]+") for label in sorted(NUMBERS, key=len, reverse=True))
#: What may stand between two fields: no letters but those of markup, so that prose ends the record.
_GAP: Final = r"(?:[^A-Za-z<&\\]|<[^<>]{0,200}>|&[A-Za-z0-9#]{1,8};|\\[nrt]){0,200}+"
_NUMBER: Final = r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|nan|inf)"
_UNIT: Final = r"(?:[ \t]?(?:A|V|%|°?C|degC)(?![A-Za-z]))?"
#: `Current filtered : -14.3`
_FIELD: Final = re.compile(rf"{_GAP}(?P<label>{_LABELS})[ \t]*[:=][ \t]*(?P<value>{_NUMBER})(?![\w.]){_UNIT}")
#: What every record has at least one of.
_LABELLED: Final = re.compile(rf"(?:Fault|{_LABELS})[ \t]*[:=]")
#: `Fault            : FAULT_CODE_DRV8302`, or the name alone before other fields
_START: Final = re.compile(
    r"(?:(?<![A-Za-z ])|(?<!Active )(?<![A-Za-z]))Fault[ \t]*[:=][ \t]*(?P<labelled>FAULT_CODE_[A-Z0-9_]{2,60})"
    r"|(?<![A-Za-z_])(?P<bare>FAULT_CODE_[A-Z0-9_]{2,60})"
)
#: `DRV8301_FAULTS   : | FETLB_OC | FETHB_OC | GVDD_UV |` or `DRV8301_FAULTS   : No DRV8301 faults`
_DRIVER: Final = re.compile(
    rf"{_GAP}DRV83\w{{2,4}}_FAULTS[ \t]*[:=][ \t]*"
    r"(?:(?P<none>No DRV\w+ faults)|(?P<flags>\|(?:[ \t]*[A-Z][A-Z0-9_]{1,29}[ \t]*\|)+))"
)
#: `Info             : ...`
_INFO: Final = re.compile(rf"{_GAP}Info(?P<padding>[ \t]*)[:=][ \t]*(?P<text>[^\n\r<]{{1,200}})")
_HEADING: Final = re.compile(r"The following faults were registered since start")
_NOTHING: Final = re.compile(r"No faults registered since startup")
_ACTIVE: Final = re.compile(r"Active fault[ \t]*:[ \t]*FAULT_CODE_([A-Z0-9_]{2,60})")
_WITH_INFO: Final = "FAULT_CODE_PHASE_FILTER"
#: Fewest fields after a name without the label "Fault", so that a sentence that goes on with a colon is no record.
_FIELDS_AFTER_BARE_NAME = 3
#: Most records of one text; a controller keeps 25. A bound on hostile input.
MOST_RECORDS = 2000
#: Fewest fields two records must share to be the same one, quoted again and cut.
_SAME_FIELDS = 4


@dataclass(slots=True)
class FaultRecord:
    """One record.

    Attributes:
        name: Fault as written, with prefix.
        line: 1-based line number of the name.
        numbers: Values by label; a field that was not printed or was cut off is missing.
        decimals: Digits after the point of the duty, -1 when there is none; tells the firmware.
        driver_faults: Flags of the gate driver chip, None when not printed.
        info: Text of the info line, "".
    """

    name: str
    line: int
    numbers: dict[str, float] = field(default_factory=dict)
    decimals: int = -1
    driver_faults: tuple[str, ...] | None = None
    info: str = ""

    @property
    def first_fields(self) -> tuple[object, ...]:
        """What two records that may be the same have in common."""
        return (self.name, *(self.numbers.get(label) for label in ("Current", "Current filtered", "Voltage")))

    def same_as(self, other: FaultRecord) -> bool:
        """Tell whether the other is this record once more, in whole or cut off."""
        common = self.numbers.keys() & other.numbers.keys()
        return (
            self.name == other.name
            and len(common) == min(len(self.numbers), len(other.numbers))
            and (len(common) >= _SAME_FIELDS or self.numbers == other.numbers)
            and all(_equal(self.numbers[label], other.numbers[label]) for label in common)
        )

    def complete_from(self, other: FaultRecord) -> None:
        """Take over fields that were cut off here."""
        self.numbers = {**other.numbers, **self.numbers}
        if self.driver_faults is None:
            self.driver_faults = other.driver_faults
        self.info = self.info or other.info


@dataclass(frozen=True, slots=True)
class FaultListing:
    """All that a text holds of `faults` listings.

    Attributes:
        records: Each record once, in the order of the text.
        repeated: Lines of the records that were there once more.
        nothing_line: Line of the first "No faults registered since startup", 0 for none.
        active: Names after "Active fault", without prefix.
        headings: How many listings start.
    """

    records: tuple[FaultRecord, ...]
    repeated: tuple[int, ...]
    nothing_line: int
    active: tuple[str, ...]
    headings: int


def find_records(text: str) -> FaultListing:
    """Find the records of a text.

    Args:
        text: Any text.

    Returns:
        What was found; a name in a sentence is no record.
    """
    records: list[FaultRecord] = []
    alike: dict[tuple[object, ...], list[FaultRecord]] = {}
    repeated: list[int] = []
    for record in islice(_each(text), MOST_RECORDS):
        group = alike.setdefault(record.first_fields, [])
        known = next((item for item in group if item.same_as(record)), None)
        if known is None:
            records.append(record)
            group.append(record)
        else:
            known.complete_from(record)
            repeated.append(record.line)
    nothing = _NOTHING.search(text)
    return FaultListing(
        tuple(records),
        tuple(repeated),
        0 if nothing is None else text.count("\n", 0, nothing.start()) + 1,
        tuple(name for name in dict.fromkeys(_ACTIVE.findall(text)) if name != "NONE"),
        len(_HEADING.findall(text)),
    )


def _each(text: str) -> Iterator[FaultRecord]:
    if _LABELLED.search(text) is None:
        # A table of a ride has a fault name in every row and no label before a value.
        return
    at, line, counted = 0, 1, 0
    listed = False
    while (start := _START.search(text, at)) is not None:
        at = start.end()
        name = start["labelled"] or start["bare"]
        place = start.start("labelled") if start["labelled"] else start.start("bare")
        line, counted = line + text.count("\n", counted, place), place
        record = FaultRecord(name, line)
        at = _read_fields(text, at, record)
        fields = len(record.numbers)
        cut = not fields and bool(start["labelled"]) and not text[at:].strip(" \t\r\n`'\">*")
        whole = fields >= (1 if start["labelled"] else _FIELDS_AFTER_BARE_NAME)
        if whole or (cut and (listed or _HEADING.search(text, 0, place))):
            listed = True
            yield record


def _read_fields(text: str, at: int, record: FaultRecord) -> int:
    """Read fields as long as they follow one another in the firmware's order; gives where the record ends."""
    last = -1
    while (found := _FIELD.match(text, at)) is not None:
        label = " ".join(found["label"].split())
        if _ORDER[label] <= last:
            break
        last = _ORDER[label]
        value = float(found["value"])
        if value == value and abs(value) != float("inf"):
            record.numbers[label] = value
        if label == "Duty":
            record.decimals = len(found["value"].partition(".")[2])
        at = found.end()
    if record.numbers and (driver := _DRIVER.match(text, at)) is not None:
        flags = re.findall(r"\w+", driver["flags"] or "")
        record.driver_faults = tuple(flags)
        at = driver.end()
    info = _INFO.match(text, at) if record.numbers else None
    if info is not None and (record.name == _WITH_INFO or len(info["padding"]) > 1):
        record.info = info["text"].strip()
        at = info.end()
    return at


def _equal(first: float, second: float) -> bool:
    return abs(first - second) <= 1e-9 * max(1.0, abs(first))
