"""What Python files call of AWS: followed through names, and said to be unknown wherever it is not followed."""

from __future__ import annotations

import pytest

from prodgate.facts.static.called.python_code import read_calls


def called(text: str, **others: str) -> set[str]:
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
    assert called(text) == calls


def test_calls_are_followed_from_file_to_file() -> None:
    assert called("import tools\nfrom tools import make\nmake('sqs').send_message()\ntools.C.publish()", tools=(
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


def test_what_modules_hand_on_is_followed() -> None:
    inner = "import boto3\nc = boto3.client('sns')\ndef make():\n    return boto3.client('sqs')"
    assert called("from outer import c, make\nimport outer\nc.publish()\nmake().send_message()\nouter.boto3.client('s3').get_object()",
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
