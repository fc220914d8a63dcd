"""Console logs of an ESPHome device with a BMS, in the notations of its versions and of those who copy them."""

from .table_files import COUNT, load, voltage

#: Name of the style -> one line, of stamp (s of the day), tag, name, state in words and state with its unit.
STYLES = {
    "dashboard": lambda clock, tag, name, words, _: f"[{clock[:8]}][D][{tag}:125]: '{name}': {words}",
    "milliseconds": lambda clock, tag, name, words, _: f"[{clock}][D][{tag}:131]: '{name}': {words}",
    "2026": lambda clock, tag, name, _, state: f"[{clock}][S][{tag}]: '{name}' >> {state}",
    "colours": lambda clock, tag, name, words, _: f"\x1b[0;36m[{clock}][D][{tag}:F2A]: '{name}': {words}\x1b[0m",
    "below": lambda clock, tag, name, words, _: f"{clock[:8]}\t[D]\t[{tag}:094]\t\n'{name}': {words}",
    "serial": lambda _, tag, name, words, __: f"[D][{tag}:094]: '{name}': {words}",
    "dated": lambda clock, tag, name, words, _: f"2024-05-13 {clock} [D][{tag}:094]: '{name}': {words}",
}


def clock_face(seconds):
    whole, rest = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:03d}"


def poll(index, device="jk-bms", cells=8):
    """What one poll tells, in order: kind, name, number or text, unit, decimals."""
    pack = voltage(index, full=3.3 * cells, resistance=0.02)
    yield from (
        ("sensor", f"{device} cell voltage {cell}", pack / cells + cell / 1000, "V", 3) for cell in range(1, cells + 1)
    )
    yield "sensor", f"{device} total voltage", pack, "V", 2
    yield "sensor", f"{device} current", -load(index), "A", 2
    yield "sensor", f"{device} state of charge", 90 - index // 20, "%", 0
    yield "sensor", f"{device} power tube temperature", 31.5, "°C", 1
    yield "binary_sensor", f"{device} charging", "ON", "", 0
    yield "binary_sensor", f"{device} discharging", "ON", "", 0
    yield "text_sensor", f"{device} errors", "Cell undervoltage" if index == COUNT - 1 else "", "", 0


def lines(style="dashboard", *, polls=COUNT, start=36_000.0, step=2.0, skip=0, **rest):
    """The lines of a log, the first `skip` values of the first poll missing."""
    made = []
    for index in range(polls):
        for place, (kind, name, value, unit, decimals) in enumerate(poll(index, **rest)):
            if index or place >= skip:
                if isinstance(value, str):
                    state = f"'{value}'" if kind == "text_sensor" else value
                    words = f"New state is {state}" if kind == "binary_sensor" else f"Sending state {state}"
                else:
                    state = f"{value:.{decimals}f} {unit}"
                    words = f"Sending state {value:.5f} {unit} with {decimals} decimals of accuracy"
                clock = clock_face(start + step * index + place * 0.011)
                made.append(STYLES[style](clock, kind, name, words, state))
    return made


def esphome_log(style="dashboard", **rest):
    """A whole log as bytes, with what an ESPHome device says beside."""
    beside = [
        "INFO Starting log output from 10.0.0.9 using esphome API",
        "[09:59:58][C][logger:233]: Logger:",
        "[09:59:59][I][jk_bms_ble:407]: Enabled cells: FF 00 00 00",
    ]
    return ("\n".join([*beside, *lines(style, **rest)]) + "\n").encode()
