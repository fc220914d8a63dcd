"""The page of an audit in headless Chromium with at least ten thousand rides: opening, sorting, filtering, pictures of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.audit_kills import TABLES

_ROWS = 10_000

#: Runs in the page: one click or input, until the next frame is drawn, in ms.
_TIMED = """async ([selector, text]) => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  await frame();
  const element = document.querySelector(selector), start = performance.now();
  if (text === null) element.click();
  else { element.value = text; element.dispatchEvent(new Event(element.tagName === "SELECT" ? "change" : "input")); }
  const script = performance.now() - start;
  await frame();
  return [script, performance.now() - start];
}"""

_STEPS = {
    "sort rides by date": ("#rides th:nth-child(2) button", None),
    "sort rides by file": ("#rides th:nth-child(3) button", None),
    "sort rides by resistance": ("#rides th:nth-child(7) button", None),
    "filter rides by text": ("#ride-filter", "vehicle_00"),
    "filter rides by severity": ("#severity-filter", "warning"),
    "show all rides": ("#ride-filter", ""),
    "sort vehicles": ("#vehicles th:nth-child(5) button", None),
    "open a vehicle": ("#vehicles tbody button", None),
}


def measure_page(out: Path, work: Path) -> None:
    """Open the page of an audit, repeated until it holds ten thousand rides, and print how long things take."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        print("page: not measured, there is no Chromium")
        return
    from playwright.sync_api import sync_playwright

    file = work / "ten_thousand.html"
    rides = _write(out, file)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for width in (1280, 390):
            sheet = browser.new_page(viewport={"width": width, "height": 900})
            sheet.goto(file.resolve().as_uri())
            sheet.wait_for_selector("html[data-ready=yes]", state="attached")
            opened = sheet.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
            print(
                f"page of {rides} rides, {file.stat().st_size / 1e6:.1f} MB, {width} px wide: open in {opened:.0f} ms"
            )
            for name, (selector, text) in _STEPS.items():
                script, drawn = sheet.evaluate(_TIMED, [selector, text])
                print(f"      {name}: {script:.0f} ms, drawn after {drawn:.0f} ms")
            sheet.screenshot(path=work / f"page_{width}_vehicle.png")
            sheet.evaluate("window.scrollTo(0, 0)")
            sheet.screenshot(path=work / f"page_{width}.png")
            sheet.close()
        browser.close()
    print(f"pictures: {work}/page_*.png")


def _write(out: Path, file: Path) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from ridelog.fleet.page import page
    from ridelog.fleet.ranking import compare
    from ridelog.fleet.tables import PER_RIDE

    tables = {name: pq.ParquetFile(out / name / "part-0.parquet").read() for name in TABLES}
    times = max(1, -(-_ROWS // max(tables["logs"].num_rows, 1)))
    repeated = {}
    for name in PER_RIDE:
        copies = []
        for number in range(times):
            copy = tables[name]
            for column in ("ride_id", "vehicle"):
                if column in copy.column_names:
                    text = (
                        pc.binary_join_element_wise(copy.column(column), f"_{number}", "")
                        if number
                        else copy.column(column)
                    )
                    copy = copy.set_column(copy.column_names.index(column), copy.schema.field(column), text)
            copies.append(copy)
        repeated[name] = pa.concat_tables(copies).combine_chunks()
    repeated |= compare(repeated)
    file.write_text(page(repeated), encoding="utf-8")
    return int(repeated["logs"].num_rows)
