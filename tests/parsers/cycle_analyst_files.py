"""Logs of a Cycle Analyst display: rows at a rate that is written nowhere."""

from .table_files import COUNT, load, voltage

FIRST = ("Ah", "V", "A", "S", "D")
THIRD = (*FIRST, "Deg", "RPM", "HW", "Nm", "ThI", "ThO", "AuxA", "AuxD", "Flgs")


def cycle_analyst_rows(captions=THIRD, count=COUNT, rate=1.0, charge=1.5, way=3.0):
    """Rows as lists of texts; the charge is counted, the way in the unit of the speed."""
    rows = []
    for index in range(count):
        amps, speed = load(index), 24.0 + index % 7
        charge += amps / 3600 / rate
        way += speed / 3600 / rate
        rest = ["31.2", "0.0", "0", "0.2", "0.82", "1.00", "82.4", "75.0", "1B" if index % 5 else "1"]
        row = [f"{charge:.3f}", f"{voltage(index):.2f}", f"{amps:.2f}", f"{speed:.2f}", f"{way:.2f}", *rest]
        rows.append(row[: len(captions)])
    return rows


def cycle_analyst(captions=THIRD, separator="\t", **rest):
    lines = [captions, *cycle_analyst_rows(captions, **rest)]
    return ("\r\n".join(separator.join(line) for line in lines) + "\r\n").encode()
