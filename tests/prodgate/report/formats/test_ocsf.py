import json
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from prodgate.report.formats.ocsf import VERSION, render_ocsf
from prodgate.report.formats.source import Source, list_results

from .conftest import go, hostile, insufficient, many


@cache
def validator() -> Any:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema("compliance_finding")
    return jsonschema_rs.validator_for(schema)


def events(source: Source) -> list[dict[str, Any]]:
    text = render_ocsf(source)
    assert render_ocsf(source) == text
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        validator().validate(event)
    return found


def test_the_schema_refuses_what_is_no_finding() -> None:
    assert not validator().is_valid({**events(go())[0], "severity_id": 77})
    assert not validator().is_valid({**events(go())[0], "made_up": 1})


def test_every_finding_is_an_event_with_its_outcome(source: Source) -> None:
    verdict, *found = events(source)
    assert verdict["compliance"]["control"] == "verdict"
    assert [event["unmapped"]["outcome"] for event in found] == [
        r.finding.outcome for r in list_results(source.verdict)
    ]
    statuses = {event["unmapped"]["outcome"]: event["compliance"]["status"] for event in found}
    assert statuses == {
        "satisfied": "Pass", "not-satisfied": "Fail", "waived": "Fail", "undetermined": "Undetermined",
        "not-applicable": "Not applicable",
    }  # fmt: skip
    suppressed = [event for event in found if event["status_id"] == 3]
    assert [event["unmapped"]["outcome"] for event in suppressed] == ["waived"]
    assert suppressed[0]["comment"] == "The vendor's log forwarder is replaced in December."
    assert any(event["compliance"]["standards"] == ["NIST-800-53:CP-9"] for event in found)
    assert [event["unmapped"]["deferred"] for event in found].count(True) == 1


@pytest.mark.parametrize(("made", "status"), [(go(), "Pass"), (many(1), "Fail"), (insufficient(), "Undetermined")])
def test_the_verdict_is_the_first_event(made: Source, status: str) -> None:
    first = events(made)[0]
    assert first["finding_info"]["title"] == first["unmapped"]["verdict"] == str(made.verdict.decision)
    assert first["compliance"]["status"] == status


def test_hostile_texts_stay_texts() -> None:
    assert len(events(hostile())) == 5
