"""The page of an audit in a real browser: ten thousand rides, hostile names, sorting, filtering and a vehicle's charts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ridelog.fleet.page import page
from ridelog.fleet.ranking import compare
from ridelog.fleet.tables import PER_RIDE, arrow_schema

HOSTILE = "</script><img src=x onerror=alert(1)>"


def tables(vehicles: int, rides: int):
    """Tables of made-up rides: vehicle 0 ages, vehicle 1 has a bad logger, vehicle 2 has a hostile name."""
    import pyarrow as pa

    rng = np.random.default_rng(5)
    logs, packs = [], []
    for number in range(vehicles):
        name = HOSTILE if number == 2 else f"v{number:03d}"
        for ride in range(rides):
            key = f"{number}-{ride}"
            ohm = 0.1 * (1 + (0.6 * ride / rides if number == 0 else 0)) * rng.normal(1, 0.03)
            bad = number == 1 and ride % 2 == 0
            logs.append(
                {
                    "ride_id": key, "vehicle": name, "model": "vesc 20S", "files": [f"{name}/{ride}.csv"],
                    "started": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=ride), "sha256": [key], "trips": 0,
                    "cause": "" if bad else "none", "probability": None if bad else 0.97, "severity": "" if bad else "info",
                    "data_quality": 0.0 if bad else 1.0, "data_notes": ["could not be read"] if bad else [],
                    "error": "The file is empty." if bad else "", "error_kind": "unreadable" if bad else "", "report": "",
                }
            )  # fmt: skip
            if not bad:
                packs.append(
                    {
                        "ride_id": key, "log": 0, "role": "controller", "parser": "vesc-tool", "resistance_ohm": ohm,
                        "resistance_reference_ohm": ohm, "temperature_basis": "battery", "confidence": 0.9,
                    }
                )  # fmt: skip
    made = {name: arrow_schema(name).empty_table() for name in PER_RIDE}
    made["logs"] = pa.Table.from_pylist(logs, arrow_schema("logs"))
    made["pack_health"] = pa.Table.from_pylist(packs, arrow_schema("pack_health"))
    return made | compare(made)


def test_an_ageing_vehicle_comes_first_and_a_bad_logger_does_not():
    made = tables(12, 30)
    ranked = made["vehicles"].to_pylist()
    assert ranked[0]["vehicle"] == "v000"
    assert "Resistance" in ranked[0]["reasons"][0]
    bad = next(row for row in ranked if row["vehicle"] == "v001")
    assert (bad["risk"], bad["unreadable"]) == (0.0, 15)
    assert bad["data_quality"] == pytest.approx(0.5)
    trend = next(
        row
        for row in made["trends"].to_pylist()
        if row["vehicle"] == "v000" and row["kind"] == "trend" and row["finding"]
    )
    assert trend["change_low"] < 0.6 * 29 / 30 < trend["change_high"]
    assert sum(row["finding"] for row in made["trends"].to_pylist() if row["vehicle"] != "v000") == 0


def test_text_from_logs_cannot_end_the_data():
    text = page(tables(3, 8))
    assert HOSTILE not in text
    assert text == page(tables(3, 8))


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_ten_thousand_rides_in_a_browser(browser, tmp_path: Path, width: int):
    file = tmp_path / "index.html"
    file.write_text(page(tables(50, 200)), encoding="utf-8")
    sheet = browser.new_page(viewport={"width": width, "height": 900})
    complaints, asked = [], []
    sheet.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sheet.on("pageerror", lambda error: complaints.append(str(error)))
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.on("dialog", lambda dialog: complaints.append("a dialog opened"))
    sheet.goto(file.as_uri())
    sheet.wait_for_selector("html[data-ready=yes]", state="attached")
    assert sheet.locator("#rides tbody tr").count() == 100
    assert sheet.inner_text("#ride-count") == "10000 of 10000"
    assert sheet.locator("#vehicles tbody tr").first.inner_text().find("v000") >= 0
    assert sheet.evaluate("document.documentElement.scrollWidth") <= width
    sheet.select_option("#severity-filter", "error")
    assert sheet.inner_text("#ride-count") == "100 of 10000"
    sheet.select_option("#severity-filter", "")
    sheet.fill("#ride-filter", "v007")
    assert sheet.inner_text("#ride-count") == "200 of 10000"
    sheet.get_by_role("button", name="Resistance mΩ").first.click()
    assert sheet.locator("#vehicles th[aria-sort=descending]").inner_text().startswith("Resistance")
    assert "v000" in sheet.locator("#vehicles tbody tr").first.inner_text()
    sheet.locator("#vehicles tbody button").first.click()
    assert sheet.locator("#detail svg").count() >= 1
    assert sheet.locator("#detail .finding svg path.fit").count() == 1
    assert sheet.locator("#detail .finding svg path.reach").count() == 1
    assert sheet.locator("#detail .finding").count() == 1
    sheet.get_by_role("button", name=HOSTILE).first.click()
    assert HOSTILE in sheet.inner_text("#detail h2")
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    sheet.close()
