import pytest

from ridelog.faults import FAULTS, fault_by_name, fault_name


def test_the_numbers_run_from_0_to_33_without_a_gap():
    assert list(FAULTS) == list(range(34))
    assert all(fault.code == code for code, fault in FAULTS.items())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("FAULT_CODE_OVER_VOLTAGE", 1),
        ("FAULT_CODE_DRV8302", 3),
        ("FAULT_CODE_DRV", 3),
        ("fault_code_abs_over_current", 4),
        ("ENCODER", 11),
        ("ENCODER_LOOSE_MAGNET", 30),
        (" Over voltage ", 1),
        ("FLASH_CORRUPTION_MC_CFG", 24),
    ],
)
def test_present_and_former_names(name, code):
    assert fault_by_name(name).code == code


def test_an_unknown_name_or_number():
    assert fault_by_name("COFFEE_EMPTY") is None
    assert fault_name(200) == "FAULT 200"
    assert fault_name(2) == "UNDER_VOLTAGE"


def test_every_fault_says_what_it_means_in_a_sentence():
    names = [name for fault in FAULTS.values() for name in (fault.name, *fault.former_names)]
    assert len(names) == len(set(names))
    assert all(fault.meaning.endswith(".") and fault.since for fault in FAULTS.values())
