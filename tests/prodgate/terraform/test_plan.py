"""Plans as users' pipelines write them."""

import copy
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from prodgate import Configuration, Unresolved
from prodgate.findings import Concluded
from prodgate.layers.static.repository import evaluate_root
from prodgate.run.inputs import find_places
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import open_project
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import Given, evaluate, open_configurations
from prodgate.terraform.flow import read_inventions
from prodgate.terraform.plan import build_configuration, load_plan, mark_unknown, read_plan
from prodgate.terraform.references import PlannedConfiguration
from prodgate.terraform.resources import UNKNOWN, NoSuchAttribute
from prodgate.terraform.sources import find_only_root
from tests.prodgate.terraform.tree_files import Plant
from tests.trees import write_tree


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
        read_plan(load_plan(file), file)


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

    opened = read_plan(load_plan(file), file)

    assert opened.notes == ("check.kept: its own condition does not hold: Too short.",)
    assert opened.engine == "plan.json of Terraform 1.9.5"


def test_source_gives_a_plan_positions(tmp_path: Path, plant: Plant) -> None:
    root = plant({"main.tf": '\nresource "aws_sns_topic" "t" {\n  name = "t"\n}\n'})
    values = {"root_module": {"resources": [_planned("aws_sns_topic.t", {"name": "t"})]}}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"format_version": "1.2", "planned_values": values}), encoding="utf-8")

    (opened,) = open_configurations(file, source=root)

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


# Files that are given as a plan.json, and the errors for those that are none.

LEAST = {"format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {"root_module": {}}}

NO_PLANS: Mapping[str, tuple[bytes, str]] = {
    **{f"{kept} bytes": (json.dumps(LEAST)[:kept].encode(), f"is cut off after {kept} characters; write it again, in full")
       for kept in (1, 20, 40, 70, 90)},
    "another format": (
        json.dumps({**LEAST, "format_version": "2.0"}).encode(),
        "has plan format '2.0', and only 1.x is known; write it with Terraform 1.1 or later",
    ),
    "empty": (b"", "is empty"),
    "binary plan": (b"PK\x03\x04\x14\x00", "is a binary plan, which only core can read"),
    "neither text nor JSON": (b"\x80\x81\x82", "is neither text nor JSON"),
    "text": (b"Error: no such file", "is not JSON: it starts with 'Error: no such file'"),
    "broken": (b'{"format_version" "1.2"}', "is not JSON: Expecting ':' delimiter at line 1, column 19"),
    "log of plan": (b'{"@level":"info"}\n{"@level":"info"}\n', "is the log of `terraform plan -json`"),
    "state": (b'{"version": 4, "serial": 3, "lineage": "x"}', "is a state file"),
    "shown state": (b'{"terraform_version": "1.9.5", "values": {}}', "is the JSON form of a state"),
    "schema": (b'{"format_version": "1.0", "provider_schemas": {}}', "is a provider schema"),
    "list": (b"[1, 2]", "is a JSON list"),
    "something else": (b'{"name": "x", "version": 1}', "has no planned_values; its keys are name, version"),
    "nothing in it": (b"{}", "is an empty JSON object"),
    "endless number": (b'{"planned_values": ' + b"9" * 5000 + b"}", "holds a number of more digits than any plan has"),
    "nested without end": (b'{"planned_values": ' + b"[" * 100_000, "is nested too deeply"),
    "no number": (b'{"planned_values": {"days": Infinity}}', "is not JSON: it holds Infinity"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_PLANS)
def test_what_is_no_plan_is_refused(name: str, tmp_path: Path) -> None:
    content, expected = NO_PLANS[name]
    file = tmp_path / "plan.json"
    file.write_bytes(content)

    with pytest.raises(TerraformError) as refused:
        load_plan(file)

    advice = "" if "; write it " in expected else "; write one with `terraform show -json PLANFILE > plan.json`"
    assert str(refused.value).startswith(f"{file}:"), str(refused.value)
    assert expected in str(refused.value)
    assert str(refused.value).endswith(advice)


def test_not_there(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="can't be read: No such file or directory"):
        load_plan(tmp_path / "plan.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_that_a_shell_writes(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(LEAST), encoding=encoding)

    assert load_plan(file)["terraform_version"] == "1.9.5"


def test_fifty_megabytes(tmp_path: Path) -> None:
    text = json.dumps({**LEAST, "padding": [{"name": "x" * 100, "value": None, "n": n} for n in range(370_000)]})
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")

    began = time.process_time()  # of this process alone, however busy the machine is
    load_plan(file)

    assert len(text) > 50_000_000
    assert time.process_time() - began < 20


# Null is judged as if left out, however it was written; a value that a stand-in decides is not.

ROOT = """
module "m" {
  source = "./m"
  asked  = data.aws_ebs_volume.v.encrypted
}
data "aws_ebs_volume" "v" {
  most_recent = true
}
resource "aws_db_instance" "decided" {
  instance_class          = "db.t3.micro"
  kms_key_id              = data.aws_ebs_volume.v.encrypted ? "key" : null
  backup_retention_period = aws_db_instance.other.port
}
resource "aws_db_instance" "asked" {
  instance_class = "db.t3.micro"
  kms_key_id     = aws_db_instance.other.replicas[0] == "replica" ? "key" : null
}
resource "aws_db_instance" "handed_on" {
  instance_class = "db.t3.micro"
  kms_key_id     = data.aws_ebs_volume.v.kms_key_id
}
resource "terraform_data" "nameless" {}
resource "aws_db_instance" "other" {
  instance_class = "db.t3.small"
}
"""
MODULE = """
variable "keep" {
  type    = number
  default = null
}
variable "rules" {
  default = []
}
variable "asked" {
  type    = bool
  default = null
}
resource "aws_db_instance" "handed_in" {
  instance_class = "db.t3.micro"
  kms_key_id     = var.asked == null ? null : "key"
}
resource "aws_db_instance" "plain" {
  instance_class          = "db.t3.micro"
  backup_retention_period = var.keep
  kms_key_id              = var.keep == null ? null : "key"
}
resource "aws_security_group" "closed" {
  dynamic "ingress" {
    for_each = var.rules
    content {
      from_port = 1
      to_port   = 2
      protocol  = "tcp"
    }
  }
}
"""


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    root = tmp_path_factory.mktemp("unset")
    write_tree(root, {"main.tf": ROOT, "m/main.tf": MODULE})
    return evaluate(root)


@pytest.mark.parametrize(
    ("name", "how", "argument", "found"),
    [
        ("plain", "has", "kms_key_id", False),  # null through a variable is not set
        ("plain", "has", "backup_retention_period", False),
        ("closed", "has", "ingress", False),  # a dynamic block without an element is no block
        ("handed_on", "has", "kms_key_id", True),  # from one source
        ("decided", "has", "kms_key_id", Unresolved),  # a stand-in or AWS decides whether it is null
        ("decided", "text", "kms_key_id", Unresolved),
        ("decided", "text", "backup_retention_period", Unresolved),
        ("asked", "has", "kms_key_id", Unresolved),
        ("handed_in", "has", "kms_key_id", Unresolved),
    ],
)
def test_what_may_be_null_is_not_known(
    evaluated: Configuration, name: str, how: str, argument: str, found: object
) -> None:
    read = getattr(next(each for each in evaluated.resources if each.name == name), how)

    if found is Unresolved:
        with pytest.raises(Unresolved):
            read(argument)
    else:
        assert read(argument) is found


def test_of_two_that_are_called_the_same_both_must_leave_it_out(tmp_path: Path) -> None:
    sidecar = tmp_path / "invented.jsonl"
    lines = [{"planned": "aws_x", "id": "twin", "unset": each} for each in (["a", "b"], ["b", "c"])]
    sidecar.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    assert read_inventions(sidecar).unset == {("aws_x", "twin"): {"b"}}


def plan_of_module(expressions: Mapping[str, Any], call: Mapping[str, Any], value: Any = None) -> dict[str, Any]:
    """A plan of a database in a module, which has a variable without a default."""
    resource = {"address": "aws_db_instance.it", "expressions": expressions}
    module = {"resources": [resource], "variables": {"keep": {}, "days": {"default": 7}}}
    unknown = {"address": "module.m.aws_db_instance.it", "change": {"after_unknown": {"backup_retention_period": True}}}
    planned = {
        "address": "module.m.aws_db_instance.it", "type": "aws_db_instance", "name": "it", "mode": "managed",
        "values": {"instance_class": "db.t3.micro"},
    }  # fmt: skip
    return {
        "planned_values": {"root_module": {"child_modules": [{"address": "module.m", "resources": [planned]}]}},
        "resource_changes": [{**unknown, "mode": "managed", "change": {**unknown["change"], "actions": ["create"]}}],
        "variables": {"root": {"value": value}},
        "configuration": {"root_module": {"module_calls": {"m": {"expressions": call, "module": module}}}},
    }  # fmt: skip


REFERENCE = {"references": ["var.keep"]}
NULL = {"kms_key_id": {"constant_value": None}}


@pytest.mark.parametrize(
    ("expressions", "call", "value", "unset"),
    [
        ({}, {}, None, True),
        ({"backup_retention_period": {"constant_value": None}}, {}, None, True),
        ({"backup_retention_period": REFERENCE}, {}, None, True),
        ({"backup_retention_period": REFERENCE}, {"keep": {"references": ["var.root"]}}, None, True),
        ({"backup_retention_period": REFERENCE}, {"keep": {"references": ["var.root"]}}, 3, False),
        ({"backup_retention_period": REFERENCE}, {"keep": {"references": ["aws_x.y.z", "aws_x.y"]}}, None, False),
        ({"backup_retention_period": {"references": ["var.days"]}}, {}, None, False),
        ({"backup_retention_period": {}}, {}, None, False),
    ],
)
def test_plan_says_itself_what_was_left_out(
    expressions: Mapping[str, Any], call: Mapping[str, Any], value: Any, unset: bool
) -> None:
    configuration = build_configuration(plan_of_module(expressions, call, value), root="plan.json", engine="none")
    (database,) = configuration.of("aws_db_instance")

    if unset:
        assert database.number("backup_retention_period", 0) == 0
    else:
        with pytest.raises(Unresolved):
            database.number("backup_retention_period", 0)


@pytest.mark.parametrize(
    ("written", "path", "left_out"),
    [
        ({"root_block_device": [{"volume_size": {}}]}, ("root_block_device", "kms_key_id"), True),
        ({"root_block_device": [{"kms_key_id": {}}]}, ("root_block_device", "kms_key_id"), False),
        ({"root_block_device": [{"kms_key_id": {}}, {}]}, ("root_block_device", "kms_key_id"), False),
        ({"root_block_device": [{"kms_key_id": {}}, NULL]}, ("root_block_device", "kms_key_id"), False),
        ({}, ("root_block_device", "kms_key_id"), False),  # it may be a dynamic block
        ({}, ("arn",), False),  # AWS alone sets it
    ],
)
def test_blocks_are_read_as_they_are_written(written: Mapping[str, Any], path: tuple[str, ...], left_out: bool) -> None:
    stated = {"address": "aws_instance.it", "expressions": written}
    known = PlannedConfiguration({"configuration": {"root_module": {"resources": [stated]}}})

    planned = {name: [{}] * len(blocks) for name, blocks in written.items()}

    assert known.leaves_out("aws_instance.it", "aws_instance", path, planned) is left_out


def test_block_beside_dynamic_ones_says_nothing_of_them() -> None:
    stated = {"address": "aws_instance.it", "expressions": {"ebs_block_device": [{"device_name": {}}]}}
    known = PlannedConfiguration({"configuration": {"root_module": {"resources": [stated]}}})
    argument = ("ebs_block_device", "encrypted")

    for planned, left_out in (([{}], True), ([{}, {}], False)):
        values = {"ebs_block_device": planned}
        assert known.leaves_out("aws_instance.it", "aws_instance", argument, values) is left_out


# Any content of a plan.json is read as meant, or refused in one line that names the file.

KEPT: Final = 1209600
ADDRESS: Final = "module.m.aws_sqs_queue.orders[0]"
VALUES: Final = {"name": "orders", "message_retention_seconds": KEPT, "tags": {"a": "b"}}
RESOURCE: Final = {"address": ADDRESS, "mode": "managed", "type": "aws_sqs_queue", "name": "orders", "index": 0}
WHOLE: Final[dict[str, Any]] = {
    "format_version": "1.2",
    "terraform_version": "1.9.5",
    "variables": {"n": {"value": 3}},
    "planned_values": {
        "outputs": {"o": {"sensitive": False}},
        "root_module": {
            "child_modules": [
                {"address": "module.m", "resources": [{**RESOURCE, "values": VALUES, "sensitive_values": {"tags": {}}}]}
            ]
        },
    },
    "resource_changes": [
        {
            **RESOURCE,
            "module_address": "module.m",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": VALUES,
                "after_unknown": {"arn": True, "tags": {}},
                "after_sensitive": {"tags": {}},
            },
        }
    ],
    "prior_state": {"values": {"root_module": {"resources": []}}},
    "configuration": {
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-1"}}}},
        "root_module": {
            "module_calls": {
                "m": {
                    "source": "./m",
                    "expressions": {"days": {"references": ["var.n"]}},
                    "module": {"resources": [{**RESOURCE, "address": "aws_sqs_queue.orders", "expressions": {}}]},
                }
            }
        },
    },
    "checks": [{"address": {"to_display": "check.a"}, "status": "pass", "instances": [{"status": "pass"}]}],
}
WRITTEN: Final = json.dumps(WHOLE)


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested tables and lists, by the keys that lead there."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(place for key, each in items for place in places(each, (*at, key)))]


def put(at: tuple[Any, ...], value: Any) -> Any:
    """Return the plan with another value at a place, or without the place when the value is GONE."""
    if not at:
        return value
    made = copy.deepcopy(WHOLE)
    inner: Any = made
    for key in at[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[at[-1]]
    else:
        inner[at[-1]] = value
    return made


def find_retention(path: Path) -> object:
    """Return the retention of a plan's queue, or why it is unknown."""
    try:
        (found,) = read_plan(load_plan(path), path).of("aws_sqs_queue") or ("no queue",)
        return found if isinstance(found, str) else found.number("message_retention_seconds")
    except TerraformError as refused:
        told = str(refused)
        return told if told.startswith(f"{path}:") and "\n" not in told else f"BAD: {told}"
    except (Concluded, NoSuchAttribute, Unresolved) as doubt:  # each makes a finding undetermined
        return f"not known: {doubt}"
    except ValueError:
        return "several queues"


GONE: Final = object()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
ODD = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
KEY: Final = "message_retention_seconds"
#: What the queue keeps is itself for the plan to say.
PLACES = [at for at in places(WHOLE) if at[-1:] != (KEY,) and at != ()]
TMP = [HealthCheck.function_scoped_fixture]


@settings(max_examples=250, suppress_health_check=TMP)
@given(st.sampled_from(PLACES), ODD | st.just(GONE))
@example(("resource_changes", 0, "change", "after_unknown"), True)
@example(("resource_changes", 0, "change", "after_unknown"), [])
@example(("resource_changes", 0, "change", "after_unknown"), {KEY: True})
@example(("planned_values", "root_module", "child_modules"), GONE)
def test_any_value_at_any_key(tmp_path: Path, place: tuple[Any, ...], value: Any) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(put(place, value)), "utf-8")
    told = find_retention(path)
    assert told == KEPT or (isinstance(told, str) and not told.startswith("BAD")) or KEY in str(value), told


@settings(max_examples=150, suppress_health_check=TMP)
@given(st.integers(0, len(WRITTEN)), st.integers(0, 40), st.binary(max_size=6))
@example(0, 0, b"\xef\xbb\xbf")
@example(1, 0, b"\0")
@example(len(WRITTEN) - 1, 1, b"")
def test_any_bytes_in_between(tmp_path: Path, at: int, gone: int, more: bytes) -> None:
    path, data = tmp_path / "plan.json", WRITTEN.encode()
    path.write_bytes(data[:at] + more + data[at + gone :])
    told = find_retention(path)
    begin = WRITTEN.index(KEY)
    touches_values = begin - gone - 2 <= at <= WRITTEN.rindex("after_unknown")
    assert told == KEPT or isinstance(told, str) or touches_values, told
    assert not str(told).startswith("BAD")


def test_the_plan_that_is_varied_is_valid_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(WRITTEN)
    found: Configuration = read_plan(load_plan(path), path)
    assert (find_retention(path), found.gaps) == (KEPT, ())


# A plan.json in the place of the root that criteria state.

QUEUE = {
    "address": "aws_sqs_queue.orders", "mode": "managed", "type": "aws_sqs_queue", "name": "orders", "values": {"name": "orders"},
}  # fmt: skip
STATED_PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {"root_module": {"resources": [QUEUE]}},
}
CRITERIA = """
system = "project"
extends = "baseline/encryption"

[terraform]
root = "out/plan.json"
source = "infra"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_tree(
        tmp_path,
        {
            "out/plan.json": json.dumps(STATED_PLAN),
            "infra/main.tf": '\nresource "aws_sqs_queue" "orders" {\n  name = "orders"\n}\n',
            "criteria.toml": CRITERIA,
        },
    )
    return tmp_path


def context(project: Path) -> Any:
    return SimpleNamespace(stated=load_criteria(project / "criteria.toml"), project=project, var_files=())


def test_a_plan_is_judged_with_the_positions_of_the_root_that_it_is_of(project: Path) -> None:
    seen: list[Any] = []
    found = evaluate_root(context(project), on_plan=seen.append)
    assert (found.root, found.engine) == ("out/plan.json", "plan.json of Terraform 1.9.0")
    assert seen == [STATED_PLAN]
    origin = found.resources[0].origin
    assert (str(origin.block), [*map(str, origin.of("name"))]) == ("infra/main.tf:2", ["infra/main.tf:3"])


def test_a_plan_from_a_pipe_is_read_once() -> None:
    seen: list[Any] = []
    reading, writing = os.pipe()
    os.write(writing, json.dumps(STATED_PLAN).encode())
    os.close(writing)
    found = evaluate(Path(f"/dev/fd/{reading}"), on_plan=seen.append)
    os.close(reading)
    assert (seen, len(found.resources)) == ([STATED_PLAN], 1)


def test_without_its_root_a_plan_has_no_positions(project: Path) -> None:
    (project / "criteria.toml").write_text(CRITERIA.replace('source = "infra"\n', ""))
    assert evaluate_root(context(project)).resources[0].origin is None


def test_a_rehearsal_applies_the_root_that_was_planned(project: Path) -> None:
    stated = load_criteria(project / "criteria.toml")
    assert (stated.terraform_root, stated.applied_root) == ("out/plan.json", "infra")
    with pytest.raises(
        TerraformError, match=r"plan.json: is a file, and only a root can be applied; name it: \[terraform\]"
    ):
        find_only_root(project / "out" / "plan.json")


def test_a_root_has_no_other_source(project: Path) -> None:
    with pytest.raises(
        TerraformError, match="is a root, and what a plan.json was made from is stated; leave source out"
    ):
        evaluate(project / "infra", source=project / "infra")


def test_plan_and_root_are_among_the_inputs_of_a_run(project: Path) -> None:
    places = find_places(open_project(project / "criteria.toml"))
    assert places.hold(project / "out" / "plan.json")
    assert places.hold(project / "infra" / "main.tf")
    assert not places.hold(project / "out" / "other.json")


# A plan is whole, or says what it lacks.

PLANNED_ROOT: Final = """
variable "more" {
  default = 0
}
resource "aws_sqs_queue" "orders" {
  name                    = "orders"
  sqs_managed_sse_enabled = true
}
resource "aws_sqs_queue" "more" {
  count = var.more
  name  = "more"
}
module "a" {
  source = "./a"
}
module "b" {
  source   = "./a"
  for_each = toset(slice(["b"], 0, var.more))
}
resource "aws_sqs_queue" "each" {
  for_each = toset([])
  name     = each.key
}
module "c" {
  source   = "./a"
  for_each = toset([])
}
"""
INNER: Final = 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A root, and the plan that core made of it."""
    root, seen = tmp_path_factory.mktemp("whole"), list[Any]()
    (root / "a").mkdir()
    (root / "main.tf").write_text(PLANNED_ROOT, "utf-8")
    (root / "a" / "main.tf").write_text(INNER, "utf-8")
    evaluate(root, on_plan=seen.append)
    return root, seen[0]


def without(plan: Any, *addresses: str) -> Any:
    """Return the plan as OpenTofu makes it with -exclude of some resources: it does not say whether it is complete."""
    plan.pop("complete")
    planned = plan["planned_values"]["root_module"]
    planned["resources"] = [each for each in planned.get("resources", ()) if each["address"] not in addresses]
    planned["child_modules"] = [
        each for each in planned.get("child_modules", ()) if each["resources"][0]["address"] not in addresses
    ]
    plan["resource_changes"] = [each for each in plan["resource_changes"] if each["address"] not in addresses]
    return plan


def stated_otherwise(plan: Any) -> Any:
    plan["planned_values"]["root_module"]["resources"][0]["values"]["sqs_managed_sse_enabled"] = False
    return plan


EVERY: Final = ("aws_sqs_queue.orders", "module.a.aws_sns_topic.t")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda plan: plan, ()),
        (
            lambda plan: without(plan, EVERY[0]),
            ("lacks what it configures: aws_sqs_queue.orders (was it made with -t",),
        ),
        (lambda plan: without(plan, EVERY[1]), ("lacks what it configures: module.a.aws_sns_topic.t (",)),
        (stated_otherwise, ("is planned with values that its change does not have: sqs_managed_sse_enabled",)),
    ],
)
def test_a_plan_is_whole_or_says_what_it_lacks(made: tuple[Path, Any], tmp_path: Path, changed: Any, said: Any) -> None:
    root, plan = made
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(changed(copy.deepcopy(plan))), "utf-8")
    (opened,) = open_configurations(path, source=root)
    assert len(opened.gaps) == len(said), opened.gaps
    assert all(text in gap.reason for text, gap in zip(said, opened.gaps, strict=True)), opened.gaps


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (f"-target={EVERY[0]}", "is not complete (made with -target, or changes are deferred)"),
        (
            "-refresh-only",
            f"lacks what it configures: {', '.join(EVERY)} (was it made with -destroy or -refresh-only?)",
        ),
        ("-destroy", f"lacks what it configures: {', '.join(EVERY)} (was it made with -destroy or -refresh-only?)"),
    ],
)
def test_a_partial_plan_of_real_core_is_a_gap(
    made: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, said: str
) -> None:
    root, seen = made[0], list[Any]()
    with monkeypatch.context() as patched:
        patched.setattr(Given, "options", (option,))
        evaluate(root, on_plan=seen.append)
    (tmp_path / "plan.json").write_text(json.dumps(seen[0]), "utf-8")
    (opened,) = open_configurations(tmp_path / "plan.json", source=root)
    assert [gap.reason for gap in opened.gaps] == [said]


def test_only_the_source_tells_that_a_call_is_repeated_for_nothing(made: tuple[Path, Any], tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(made[1]), "utf-8")
    (opened,) = open_configurations(tmp_path / "plan.json")
    (gap,) = opened.gaps
    assert gap.reason.startswith("lacks what it configures: module.c.aws_sns_topic.t (was it made with -target")
    assert gap.reason.endswith("?); name the source of the plan if they are repeated zero times")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("main.tf", 'resource "aws_sqs_queue" "new" {\n  name = "new"\n}\n', "aws_sqs_queue.new"),
        (
            "a/main.tf",
            INNER.replace('"t"\n', '"u"\n'),
            ", ".join(f"module.{each}.aws_sns_topic.t.name" for each in "abc"),
        ),
        ("a/main.tf", "", ", ".join(f"module.{each}.aws_sns_topic.t" for each in "abc")),
    ],
)
def test_a_plan_of_another_source_is_a_gap(
    made: tuple[Path, Any], tmp_path: Path, file: str, text: str, said: str
) -> None:
    root, plan = made
    (tmp_path / "a").mkdir()
    for name in ("main.tf", "a/main.tf"):
        (tmp_path / name).write_text((root / name).read_text("utf-8"), "utf-8")
    (tmp_path / file).write_text((PLANNED_ROOT if file == "main.tf" else "") + text, "utf-8")
    (tmp_path / "plan.json").write_text(json.dumps(plan), "utf-8")
    (opened,) = open_configurations(tmp_path / "plan.json", source=tmp_path)
    assert [gap.reason for gap in opened.gaps] == [f"is of another source than the stated one: {said}"]
