from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from prodgate.report.formats.junit import render_junit
from prodgate.report.formats.source import Source, list_results

from .conftest import go, hostile, insufficient, many

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def junit(source: Source) -> ET.Element:
    text = render_junit(source)
    SCHEMA.validate(text)
    assert render_junit(source) == text
    return ET.fromstring(text.encode())


def test_every_finding_is_a_case_of_its_outcome(source: Source) -> None:
    made = junit(source)
    cases = made.findall("testsuite/testcase")
    results = list(list_results(source.verdict))
    assert len(cases) == len(results) + 1
    seen = {(case.get("classname"), child.get("type")): child.tag for case in cases for child in case}
    assert seen["static.backup-retention", "not-satisfied"] == "failure"
    assert seen["static.alarms-notify", "undetermined"] == "error"
    assert seen["live.availability", "undetermined"] == "skipped"
    assert seen["static.log-retention", "waived"] == "skipped"
    assert seen["static.edge-functions-logged", "not-applicable"] == "skipped"
    assert seen["waivers.waivers", "not-satisfied"] == "failure"
    waived = [child.get("message", "") for case in cases for child in case if child.get("type") == "waived"]
    assert len(waived) == 1
    assert waived[0].startswith("waived by W-7: log-retention on aws_cloudwatch_log_group.waf")


def test_the_numbers_add_up(source: Source) -> None:
    made = junit(source)
    for suite in made:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(kind, "")) == sum(case.find(tag) is not None for case in cases)
    for kind in ("tests", "failures", "errors"):
        assert int(made.get(kind, "")) == sum(int(suite.get(kind, "")) for suite in made)


@pytest.mark.parametrize(
    ("made", "tag", "decision"),
    [(go(), None, "GO"), (many(1), "failure", "NO-GO"), (insufficient(), "error", "INSUFFICIENT EVIDENCE")],
)
def test_the_verdict_is_a_case_that_passes_on_go_alone(made: Source, tag: str | None, decision: str) -> None:
    suite = junit(made)[0]
    case = suite.find("testcase")
    assert case is not None
    assert case.get("name") == f"verdict {decision}"
    assert [child.tag for child in case] == ([tag] if tag else [])
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (properties["verdict"], properties["promotes"]) == (decision, "true" if decision == "GO" else "false")


def test_hostile_texts_are_valid_xml_and_stay_texts() -> None:
    made = junit(hostile())
    assert "x" not in {each.tag for each in made.iter()}
    assert made.findall("testsuite/testcase/failure")
