"""However a rehearsal ends, nothing of it is left running."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.prodgate.ending import ended

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")]

ROOT = 'provider "aws" {\n  region = "eu-west-1"\n}\n' + "".join(
    f'resource "aws_sns_topic" "t{n}" {{\n  name = "t{n}"\n}}\n' for n in range(20)
)
#: Actions of somebody who looks around.
LOOK = """
import boto3
print(len(boto3.client("sns").list_topics()["Topics"]))
boto3.client("s3").create_bucket(Bucket="bbb", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
print(boto3.client("s3").list_buckets()["Buckets"][0]["Name"])
"""
#: Seconds in which everything must be up, and everything must be gone.
LIMIT = 60


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    root.mkdir()
    scratch.mkdir()
    (root / "main.tf").write_text(ROOT, "utf-8")
    command = [sys.executable, "-P", "-m", "prodgate.rehearsal", str(root)]
    pipe, settings = subprocess.PIPE, {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=settings) as process:
        yield process
        process.kill()


def heard(process: subprocess.Popen[str], words: str) -> str:
    """Wait for a line of progress or of the final output."""
    stream = process.stdout if "http" in words else process.stderr
    assert stream
    for line in stream:
        if re.search(words, line):
            return line
    raise AssertionError(f"{words!r} was never said")


def started_by(process: subprocess.Popen[str]) -> list[int]:
    """The pids of everything that it started, directly or not."""
    return [each.pid for each in psutil.Process(process.pid).children(recursive=True)]


@pytest.mark.parametrize(
    ("moment", "number"), [("0 of 20", signal.SIGKILL), ("0 of 20", signal.SIGINT), ("http://127", signal.SIGKILL)]
)
def test_nothing_outlives_a_signal(rehearsal: subprocess.Popen[str], moment: str, number: signal.Signals) -> None:
    heard(rehearsal, moment)
    started = started_by(rehearsal)
    assert started

    rehearsal.send_signal(number)

    assert ended(*started)
    rehearsal.wait(LIMIT)


def test_other_programs_are_let_in_until_the_input_ends(rehearsal: subprocess.Popen[str], tmp_path: Path) -> None:
    heard(rehearsal, "http://127")
    started = started_by(rehearsal)
    exported = [heard(rehearsal, "export .*http"), heard(rehearsal, "export .*KEY.*|http")]
    settings = dict(pair.split("=", 1) for line in exported for pair in line.split() if "=" in pair)

    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    rehearsal.stdin.close()

    assert done.stdout.split() == ["20", "bbb"], done.stderr
    assert rehearsal.wait(LIMIT) == 0
    assert ended(*started)
    assert list((tmp_path / "scratch").iterdir()) == []
