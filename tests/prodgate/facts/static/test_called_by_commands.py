"""What workflows call by `aws` under a role, and what of that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.static.called.commands import read_commands
from prodgate.facts.static.workflows import Job, Step

SIGN_IN = "aws-actions/configure-aws-credentials@1"


def signing_in(variable: str) -> Step:
    return Step(
        subject="a.yml:1 j/in",
        line=1,
        name="in",
        uses=SIGN_IN,
        inputs={"role-to-assume": f"${{{{ vars.{variable} }}}}"},
    )


def read(*steps: Step, scripts: dict[str, str] | None = None) -> dict[str, Any]:
    return read_commands((Job(subject="a.yml:1 j", line=1, id="j", steps=steps),), "ROLE")


def run(script: str, **others: Any) -> Step:
    return Step(subject="a.yml:7 j/run", line=7, name="run", run=script, **others)


def called(script: str, **others: Any) -> list[str]:
    found = read(signing_in("ROLE"), run(script, **others))
    assert not found["unread"]
    return [" ".join(one[:3]) for one in found["calls"]]


def test_commands_count_from_where_the_role_is_taken_to_where_another_is() -> None:
    steps = [
        run("aws s3 ls"),
        signing_in("ROLE"),
        run("aws sqs purge-queue"),
        signing_in("OTHER"),
        run("aws s3 mb s3://x"),
    ]
    assert read(*steps) == {"calls": [["command", "sqs", "purge-queue", "a.yml:7"]], "unread": [], "found": True}
    assert not read(run("aws s3 ls"), signing_in("OTHER"))["found"]


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ("aws --region x deploy create-deployment --a b | jq .x > y", ["command deploy create-deployment"]),
        ("id=$(aws ecs describe-tasks --tasks x)\necho \"$id\"", ["command ecs describe-tasks"]),
        ("aws rds wait db-cluster-snapshot-available --x y", ["waiter rds db-cluster-snapshot-available"]),
        ('aws s3 sync dags/ "s3://$BUCKET/dags/" --delete', ["command s3 sync local s3 delete"]),
        ("aws s3 cp s3://a/b c", ["command s3 cp s3 local"]),
        ("case $x in\na | b)\n  aws s3 ls\n  ;;\n*)\n  exit 1\n  ;;\nesac\nn=$((n + 1))\n[[ $x != @(a|b) ]]", ["command s3 ls"]),
    ],
)  # fmt: skip
def test_commands_are_read(script: str, calls: list[str]) -> None:
    assert called(script) == calls


def test_a_script_of_the_repository_is_followed() -> None:
    assert called("scripts/x.sh a", scripts={"scripts/x.sh": "while true; do\n  aws sns publish\ndone"}) == [
        "command sns publish"
    ]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("tox -e deploy", "runs tox, and what that calls"),
        ("cat x | xargs aws s3 rm", "runs xargs, and what"),
        ("aws $SERVICE list", "is decided when it runs"),
        ("find . -exec aws s3 ls", "runs find so that it may call anything"),
        ("curl --aws-sigv4 aws:amz x", "runs curl so that it may call anything"),
        ("$TOOL x", "runs $TOOL, and what"),
        ("x " * 10_000, "characters, and what"),
    ],
)
def test_what_is_not_known_is_said(script: str, reason: str) -> None:
    ((place, said),) = read(signing_in("ROLE"), run(script))["unread"]
    assert place == "a.yml:7"
    assert reason in said


def test_an_action_of_others_may_call_anything() -> None:
    step = Step(subject="a.yml:9 j/x", line=9, name="x", uses="someone/deploys@1")
    assert "runs someone/deploys@1, and what that calls" in read(signing_in("ROLE"), step)["unread"][0][1]
