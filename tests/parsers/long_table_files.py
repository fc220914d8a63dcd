"""Tables with one value a row, as databases and dashboards export them, built by grammar."""

from datetime import datetime, timedelta

from .table_files import load, voltage
from .value_line_files import cells

COUNT = 40
_START = datetime(2024, 5, 13, 9, 0, 30)


def _stamp(index, shift_s=0.0):
    return (_START + timedelta(seconds=2 * index + shift_s)).isoformat(timespec="milliseconds") + "Z"


def _fields(index):
    return {"voltage": f"{voltage(index):.2f}", "current": f"{load(index):.2f}"} | {
        f"cell_{place + 1}": f"{cell:.3f}" for place, cell in enumerate(cells(index))
    }


def influx(count=COUNT, annotated=True, devices=("jk1",)):
    """Annotated CSV: the series one behind the other, a header above each."""
    lines = []
    number = 0
    for device in devices:
        for name in _fields(0):
            if annotated:
                lines += [
                    "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string",
                    "#group,false,false,true,true,false,false,true,true,true",
                    "#default,mean,,,,,,,,,",
                ]
            if annotated or not number:
                lines.append(",result,table,_start,_stop,_time,_value,_field,_measurement,device")
            for index in range(count):
                value = _fields(index)[name]
                lines.append(f",,{number},{_stamp(0)},{_stamp(count)},{_stamp(index)},{value},{name},bms,{device}")
            lines += [""] if annotated else []
            number += 1
    return ("\r\n".join(lines) + "\r\n").encode()


def dashboard(count=COUNT):
    """Series as rows with quotes and semicolons."""
    lines = ['"Series";"Time";"Value"']
    lines += [f'"{name}";"{_stamp(index)}";{_fields(index)[name]}' for name in _fields(0) for index in range(count)]
    return ("\n".join(lines) + "\n").encode()


def messages(count=COUNT):
    """Each value with the moment it came, interleaved."""
    lines = ["timestamp,parameter,value"]
    for index in range(count):
        lines += [
            f"{_stamp(index, 0.03 * place)},{name},{value}"
            for place, (name, value) in enumerate(_fields(index).items())
        ]
    return ("\n".join(lines) + "\n").encode()
