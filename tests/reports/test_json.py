import copy
import json
from importlib.resources import files

import jsonschema
import pytest

from ridelog import plugins
from ridelog.reporting import ReportOptions

from . import incidents


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads(files("ridelog").joinpath("schema/report-1.schema.json").read_text(encoding="utf-8"))


def strict(schema):
    """The same schema, refusing every property it does not describe."""
    if isinstance(schema, dict):
        schema = {key: strict(value) for key, value in schema.items()}
        if "properties" in schema:
            schema["additionalProperties"] = False
        return schema
    return [strict(item) for item in schema] if isinstance(schema, list) else schema


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "build", [incidents.trip, incidents.healthy, incidents.hostile, lambda: incidents.trip(aligned=False)]
)
def test_every_report_fits_the_schema_and_says_nothing_beyond_it(build, schema):
    text = plugins.report("json").render(build(), ReportOptions())
    report = json.loads(text)
    if build is incidents.hostile:
        report["verdict"]["wording"] = "likely"
    jsonschema.Draft202012Validator(strict(schema)).validate(report)


def test_a_report_that_breaks_the_contract_is_refused(schema):
    report = json.loads(plugins.report("json").render(incidents.trip(), ReportOptions()))
    validator = jsonschema.Draft202012Validator(schema)
    for spoil in (
        lambda r: r.pop("verdict"),
        lambda r: r["verdict"].update(probability=1.2),
        lambda r: r["checks"][0].update(status="fine"),
        lambda r: r["findings"][0].update(rows=[1]),
        lambda r: r.update(schema="ridelog.report/2"),
    ):
        spoiled = copy.deepcopy(report)
        spoil(spoiled)
        assert not validator.is_valid(spoiled)


def test_the_text_is_one_ascii_line_in_the_order_of_the_contract():
    text = plugins.report("json").render(incidents.trip(), ReportOptions())
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert text.isascii()
    assert list(json.loads(text)) == [
        "schema",
        "tool",
        "inputs",
        "verdict",
        "causes",
        "contributing",
        "would_settle",
        "advice",
        "findings",
        "checks",
        "pack",
        "clocks",
        "order",
    ]


def test_the_path_is_the_one_that_was_given():
    report = json.loads(plugins.report("json").render(incidents.trip(), ReportOptions()))
    assert [item["path"] for item in report["inputs"]] == ["/home/rider/logs/ride.csv", "C:\\Users\\rider\\bms.bin"]


def test_same_incident_same_text():
    render = plugins.report("json").render
    assert render(incidents.trip(), ReportOptions()) == render(incidents.trip(), ReportOptions())
