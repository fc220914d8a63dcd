import re
from importlib.resources import files
from pathlib import Path

import pytest

from ridelog import plugins
from ridelog.diagnosis import handbook, pages
from ridelog.diagnosis.causes import UNDETERMINED, causes
from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.explaining import explain
from ridelog.diagnosis.handbook import advice, entries
from ridelog.diagnosis.ratings import balance_start, largest, named, ratings
from ridelog.diagnosis.rules import rules
from ridelog.errors import UsageError
from ridelog.fleet.trends import METRICS

ROOT = Path(__file__).resolve().parents[2]

#: Group of rules to how many it has; numbered from 01 without a gap.
COUNTS = {
    "TRIP": 22,
    "REG": 4,
    "SAG": 4,
    "CUT": 5,
    "SOC": 6,
    "CELL": 17,
    "REST": 4,
    "CHG": 7,
    "CUR": 10,
    "THM": 7,
    "TEL": 9,
    "COM": 5,
    "REL": 4,
    "ADV": 6,
}
RULES = {f"{group}-{number:02d}" for group, count in COUNTS.items() for number in range(1, count + 1)}


def test_there_are_110_rules_and_each_has_its_home():
    assert len(RULES) == 110
    assert set(rules()) == RULES


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_home_of_a_rule_exists(rule):
    home = rules()[rule]
    known = {detector.name for detector in plugins.detectors()}
    assert set(home.detectors) <= known
    assert home.says.endswith(".")
    if home.kind in ("detector", "guard", "configuration"):
        assert home.detectors
    elif home.kind == "handbook":
        assert home.entries
    else:
        assert home.note


def test_what_a_rule_lets_a_fleet_follow_is_followed():
    followed = {metric.name for metric in METRICS}
    assert {name for rule in rules().values() for name in rule.trends} <= followed
    assert rules()["THM-02"].trends and rules()["SOC-03"].trends


def test_the_home_detector_names_the_rule_itself():
    encoded = {detector.name: set(detector.rules) for detector in plugins.detectors()}
    lost = {
        (rule.id, rule.detectors[0])
        for rule in rules().values()
        if rule.kind in ("detector", "configuration") and rule.id not in encoded[rule.detectors[0]]
    }
    assert not lost


def test_every_rule_that_is_named_anywhere_is_one_of_the_table():
    named_by = {f"detector {d.name}": d.rules for d in plugins.detectors()}
    named_by |= {f"evidence {row.id}": row.rules for row in builtin_table().rows.values()}
    named_by |= {f"entry {entry.id}": entry.rules for entry in entries()}
    named_by |= {f"rating {rating.board}": rating.rules for rating in ratings()}
    assert {who: set(found) - RULES for who, found in named_by.items() if set(found) - RULES} == {}


@pytest.mark.parametrize("cause", [name for name, cause in causes().items() if cause.kind != "none"])
def test_every_cause_says_what_to_do_and_what_to_check(cause):
    kinds = {entry.kind for entry in entries() if cause in entry.causes and not (entry.families or entry.controllers)}
    assert {"do", "check"} <= kinds


def test_a_cause_with_a_danger_has_a_dangerous_entry():
    for cause in causes().values():
        if cause.danger:
            assert any(entry.danger for entry in entries() if cause.id in entry.causes), cause.id


@pytest.mark.parametrize("family", handbook.FAMILIES)
def test_every_family_has_entries_and_a_rating(family):
    assert any(family in entry.families for entry in entries())
    assert ratings(family)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
def test_an_entry_is_short_and_says_what_it_rests_on(entry):
    sentences = re.split(r"(?<=[.])\s+(?=[A-Z])", entry.text)
    assert entry.text.endswith(".")
    assert len(sentences) <= 2
    assert len(entry.text) <= 240
    assert entry.rules or entry.basis
    assert "http" not in entry.text
    assert not set(entry.text) & set('“”‘’"【】†')


@pytest.mark.parametrize(
    "both",
    [
        ("many call them the pick", "burnt within days"),
        ("0.010 V", "0.015 to 0.025 V"),
        ("180 A pass without a trip", "charge switch flipped in regen"),
        ("Some builders do", "protection save the pack"),
        ("next to nothing", "drain over winter"),
    ],
)
def test_a_contradiction_of_the_field_shows_both_sides(both):
    assert any(all(side in entry.text for side in both) for entry in entries() if entry.sureness == "contradictory")


def test_dangers_come_first_and_a_dozen_is_enough():
    ranked = [("bms-overcurrent-trip", 0.5), ("power-path-open", 0.4), ("weak-cell-group", 0.9)]
    shown = advice(ranked, {"daly"}, {"vesc", "75-volt-board"})
    dangers = [item.danger for item in shown]
    assert 6 <= len(shown) <= handbook.MOST
    assert dangers == sorted(dangers, reverse=True)
    assert {"do", "check", "avoid"} <= {item.kind for item in shown}
    assert any("Daly" in item.about for item in shown)


def test_an_improbable_cause_gives_no_advice():
    shown = {item.text for item in advice([("power-path-open", 0.9), ("weak-cell-group", 0.2)])}
    assert not shown & {entry.text for entry in entries() if entry.causes == ("weak-cell-group",)}


@pytest.mark.parametrize("family", ["jk", "ant", "jbd", "daly"])
def test_entries_of_a_family_need_that_family_in_the_log(family):
    everything = [(cause, 1.0) for cause in causes()]
    others = set(handbook.FAMILIES) - {family}
    for cause in everything:
        assert all(item.about != handbook.FAMILIES[family] for item in advice([cause], others))
    assert any(item.about == handbook.FAMILIES[family] for cause in everything for item in advice([cause], {family}))


def test_a_healthy_ride_is_told_nothing_to_do():
    assert all(item.kind == "know" for item in advice([("none", 0.9)], {"jk"}, {"vesc"}))
    assert advice([("none", 0.9)]) == ()


def test_what_cannot_be_told_has_advice_too():
    assert {"do", "check"} <= {item.kind for item in advice([(UNDETERMINED.id, 1.0)])}


def test_ratings_are_those_of_the_field():
    jbd = next(rating for rating in ratings("jbd") if rating.series_max)
    assert (jbd.series_max, jbd.series_advertised) == (21, 22)
    assert jbd.balance_a == (0.10, 0.16)
    assert {rating.wake_floor_v for rating in ratings("ant")} >= {61.2}
    assert balance_start("daly")[0] == 4.18
    assert largest("daly").continuous_a == (35.0, 80.0)
    assert largest("navee") is None
    board = next(rating for rating in ratings("ant") if rating.peak_a == 425.0)
    assert board.continuous_a == (170.0, 170.0)


def test_a_jk_model_name_says_its_ratings():
    assert (named("jk", "JK_B2A24S15P").continuous_a, named("jk", "JK_B2A24S15P").series_max) == (150.0, 24)
    assert named("jk", "JK-PB2A16S20P").balance_a == 2.0
    assert named("ant", "JK_B2A24S15P") is None
    assert named("jk", "my scooter") is None


@pytest.mark.parametrize("name", pages.PAGES)
def test_the_pages_are_those_of_the_data(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages.PAGES[name]()


def test_a_rule_is_explained_with_its_home_and_its_entries():
    text = explain("trip-03")
    assert "bms-charge-path" in text
    assert "RG01" in text or "BC01" in text
    assert "regen.open-pack" in text
    assert "Set regen to zero" in text
    assert "What it switches" in explain("CHG-04")
    with pytest.raises(UsageError, match="neither"):
        explain("TRIP-99")


def test_a_name_that_cause_and_detector_share_explains_both():
    text = explain("weak-cell-group")
    assert "Evidence, in nats" in text
    assert "Looks like it but is not:" in text


def test_no_markup_of_the_source_is_in_the_data():
    for name in ("handbook.toml", "rules.toml", "ratings.toml"):
        text = files("ridelog.diagnosis").joinpath(name).read_text(encoding="utf-8")
        assert text.isascii(), name


def test_advice_fits_what_was_seen():
    connection = [("power-path-open", 0.9)]
    unknown = {item.text for item in advice(connection, seen=["path.collapse"])}
    stayed_on = {item.text for item in advice(connection, seen=["path.collapse", "bms.on-while-collapsed"])}
    assert any("same full throttle" in text for text in unknown)
    assert not any("same full throttle" in text or "fault list or log of the BMS" in text for text in stayed_on)
    assert any("before the place is found" in text for text in stayed_on)


def test_what_happens_after_a_charge_is_only_told_after_a_charge():
    off = [("discharge-fet-commanded-off", 0.9)]
    told = [
        any("after a charge" in item.text for item in advice(off, {"ant"}, seen=seen))
        for seen in (["bms.discharge-fet-opened"], ["bms.discharge-fet-opened", "charge.latched-off"])
    ]
    assert told == [False, True]


def test_evidence_an_entry_hangs_on_is_of_the_table():
    named = {name for entry in entries() for name in (*entry.when, *entry.unless)}
    assert named <= set(builtin_table().rows)
