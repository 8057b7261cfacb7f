"""Plans as users' pipelines write them."""

import json
import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from prodgate.semantics.unresolved import Unresolved
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import open_configurations
from prodgate.terraform.plan import build_configuration, mark_unknown, read_plan
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Configuration
from tests.prodgate.terraform.tree_files import Plant


def _planned(address: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind, name = address.split("[", maxsplit=1)[0].split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values, **more}


def _change(address: str, unknown: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"address": address, "change": {"actions": ["create"], "after_unknown": unknown}, **more}


def _plan(**parts: Any) -> Configuration:
    return build_configuration({"planned_values": {}, **parts}, root="plan.json", engine="test")


@pytest.fixture
def pipeline() -> Configuration:
    """A first plan of an alarm in a module that notifies a topic of the root: the topic's ARN is not known yet."""
    alarm = "module.alarm.aws_cloudwatch_metric_alarm.this"
    root = {
        "resources": [_planned("aws_sns_topic.alarms", {"name": "alarms"})],
        "child_modules": [{"address": "module.alarm", "resources": [_planned(alarm, {"alarm_name": "p95"})]}],
    }
    inner = {
        "resources": [
            {
                "address": "aws_cloudwatch_metric_alarm.this",
                "expressions": {
                    "alarm_name": {"constant_value": "p95"},
                    "alarm_actions": {"references": ["var.topics"]},
                },
            }
        ]
    }
    call = {
        "expressions": {"topics": {"references": ["aws_sns_topic.alarms.arn", "aws_sns_topic.alarms"]}},
        "module": inner,
    }
    return _plan(
        planned_values={"root_module": root},
        resource_changes=[
            _change("aws_sns_topic.alarms", {"arn": True, "id": True}),
            _change(alarm, {"arn": True, "alarm_actions": True}),
        ],
        configuration={"root_module": {"module_calls": {"alarm": call}, "resources": []}},
    )


def test_unknown_values_stay_unknown(pipeline: Configuration) -> None:
    (topic,) = pipeline.of("aws_sns_topic")

    assert topic.text("name") == "alarms"
    with pytest.raises(Unresolved, match=r"aws_sns_topic\.alarms\.arn is decided later"):
        topic.text("arn")


def test_relations_come_from_the_configuration_where_values_are_unknown(pipeline: Configuration) -> None:
    (topic,), (alarm,) = pipeline.of("aws_sns_topic"), pipeline.of("aws_cloudwatch_metric_alarm")

    assert alarm.module == "module.alarm"
    assert alarm.related("alarm_actions", "aws_sns_topic") == (topic,)
    assert pipeline.naming(topic, "alarm_actions", "aws_cloudwatch_metric_alarm") == (alarm,)


def test_reference_that_leads_nowhere_is_not_taken_for_none() -> None:
    values = {"alarm_actions": None}
    stated = {"address": "aws_sns_topic.t", "expressions": {"alarm_actions": {"references": ["local.topics"]}}}
    plan = _plan(
        planned_values={"root_module": {"resources": [_planned("aws_sns_topic.t", values)]}},
        resource_changes=[_change("aws_sns_topic.t", {"alarm_actions": True})],
        configuration={"root_module": {"resources": [stated]}},
    )

    with pytest.raises(Unresolved, match="nothing says what it refers to"):
        plan.resources[0].related("alarm_actions", "aws_sns_topic")


def test_masks_reach_into_blocks_and_lists() -> None:
    value = {"rule": [{"a": 1}, {"a": 2}], "names": ["x"], "open": None}
    mask = {"rule": [{}, {"b": True}], "names": [False, True], "open": False, "id": True, "empty": []}

    assert mark_unknown(value, mask) == {
        "rule": [{"a": 1}, {"a": 2, "b": UNKNOWN}],
        "names": ["x", UNKNOWN],
        "open": None,
        "id": UNKNOWN,
        "empty": None,
    }


def test_what_is_deleted_or_deposed_is_left_out() -> None:
    plan = _plan(
        planned_values={"root_module": {"resources": [_planned("aws_sns_topic.kept", {"name": "n", "arn": "a"})]}},
        resource_changes=[
            _change("aws_sns_topic.kept", {}),
            _change("aws_sns_topic.kept", {"name": True}, deposed="1234"),
            {"address": "aws_sns_topic.gone", "change": {"actions": ["delete"], "after": None, "after_unknown": {}}},
        ],
    )

    assert [each.address for each in plan.resources] == ["aws_sns_topic.kept"]
    assert plan.resources[0].text("name") == "n"


def test_data_that_was_read_is_there() -> None:
    document = _planned("data.aws_iam_policy_document.d", {"json": "{}"}, mode="data")
    plan = _plan(prior_state={"values": {"root_module": {"resources": [document, _planned("aws_sns_topic.old", {})]}}})

    assert [(each.address, each.mode) for each in plan.resources] == [("data.aws_iam_policy_document.d", "data")]
    assert plan.of("aws_iam_policy_document") == ()


def test_sensitive_arguments_are_marked_at_the_top() -> None:
    masks = {"password": True, "tags": {}, "user": [{"name": False, "secret": True}]}
    plan = _plan(
        planned_values={
            "root_module": {
                "resources": [_planned("aws_x.y", {"password": "p", "tags": {}, "user": []}, sensitive_values=masks)]
            }
        }
    )

    assert plan.resources[0].sensitive == {"password", "user"}


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"errored": True}, "ended with an error"),
        ({"complete": False}, "is not complete (made with -target"),
        (
            {"deferred_changes": [{"reason": "instance_count_unknown", "resource_change": {"address": "aws_x.y"}}]},
            "is deferred (instance_count_unknown)",
        ),
    ],
)
def test_what_a_plan_leaves_out_is_a_gap(part: dict[str, Any], reason: str) -> None:
    (gap,) = _plan(**part).gaps

    assert gap.reason.startswith(reason)


@pytest.mark.parametrize(
    ("actions", "mode", "missing"),
    [
        (["create"], "managed", True),
        (["no-op"], "managed", True),
        (["delete"], "managed", False),
        (["read"], "data", False),
    ],
)
def test_a_change_without_values_is_a_gap(actions: list[str], mode: str, missing: bool) -> None:
    change = {"address": "aws_sqs_queue.orders", "mode": mode, "change": {"actions": actions}}

    gaps = _plan(resource_changes=[change]).gaps

    assert [str(gap.subject) for gap in gaps] == ["aws_sqs_queue.orders"] * missing


@pytest.mark.parametrize(
    "part",
    [
        {"planned_values": {"root_module": {"resources": [{}]}}},
        {"planned_values": {"root_module": {"resources": 5}}},
        {"resource_changes": [{}]},
        {"configuration": 5},
        {"checks": [{"status": "fail", "instances": [{}]}]},
    ],
)
def test_what_is_not_built_like_a_plan_is_refused(tmp_path: Path, part: dict[str, Any]) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"format_version": "1.2", "planned_values": {}, **part}))

    with pytest.raises(TerraformError, match="is not built like a plan"):
        read_plan(file)


def test_a_plan_may_come_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = json.dumps({"format_version": "1.2", "planned_values": {}})
    writer = Thread(target=pipe.write_text, args=(text,))
    writer.start()

    (opened,) = open_configurations(pipe)
    writer.join()

    assert opened.resources == ()


def test_failed_checks_are_noted(tmp_path: Path) -> None:
    instance = {"address": {"to_display": "check.kept"}, "status": "fail", "problems": [{"message": "Too short."}]}
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "planned_values": {},
        "checks": [{"status": "fail", "instances": [instance]}, {"status": "pass", "instances": []}],
    }
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")

    opened = read_plan(file)

    assert opened.notes == ("check.kept: its own condition does not hold: Too short.",)
    assert opened.engine == "plan.json of Terraform 1.9.5"


def test_source_gives_a_plan_positions(tmp_path: Path, plant: Plant) -> None:
    root = plant({"main.tf": '\nresource "aws_sns_topic" "t" {\n  name = "t"\n}\n'})
    values = {"root_module": {"resources": [_planned("aws_sns_topic.t", {"name": "t"})]}}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"format_version": "1.2", "planned_values": values}), encoding="utf-8")

    (opened,) = open_configurations(file, source=root)

    assert opened.resources[0].origin is not None
    assert str(opened.resources[0].origin.of("name")[0]) == "main.tf:3"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "without a single value"),
        ({"name": None, "policy": "", "tags": {}}, "without a single value"),
        ({"metric_name": "m", "alarm_name": None}, "alarm_name is required"),
        ({"name": "q", "metric_query": [{}]}, "metric_query is required"),
        ({"name": "q", "metric_query": [{"id": "m", "metric": [{}]}]}, "metric_query.metric is required"),
        ({"alarm_name": "q", "metric_query": [{"id": None, "period": 60}]}, "metric_query.id is required"),
    ],
)
def test_what_was_taken_out_of_a_plan_is_a_gap(values: dict[str, Any], said: str) -> None:
    address = "aws_cloudwatch_metric_alarm.a"

    found = _plan(planned_values={"root_module": {"resources": [_planned(address, values)]}})

    assert any(said in f"{gap.subject.removeprefix(f'{address}.')} {gap.reason}" for gap in found.gaps), found.gaps


def test_a_resource_without_values_answers_nothing() -> None:
    found = _plan(planned_values={"root_module": {"resources": [_planned("aws_sqs_queue.q", {})]}})

    with pytest.raises(Unresolved, match="no values at all"):
        found.of("aws_sqs_queue")[0].flag("fifo_queue")


def test_blocks_that_hold_nothing_by_nature_are_no_gap() -> None:
    values = {"name": "w", "scope": "REGIONAL", "default_action": [{"allow": [{"custom_request_handling": []}]}]}

    assert _plan(planned_values={"root_module": {"resources": [_planned("aws_wafv2_web_acl.w", values)]}}).complete


def test_a_source_that_is_not_there_and_one_of_no_plan_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text('{"planned_values": {}}')
    with pytest.raises(TerraformError, match="there is no such folder; name the root that the plan.json was made from"):
        open_configurations(file, source=tmp_path / "missing")
    with pytest.raises(TerraformError, match="is of a plan.json, and .* is none; leave it out"):
        open_configurations(tmp_path, source=tmp_path)
