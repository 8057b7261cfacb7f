"""Preparations of some attacks beside files, called with the project's folder and a function that runs the gate."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Gate = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs the gate with these arguments in the project."""


def git(project: Path, *arguments: str) -> None:
    """Run git in the project under an identity that no setting of the machine affects."""
    who = ("-c", "user.name=shop", "-c", "user.email=shop@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *who, *arguments), cwd=project, check=True, capture_output=True, timeout=60)


def commit(project: Path, gate: Gate) -> None:
    (project / ".gitignore").write_text("runs/\n__pycache__/\nignored/\n*.ignored\n")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "The shop")


def run_once(project: Path, gate: Gate) -> None:
    done = gate("run", "rehearsal://", "--only", "static")
    assert done.returncode in (0, 1), done.stdout + done.stderr


def commit_tomorrow(project: Path, gate: Gate) -> None:
    """Commit the project as it will be the day after tomorrow: the clock is behind the commit."""
    commit(project, gate)
    date = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    who = ("-c", "user.name=shop", "-c", "user.email=shop@example.invalid", "-c", "commit.gpgsign=false")
    command = ("git", *who, "commit", "-q", "--amend", "-C", "HEAD")
    subprocess.run(command, cwd=project, check=True, env=os.environ | {"GIT_COMMITTER_DATE": date}, timeout=60)


def run_undetermined(project: Path, gate: Gate) -> None:
    """Leave one run behind whose check could not tell."""
    _run_open(project, gate, "criterion.hold(False, ", "raise criterion.undetermined('nobody knows', ")


def run_broken(project: Path, gate: Gate) -> None:
    """Leave one run behind whose layer broke when all had been judged: something was compared later."""
    later = "    import threading\n    threading.Timer(1, criterion.hold, (True,), {'expected': '', 'observed': ''}).start()\n"
    _run_open(project, gate, "    criterion.hold(False", f"{later}    criterion.hold(True")


def _run_open(project: Path, gate: Gate, judged: str, instead: str) -> None:
    suite = project / "suites" / "static" / "test_truth.py"
    kept = suite.read_text("utf-8")
    suite.write_text(kept.replace(judged, instead), "utf-8")
    done = gate("run", "rehearsal://", "--only", "static")
    assert done.returncode == 2, done.stdout + done.stderr
    suite.write_text(kept, "utf-8")


def run_twice(project: Path, gate: Gate) -> None:
    """Leave a run behind that was GO, and after it one of the project as it is."""
    kept = {path: path.read_text("utf-8") for path in project.rglob("test_truth.py")}
    for path, text in kept.items():
        path.write_text(text.replace("hold(False", "hold(True"), "utf-8")
    assert gate("run", "rehearsal://", "--only", "static").returncode == 0
    for path, text in kept.items():
        path.write_text(text, "utf-8")
    run_once(project, gate)


def run_good_then_bad(project: Path, gate: Gate) -> None:
    """Leave a run behind whose queue keeps messages long enough, and after it one whose queue does not."""
    tree = project / "infra" / "main.tf"
    run_once(project, gate)
    tree.write_text(tree.read_text("utf-8").replace("1209600", "60"), "utf-8")
    assert gate("run", "rehearsal://", "--only", "static").returncode == 1
    tree.write_text(tree.read_text("utf-8").replace("= 60", "= 1209600"), "utf-8")


#: An invalid key, in two parts, so that no scanner reports this file as a leak.
KEY = "aws_access_key_id = AK" + "IAQYZZ5JTKLMNOPQ2X"


def write_a_key(project: Path, gate: Gate, encoding: str = "utf-8", name: str = "notes.txt") -> None:
    """Write a file with a key: as anybody would, in wide characters, or under a name that no list shows unchanged."""
    (project / name).write_bytes(f"{KEY}\n".encode(encoding))


def write_a_key_behind_null(project: Path, gate: Gate) -> None:
    """Write a key behind a byte of zero."""
    (project / "notes.txt").write_bytes(b"\0\n" + KEY.encode())


def write_a_key_in_a_large_file(project: Path, gate: Gate) -> None:
    """Write a key at the end of eleven megabytes."""
    (project / "notes.txt").write_bytes(b"nothing\n" * 1_400_000 + KEY.encode())


def put_a_repository_inside(project: Path, gate: Gate) -> None:
    """Put a repository with a key into the project's own, which knows only its commit."""
    inner = project / "vendor"
    inner.mkdir()
    git(inner, "init", "-q")
    write_a_key(inner, gate)
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "A part")
    commit(project, gate)


def put_a_pipe(project: Path, gate: Gate, name: str) -> None:
    """Put a pipe where a file is expected."""
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(project / name)


def commit_a_key_and_ignore_it(project: Path, gate: Gate) -> None:
    """Commit a key, and let git ignore its file from then on."""
    write_a_key(project, gate)
    commit(project, gate)
    (project / ".gitignore").write_text("notes.txt\n")


#: A module of a team that finds the gate's pipe among its descriptors.
PIPE = '''"""Writes to the gate by itself."""

import fcntl
import json
import os

from prodgate.run.boundary import _TELLING


def write(data):
    """Write bytes to whatever pipe is open besides the output."""
    output = os.readlink("/proc/self/fd/1")
    for name in os.listdir("/proc/self/fd"):
        try:
            number, place = int(name), os.readlink(f"/proc/self/fd/{name}")
            writes = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
        except OSError:
            continue
        while writes and place.startswith("pipe:") and place != output and data:
            data = data[os.write(number, data) :]


def say(word, later=0, **said):
    """Write a line about the subject that is judged, or about a later one."""
    write(json.dumps({"word": word, "about": _TELLING[0].about + later, "reads": [], **said}).encode() + b"\\n")


def hold(later=0):
    """Write a line that holds."""
    said = {"expected": "ready", "observed": "ready", "held": "", "aspect": "", "premise": False}
    say("hold", later, ok=True, **said)
'''


def arm_the_team(project: Path, gate: Gate) -> None:
    """Give the team modules that try what is forbidden, and write to the gate's pipe."""
    shutil.copytree(Path(__file__).with_name("hostile"), project / "facts")
