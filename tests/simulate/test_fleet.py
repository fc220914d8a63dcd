import json

import pytest

from ridelog import cli
from ridelog.errors import UsageError
from ridelog.simulate.command import run
from ridelog.simulate.fleet import simulate_fleet


def test_a_fleet_is_dealt_out_and_reproducible(tmp_path):
    paths = run("fleet", tmp_path / "a", 5, None, 6, 3)
    again = run("fleet", tmp_path / "b", 5, None, 6, 3)
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    truth = json.loads((tmp_path / "a" / "truth.json").read_text())
    assert len(truth["rides"]) == 6
    assert len({ride["vehicle"] for ride in truth["rides"]}) == 3
    for ride in truth["rides"]:
        folder = tmp_path / "a" / ride["folder"]
        assert {path.name for path in folder.iterdir()} == {log["file"] for log in ride["ride"]["logs"]}
    series = {
        (ride["vehicle"], ride["ride"]["pack"]["series"], ride["ride"]["pack"]["cell_type"]) for ride in truth["rides"]
    }
    assert len(series) == 3


def test_a_single_case_by_command(tmp_path):
    paths = run("healthy-short", tmp_path, 2, "vesc", None, 20)
    assert paths[-1].name == "truth.json"
    assert len(paths) == 2


def test_an_empty_fleet_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at least one"):
        run("fleet", tmp_path, 1, None, 0, 3)


def test_trips_are_dealt_to_sound_vehicles_and_processes_change_nothing(tmp_path):
    how = {"incident_share": 0.0, "trips": 2, "traits": ("ageing-pack",)}
    alone = simulate_fleet(4, 4, 3, tmp_path / "a", **how)
    beside = simulate_fleet(4, 4, 3, tmp_path / "b", **how, jobs=2)
    assert [path.read_bytes() for path in alone] == [path.read_bytes() for path in beside]
    rides = json.loads((tmp_path / "a" / "truth.json").read_text())["rides"]
    ended = [ride["trait"]["name"] for ride in rides if ride["ride"]["cause"].endswith("-trip")]
    assert ended == ["sound", "sound"]
    assert sum(ride["ride"]["cause"] != "none" for ride in rides) == 2


def test_the_command_line_needs_no_scenario_for_a_fleet(tmp_path, capsys):
    assert cli.run(["simulate", "--fleet", "2", "--vehicles", "1", str(tmp_path / "fleet")]) == 0
    assert len(json.loads((tmp_path / "fleet" / "truth.json").read_text())["rides"]) == 2
    assert "truth.json" in capsys.readouterr().out
