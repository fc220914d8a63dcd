import contextlib
import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import ParseError, RidelogError
from ridelog.parsers.jk_captions import is_detail_log, meaning_of
from ridelog.parsers.jk_export import JkExport
from ridelog.parsers.jk_usb_csv import JkUsbCsv
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

#: Caption as the app's strings have it, and the cells of two rows: on schedule and at a trip.
CELLS = {
    "Time": ("2026-07-04 15:42:12", "2026-07-04 16:02:52"),
    "Event": ("", "Discharge over current protection"),
    "Battery Voltage (V)": ("37.05", "31.20"),
    "Battery Current (A)": ("-12.3", "-95.0"),
    "SOC Cap. Remain (AH)": ("8.0", "7.9"),
    "SOC Full Charge Cap. (AH)": ("10.0", "10.0"),
    "Min Cell Voltage (V)": ("3.690", "2.900"),
    "Max Cell Voltage (V)": ("3.712", "3.300"),
    "Min Cell Voltage No": ("0", "7"),
    "Max Cell Voltage No": ("3", "3"),
    "Min Temp (C)": ("24", "-5"),
    "Max Temp (C)": ("26", "41"),
    "Temp MOS (C)": ("30", "-1"),
    "Heat Current (A)": ("0.0", "0.0"),
    "Charge MOS Status": ("ON", "ON"),
    "Discharge MOS Status": ("ON", "OFF"),
    "Balance Status": ("OFF", "OFF"),
    "Heating Status": ("OFF", "OFF"),
}


def table(captions=None, separator=",", turned=False, **changes):
    captions = list(captions or CELLS)
    rows = [[changes.get(name, CELLS[name])[row] for name in captions] for row in (0, 1)]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([captions, *(reversed(rows) if turned else rows)])
    return text.getvalue()


def read(data, options=None):
    source = Source("log.csv", data if isinstance(data, bytes) else data.encode())
    assert JkExport().sniff(source).rank == 2
    (log,) = read_source(source, options)
    return log


def check(log):
    scheduled, trip = log.table.to_pylist()
    assert scheduled["battery_current"] == 12.3
    assert scheduled["pack_voltage"] == 37.05
    assert scheduled["cell_voltage_max"] == 3.712
    assert scheduled["cell_max_index"] == 3
    assert scheduled["cell_min_index"] == 0
    assert scheduled["remaining_capacity"] == 8
    assert scheduled["battery_temperature"] == 26
    assert scheduled["coldest battery sensor"] == 24
    assert scheduled["discharge_fet"] is True
    assert scheduled["event"] is None
    assert trip["time"] == 1240
    assert trip["discharge_fet"] is False
    assert trip["event"] == "discharge-overcurrent"
    assert trip["event_code"] == 0x21
    assert trip["protections"] == ["discharge-overcurrent"]
    assert trip["bms_fet_temperature"] is None


def test_captions_as_the_app_has_them():
    log = read(table(), ReadOptions(zone="Europe/Zagreb"))
    check(log)
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == 1_783_179_732
    assert log.clock.zone == "Europe/Zagreb"
    assert log.source_rows.tolist() == [2, 3]


@given(st.permutations(list(CELLS)), st.sampled_from([",", ";", "\t"]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_any_order_separator_and_direction_of_time(captions, separator, turned):
    check(read(table(captions, separator, turned)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_encodings(encoding):
    check(read(table(Event=("", "Discharge over current protection")).replace("(C)", "(℃)").encode(encoding)))


def test_captions_without_units_and_lines_before_the_header():
    text = table()
    for unit in (" (V)", " (A)", " (AH)", " (C)"):
        text = text.replace(unit, "")
    check(read("JK_B2A24S20P\nExported by the app\n\n" + text))


def test_units_and_decimal_commas_in_the_cells():
    cells = {"Battery Voltage (V)": ("37,05V", "31,20V"), "Battery Current (A)": ("-12,3A", "-95,0A")}
    check(read(table(separator=";", **cells)))


def test_excel():
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["JK-BMS-MONITOR"])
    sheet = book.create_sheet("Detail Logs")
    sheet.append(list(CELLS))
    for row in (0, 1):
        cells = [values[row] for values in CELLS.values()]
        sheet.append([float(cell) if cell.replace(".", "").replace("-", "").isdigit() else cell for cell in cells])
    data = io.BytesIO()
    book.save(data)
    source = Source("logs.xlsx", data.getvalue())
    assert JkExport().sniff(source).rank == 2
    (log,) = JkExport().parse(source, ReadOptions())
    check(log)
    assert log.source_rows.tolist() == [2, 3]


def test_words_that_may_mean_both_are_kept_and_not_read():
    log = read(table(**{"Discharge MOS Status": ("Open", "Close")}))
    assert not log.has("discharge_fet")
    assert log.table.column("Discharge MOS Status").to_pylist() == ["Open", "Close"]


def test_one_column_for_both_fets():
    captions = [name for name in CELLS if "MOS Status" not in name]
    text = table(captions).replace("Balance Status", "Charge/Discharge MOS Status").replace("OFF,OFF", "ON/OFF,OFF")
    log = read(text)
    assert log.values("charge_fet").tolist() == [1, 1]
    assert log.values("discharge_fet").tolist() == [0, 0]


def test_cell_numbers_of_a_short_file_that_may_count_from_one_are_kept():
    log = read(table(**{"Min Cell Voltage No": ("1", "7")}))
    assert not log.has("cell_max_index")
    assert log.table.column("Max Cell Voltage No").to_pylist() == ["3", "3"]


def test_rows_without_a_stamp_are_told():
    log = read(table() + "broken,row\n")
    assert log.rows == 2
    assert [(damage.kind, damage.rows) for damage in log.damage] == [(DamageKind.BROKEN_ROW, (4,))]
    with pytest.raises(ParseError, match="stamp"):
        read(table(Time=("yesterday", "today")))


def test_captions_in_words():
    assert meaning_of("Maximum cell voltage [V]") == "highest"
    assert meaning_of("Lowest Cell Voltage Number") == "lowest_number"
    assert meaning_of("MOS temperature") == "fets_hot"
    assert meaning_of("colour") == ""
    assert not is_detail_log(["time", "voltage", "current", "cell 1", "cell 2"])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.integers(0, 400))
def test_any_rows_behind_the_captions(tail, cut):
    with contextlib.suppress(RidelogError):
        read_source(Source("x", (table()[: 300 + cut] + tail).encode("utf-8", "replace")))


# The community app.

HEADER = (
    "timestamp,battery_voltage,current,power,soc,soh,battery_type,cycle_count,mos_temp,bat_temp1,bat_temp2,bat_temp3,"
    "bat_temp4,bat_temp5,active_cells,avg_cell_voltage,max_volt_delta,remaining_capacity,full_charge_capacity,"
    "heating_status,charge_status,discharge_status\n"
)
ROWS = (
    "2026-07-04 15:42:12,37.0,-12.5,462.5,80,99,1,12,30.5,25.0,26.0,-200.0,0.0,0.0,3.712,3.7,0.02,8.0,10.0,false,true,true\n"
    "2026-07-04 15:42:13,36.0,-60.0,2160,79,99,1,12,31.0,25.0,26.5,-200.0,0.0,0.0,3.612,3.6,0.05,7.9,10.0,false,true,false\n"
)


def test_community_csv():
    source = Source("jk.csv", (HEADER + ROWS).encode())
    assert JkUsbCsv().sniff(source).rank == 2
    (log,) = read_source(source)
    first, second = log.table.to_pylist()
    assert first["battery_current"] == 12.5
    assert first["soc"] == 0.8
    assert first["battery_temperatures"] == [25.0, 26.0, None, None, None]
    assert first["cell_voltage_max"] == 3.712
    assert first["discharge_fet"] is True
    assert second["discharge_fet"] is False
    assert second["battery_temperature"] == 26.5
    assert log.clock.basis is ClockBasis.LOCAL
    assert any("active_cells" in damage.message for damage in log.damage)


def test_community_csv_with_the_column_mended():
    rows = ROWS.replace("3.712", "10").replace("3.612", "10")
    (log,) = read_source(Source("jk.csv", (HEADER + rows).encode()))
    assert log.values("cell_count").tolist() == [10, 10]
    assert not log.has("cell_voltage_max")


def test_community_csv_whose_rows_end_before_the_sensors_keeps_the_rest():
    header = "timestamp,battery_voltage,current,soc,mos_temp,active_cells,max_volt_delta,bat_temp1\n"
    rows = "".join(f"2026-07-04 15:42:{second:02d},52.1,-12.5,80,30,3.712,0.02\n" for second in range(5))
    (log,) = read_source(Source("jk.csv", (header + rows).encode()))
    assert log.values("pack_voltage").tolist() == [52.1] * 5
    assert not log.has("battery_temperatures")
    assert not log.has("battery_temperature")
