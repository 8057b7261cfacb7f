"""`prodgate iam RUN`: what a kept run declared is asked again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.recording import Call, Record
from prodgate.cli import main
from prodgate.commands.kept_principals import read_kept
from prodgate.criteria import UsageError
from prodgate.facts.live.permissions import IDENTITIES
from prodgate.terraform.resources import Configuration, Gap
from prodgate.terraform.serialization import to_json
from tests.prodgate.layers.context import layer_context
from tests.prodgate.terraform.test_principals import ACCOUNT, declared, role

CRITERIA = """
system = "shop"
[criteria.x]
statement = "It holds."
why = "It matters."
source = "X-1"
layers = ["static"]
"""


def test_what_a_run_declared_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "static")
    with pytest.raises(UsageError, match="looked at no account and at no configuration"):
        read_kept(context.run)
    administrator = declared(
        "aws_iam_role_policy_attachment",
        "admin",
        role="admin",
        policy_arn="arn:aws:iam::aws:policy/AdministratorAccess",
    )
    configuration = Configuration(root="shop", engine="none", resources=[role("admin"), role("idle"), administrator])
    context.store_fact("static", "configuration", "shop", to_json(configuration), "none")
    assert main(["iam", str(context.run), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["administrator"] for row in rows} == {"admin": "yes", "idle": "no"}
    assert main(["iam", str(context.run), "--var-file", "a.tfvars"]) == 4
    assert "--var-file is for a PATH with Terraform" in capsys.readouterr().err


def test_the_least_that_would_do_is_printed_of_what_a_run_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goal = '{ uses = { code = ["jobs"] }, principals = ["role/idle"] }'
    (tmp_path / "criteria.toml").write_text(CRITERIA + f"goals = [{goal}]\n", "utf-8")
    context = layer_context(tmp_path, "static")
    policy = {"Statement": {"Effect": "Allow", "Action": ["s3:PutObject", "sqs:*"], "Resource": "*"}}
    granting = declared("aws_iam_role_policy", "idle", role="idle", policy=json.dumps(policy))
    configuration = Configuration(root="shop", engine="none", resources=[role("idle"), granting])
    context.store_fact("static", "configuration", "shop", to_json(configuration), "none")
    called = [["client", "sqs", "send_message", "jobs/one.py:2"], ["client", "sns", "publish", "jobs/one.py:3"]]
    context.store_fact("static", "code", ".", {"jobs": {"calls": called, "unread": [], "named": []}}, "files")
    asked = ["iam", str(context.run), "--criteria", str(tmp_path / "criteria.toml"), "--least"]
    assert main([*asked, "idle"]) == 0
    said = capsys.readouterr().out
    assert "not used: s3:PutObject, granted by" in said
    assert "missing: sns:Publish, for jobs/one.py:3" in said
    assert main([*asked, "idle", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["policy"]["Statement"] == [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["*"]}]
    assert [one["used"] for one in found["unused"]] == [[], ["sqs:SendMessage"]]
    assert main([*asked, "other"]) == 4
    assert "says what it uses; state one with 'uses'" in capsys.readouterr().err
    assert main([*asked, "idle", "--idle"]) == 4
    assert "questions of their own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            {"resources": [], "gaps": [Gap("module.roles", "is not here")]},
            "no user and no role could be read: module.roles is",
        ),
        ({"resources": [role("x", arn=None)]}, "name a run of the layer live"),
    ],
)
def test_principals_that_could_not_be_read_are_not_none(
    seen: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "static")
    configuration = Configuration(root="shop", engine="none", **seen)
    context.store_fact("static", "configuration", "shop", to_json(configuration), "none")
    assert main(["iam", str(context.run)]) == 4
    assert said in capsys.readouterr().err


def test_an_account_that_a_run_looked_at_comes_first(tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    context = layer_context(tmp_path, "live")
    about = {"id": ACCOUNT, "region": "eu-west-1", "now": "2026-01-01T00:00:00+00:00", "foreign": [], "files": {}}
    context.store_fact("live", "account", ACCOUNT, about, "aws://eu-west-1")
    with pytest.raises(UsageError, match="what IAM lists was not observed"):
        read_kept(context.run)
    asked = Call(
        service="iam", operation="GetAccountAuthorizationDetails", region="eu-west-1",
        parameters={"Filter": IDENTITIES}, whole=True,
    )  # fmt: skip
    page = {"UserDetailList": [{"Arn": f"arn:aws:iam::{ACCOUNT}:user/ann", "UserName": "ann"}]}
    calls = [Record(call=asked, pages=[page]).to_json()]
    answers = {"service": "iam", "region": "eu-west-1", "library": "none", "calls": calls}
    context.store_fact("live", "answers", "iam in eu-west-1", answers, "1 call")
    (ann,) = read_kept(context.run).principals
    assert (ann.name, ann.place) == ("ann", ann.arn)
