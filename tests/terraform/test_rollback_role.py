"""The rollback role may do exactly the actions of its script, and no more of CodeDeploy."""

import json
import re
from pathlib import Path

import pytest

from prodgate.rehearsal.account import OriginalAccount

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("rehearsal")]

SCRIPT = Path(__file__).parents[2] / "scripts" / "roll_back.sh"
#: What CodeDeploy asks of whoever creates a deployment.
#: Source: https://docs.aws.amazon.com/codedeploy/latest/userguide/auth-and-access-control-permissions-reference.html
BESIDES = {"GetApplicationRevision", "GetDeploymentConfig", "RegisterApplicationRevision"}


def test_it_may_do_what_the_script_does_and_no_more(production: OriginalAccount) -> None:
    policies = production.account.declared("aws_iam_role_policy").values()
    (policy,) = [json.loads(one["policy"]) for one in policies if one["role"] == "nba-news-prod-rollback"]
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    called = {name.title().replace("-", "") for name in re.findall(r"aws deploy ([a-z-]+)", SCRIPT.read_text("utf-8"))}
    assert called >= {"ListDeployments", "StopDeployment"}
    assert allowed == {f"codedeploy:{name}" for name in called | BESIDES}
