"""The user's directory, credentials and network are left alone."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.hermetic import prepare_environment
from tests.prodgate.terraform.tree_files import TREES, Plant


def _fingerprint(tree: Path) -> Mapping[str, tuple[str, int]]:
    """Digest and time of change of everything below a directory; a directory's time changes with its entries."""
    return {
        str(each.relative_to(tree)): (
            hashlib.sha256(each.read_bytes()).hexdigest() if each.is_file() else "directory",
            each.stat().st_mtime_ns,
        )
        for each in (tree, *sorted(tree.rglob("*")))
    }


def test_nothing_is_written_into_the_tree() -> None:
    before = _fingerprint(TREES / "shop")

    evaluate(TREES / "shop")

    assert ".terraform.lock.hcl" in {Path(name).name for name in before}
    assert _fingerprint(TREES / "shop") == before


def test_nothing_is_written_when_core_refuses(plant: Plant) -> None:
    tree = plant({"main.tf": 'variable "size" {}\n', "terraform.tfstate": '{"version": 4}'})
    before = _fingerprint(tree)

    with pytest.raises(Exception, match="No value for required variable"):
        evaluate(tree)

    assert _fingerprint(tree) == before


def test_scratch_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    evaluate(TREES / "shop")

    assert list(tmp_path.iterdir()) == []


def test_state_of_the_real_infrastructure_is_not_read(plant: Plant) -> None:
    instance = {"schema_version": 0, "attributes": {"id": "t", "name": "old"}}
    resource = {
        "mode": "managed",
        "type": "aws_sns_topic",
        "name": "old",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [instance],
    }
    state = {"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "resources": [resource]}
    tree = plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n', "terraform.tfstate": json.dumps(state)})

    assert [each.address for each in evaluate(tree).resources] == ["aws_sns_topic.t"]


def test_variables_in_the_environment_count(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_name", "from the environment")
    tree = plant(
        {"main.tf": 'variable "name" {\n  default = "d"\n}\nresource "aws_sns_topic" "t" {\n  name = var.name\n}\n'}
    )

    (topic,) = evaluate(tree).resources

    assert topic.text("name") == "from the environment"
    assert topic.origin is not None
    assert [str(each) for each in topic.origin.of("name")] == ["main.tf:5"]


def test_credentials_and_arguments_stay_out(tmp_path: Path) -> None:
    user = {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_PROFILE": "prod",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "HOME": "/home/somebody",
        "HTTPS_PROXY": "http://proxy.corp:3128",
        "PATH": "/usr/bin",
        "TF_CLI_ARGS_plan": "-target=x",
        "TF_TOKEN_app_terraform_io": "secret",
        "TF_VAR_size": "3",
        "TF_WORKSPACE": "prod",
    }

    found = prepare_environment(user, tmp_path)

    assert {name for name in found if found[name] == user.get(name)} == {"PATH", "TF_VAR_size"}
    assert not {name for name in found if name.startswith("TF_CLI_ARGS") or name.startswith("TF_TOKEN")}
    assert found["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert all(Path(found[name]).is_relative_to(tmp_path) for name in ("HOME", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE"))


def test_hostile_environment_changes_nothing(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-no-such-option")
    monkeypatch.setenv("TF_WORKSPACE", "nowhere")
    monkeypatch.setenv("TF_LOG", "TRACE")
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    assert len(evaluate(plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'})).resources) == 1
