import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import RidelogError
from ridelog.log import Role
from ridelog.parsers.vesc_faults import VescFaults
from ridelog.parsing import ReadOptions
from ridelog.sources import Source

HEADING = "The following faults were registered since start:\n"
#: Fields as firmware 5 prints them: label padded to 17 characters.
FIELDS = (
    ("Fault", "FAULT_CODE_ABS_OVER_CURRENT"),
    ("Motor", "1"),
    ("Current", "156.0"),
    ("Current filtered", "137.4"),
    ("Voltage", "28.09"),
    ("Gate drv voltage", "11.95"),
    ("Duty", "0.631"),
    ("RPM", "-56832.2"),
    ("Tacho", "3856"),
    ("Cycles running", "605"),
    ("TIM duty", "4025"),
    ("TIM val samp", "1937"),
    ("TIM current samp", "5109"),
    ("TIM top", "6344"),
    ("Comm step", "3"),
    ("Temperature", "33.84"),
)


def block(*, without=(), **changes):
    by_label = {label.replace(" ", "_"): value for label, value in FIELDS} | changes
    lines = [
        f"{label:<17}: {by_label[label.replace(' ', '_')]}"
        for label, _ in FIELDS
        if label.replace(" ", "_") not in without
    ]
    return "\n".join(lines) + "\n"


OLD = {"without": ("Motor", "Gate_drv_voltage")}


def read(text):
    source = Source("faults.txt", text if isinstance(text, bytes) else text.encode())
    assert VescFaults().sniff(source).rank == 2
    (log,) = VescFaults().parse(source, ReadOptions())
    return log


def damage(log, kind):
    return [item for item in log.damage if item.kind is kind]


def test_one_record_of_firmware_5():
    log = read(HEADING + block())
    assert log.role is Role.EVENTS
    assert log.rows == 1
    expected = {
        "fault_code": 4,
        "fault_motor": 1,
        "motor_current": 156,
        "motor_current_filtered": 137.4,
        "pack_voltage": 28.09,
        "gate_driver_voltage": 11.95,
        "duty": 0.631,
        "erpm": -56832.2,
        "tachometer": 3856,
        "cycles_running": 605,
        "fet_temperature": 33.84,
    }
    assert {name: log.values(name)[0] for name in expected} == expected
    assert log.texts("fault_name") == ["ABS_OVER_CURRENT"]
    assert log.names("driver_faults") == [None]
    assert log.table.column("Comm step").to_pylist() == [3]
    assert log.source_rows.tolist() == [2]
    assert log.clock.basis is ClockBasis.NONE
    assert log.identity.firmware == "5.00 or later"
    assert not log.damage


def test_older_records_have_fewer_fields():
    log = read(HEADING + block(**OLD, Fault="FAULT_CODE_DRV8302", Duty="0.46"))
    assert log.texts("fault_name") == ["DRV"]
    assert log.table.column("Fault").to_pylist() == ["FAULT_CODE_DRV8302"]
    assert log.values("fault_code")[0] == 3
    assert not log.has("fault_motor")
    assert log.identity.firmware == "3.27 or before"


def test_the_oldest_timer_fields():
    text = (
        "Fault            : FAULT_CODE_OVER_TEMP_FET\nCurrent          : 1.0\nCurrent filtered : 1.5\n"
        "Voltage          : 24.00\nDuty             : 0.10\nRPM              : 900.0\nTacho            : 5\n"
        "TIM PWM CNT      : 12\nTIM Samp CNT     : 13\nComm step        : 2\nTemperature      : 101.00\n"
    )
    log = read(text)
    assert log.values("fet_temperature")[0] == 101
    assert not log.has("cycles_running")
    assert log.table.column("TIM PWM CNT").to_pylist() == [12]


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n".join("    " + line for line in text.splitlines()),
        lambda text: "\n".join("> " + line for line in text.splitlines()),
        lambda text: "\n\n".join(" ".join(line.split()) for line in text.splitlines()),
        lambda text: " ".join(text.split()),
        lambda text: text.replace("\n", "<br>\n"),
        lambda text: "<p>" + text.replace("\n", "<br/>").replace(" :", "&nbsp;:").replace("&nbsp;", "\u00a0") + "</p>",
        lambda text: text.replace(" :", ":"),
        lambda text: text.replace(" :", "\t="),
        lambda text: text.replace("\n", "\\n"),
        lambda text: "\n".join(f"[12:34:56] {line}" for line in text.splitlines()),
        lambda text: "\n".join(f"* {line}" for line in text.splitlines()),
    ],
)
def test_pasted_in_any_dress(dress):
    text = block() + " \n" + block(Fault="FAULT_CODE_DRV", Voltage="27.5", Cycles_running="2")
    log = read("It stopped and then I typed faults:\n" + dress(text) + "\nWhat now? Voltage : 99.9")
    assert log.texts("fault_name") == ["ABS_OVER_CURRENT", "DRV"]
    assert log.values("pack_voltage").tolist() == [28.09, 27.5]
    assert log.values("fet_temperature").tolist() == [33.84, 33.84]
    assert log.values("cycles_running").tolist() == [605, 2]


def test_prose_does_not_leak():
    text = (
        "My VESC shows FAULT_CODE_OVER_VOLTAGE and FAULT_CODE_DRV, Current : 20 A is my setting.\n"
        "Fault: none of your business. Voltage : 42, Duty : 0.95\n\n"
        + block(without=("Temperature", "Comm_step"))
        + "\nI have a 10s pack.\nTemperature : 99\nTacho : 5\nInfo : call me\n"
    )
    log = read(text)
    assert log.rows == 1
    assert not log.has("fet_temperature")
    assert log.values("tachometer")[0] == 3856
    assert log.texts("event_text") == [None]
    assert damage(log, DamageKind.BROKEN_ROW)[0].count == 1


def test_a_name_without_its_label_before_fields_is_a_record():
    text = block(**OLD).replace("Fault            : ", "", 1)
    assert read("I got this:\n" + text).texts("fault_name") == ["ABS_OVER_CURRENT"]


def test_records_cut_off():
    text = HEADING + block() + " \n" + block(Fault="FAULT_CODE_DRV").split("Duty")[0]
    log = read(text)
    assert log.rows == 2
    assert log.values("pack_voltage").tolist() == [28.09, 28.09]
    assert np.isnan(log.values("duty")[1])
    last = read(HEADING + block() + " \nFault            : FAULT_CODE_UNDER_VOLTAGE\n")
    assert last.texts("fault_name") == ["ABS_OVER_CURRENT", "UNDER_VOLTAGE"]


def test_quoted_again_counts_once():
    first, second = block(), block(Fault="FAULT_CODE_DRV", Tacho="9")
    text = HEADING + first + " \n" + second + "\n> " + first.replace("\n", "\n> ") + "so?\n" + second.split("TIM")[0]
    log = read(text)
    assert log.texts("fault_name") == ["ABS_OVER_CURRENT", "DRV"]
    assert damage(log, DamageKind.DUPLICATE_ROW)[0].count == 2
    assert not damage(log, DamageKind.BROKEN_ROW)


def test_a_cut_quote_is_completed_by_the_whole_record():
    log = read(block().split("Tacho")[0] + "\nsorry, in full:\n" + block())
    assert log.rows == 1
    assert log.values("fet_temperature")[0] == 33.84


def test_gate_driver_flags():
    flags = read(HEADING + block(Fault="FAULT_CODE_DRV") + "DRV8301_FAULTS   : | FETLB_OC | FETHB_OC | GVDD_UV |\n")
    assert flags.names("driver_faults") == [("FETLB_OC", "FETHB_OC", "GVDD_UV")]
    none = read(HEADING + block(Fault="FAULT_CODE_DRV") + "DRV8320S_FAULTS  : No DRV8320S faults\n")
    assert none.names("driver_faults") == [()]


def test_the_info_line_of_the_phase_filter():
    log = read(HEADING + block(Fault="FAULT_CODE_PHASE_FILTER") + "Info             : phase 2 stuck at 1.25 V\n")
    assert log.texts("event_text") == ["phase 2 stuck at 1.25 V"]


def test_the_active_fault_line_is_no_record():
    log = read("Active fault: FAULT_CODE_DRV\n" + HEADING + block())
    assert log.texts("fault_name") == ["ABS_OVER_CURRENT"]
    assert any("DRV was active" in item.message for item in damage(log, DamageKind.NOTE))


def test_no_faults_is_a_log_without_rows():
    log = read("No faults registered since startup\n")
    assert log.rows == 0
    assert "switched off" in damage(log, DamageKind.NOTE)[0].message


def test_a_fault_no_firmware_has():
    log = read(HEADING + block(Fault="FAULT_CODE_COFFEE_EMPTY"))
    assert log.texts("fault_name") == ["COFFEE_EMPTY"]
    assert not log.has("fault_code")
    assert any("COFFEE_EMPTY" in item.message for item in log.damage)


def test_no_number_where_the_firmware_printed_none():
    log = read(HEADING + block(Voltage="nan", RPM="inf"))
    assert not log.has("pack_voltage")
    assert not log.has("erpm")
    assert log.values("tachometer")[0] == 3856


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ms_today;fault_code;\n1;0;\n",
        "I had FAULT_CODE_DRV yesterday",
        "Fault: my own. Current : 5",
        "{}",
        "\0\1\2",
    ],
)
def test_other_texts_are_refused(text):
    source = Source("faults.txt", text.encode())
    assert VescFaults().sniff(source).rank == 0
    with pytest.raises(RidelogError):
        VescFaults().parse(source, ReadOptions())


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("<1>" * 20_000 + "FAULT_CODE_DRV", 0),
        ("Fault : FAULT_CODE_DRV\nCurrent : 1\n" * 3000, 2),
        ("Fault : FAULT_CODE_A" + "&a;" * 20_000, 0),
    ],
)
def test_hostile_repetition_is_answered(text, rank):
    assert VescFaults().sniff(Source("x", text.encode())).rank == rank


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_give_a_log_or_a_ridelog_error(noise, inside):
    data = (HEADING.encode() + block().encode()[:200] + noise + block().encode()) if inside else noise
    source = Source("x.txt", data)
    try:
        VescFaults().sniff(source)
        VescFaults().parse(source, ReadOptions())
    except RidelogError:
        pass


@given(st.floats(-500, 500), st.sampled_from(["{:.1f}", "{:.2f}", "{:.0f}", "{:e}", "{:+.3f}"]))
def test_any_number_format(value, form):
    cell = form.format(value)
    assert read(HEADING + block(Current=cell)).values("motor_current")[0] == float(cell)
