"""Which vehicle a ride belongs to."""

import pytest

from ridelog.errors import UsageError
from ridelog.fleet.rows import devices, start_from_name
from ridelog.fleet.vehicles import assign, folder_vehicle, owners, read_fleet


@pytest.mark.parametrize(
    ("pattern", "path", "vehicle"),
    [
        ("logs/{vehicle}/*.csv", "/data/logs/a7/x.csv", "a7"),
        ("logs/{vehicle}/*.csv", "/data/logs/a7/deep/x.csv", None),
        ("logs/{vehicle}/**/*.csv", "logs/a7/2026/05/x.csv", "a7"),
        ("{vehicle}_*.csv", "logs/a7_2026.csv", "a7"),
        ("s3-logs/{vehicle}/*", "s3://s3-logs/a7/x.bin", "a7"),
    ],
)
def test_a_pattern_names_the_vehicle(pattern, path, vehicle):
    found = owners([path], pattern, ())
    assert found == ({path: (vehicle, "pattern")} if vehicle else {})


def test_a_pattern_without_a_vehicle_is_refused():
    with pytest.raises(UsageError, match="must hold"):
        owners(["x"], "logs/*.csv", ())


def test_a_fleet_table_names_files_and_devices(tmp_path):
    table = tmp_path / "fleet.csv"
    table.write_text("vehicle,path,device,model\nred,*/red/*.csv,,M1\nblue,,AA:BB:CC:00:11:22,M2\n")
    fleet = read_fleet(str(table))
    told = owners(["logs/red/x.csv", "logs/other/y.csv"], "", fleet)
    assert told == {"logs/red/x.csv": ("red", "table")}
    ride = {"ride_id": "1", "files": ["y.csv"], "devices": devices(["aabbcc001122"])}
    assert assign([ride], {}, {"y.csv": "other"}, fleet) == {"1": ("blue", "table")}


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "vehicle\nred\n", ""])
def test_a_table_that_is_none_is_refused(tmp_path, text):
    table = tmp_path / "fleet.csv"
    table.write_text(text)
    with pytest.raises(UsageError):
        read_fleet(str(table))


def ride(number, file, *serials):
    return {"ride_id": str(number), "files": [file], "devices": devices(serials)}


def test_a_folder_is_a_vehicle_unless_devices_say_otherwise():
    rides = [ride(1, "a/1", "AA"), ride(2, "a/2"), ride(3, "b/3", "BB"), ride(4, "b/4", "CC")]
    found = assign(rides, {}, {"a/1": "a", "a/2": "a", "b/3": "b", "b/4": "b"}, ())
    assert found["1"] == found["2"] == ("a", "folder")
    assert found["3"][1] == found["4"][1] == "device"
    assert found["3"][0] != found["4"][0]


def test_devices_logged_together_are_one_vehicle():
    rides = [ride(1, "x/1", "AA", "BB"), ride(2, "x/2", "BB"), ride(3, "y/3", "AA"), ride(4, "y/4", "ZZ")]
    found = assign(rides, {}, {name: name[0] for name in ("x/1", "x/2", "y/3", "y/4")}, ())
    assert found["1"] == found["2"] == found["3"] != found["4"]


def test_ids_are_kept_as_hashes_only():
    (name,) = devices(["AA:BB:CC:DD:EE:FF"])
    assert name == devices(["aa-bb-cc-dd-ee-ff"])[0]
    assert "aabb" not in name.lower()


@pytest.mark.parametrize(
    ("name", "root", "vehicle"),
    [("v7/2026-05/x.csv", "logs", "v7"), ("2026-05/v7/x.csv", "logs", "v7"), ("x.csv", "/data/wheel", "wheel")],
)
def test_the_folder_that_is_a_vehicle(name, root, vehicle):
    assert folder_vehicle(name, root) == vehicle


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("2024_08_12_18_40_41.csv", 1723488041),
        ("a/2024-08-12/log_001.csv", 1723420800),
        ("20240812-184041.csv", 1723488041),
        ("log_0001.csv", None),
        ("2024_02_31.csv", None),
    ],
)
def test_a_date_in_a_name(name, seconds):
    assert start_from_name([name])[0] == seconds
