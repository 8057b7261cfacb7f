"""The second scanner as part of the static layer: observed, kept, judged again offline."""

from pathlib import Path

import pytest

from prodgate.engines import checkov as adapter
from prodgate.engines.environments import EngineError
from prodgate.evidence import runs
from prodgate.findings import Finding, Outcome
from prodgate.layers import BUILT
from prodgate.layers.layer import LayerContext
from prodgate.terraform.resources import Configuration
from tests.prodgate.layers.context import layer_context
from tests.trees import write_tree

CRITERIA = """
system = "shop"

[terraform]
root = "infra"
"""
CRITERION = """
[criteria.{id}]
statement = {{ en = "It holds.", ja = "成り立つ。" }}
why = "It matters."
source = "X-1"
layers = ["static"]
"""
TOPIC = 'resource "aws_sns_topic" "orders" {\n  name = "orders"\n}\n'


def observation(tmp_path: Path, *criteria: str, tree: str = TOPIC) -> LayerContext:
    text = CRITERIA + "".join(CRITERION.format(id=each) for each in criteria)
    write_tree(tmp_path, {"criteria.toml": text, "infra/main.tf": tree})
    return layer_context(tmp_path, "static")


def concluded(context: LayerContext) -> list[Finding]:
    """Observe, then judge the evidence; both must agree."""
    layer = BUILT["static"]
    facts = layer.observe(context)
    recalled = layer.recall(context.run, runs.read(context.run).facts)
    assert layer.conclude(recalled, context) == layer.conclude(facts, context)
    return [finding for found in layer.conclude(facts, context).values() for finding in found]


def test_what_it_says_is_filed_under_the_criterion_and_judged_again(tmp_path: Path) -> None:
    at = observation(tmp_path, "independent-scan", "encryption-at-rest", "scan-not-silenced")
    found = concluded(at)
    (unencrypted,) = [each for each in found if each.check == "CKV_AWS_26"]
    assert (unencrypted.criterion, unencrypted.outcome) == ("encryption-at-rest", Outcome.NOT_SATISFIED)
    assert (unencrypted.subject, unencrypted.where) == ("aws_sns_topic.orders", ("infra/main.tf:1",))
    assert [each.outcome for each in found if each.criterion == "scan-not-silenced"] == [Outcome.SATISFIED]
    assert [fact["kind"] for fact in runs.read(at.run).facts if fact["source"].startswith("Checkov 3")] == ["checkov"]


def test_it_is_not_asked_when_no_criterion_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "ensure_python", None)
    assert concluded(observation(tmp_path, "encryption-at-rest")) == []


def test_without_it_the_rest_is_still_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str, _progress: object) -> Path:
        raise EngineError("checkov.lock: can't be installed")

    monkeypatch.setattr(adapter, "ensure_python", refuse)
    at = observation(tmp_path, "independent-scan", "terraform-evaluates")
    assert {each.criterion: each.outcome for each in concluded(at)} == {
        "independent-scan": Outcome.UNDETERMINED,
        "terraform-evaluates": Outcome.SATISFIED,
    }


def test_a_root_that_terraform_refuses_leaves_it_undetermined(tmp_path: Path) -> None:
    at = observation(tmp_path, "independent-scan", tree=TOPIC + 'resource "aws_sns_topic" "orders" {\n')
    facts = BUILT["static"].observe(at)
    assert Configuration in facts.unreadable
    findings = [each for judged in BUILT["static"].conclude(facts, at).values() for each in judged]
    assert any("Terraform gave no plan" in each.reason for each in findings if each.outcome is Outcome.UNDETERMINED)


def test_a_run_that_never_asked_it_is_undetermined(tmp_path: Path) -> None:
    at = observation(tmp_path, "independent-scan")
    (findings,) = BUILT["static"].conclude(BUILT["static"].recall(at.run, []), at).values()
    assert [each.reason for each in findings] == ["no scan was observed"]
