"""The page in a real browser: it draws, asks for nothing, complains about nothing, and fits a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ridelog import plugins
from ridelog.reporting import ReportOptions

from . import incidents

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
BUILDS = {
    "trip": incidents.trip,
    "healthy": incidents.healthy,
    "apart": lambda: incidents.trip(aligned=False),
    "hostile": incidents.hostile,
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for name, build in BUILDS.items():
        found[name] = folder / f"{name}.html"
        options = ReportOptions(include_location=name == "trip")
        found[name].write_text(plugins.report("html").render(build(), options), encoding="utf-8")
    return found


class Visit:
    """A page that was opened and has drawn, with everything it asked for and complained about."""

    def __init__(self, browser: Browser, path: Path, size: dict[str, int], **context: object) -> None:
        self.context = browser.new_context(viewport=size, **context)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())

    def ready(self) -> Page:
        self.page.wait_for_selector("html[data-ready=yes]", timeout=30_000)
        return self.page


@pytest.fixture
def visit(browser, pages):
    opened: list[Visit] = []

    def open_page(name: str, size: dict[str, int] = DESK, **context: object) -> Visit:
        opened.append(Visit(browser, pages[name], size, **context))
        return opened[-1]

    yield open_page
    for item in opened:
        item.context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", list(BUILDS))
def test_it_draws_asks_for_nothing_and_fits(visit, name, size):
    seen = visit(name, size)
    page = seen.ready()
    assert page.locator(".js-plotly-plot .scatterlayer .trace path.js-line").count() >= 8
    assert page.locator(".js-plotly-plot .main-svg").count() >= 5
    assert [url for url in seen.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert seen.requests == [page.url]
    assert seen.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_nothing_hostile_ran(visit):
    page = visit("hostile").ready()
    assert page.locator("img").count() == 0
    assert (
        page.evaluate("[...document.querySelectorAll('script')].filter(s => s.textContent === 'alert(1)').length") == 0
    )
    assert "onerror=alert(2)" in page.locator("h1").inner_text()


def test_states_are_written_not_only_coloured(visit):
    page = visit("trip").ready()
    words = " ".join(page.locator(".plot .barlayer text, .plot .annotation-text").all_text_contents())
    assert "OFF" in words
    assert "under voltage (2)" in words
    assert "cell undervoltage" in words


def test_buttons_change_what_is_shown(visit):
    page = visit("trip").ready()
    shown = page.locator(".shown")
    incident = shown.inner_text()
    page.get_by_role("button", name="Whole ride").click()
    page.locator(".shown", has_text="0:00 – 12:04").wait_for()
    page.get_by_role("button", name="Incident").click()
    page.locator(".shown", has_text=incident).wait_for()
    page.get_by_role("button", name="Zoom in").click()
    page.locator(".shown", has_not_text=incident).wait_for()


def test_dragging_across_a_chart_zooms(visit):
    page = visit("trip").ready()
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    before = page.locator(".shown").inner_text()
    page.mouse.move(box["x"] + 200, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 60, steps=4)
    page.mouse.up()
    page.locator(".shown", has_not_text=before).wait_for()


def test_the_window_moves_by_keyboard(visit):
    page = visit("trip").ready()
    before = page.locator(".shown").inner_text()
    page.get_by_role("slider", name="Start of the part shown").press("ArrowLeft")
    page.locator(".shown", has_not_text=before).wait_for()


def test_values_follow_the_pointer(visit):
    page = visit("trip").ready()
    chip = page.locator(".chip output").first
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    first = chip.inner_text()
    page.mouse.move(box["x"] + box["width"] * 0.53, box["y"] + 60)
    assert chip.inner_text() != first
    assert first.endswith("V")


def test_a_line_can_be_hidden(visit):
    page = visit("trip").ready()
    chip = page.locator(".chip").first
    lines = page.locator(".plot").first.locator("path.js-line")
    before = lines.count()
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    assert lines.count() == before - 1


def test_a_finding_leads_to_its_place_in_the_timeline(visit):
    page = visit("healthy").ready()
    assert page.locator("[data-finding]").count() == 0
    page = visit("trip").ready()
    page.get_by_role("button", name="Whole ride").click()
    page.locator(".shown", has_text="0:00 – 12:04").wait_for()
    page.locator("[data-finding='1']").click()
    page.locator(".shown", has_text="10:0").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_and_the_button(visit, scheme):
    page = visit("trip", color_scheme=scheme).ready()

    def light() -> bool:
        return page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 246, 243)"

    assert light() is (scheme == "light")
    page.locator("#theme").click()
    assert light() is (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_lies_behind_it(visit, scheme):
    page = visit("trip", color_scheme=scheme).ready()
    weakest = page.evaluate(CONTRAST)
    assert weakest["ratio"] >= 4.5, weakest


def test_without_scripts_the_still_pictures_are_there(visit):
    seen = visit("trip", java_script_enabled=False)
    assert seen.page.locator(".paper svg").first.is_visible()
    assert not seen.page.locator(".tools").first.is_visible()


def test_on_paper_the_still_pictures_replace_the_charts(visit):
    page = visit("trip").ready()
    page.emulate_media(media="print")
    assert page.locator(".paper svg").first.is_visible()
    assert not page.locator(".plots").first.is_visible()
    assert not page.locator("#theme").is_visible()


#: Lowest contrast (WCAG 2 relative luminance) of any visible text against the first opaque background behind it.
CONTRAST = """() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
  const light = rgb => {
    const part = rgb.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  let weakest = { ratio: 99 };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length || element.closest("svg, script, style, .skip")) continue;
    let behind = element, back = parse(getComputedStyle(behind).backgroundColor);
    while (back[3] < 1 && behind.parentElement) {
      behind = behind.parentElement;
      back = parse(getComputedStyle(behind).backgroundColor);
    }
    const [one, other] = [light(parse(getComputedStyle(element).color)), light(back)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < weakest.ratio) weakest = { ratio, text: element.textContent.slice(0, 40), kind: element.className };
  }
  return weakest;
}"""
