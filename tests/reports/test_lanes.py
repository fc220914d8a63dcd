import numpy as np
import pyarrow as pa

from ridelog.log import Log, LogBuilder, Role
from ridelog.reports.lanes import Lane, lanes
from ridelog.ride import Track


def track(rows: int = 10, role: Role = Role.BMS, **channels) -> Track:
    builder = LogBuilder(np.arange(rows, dtype=float), np.arange(rows) + 2)
    for name, values in channels.items():
        builder.add(name, values)
    log: Log = builder.build(role, "made-up")
    return Track(0, log)


def by_label(found) -> dict[str, Lane]:
    return {lane.label: lane for lane in found}


def test_a_fault_lasts_from_its_first_row_to_the_row_after_its_last():
    found = by_label(lanes(track(fault_code=np.array([0, 0, 2, 2, 0, 3, 0, 0, 0, 0.0]))))
    bars = found["Fault"].bars
    assert [(bar.start_s, bar.end_s, bar.text, bar.tone) for bar in bars] == [
        (2.0, 4.0, "under voltage (2)", "alarm"),
        (5.0, 6.0, "drv (3)", "alarm"),
    ]


def test_the_name_in_the_log_wins_and_an_unknown_code_keeps_its_number():
    names = [None] * 9 + ["FAULT_CODE_MADE_UP"]
    bars = by_label(lanes(track(fault_code=np.array([0.0] * 8 + [99, 2]), fault_name=names)))["Fault"].bars
    assert [bar.text for bar in bars] == ["fault 99", "made up (2)"]


def test_a_state_at_the_end_lasts_one_row_more():
    bars = by_label(lanes(track(fault_code=np.array([0.0] * 9 + [1]))))["Fault"].bars
    assert (bars[0].start_s, bars[0].end_s) == (9.0, 10.0)


def test_switches_say_on_and_off_and_nothing_where_they_were_not_read():
    values = np.array([1, 1, np.nan, 0, 0, 1, 1, 1, 1, 1.0])
    bars = by_label(lanes(track(discharge_fet=values)))["Discharge switch"].bars
    assert [(bar.start_s, bar.end_s, bar.text, bar.tone) for bar in bars] == [
        (0.0, 2.0, "on", "on"),
        (3.0, 5.0, "OFF", "alarm"),
        (5.0, 10.0, "on", "on"),
    ]


def test_each_protection_has_its_own_bar_and_unknown_rows_have_none():
    rows = [[], ["cell-undervoltage"], ["cell-undervoltage", "low-soc"], None, ["low-soc"], [], [], [], [], []]
    bars = by_label(lanes(track(protections=rows)))["Protections"].bars
    assert [(bar.start_s, bar.end_s, bar.text) for bar in bars] == [
        (1.0, 3.0, "cell undervoltage"),
        (2.0, 3.0, "low soc"),
        (4.0, 5.0, "low soc"),
    ]


def test_texts_of_a_state_are_cleaned_and_shortened():
    bars = by_label(lanes(track(alert=["\x1b[31mfire\u202e" + "x" * 90] * 10)))["Alert"].bars
    assert bars[0].text.startswith("\ufffd[31mfire\ufffd")
    assert len(bars[0].text) == 60


def test_a_mode_that_is_only_a_number_says_nothing():
    assert not list(lanes(track(mode=["3"] * 10)))
    assert by_label(lanes(track(mode=["eco"] * 5 + ["sport"] * 5)))["Mode"].bars[1].text == "sport"


def test_too_many_bars_keep_the_longest():
    values = np.tile([0.0, 2.0], 1000)
    values[500:520] = 2.0
    (lane,) = lanes(track(2000, fault_code=values))
    assert len(lane.bars) == 300
    assert lane.omitted == 990 - 300
    assert max(bar.end_s - bar.start_s for bar in lane.bars) >= 20
    starts = [bar.start_s for bar in lane.bars]
    assert starts == sorted(starts)


def test_a_log_in_chunks_is_one_log():
    one = track(fault_code=np.array([0, 2.0] * 5))
    table = one.log.table
    one.log.table = pa.concat_tables([table.slice(0, 5), table.slice(5)])
    assert len(by_label(lanes(one))["Fault"].bars) == 5


def test_configuration_and_empty_logs_have_no_states():
    assert not list(lanes(track(0, fault_code=np.empty(0))))
    assert not list(lanes(track(role=Role.CONFIG, fault_code=np.ones(10))))
