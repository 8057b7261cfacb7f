"""The exit code stays, whatever becomes of the output."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prodgate.processes.ending import describe_missing, describe_refusal, naming

SCRIPT = """
import sys
from prodgate.processes.ending import end_with
def command():
    print("said", end="")
    {last}
end_with(command, broken=3, usage=4)
"""


@pytest.mark.parametrize(
    ("last", "code", "with_full"),
    [
        ("return 0", 0, 3),
        ("return 1", 1, 1),
        ("return 2", 2, 2),
        ("sys.exit(0)", 0, 3),
        ("sys.exit(4)", 4, 4),
        ("sys.exit('no')", 4, 4),
        ("sys.exit()", 4, 4),
        ("sys.stdout.flush(); return 1", 1, 3),
        ("raise OSError(28, 'No space left on device')", 3, 3),
    ],
)
def test_a_command_ends_with_its_code(last: str, code: int, with_full: int) -> None:
    command = [sys.executable, "-c", SCRIPT.format(last=last)]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=buffered)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (code, "said", False)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=full, check=False, timeout=60, env=buffered)
    assert done.returncode == with_full


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2), (0, 1, 2)])
def test_nothing_is_begun_where_nobody_hears_of_it(closed: tuple[int, ...], tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    script = SCRIPT.format(last=f"open({str(begun)!r}, 'w'); return 0")
    shut = " ".join(f"{number}>&-" for number in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {shut}', "sh", sys.executable, "-c", script], check=False, timeout=60
    )
    assert (done.returncode, begun.exists()) == (3, False)


def test_a_write_that_fails_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No space left on device: '.*report\.html'"), naming(tmp_path / "report.html"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    error = OSError(errno.EFBIG, "File too large", "x")
    assert describe_refusal(error) == "x: File too large; no verdict"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("boto3", "boto3 is not installed, which asks AWS; pip install 'prod-gate[core]'"),
        ("botocore.config", "botocore is not installed, which asks AWS; pip install 'prod-gate[core]'"),
        ("prodgate.nothing", ""),
        (None, ""),
    ],
)
def test_what_an_extra_brings_is_named_and_nothing_else(name: str | None, said: str) -> None:
    assert describe_missing(ModuleNotFoundError(name=name)) == said
