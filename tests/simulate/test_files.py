"""Files as the facts about the formats have them, and as ridelog's own parsers read them back."""

import re
import struct

import numpy as np
import pytest

import ridelog
from ridelog.log import Role
from ridelog.simulate import simulate, write_case


def one_file(case, ending):
    return next((name, data) for name, data in case.files.items() if name.endswith(ending))


def test_a_vesc_tool_log_has_55_names_and_a_last_separator():
    name, data = one_file(simulate("healthy-short", 5, "vesc"), ".csv")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.csv", name)
    lines = data.decode("ascii").splitlines()
    names = lines[0].split(";")
    assert len(names) == 56
    assert names[0] == "ms_today"
    assert names[54:] == ["gnss_vAcc", ""]
    for line in lines[1:]:
        fields = line.split(";")
        assert len(fields) == 56
        assert fields[55] == ""
        assert re.fullmatch(r"\d+", fields[0])
        assert re.fullmatch(r"\d+(\.\d)?", fields[1])
        assert re.fullmatch(r"-?\d+\.\d{8}", fields[48])
        assert all(re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", field) for field in fields[:55])


def test_stamps_wrap_at_midnight_utc():
    _, data = one_file(simulate("healthy-midnight", 1, "vesc"), ".csv")
    stamps = [int(line.split(";")[0]) for line in data.decode().splitlines()[1:]]
    falls = [k for k in range(1, len(stamps)) if stamps[k] < stamps[k - 1]]
    assert len(falls) == 1
    assert stamps[falls[0]] < 1000
    assert max(stamps) < 86_400_000


def test_jbdtools_text_is_tab_separated_gbk_with_glued_units():
    name, data = one_file(simulate("healthy-short", 3, "vesc+jbd"), ".xls")
    assert name.startswith(("Record", "记录数据"))
    lines = data.decode("gbk").split("\n")
    assert lines[0].endswith("\t")
    first = lines[1].split("\t")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", first[0])
    assert re.fullmatch(r"\d\d:\d\d:\d\d", first[1])
    assert re.fullmatch(r"\d+\.\d\dV", first[2])
    assert re.fullmatch(r"-?\d+\.\d\dA", first[3])
    assert re.fullmatch(r"\d\.\d{3} V", first[4])
    assert first[-1] == ""


def frames_of(case):
    _, data = one_file(case, ("frames.txt", "records.txt"))
    found = []
    for line in data.decode("ascii").splitlines():
        stamp, direction, text = line.split(" ", 2)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
        if direction == "<<<":
            found.append(bytes.fromhex(text))
    return found


def dumped(name, suite, seeds=range(12)):
    for seed in seeds:
        case = simulate(name, seed, suite)
        if any(file.endswith((".txt",)) for file in case.files):
            return case
    raise AssertionError("no dump in twelve cases")


def modbus(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def test_jk_frames_have_their_length_kinds_and_checksum():
    frames = frames_of(dumped("healthy-small-spread", "jk-only"))
    assert {frame[4] for frame in frames} == {1, 2, 3}
    for frame in frames:
        assert len(frame) == 300
        assert frame[:4] == bytes.fromhex("55aaeb90")
        assert frame[299] == sum(frame[:299]) & 0xFF
    cell = next(frame for frame in frames if frame[4] == 2)
    assert 2500 < struct.unpack_from("<H", cell, 6)[0] < 4300


def test_jk_records_hold_the_trip_with_its_code():
    case = simulate("undervoltage-trip", 1, "jk-records")
    rings = [frame for frame in frames_of(case) if frame[4] == 6]
    records = [frame[9 + 24 * k : 33 + 24 * k] for frame in rings for k in range(frame[8])]
    assert 0x1D in [record[4] for record in records]
    trip = next(record for record in records if record[4] == 0x1D)
    assert trip[5] & 0b10 == 0
    seconds = [struct.unpack_from("<I", record)[0] for record in records]
    assert seconds == sorted(seconds)


def test_ant_frames_have_their_ends_and_crc():
    for frame in frames_of(dumped("healthy-small-spread", "ant-only")):
        assert frame[:3] == bytes.fromhex("7ea111")
        assert frame[-2:] == bytes.fromhex("aa55")
        assert len(frame) == frame[5] + 10
        assert struct.unpack("<H", frame[-4:-2])[0] == modbus(frame[1:-4])


def test_daly_frames_have_their_crc_or_sum():
    for frame in frames_of(dumped("healthy-small-spread", "daly-only")):
        if frame[0] == 0xD2:
            assert struct.unpack("<H", frame[-2:])[0] == modbus(frame[:-2])
        else:
            assert len(frame) == 13
            assert frame[12] == sum(frame[:12]) & 0xFF


def test_an_express_log_describes_its_fields_and_leaves_old_values_out():
    _, data = one_file(simulate("weak-group", 1, "express+bms"), ".csv")
    lines = data.decode().splitlines()
    fields = [field.split(":") for field in lines[0].split(";")]
    assert all(len(field) == 6 for field in fields)
    assert fields[-1] == ["t_day", "Time", "s", "3", "0", "1"]
    assert all(len(line.split(";")) == len(fields) for line in lines[1:])
    cell = next(k for k, field in enumerate(fields) if field[0] == "BMS_C1")
    texts = [line.split(";")[cell] for line in lines[1:]]
    assert texts[0]
    assert "" in texts


@pytest.mark.parametrize(
    ("name", "suite"),
    [
        ("undervoltage-trip", "vesc+jk"),
        ("undervoltage-trip", "vesc+ant"),
        ("undervoltage-trip", "vesc+daly"),
        ("undervoltage-trip", "vesc+jbd"),
        ("commanded-off-riding", "vesc+jk"),
    ],
)
def test_parsers_that_know_nothing_of_this_read_it_back(tmp_path, name, suite):
    case = simulate(name, 4, suite)
    write_case(case, tmp_path)
    logs = {log["file"]: log for log in case.truth["logs"]}
    for file, truth in logs.items():
        log = next(log for log in ridelog.read(tmp_path / file) if log.role in (Role.CONTROLLER, Role.BMS))
        assert log.rows == truth["rows"]
        onset = truth["onset_own_s"]
        late = (log.time > onset + 1.2 * log.interval_s) & (log.time < onset + max(3.5, 2.6 * log.interval_s))
        early = log.time < onset - 2 * log.interval_s
        if truth["role"] == "bms":
            assert log.matrix("cell_voltages").shape[1] == case.truth["pack"]["series"]
            assert np.all(log.values("discharge_fet")[early] == 1)
            assert late.any()
            assert np.all(log.values("discharge_fet")[late] == 0)
            assert np.nanmax(log.values("battery_current")[early]) > 2
            assert np.nanmax(log.values("battery_current")[late]) < 1
        else:
            # Later the rider brakes, and the bus may climb to the pack again through the body diodes.
            late = (log.time > onset + 2 * log.interval_s) & (log.time < onset + 0.7)
            full = log.values("pack_voltage")[early].min()
            assert np.all(log.values("pack_voltage")[late] < 0.95 * full)


def test_a_fault_list_starts_again_after_25():
    from ridelog.simulate.state import FaultRecord
    from ridelog.simulate.write_faults import write_faults

    record = FaultRecord(1.0, 2, 10.0, 9.0, 8.0, 0.9, 10_000.0, 40, 31.0)
    rng = np.random.default_rng(1)
    assert write_faults(rng, []) == b"No faults registered since startup\n"
    assert write_faults(rng, [record] * 3).count(b"FAULT_CODE_UNDER_VOLTAGE") == 3
    assert write_faults(rng, [record] * 28).count(b"FAULT_CODE_UNDER_VOLTAGE") == 3
    text = write_faults(rng, [record]).decode()
    assert "Voltage          : 8.00" in text
    assert "Cycles running   : 40" in text
