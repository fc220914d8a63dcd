"""Which files are one ride, and why."""

from ridelog.clock import Clock, ClockBasis
from ridelog.fleet.inputs import InputFile
from ridelog.fleet.jobs import AnalysisOptions
from ridelog.fleet.rides import Surveyed, apart, group, in_archive, needs_span


def surveyed(name, parser="vesc-tool", role="controller", start=None, end=None, root="logs"):
    file = InputFile(f"{root}/{name}", name, root, 100, "1")
    return Surveyed(file, f"hash of {name}", parser, (role,) if role else (), start, end)


def rides(files, owners=None):
    return {job.names: job for job in group(files, owners or {}, "1", AnalysisOptions())}


def test_a_folder_with_one_file_of_each_device_is_a_ride():
    files = [surveyed("a/x.csv"), surveyed("a/jk.txt", "jk-frames", "bms"), surveyed("b/y.csv")]
    found = rides(files)
    assert set(found) == {("a/jk.txt", "a/x.csv"), ("b/y.csv",)}
    assert found["a/jk.txt", "a/x.csv"].confirm
    assert found[("b/y.csv",)].reason == "Left alone: no log of another device lies with it."
    assert "one file of each" in found["a/jk.txt", "a/x.csv"].reason
    assert needs_span(files, {}) == []


def test_files_side_by_side_are_put_together_by_time():
    files = [
        surveyed("1.csv", start=2e9, end=2e9 + 600),
        surveyed("2.csv", start=2e9 + 7200, end=2e9 + 7800),
        surveyed("bms_1.csv", "jbdtools", "bms", 2e9 + 30, 2e9 + 620),
        surveyed("bms_2.csv", "jbdtools", "bms", 2e9 + 90000, 2e9 + 90600),
        surveyed("bms_3.csv", "jbdtools", "bms"),
    ]
    assert {item.file.name for item in needs_span(files, {})} == {item.file.name for item in files}
    found = rides(files)
    assert ("1.csv", "bms_1.csv") in found
    assert "overlapping time" in found["1.csv", "bms_1.csv"].reason
    assert found[("2.csv",)].reason.startswith("Left alone: no file of another device")
    assert found[("bms_3.csv",)].reason.startswith("Left alone: its clock has no date")


def test_files_of_two_vehicles_are_never_one_ride():
    files = [surveyed("a/x.csv"), surveyed("a/jk.txt", "jk-frames", "bms")]
    owners = {"logs/a/x.csv": "one", "logs/a/jk.txt": "other"}
    assert set(rides(files, owners)) == {("a/jk.txt",), ("a/x.csv",)}


def test_a_vehicle_spread_over_folders_is_put_together():
    files = [
        surveyed("vesc/v1/x.csv", start=2e9, end=2e9 + 600),
        surveyed("bms/v1/y.csv", "jbdtools", "bms", 2e9 + 5, 2e9 + 500),
    ]
    owners = {item.file.path: "v1" for item in files}
    assert set(rides(files, owners)) == {("bms/v1/y.csv", "vesc/v1/x.csv")}


def test_what_no_parser_knows_is_a_ride_of_its_own_and_parts_nothing():
    files = [surveyed("a/x.csv"), surveyed("a/notes.txt", "", "")]
    assert set(rides(files)) == {("a/x.csv",), ("a/notes.txt",)}


def test_a_key_changes_with_content_and_version():
    one = group([surveyed("x.csv")], {}, "1", AnalysisOptions())[0].key
    assert group([surveyed("x.csv")], {}, "2", AnalysisOptions())[0].key != one
    assert group([surveyed("x.csv")], {}, "1", AnalysisOptions(series=20))[0].key != one
    assert group([surveyed("x.csv")], {}, "1", AnalysisOptions())[0].key == one


def test_clocks_part_files_that_a_folder_put_together():
    job = group([surveyed("a/x.csv"), surveyed("a/jk.txt", "jk-frames", "bms")], {}, "1", AnalysisOptions())[0]
    utc = Clock(ClockBasis.UTC, 2e9)
    same = [(0, "bms", utc, 600.0), (1, "controller", Clock(ClockBasis.UTC, 2e9 + 300), 600.0)]
    assert apart(same, job) == [((0, 1), job.reason)]
    other = [(0, "bms", utc, 600.0), (1, "controller", Clock(ClockBasis.UTC, 2e9 + 9000), 600.0)]
    assert [places for places, _ in apart(other, job)] == [(0,), (1,)]
    undated = [(0, "bms", Clock(ClockBasis.BOOT, 12.0), 600.0), (1, "controller", utc, 600.0)]
    assert [places for places, _ in apart(undated, job)] == [(0, 1)]
    local = [(0, "bms", Clock(ClockBasis.LOCAL, 2e9 + 7200), 600.0), (1, "controller", utc, 600.0)]
    assert [places for places, _ in apart(local, job)] == [(0, 1)]


def test_an_archive_holds_one_ride_or_several():
    job = group([surveyed("a/rides.zip", "archive")], {}, "1", AnalysisOptions())[0]

    def at(start):
        return Clock(ClockBasis.UTC, 2e9 + start)

    boot = Clock(ClockBasis.BOOT, 12.0)
    devices = [(0, "jk-frames", boot, 600.0), (1, "vesc-tool", boot, 600.0)]
    assert in_archive(devices, job) == [((0, 1), "The archive holds one log of each of several devices.")]
    apart_ = [(0, "jk-frames", at(0), 600.0), (1, "vesc-tool", at(90_000), 600.0)]
    assert [places for places, _ in in_archive(apart_, job)] == [(0,), (1,)]
    two_kinds = [
        (0, "jk-frames", at(10), 600.0),
        (1, "vesc-tool", at(0), 600.0),
        (2, "vesc-tool", at(90_000), 600.0),
        (3, "vesc-tool", boot, 600.0),
    ]
    assert [places for places, _ in in_archive(two_kinds, job)] == [(0, 1), (2,), (3,)]


def test_the_settings_of_an_archive_hold_for_each_of_its_rides():
    job = group([surveyed("a/rides.zip", "archive")], {}, "1", AnalysisOptions())[0]
    none = Clock(ClockBasis.NONE)
    logs = [(place, "vesc-tool", Clock(ClockBasis.UTC, 2e9 + 90_000 * place), 600.0) for place in range(2)]
    one = [*logs, (2, "vesc-xml", none, 0.0)]
    assert [places for places, _ in in_archive(one, job, {2})] == [(0, 2), (1, 2)]
    # Of two nobody knows which holds for which ride.
    two = [*one, (3, "vesc-xml", none, 0.0)]
    assert [places for places, _ in in_archive(two, job, {2, 3})] == [(0,), (1,), (2,), (3,)]


def test_the_only_settings_of_a_folder_hold_for_each_of_its_rides():
    files = [surveyed("a/1.csv"), surveyed("a/2.csv"), surveyed("a/motor.xml", "vesc-xml", "config")]
    found = rides(files)
    assert set(found) == {("a/1.csv", "a/motor.xml"), ("a/2.csv", "a/motor.xml")}
    assert "settings" in found["a/1.csv", "a/motor.xml"].reason
    two = [*files, surveyed("a/old.xml", "vesc-xml", "config")]
    assert set(rides(two)) == {("a/1.csv",), ("a/2.csv",), ("a/motor.xml",), ("a/old.xml",)}
    # Logs of unlike vehicles that happen to lie in one place say nothing about each other.
    loose = [surveyed("1.csv"), surveyed("2.csv"), surveyed("motor.xml", "vesc-xml", "config")]
    assert len(rides(loose)) == 3
    owners = {"logs/a/1.csv": "one", "logs/a/2.csv": "other", "logs/a/motor.xml": "one"}
    assert len(rides(files, owners)) == 3
