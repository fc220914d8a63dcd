import numpy as np
import pytest

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import ParseError
from ridelog.log import Role
from ridelog.reading import read_source
from ridelog.sources import Source

from .wheel_files import M365_HEADER, m365_file, nine_b_metrics_file, ride


def read(data, path="ride.csv"):
    (log,) = read_source(Source(path, data))
    return log


def test_a_scooter_log_in_canonical_units():
    log = read(m365_file())
    moments = ride(interval=0.5)
    assert log.parser == "m365-power"
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.start == 1_526_903_103
    assert np.allclose(log.time, [moment.seconds for moment in moments], atol=1e-3)
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments])
    assert np.allclose(log.values("speed"), [moment.speed for moment in moments])
    assert np.allclose(log.values("distance"), [moment.distance for moment in moments])
    assert log.values("remaining_capacity")[0] == 6.5
    assert log.values("soc")[0] == pytest.approx(0.9)
    assert log.values("battery_temperature")[0] == 24
    assert log.derived("power") != ""


def test_recovered_charge_counts_up():
    log = read(m365_file())
    assert (np.diff(log.values("amp_hours_charged")) >= 0).all()
    assert log.values("amp_hours_charged")[-1] == pytest.approx(0.00199)
    assert log.values("amp_hours_used")[-1] == pytest.approx(0.0199)


def test_numbers_as_java_writes_them():
    row = "1.0E-4,NaN,0.0,12.5,1.0E-4,88,6500,24,-1.0E-4,0.0,600.0,10.8,1526903103000"
    log = read(f"{M365_HEADER}\n{row}\n{row.replace('3103000', '3103500')}\n".encode())
    assert log.values("battery_current")[0] == 1e-4
    assert np.isnan(log.values("pack_voltage")[0])
    assert log.time[1] == 0.5


def test_rows_that_end_before_their_stamp():
    data = m365_file().replace(b"remainingRange,", b"remainingRange,more,", 1)
    with pytest.raises(ParseError, match="timestamp"):
        read(data)


def test_blocks_of_variables_become_rows():
    log = read(nine_b_metrics_file(), "9B_20160428.txt")
    moments = ride(interval=1.0)
    assert log.parser == "9bmetrics"
    assert log.role is Role.WHEEL
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.start == 1_461_837_600.25
    assert log.rows == 400
    at = np.searchsorted(log.time, np.arange(200.0) + 0.0005)
    assert np.allclose(log.values("pack_voltage")[at[:-1]], [m.voltage * 0.55 for m in moments[:-1]], atol=0.006)
    assert np.allclose(log.values("battery_current")[at], [m.current for m in moments], atol=0.006)
    assert np.allclose(log.values("speed")[at - 1], [m.speed for m in moments], atol=1e-3)
    assert log.identity.serial == "N1BO"


def test_values_are_held_between_their_first_and_last_record():
    log = read(nine_b_metrics_file())
    soc, time = log.values("soc"), log.time
    assert set(soc[time < 30]) == {0.9}
    assert soc[time == 30.0] == 0.89
    assert np.isnan(soc[time > 30]).all()


def test_an_odometer_in_two_halves_does_not_jump_when_one_wraps():
    log = read(nine_b_metrics_file())
    odometer = log.values("odometer")
    odometer = odometer[np.isfinite(odometer)]
    assert odometer[0] == 3 * 65_536 + 65_000 + round(ride(1, 1.0)[0].distance)
    assert (np.diff(odometer) >= 0).all()
    assert odometer[-1] - odometer[0] == pytest.approx(ride(interval=1.0)[-1].distance - 8, abs=1)


def test_signed_values_above_half_are_negative():
    data = b"Time\tVar\tValor\n80\tCurrent (A)\n" + b"".join(
        b"%20.3f\t80\t%d\n" % (1_461_837_600 + second, value) for second, value in enumerate((100, 65_036, 250))
    )
    assert read(data).values("battery_current").tolist() == [1.0, -5.0, 2.5]


def test_a_damaged_name_of_a_variable_costs_no_record():
    log = read(nine_b_metrics_file().replace(b"Pitch Angle", b"Pitch\0\x1b Angle"))
    assert "99 Pitch Angle Angular Velocity" in log.table.column_names
    assert log.rows == read(nine_b_metrics_file()).rows


def test_broken_records_are_told_and_the_others_kept():
    lines = nine_b_metrics_file().decode().splitlines()
    lines[20] = "garbage\t38\tx"
    lines[30] = lines[30].replace("\t38\t", "\t999\t")
    log = read(("\n".join(lines) + "\n").encode())
    broken = [found for found in log.damage if found.kind is DamageKind.BROKEN_ROW]
    assert sum(found.count for found in broken) == 2
    assert {row for found in broken for row in found.rows} == {21, 31}
    assert log.rows >= 398


@pytest.mark.parametrize(
    "data", [b"Time\tVar\tValor\n", b"Time\tVar\tValor\n38\tSpeed\n", b"Time\tVar\tValor\n1\t16\t5\n"]
)
def test_without_a_record_of_a_ride_there_is_no_log(data):
    with pytest.raises(ParseError):
        read(data)
