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
        ("aws s3 cp --recursive --exclude '*' --only-show-errors . s3://x", ["command s3 cp local s3 recursive"]),
        ("aws s3 cp --acl private - s3://x", ["command s3 cp local s3", "command s3api put-object-acl"]),
        ('aws s3 cp s3://x "$RUNNER_TEMP/x"', ["command s3 cp s3 local"]),
        ("aws s3 rm --quiet s3://x", ["command s3 rm"]),
        ("aws s3 ls", ["command s3api list-buckets"]),
        ("aws --endpoint-url https://x --color off sqs purge-queue", ["command sqs purge-queue"]),
        ("case $x in\na | b)\n  aws s3 ls s3://x\n  ;;\n*)\n  exit 1\n  ;;\nesac\nn=$((n + 1))\n[[ $x != @(a|b) ]]", ["command s3 ls"]),
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
        ("trap 'aws s3 rm s3://x' EXIT", "runs trap so that it may call anything"),
        ("git push codecommit::eu-west-1://x", "runs git so that it may call anything"),
        ("git -c alias.x='!y' x", "runs git so that it may call anything"),
        ("sed '1e aws s3 ls' x", "runs sed so that it may call anything"),
        ("tar xf a --to-command='x'", "runs tar so that it may call anything"),
        ("sort --compress-program=x y", "runs sort so that it may call anything"),
        ("echo `aws s3 ls`", "runs commands between backquotes"),
        ("cat <<EOF\n$(aws s3 ls)\nEOF", "runs commands inside a text"),
        ('aws s3 cp s3://x "$DESTINATION"', "with a path that is decided when it runs"),
    ],
)
def test_what_is_not_known_is_said(script: str, reason: str) -> None:
    ((place, said),) = read(signing_in("ROLE"), run(script))["unread"]
    assert place == "a.yml:7"
    assert reason in said


@pytest.mark.parametrize(
    "uses",
    [
        "someone/deploys@1",
        "aws-actions/amazon-ecr-login@2",
        "aws-actions/amazon-ecs-deploy-task-definition@2",
        "aws-actions/aws-secretsmanager-get-secrets@2",
        "docker/build-push-action@6",
    ],
)
def test_an_action_of_others_may_call_anything(uses: str) -> None:
    step = Step(subject="a.yml:9 j/x", line=9, name="x", uses=uses)
    assert f"runs {uses}, and what that calls" in read(signing_in("ROLE"), step)["unread"][0][1]


@pytest.mark.parametrize("uses", ["actions/upload-artifact@1", "hashicorp/setup-terraform@1"])
def test_an_action_that_only_makes_ready_calls_nothing(uses: str) -> None:
    step = Step(subject="a.yml:9 j/x", line=9, name="x", uses=uses)
    assert not read(signing_in("ROLE"), step)["unread"]


TAKEN = "arn:aws:iam::1:role/shop"


def taking(text: str, **env: str) -> dict[str, Any]:
    step = Step(subject="a.yml:1 j/in", line=1, name="in", uses=SIGN_IN, inputs={"role-to-assume": text})
    job = Job(subject="a.yml:1 j", line=1, id="j", env=env, steps=(step, run("aws sqs purge-queue")))
    return read_commands((job,), "ROLE", TAKEN)


@pytest.mark.parametrize("text", ["${{ vars.ROLE }}", "${{secrets.ROLE}}", "${{ env.OURS }}", TAKEN])
def test_a_role_is_taken_on_by_its_variable_or_its_name(text: str) -> None:
    found = taking(text, OURS="${{ vars.ROLE }}")
    assert (found["found"], len(found["calls"]), found["unread"]) == (True, 1, [])


@pytest.mark.parametrize("text", ["${{ vars.OTHER }}", "${{ inputs.role }}", "arn:aws:iam::1:role/other"])
def test_another_role_is_another(text: str) -> None:
    assert taking(text) == {"calls": [], "unread": [], "found": False}


@pytest.mark.parametrize(
    "text", ["${{ matrix.role }}", "${{ inputs.role || vars.ROLE }}", "arn:aws:iam::${{ vars.ACCOUNT }}:role/shop"]
)
def test_a_role_that_is_decided_when_it_runs_may_be_this_one(text: str) -> None:
    assert "may be this one" in taking(text)["unread"][0][1]


def test_who_is_handed_the_variable_may_take_on_the_role() -> None:
    given = {"role": "${{ vars.ROLE }}"}
    far = Job(subject="a.yml:5 k", line=5, id="k", uses="o/r/.github/workflows/x.yml@1", inputs=given)
    near = Job(subject="a.yml:5 k", line=5, id="k", uses="./.github/workflows/x.yml", inputs=given)
    assert "hands ROLE to o/r/.github/workflows/x.yml@1" in read_commands((far,), "ROLE")["unread"][0][1]
    assert not read_commands((near,), "ROLE")["unread"]
    for step in (run("x", env={"R": "${{ vars.ROLE }}"}), run("aws sts assume-role --role-arn ${{ vars.ROLE }}")):
        assert "hands ROLE to what may take on the role" in read(step)["unread"][0][1]
