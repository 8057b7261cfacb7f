"""AWS calls of workflows and of Python files: followed under their role and through names, and reported as
unknown wherever that fails."""

import os
from pathlib import Path
from typing import Any

import pytest

from prodgate.facts.static.called import code_facts, observe_code, read_calls, read_commands
from prodgate.facts.static.workflows import Job, Step
from tests.trees import write_tree

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
    ("uses", "known"),
    [
        ("someone/deploys@1", False),
        ("aws-actions/amazon-ecr-login@2", False),
        ("aws-actions/amazon-ecs-deploy-task-definition@2", False),
        ("aws-actions/aws-secretsmanager-get-secrets@2", False),
        ("docker/build-push-action@6", False),
        ("actions/upload-artifact@1", True),
        ("hashicorp/setup-terraform@1", True),
    ],
)
def test_an_action_of_others_may_call_anything_unless_it_only_makes_ready(uses: str, known: bool) -> None:
    step = Step(subject="a.yml:9 j/x", line=9, name="x", uses=uses)
    said = [why.partition(" of AWS")[0] for _, why in read(signing_in("ROLE"), step)["unread"]]
    assert said == ([] if known else [f"runs {uses}, and what that calls"])


TAKEN = "arn:aws:iam::1:role/shop"


def taking(text: str, **env: str) -> dict[str, Any]:
    step = Step(subject="a.yml:1 j/in", line=1, name="in", uses=SIGN_IN, inputs={"role-to-assume": text})
    job = Job(subject="a.yml:1 j", line=1, id="j", env=env, steps=(step, run("aws sqs purge-queue")))
    return read_commands((job,), "ROLE", TAKEN)


@pytest.mark.parametrize(
    ("text", "found", "said"),
    [
        *((text, True, "") for text in ("${{ vars.ROLE }}", "${{secrets.ROLE}}", "${{ env.OURS }}", TAKEN)),
        *((text, False, "") for text in ("${{ vars.OTHER }}", "${{ inputs.role }}", "arn:aws:iam::1:role/other")),
        # decided when it runs
        ("${{ matrix.role }}", False, "may be this one"),
        ("${{ inputs.role || vars.ROLE }}", False, "may be this one"),
        ("arn:aws:iam::${{ vars.ACCOUNT }}:role/shop", False, "may be this one"),
    ],
)
def test_a_role_is_taken_on_by_its_variable_or_its_name(text: str, found: bool, said: str) -> None:
    read = taking(text, OURS="${{ vars.ROLE }}")
    assert (read["found"], len(read["calls"]), len(read["unread"])) == (found, int(found), int(bool(said)))
    assert all(said in why for _, why in read["unread"])


def test_who_is_handed_the_variable_may_take_on_the_role() -> None:
    given = {"role": "${{ vars.ROLE }}"}
    far = Job(subject="a.yml:5 k", line=5, id="k", uses="o/r/.github/workflows/x.yml@1", inputs=given)
    near = Job(subject="a.yml:5 k", line=5, id="k", uses="./.github/workflows/x.yml", inputs=given)
    assert "hands ROLE to o/r/.github/workflows/x.yml@1" in read_commands((far,), "ROLE")["unread"][0][1]
    assert not read_commands((near,), "ROLE")["unread"]
    for step in (run("x", env={"R": "${{ vars.ROLE }}"}), run("aws sts assume-role --role-arn ${{ vars.ROLE }}")):
        assert "hands ROLE to what may take on the role" in read(step)["unread"][0][1]


# ── The code that goals name: read file by file; an unreadable one is reported

CALLING = "import boto3\nboto3.client('s3').get_object()"


def test_files_are_read_by_their_place_in_the_repository_and_tests_are_left_out(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"jobs/a.py": CALLING, "jobs/in/b.py": "import jobs", "jobs/tests/c.py": "(", "one.py": CALLING}
    )
    folder, file = code_facts(observe_code(tmp_path, ["jobs/", "one.py"]))
    assert folder.calls == (("client", "s3", "get_object", "jobs/a.py:2"),)
    assert folder.unseen == (("jobs/in/b.py:1", "imports jobs, and what that calls of AWS is not known; name it under 'quiet' if it is nothing", "jobs"),)  # fmt: skip
    assert (file.subject, file.calls) == ("one.py", (("client", "s3", "get_object", "one.py:2"),))


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    write_tree(jobs, {"binary.py": b"\xff\xfe", "large.py": "#" * 1_000_001})
    os.mkfifo(jobs / "pipe.py")
    (jobs / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "elsewhere").mkdir()
    (jobs / "linked").symlink_to(tmp_path / "elsewhere")
    found, missing = code_facts(observe_code(tmp_path, ["jobs", "nothing"]))
    said = {place: why for place, why, _ in found.unseen}
    assert said.keys() == {"jobs/binary.py", "jobs/gone.py", "jobs/large.py", "jobs/linked", "jobs/pipe.py"}
    assert "is larger than 1,000,000 bytes" in said["jobs/large.py"]
    assert "is no regular file" in said["jobs/pipe.py"]
    assert missing.unseen == (("nothing", "holds no Python file", ""),)


def test_what_an_earlier_version_kept_says_what_it_did_not_look_for() -> None:
    (folder,) = code_facts({"jobs": {"calls": [], "unread": []}})
    assert folder.named == ()
    assert [(place, "observe it again" in why) for place, why, _ in folder.unseen] == [("jobs", True)]


# ── AWS calls in Python files: followed through names, and reported as unknown wherever that fails


def called_in(text: str, **others: str) -> set[str]:
    found = read_calls({"job.py": text, **{f"{name}.py": one for name, one in others.items()}})
    assert not found["unread"]
    return {f"{kind} {service}.{method}" for kind, service, method, _ in found["calls"]}


def unread(text: str) -> list[str]:
    return [f"{place} {why}" for place, why, _ in read_calls({"job.py": text})["unread"]]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("import boto3\nboto3.client('s3').get_object()", {"client s3.get_object"}),
        ("import boto3 as b\nc = b.client(service_name='sqs')\nc.send_message()", {"client sqs.send_message"}),
        ("from boto3 import client as make\nmake('sns').publish()", {"client sns.publish"}),
        ("import boto3\nNAME = 'sqs'\nboto3.client(NAME).send_message()", {"client sqs.send_message"}),
        ("import boto3\ns = boto3.Session()\ns.client('ssm').get_parameter()", {"client ssm.get_parameter"}),
        ("import boto3\nboto3.client('s3').get_paginator('list_objects_v2')", {"paginator s3.list_objects_v2"}),
        ("import boto3\nboto3.client('ecs').get_waiter(waiter_name='tasks_stopped')", {"waiter ecs.tasks_stopped"}),
        ("import boto3\nboto3.client('s3').generate_presigned_url('get_object')", {"client s3.get_object"}),
        ("import boto3\nfetch = boto3.client('s3').get_object\nfetch()", {"client s3.get_object"}),
        ("import boto3\nc = boto3.client('s3')\ntry:\n    c.get_object()\nexcept c.exceptions.NoSuchKey:\n    pass", {"client s3.get_object"}),
        ("import boto3\nfor name in ('sqs', 'sns'):\n    boto3.client(name).tag_resource()", {"client sqs.tag_resource", "client sns.tag_resource"}),
        ("import boto3\ndef make(name):\n    return boto3.client(name)\nmake('sqs').send_message()\nmake('sns').publish()", {"client sqs.send_message", "client sns.publish"}),
        ("import boto3\ndef put(to, body):\n    to.put_object(Body=body)\nput(boto3.client('s3'), b'')", {"client s3.put_object"}),
        ("import boto3\nclass Store:\n    def __init__(self):\n        self.c = boto3.client('s3')\n    def put(self):\n        self.c.put_object()", {"client s3.put_object"}),
        ("import boto3\nclass Store:\n    c = boto3.client('s3')\nStore.c.put_object()", {"client s3.put_object"}),
        ("import boto3\nfrom contextlib import closing\nwith closing(boto3.client('s3')) as c:\n    c.list_buckets()", {"client s3.list_buckets"}),
        ("import boto3\nc = None\ndef get():\n    global c\n    c = c or boto3.client('s3')\n    return c\nget().head_object()", {"client s3.head_object"}),
        ("import boto3\nfor o in boto3.resource('s3').Bucket('b').objects.all():\n    o.delete()", {"resource s3.Bucket", "resource s3.Bucket.objects", "resource s3.Bucket.objects.all", "resource s3.Bucket.objects.all.[].delete"}),
        ("from airflow.providers.amazon.aws.hooks.s3 import S3Hook\nS3Hook('x').get_conn().get_object()", {"client s3.get_object"}),
        ("import boto3\ndef f(c=boto3.client('s3')):\n    c.get_object()", {"client s3.get_object"}),
        ("import boto3\ndef each():\n    yield boto3.client('s3')\nfor c in each():\n    c.get_object()", {"client s3.get_object"}),
        ("import boto3\nclass Store:\n    @property\n    def c(self):\n        return boto3.client('s3')\n    def put(self):\n        self.c.put_object()", {"client s3.put_object"}),
        ("import boto3\nclass Store:\n    def put(self):\n        self.to(boto3.client('s3'))\n    def to(self, c):\n        c.put_object()", {"client s3.put_object"}),
        ("from airflow.sdk import dag, task\nfrom airflow.decorators import task", set()),
        ("import json, requests\nprint(json.dumps(requests.get('x').json()))", set()),
    ],
)  # fmt: skip
def test_calls_are_followed(text: str, calls: set[str]) -> None:
    assert called_in(text) == calls


def test_calls_are_followed_from_file_to_file() -> None:
    assert called_in("import tools\nfrom tools import make\nmake('sqs').send_message()\ntools.C.publish()", tools=(
        "import boto3\nC = boto3.client('sns')\ndef make(name):\n    return boto3.client(name)\n"
    )) == {"client sqs.send_message", "client sns.publish"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import boto3, os\nboto3.client(os.environ['X']).get_object()", "job.py:2 opens a client whose service is decided"),
        ("import boto3\ndef make(name):\n    return boto3.client(name)", "job.py:3 opens a client whose service"),
        ("import boto3\nboto3.client(**{'service_name': 's3'})", "job.py:2 opens a client whose service"),
        ("import boto3\ngetattr(boto3.client('s3'), 'get_object')()", "job.py:2 hands its client of s3 to what is not followed"),
        ("import boto3\ngetattr(boto3, 'client')('s3')", "job.py:2 hands boto3 to what is not followed"),
        ("import boto3\nall = {'s3': boto3.client('s3')}", "job.py:2 hands its client of s3"),
        ("import boto3, tenacity\ntenacity.retry(c=boto3.client('s3'))", "job.py:2 hands its client of s3"),
        ("import boto3\nd = {}\nd['s3'] = boto3.client('s3')", "job.py:3 hands its client of s3"),
        ("import boto3\ndef make():\n    return boto3.client('s3')\nlist(map(make, ()))", "job.py:4 hands on make, which returns"),
        ("import boto3, os\nboto3.client('s3').get_paginator(os.environ['X'])", "asks get_paginator of s3 for what is decided"),
        ("import subprocess", "job.py:1 imports subprocess, which runs what is not read"),
        ("import os\nos.system('aws s3 ls')", "job.py:2 runs what is not read by os.system"),
        ("import awswrangler", "imports awswrangler, and what that calls of AWS is not known"),
        ("from botocore.session import get_session", "imports botocore.session.get_session, and what"),
        ("from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator", "and what that calls of AWS is not known"),
        ("from airflow.providers.amazon.aws.hooks.s3 import S3Hook\nS3Hook().load_string('x')", "uses load_string of S3Hook"),
        ("from airflow.providers.amazon.aws.hooks.emr import EmrHook\nEmrHook()", "and what that calls is not known"),
        ("import boto3\ndef f(*c):\n    pass\nf(boto3.client('s3'))", "job.py:4 hands its client of s3 to what is not followed"),
        ("import boto3\ndef f(**c):\n    pass\nf(c=boto3.client('s3'))", "job.py:4 hands its client of s3 to what is not followed"),
        ("import boto3, queue\nclass A:\n    def put(self, c):\n        pass\nqueue.Queue().put(boto3.client('s3'))", "job.py:5 hands its client of s3"),
        ("import json\ngetattr(json, 'x')()", "job.py:2 looks something up in an import by getattr"),
        ("globals()['x']", "job.py:1 uses globals, which runs what is not read"),
        ("from os import system", "job.py:1 imports os.system, which runs what is not read"),
        ("from airflow.operators.bash import BashOperator", "imports airflow.operators.bash.BashOperator, and what that calls"),
        ("from airflow.decorators import task\n@task.bash\ndef f():\n    return 'aws s3 ls'", "job.py:2 runs what is not read by airflow.decorators.task.bash"),
        ("exec('x')", "job.py:1 uses exec, which runs what is not read"),
        ("from tools import *", "job.py:1 imports all of tools"),
        ("def (", "job.py:1 is no Python that can be read"),
        ("import boto3\nclass M:\n    def __enter__(self):\n        return boto3.client('s3')", "job.py:3 hands out what is of AWS by __enter__, unseen"),
        ("import boto3\nclass M:\n    def __call__(self):\n        return boto3.client('s3')", "job.py:3 hands out what is of AWS by __call__"),
        ("import boto3\nboto3.DEFAULT_SESSION.client('s3')", "uses boto3.DEFAULT_SESSION.client, and what that calls is not known"),
        ("import boto3\nboto3._get_default_session().client('s3')", "uses boto3._get_default_session, and what"),
        ("import boto3\nboto3.Session()._session.create_client('s3')", "uses _session of a session, and what"),
        ("from airflow.hooks.base import BaseHook\nBaseHook.get_hook('x')", "runs what is not read by airflow.hooks.base.BaseHook.get_hook"),
        ("from airflow.models import Connection\nConnection.get('x').get_hook()", "runs what is not read by get_hook"),
        ("from airflow.sdk import ObjectStoragePath", "imports airflow.sdk.ObjectStoragePath, and what"),
        ("from airflow import sdk\nsdk.ObjectStoragePath('s3://x')", "runs what is not read by airflow.sdk.ObjectStoragePath"),
        ("from airflow.utils.email import send_email", "imports airflow.utils.email.send_email, and what"),
        ("from airflow.utils.module_loading import import_string", "imports airflow.utils.module_loading.import_string, and"),
        ("from airflow.decorators import task as t\n@t.bash\ndef f():\n    pass", "not read by airflow.decorators.task.bash"),
        ("from airflow import sdk\n@sdk.task.docker\ndef f():\n    pass", "not read by airflow.sdk.task.docker"),
        ("import airflow\nairflow.providers.amazon.aws.hooks.s3.S3Hook().load_string('x')", "uses load_string of S3Hook"),
        ("import asyncio.subprocess", "imports asyncio.subprocess, which runs what is not read"),
        ("def f(loop):\n    loop.subprocess_exec(None)", "runs what is not read by subprocess_exec"),
        ("import posix", "imports posix, which runs what is not read"),
        ("import timeit", "imports timeit, which runs what is not read"),
        ("import builtins", "imports builtins, which runs what is not read"),
        ("import sys\nsys.modules['x']", "runs what is not read by sys.modules"),
    ],
)  # fmt: skip
def test_what_is_not_followed_is_said(text: str, reason: str) -> None:
    assert [one for one in unread(text) if reason in one], unread(text)


@pytest.mark.parametrize(
    "text",
    [
        "from airflow.sdk import dag, task\n@task.branch\ndef f():\n    pass\nf.expand(x=[1])",
        "from airflow.hooks.base import BaseHook\nBaseHook.get_connection('x').password",
        "import boto3\nboto3.Session().region_name",
        "from boto3.s3.transfer import TransferConfig\nTransferConfig()",
        "class M:\n    def __enter__(self):\n        return self",
    ],
)
def test_what_calls_nothing_is_not_doubted(text: str) -> None:
    assert unread(text) == []


def test_functions_that_hand_one_another_around_are_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.facts.static.called._MOST_FOLLOWED", 10_000)
    names = [f"f{number}" for number in range(8)]
    bodies = [f"def {name}(a, b):\n" + "".join(f"    {each}(b, a)\n" for each in names) for name in names]
    assert any("too intertwined to follow" in one for one in unread("\n".join(bodies)))


def test_what_modules_hand_on_is_followed() -> None:
    inner = "import boto3\nc = boto3.client('sns')\ndef make():\n    return boto3.client('sqs')"
    assert called_in("from outer import c, make\nimport outer\nc.publish()\nmake().send_message()\nouter.boto3.client('s3').get_object()",
        outer="import boto3\nfrom inner import c, make", inner=inner,
    ) == {"client sns.publish", "client sqs.send_message", "client s3.get_object"}  # fmt: skip


def test_a_file_that_is_not_there_is_said() -> None:
    found = read_calls(
        {
            "pkg/__init__.py": "",
            "pkg/job.py": "from .gone import c\nfrom . import other\nimport pkg.other",
            "pkg/other.py": "",
        }
    )
    assert [(place, why) for place, why, _ in found["unread"]] == [
        ("pkg/job.py:1", "imports pkg.gone.c, which is not among the files that are read")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "def f(c):\n    c.put_object()",
        "import tools\nclass A:\n    pass\nA().c.put_object()",
        "def f(c):\n    getattr(c, 'put_object')()",
        "from operator import methodcaller\nmethodcaller('put_object')",
    ],
)
def test_what_is_used_of_what_nobody_knows_is_kept_by_name(text: str) -> None:
    named = read_calls({"job.py": text})["named"]
    assert "put_object" in [name for name, _ in named]


@pytest.mark.parametrize(
    "text", ["import json\njson.dumps(1)", "import boto3\nboto3.client('s3').put_object()", "'x'.join(())"]
)
def test_what_is_known_is_not(text: str) -> None:
    assert read_calls({"job.py": text})["named"] == []
