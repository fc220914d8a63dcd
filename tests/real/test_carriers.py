"""The carriers on every real file that holds frames of a BMS."""

import json
from pathlib import Path

import numpy as np
import pytest

import ridelog.reading as reading
from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.log import Role
from ridelog.sources import Source

FOLDERS = ("jk", "ant", "jbd", "daly", "bms_vectors")
#: Files that hold no frames: a decode by others, the rows an app shows, values a program printed.
NO_FRAMES = {"detail_log_earlier_decoded.csv", "detailLogRows.json", "daly_arduino_example-output.txt"}
PARSER = {".log": "btsnoop", ".txt": "hex-dump", ".json": "frame-lines", ".jsonl": "frame-lines", ".bin": "raw-frames"}
#: Captures of which the collections hold the frames as well.
CAPTURES = {
    "ant_captures.jsonl": ("ant/btsnoop_hci_ANT-BLE24BHUB-commands.log",),
    "jbd_captures.jsonl": ("jbd/btsnoop_hci-mosfets-onoff.log",),
    "daly_captures.jsonl": ("daly/btsnoop_daly_balancer.log",),
    "jk_captures.jsonl": (
        "jk/can__can_rs485_can_rs485_can_btsnoop.log",
        "jk/docs__btsnoop_hci_jk-b1a20s15p_hw10xw_sw1007.log",
        "jk/docs__btsnoop_hci_jk-bd6a17s6p_hw72_sw710h.log",
    ),
}


def test_every_file_with_frames_is_read(real_logs):
    for folder in FOLDERS:
        for path in sorted((real_logs / folder).iterdir()):
            if path.name in NO_FRAMES or path.suffix == ".fig":
                continue
            logs = reading.read(str(path))
            assert logs, path.name
            for log in logs:
                assert log.parser == PARSER[path.suffix], path.name
                assert log.identity.family in ("jk", "ant", "jbd", "daly")
                assert (np.diff(log.time) >= 0).all()
                assert log.clock.reason


def test_files_without_frames_are_not_taken_for_frames(real_logs):
    path = str(real_logs / "jk" / "detailLogRows.json")
    parser, reasons = reading.recognise(Source(path, file=Path(path)))
    assert parser.name == "table"
    assert "JSON without a frame" in reasons["frame-lines"]


def test_rows_an_app_showed_are_read_as_values(real_logs):
    path = real_logs / "jk" / "detailLogRows.json"
    (log,) = reading.read(str(path))
    rows = json.loads(path.read_text())["sampledRows"]
    assert log.role is Role.BMS
    for key, channel in (
        ("packVoltage", "pack_voltage"),
        ("highestCellVoltage", "cell_voltage_max"),
        ("lowestCellVoltage", "cell_voltage_min"),
        ("remainingCapacity", "remaining_capacity"),
        ("mosfetTemperature", "bms_fet_temperature"),
        ("dischargingEnabled", "discharge_fet"),
        ("chargingEnabled", "charge_fet"),
    ):
        assert log.table[channel].to_pylist() == [row[key] for row in rows]
    # The app counts charging as positive.
    assert log.table["battery_current"].to_pylist() == [-row["current"] for row in rows]


def test_values_an_arduino_printed(real_logs):
    (log,) = reading.read(str(real_logs / "daly" / "daly_arduino_example-output.txt"))
    (row,) = log.table.to_pylist()
    assert row["pack_voltage"] == 54.1
    assert row["soc"] == 0.771
    assert row["cell_voltages"][:3] == [3.869, 3.87, 3.87]
    assert len(row["cell_voltages"]) == row["cell_count"] == 14
    assert row["battery_temperatures"] == [26]
    assert row["discharge_fet"] is row["charge_fet"] is True


def test_a_classic_serial_link_gives_the_commands_of_the_app(real_logs):
    """The one capture over RFCOMM holds register polls and switch commands, no measurement."""
    (log,) = reading.read(str(real_logs / "ant" / "btsnoop_hci_model2019-BMS-ANT24C-rfcomm.log"))
    assert log.role is Role.EVENTS
    assert "charge-switched-off" in log.texts("event")


def test_cells_add_up_to_the_pack_voltage(real_logs):
    """Right layouts, units and bytes, whatever the family: the frame proves itself."""
    checked = 0
    for folder in FOLDERS:
        for path in sorted((real_logs / folder).iterdir()):
            if path.name in NO_FRAMES or path.suffix == ".fig":
                continue
            for log in reading.read(str(path)):
                cells, pack = log.matrix("cell_voltages"), log.values("pack_voltage")
                whole = np.isfinite(cells).all(axis=1) & np.isfinite(pack) & (pack > 1) if cells.size else []
                if not np.any(whole) or path.name in ("daly.jsonl", "jbd.jsonl", "ant.jsonl"):
                    # The small collections hold made-up frames whose parts do not fit together.
                    continue
                gap = np.abs(cells[whole].sum(axis=1) - pack[whole]) / pack[whole]
                assert np.median(gap) < 0.02, path.name
                checked += int(whole.sum())
    assert checked > 2000


@pytest.mark.parametrize("collection", CAPTURES)
def test_captures_hold_the_frames_others_found_in_them(real_logs, collection):
    rows = [json.loads(line) for line in (real_logs / "bms_vectors" / collection).read_text().splitlines()]
    for name in CAPTURES[collection]:
        path = real_logs / name
        stamps = {round(row["_time"], 2) for row in _timed(rows, path.name)}
        logs = reading.read(str(path))
        found = {round(log.clock.start + second, 2) for log in logs for second in log.time.tolist()}
        assert all(log.clock.basis is ClockBasis.UTC for log in logs)
        # A stamp of the collection is that of the last packet of a frame, ours that of the first.
        early = [stamp for stamp in stamps if not any(-0.02 < stamp - own < 1.5 for own in found)]
        assert len(early) <= 0.02 * len(stamps), early[:5]


def _timed(rows, name):
    from datetime import datetime

    for row in rows:
        live = row["frame_hex"].startswith(("55aaeb9002", "7ea111", "dd03", "d2037c"))
        if live and row["crc_ok"] and name == row["source"]["file"]:
            yield row | {"_time": datetime.fromisoformat(row["ts_utc"]).timestamp()}


def test_two_packs_on_one_bus_are_two_logs(real_logs):
    logs = reading.read(str(real_logs / "jbd" / "JBD-UP16S020-two-devices.txt"))
    assert len(logs) == 2
    assert {log.clock.basis for log in logs} == {ClockBasis.TIME_OF_DAY}
    assert all(log.matrix("cell_voltages").shape[1] == 16 for log in logs)


def test_the_collections_hold_many_devices(real_logs):
    logs = reading.read(str(real_logs / "bms_vectors" / "jk_captures.jsonl"))
    assert sorted(log.matrix("cell_voltages").shape[1] for log in logs if log.role is Role.BMS) == [
        2,
        *[16] * 8,
    ]
    models = {log.identity.model for log in logs}
    assert {"JK-B2A16S", "JK_PB2A16S15P", "JK-BD6A24S10P"} <= models


def test_a_cell_that_was_taken_off_keeps_its_place(real_logs):
    """In one capture the sixteenth cell is missing for eight frames."""
    logs = reading.read(str(real_logs / "bms_vectors" / "jk_captures.jsonl"))
    (log,) = [log for log in logs if log.rows == 331]
    gone = np.isnan(log.matrix("cell_voltages")[:, 15])
    assert gone.sum() == 8
    assert np.isfinite(log.matrix("cell_voltages")[:, :15]).all()
    assert any(damage.kind is DamageKind.MISSING_SENSOR and "Cell 16" in damage.message for damage in log.damage)
