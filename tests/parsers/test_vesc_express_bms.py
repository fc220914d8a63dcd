"""The BMS in a log of LogUI: a log of its own, with its own rows and sign."""

import numpy as np
import pytest

from ridelog.log import Role

from .vesc_express_files import BMS, BMS_VALUES, LOCAL, TIME, bms_rows, make, only_where, read, ride


@pytest.mark.parametrize("sign", [1, -1])
def test_the_bms_is_a_log_of_its_own_with_discharge_positive(sign):
    controller, bms = read(make((*LOCAL, *BMS, TIME), bms_rows(sign)))
    assert (controller.role, bms.role) == (Role.CONTROLLER, Role.BMS)
    assert bms.matrix("cell_voltages").shape == (bms.rows, 3)
    assert bms.matrix("cell_voltages")[0].tolist() == [4.011, 4.012, 4.007]
    assert bms.matrix("battery_temperatures")[0].tolist() == [25.25, 26.5]
    assert bms.values("battery_temperature")[0] == 26.5
    assert bms.values("soc")[0] == 0.885
    assert bms.values("humidity")[0] == pytest.approx(0.41)
    assert bms.values("bms_temperature")[0] == 30.5
    np.testing.assert_allclose(bms.values("battery_current"), [3 + i % 7 for i in range(40)])
    assert not bms.derived("battery_current")
    assert "cell_voltages" not in controller.channels
    assert "bms_v_tot" not in controller.table.column_names


def test_the_sign_by_the_voltage_when_no_controller_current_is_there():
    fields = (*(field for field in LOCAL if field[0] != "Current In"), *BMS, TIME)
    load = np.where(np.arange(400) % 40 < 20, 2.0, 30.0) + np.arange(400) % 3
    values = BMS_VALUES | {"bms_v_tot": lambda i: 40 - 0.1 * load[i], "bms_i_in_ic": lambda i: -load[i]}
    _, bms = read(make(fields, ride(400, **values)))
    np.testing.assert_allclose(bms.values("battery_current"), load)


def test_the_bms_has_only_the_rows_in_which_it_spoke():
    rows = ride(40, **only_where(BMS_VALUES | {"bms_i_in_ic": 3}, lambda i: i % 5 == 2))
    controller, bms = read(make((*LOCAL, *BMS, TIME), rows))
    assert controller.rows == 40
    assert bms.source_rows.tolist() == list(range(4, 42, 5))
    np.testing.assert_allclose(bms.time, np.arange(8) * 0.5, atol=1e-6)
    assert bms.clock.start == pytest.approx(controller.clock.start + 0.2)


def test_values_logged_again_and_again_are_thinned():
    rows = ride(100, **BMS_VALUES, bms_i_in_ic=lambda i: 3 + i // 50)
    _, bms = read(make((*LOCAL, *BMS, TIME), rows))
    assert bms.rows == 10
    np.testing.assert_allclose(np.diff(bms.time), 1.0, atol=0.05)


def test_a_cell_not_read_keeps_its_place():
    _, bms = read(make((*LOCAL, *BMS, TIME), bms_rows(1, BMS_C2=0)))
    np.testing.assert_array_equal(bms.matrix("cell_voltages")[0], [4.011, np.nan, 4.007])
    gap = tuple(field for field in BMS if field[0] != "BMS_C2")
    _, bms = read(make((*LOCAL, *gap, TIME), bms_rows(1)))
    np.testing.assert_array_equal(bms.matrix("cell_voltages")[0], [4.011, np.nan, 4.007])
