"""Words of protections to canonical names."""

import pytest

from ridelog.channels import PROTECTIONS
from ridelog.parsers.protection_words import protections_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Discharge overcurrent", ("discharge-overcurrent",)),
        ("ChargeOverCurrent", ("charge-overcurrent",)),
        ("OCD", ("discharge-overcurrent",)),
        ("Short circuit", ("short-circuit",)),
        ("SCP", ("short-circuit",)),
        ("MOS Over Temp", ("fet-overtemperature",)),
        ("charge over-temperature", ("charge-overtemperature",)),
        ("Battery overtemperature", ("battery-overtemperature",)),
        ("Discharge low temperature", ("discharge-undertemperature",)),
        ("Cell undervoltage", ("cell-undervoltage",)),
        ("UVP", ("cell-undervoltage",)),
        ("Pack under voltage protection", ("pack-undervoltage",)),
        ("CELL_OVERVOLTAGE", ("cell-overvoltage",)),
        ("over discharge", ("cell-undervoltage",)),
        ("overcharge", ("cell-overvoltage",)),
        ("放电过流", ("discharge-overcurrent",)),
        ("单体欠压", ("cell-undervoltage",)),
        ("Entladestrom Überstrom", ("discharge-overcurrent",)),
        ("Cell UVP; Discharge OCP", ("cell-undervoltage", "discharge-overcurrent")),
        ("discharge off by app", ("discharge-manual-off",)),
        ("Normal", ()),
        ("0", ()),
        ("None", ()),
        ("", ()),
    ],
)
def test_words_name_a_protection(text, names):
    assert protections_of(["Short circuit", text])[1] == names
    assert set(names) <= set(PROTECTIONS)


def test_blank_cells_of_a_column_that_is_understood_are_nothing_active():
    assert protections_of([None, " ", "UVP"]) == [(), (), ("cell-undervoltage",)]


def test_a_column_of_other_words_is_not_taken():
    assert protections_of(["riding", None, "parked"]) is None
    assert protections_of([None, None]) is None


def test_words_nobody_knows_among_known_ones_are_other():
    assert protections_of(["E17", "Short circuit"])[0] == ("other",)
