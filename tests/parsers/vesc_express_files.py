"""Logs with headers of six parts, as LogUI and VESC Tool write them, and their reading."""

from ridelog.parsers.vesc_express import VescExpress
from ridelog.parsing import ReadOptions
from ridelog.sources import Source

#: LogUI's fields in their order: key, name, unit, precision.
LOCAL = (
    ("Input Voltage", "Input Voltage", "V", 2),
    ("Current", "Current", "A", 2),
    ("Current In", "Current In", "A", 2),
    ("Duty", "Duty", "", 2),
    ("RPM", "RPM", "", 2),
    ("Temp Fet", "Temp Fet", "degC", 1),
    ("Temp Motor", "Temp Motor", "degC", 1),
    ("Batt", "Batt", "%", 2),
    ("kmh_vesc", "Speed VESC", "km/h", 2),
    ("roll", "roll", "", 2),
    ("pitch", "pitch", "", 2),
    ("fault", "fault", "", 0),
    ("trip_vesc", "trip_vesc", "m", 2),
    ("cnt_ah", "Amp Hours", "Ah", 2),
    ("ADC1", "ADC1", "V", 2),
)
TIME = ("t_day", "Time", "s", 3)
VALUES = dict(
    zip(
        [field[0] for field in LOCAL],
        [50.12, 20.5, 6.25, 0.31, 9000, 41.5, 55.1, 63.5, 18, 0.1, -0.05, 0, 120.5, 1.25, 0.9],
        strict=True,
    )
)


def header(fields):
    return ";".join(
        f"{key}:{name}:{unit}:{digits}:0:{int(key.startswith('t_day'))}" for key, name, unit, digits in fields
    )


def line(fields, values):
    return ";".join("" if values.get(key) is None else f"{values[key]:.{digits}f}" for key, _, _, digits in fields)


def make(fields, rows, newline="\n"):
    return newline.join([header(fields), *(line(fields, row) for row in rows)]) + newline


def ride(count=20, start=100.0, step=0.1, **changes):
    rows = []
    for index in range(count):
        row = {**VALUES, "RPM": 9000 + index, "t_day": start + step * index}
        row.update({key: value(index) if callable(value) else value for key, value in changes.items()})
        rows.append(row)
    return rows


def read(text, name="log_001.csv", **options):
    source = Source(name, text if isinstance(text, bytes) else text.encode())
    assert VescExpress().sniff(source).rank == 2
    return VescExpress().parse(source, ReadOptions(**options))


FIELDS = (*LOCAL, TIME)
BMS = (
    ("bms_v_tot", "BMS Voltage", "V", 2),
    ("BMS_C1", "BMS_C1", "V", 3),
    ("BMS_C2", "BMS_C2", "V", 3),
    ("BMS_C3", "BMS_C3", "V", 3),
    ("bms_i_in_ic", "BMS Current", "A", 2),
    ("bms_soc", "bms_soc", "%", 2),
    ("bms_hum", "bms_hum", "%", 2),
    ("bms_temp_hum", "bms_temp_hum", "degC", 2),
    ("BMS_T1", "BMS_T1", "degC", 3),
    ("BMS_T2", "BMS_T2", "degC", 3),
)
BMS_VALUES = {
    "bms_v_tot": 12.03,
    "BMS_C1": 4.011,
    "BMS_C2": 4.012,
    "BMS_C3": 4.007,
    "bms_soc": 88.5,
    "bms_hum": 41,
    "bms_temp_hum": 30.5,
    "BMS_T1": 25.25,
    "BMS_T2": 26.5,
}


def bms_rows(sign, count=40, **changes):
    load = {"bms_i_in_ic": lambda i: sign * (3 + i % 7), "Current In": lambda i: 3 + i % 7}
    return ride(count, **(BMS_VALUES | load | changes))


def only_where(values, spoken):
    """The values in the rows that `spoken` picks, empty cells in the others."""
    return {key: lambda i, value=value: value if spoken(i) else None for key, value in values.items()}
