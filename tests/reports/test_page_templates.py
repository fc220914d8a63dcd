"""The compiled templates are those of the templates, and the page does not depend on them."""

from ridelog import plugins
from ridelog.reporting import ReportOptions
from ridelog.reports import page_templates

from . import incidents


def test_the_compiled_templates_are_up_to_date():
    assert page_templates.made_from()[1] == page_templates.current_sources()[1], "run: python -m scripts.make_templates"


def test_compiled_or_not_the_page_is_the_same(monkeypatch):
    render = plugins.report("html").render
    page = render(incidents.trip(), ReportOptions())
    monkeypatch.setattr(page_templates, "environment", page_templates.environment_of_sources)
    assert render(incidents.trip(), ReportOptions()) == page


def test_templates_made_from_something_else_are_not_used(monkeypatch):
    monkeypatch.setattr(page_templates, "made_from", lambda: ("0", "0"))
    assert page_templates.environment.__wrapped__().loader.has_source_access
    monkeypatch.setattr(page_templates, "made_from", page_templates.current_sources)
    assert not page_templates.environment.__wrapped__().loader.has_source_access
