"""The page is the same whether its templates were compiled before or not."""

import sys

from ridelog import plugins
from ridelog.reporting import ReportOptions
from ridelog.reports import page_templates

from . import incidents


def test_with_kept_byte_code_the_page_is_the_same(tmp_path, monkeypatch):
    render = plugins.report("html").render
    page = render(incidents.trip(), ReportOptions())
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept = page_templates._byte_code
    monkeypatch.setattr(page_templates, "_byte_code", lambda _: kept(tmp_path))
    for _ in ("written", "read"):
        page_templates.environment.cache_clear()
        assert render(incidents.trip(), ReportOptions()) == page
        assert list(tmp_path.iterdir())
    page_templates.environment.cache_clear()


def test_where_python_keeps_no_byte_code_none_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert page_templates._byte_code(tmp_path) is None
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert page_templates._byte_code(tmp_path / "missing") is None
