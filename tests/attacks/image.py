"""A process that has imported the gate's first modules, and whose forks continue as processes of the gate.

``python [OPTIONS] image.py SOCKET MODULE [LAYER]`` serves copies that run MODULE as ``python [OPTIONS] -m MODULE`` does,
until its standard input ends; SOCKET is a descriptor. A client sends a copy's arguments with descriptors, and
receives its process id, and later how it ended. The copy stays a zombie until the connection is closed: its number is
nobody else's till then.
"""

import fcntl
import json
import os
import runpy
import select
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO, Any

COMMANDS, LAYER, TEAM = "prodgate.cli", "prodgate.run.layer_process", "prodgate.run.team_process"
#: Modules that the process of a layer imports once it judges, in which no code of a team runs.
JUDGING = (
    "jinja2.ext pdb prodgate.dags.cron prodgate.run.technical_log pytest_html.plugin pytest_metadata.plugin unittest"
)
POPEN = subprocess.Popen
#: The first number that descriptors are moved to, so that none is in the place that another is to have.
FREE = 512


class Copy:
    """A copy of an image: as much of `subprocess.Popen` as the gate uses for its own processes."""

    def __init__(
        self,
        image: Path,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: int | IO[bytes],
        stderr: int | IO[bytes] = 2,
        stdin: int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
        start_new_session: bool = False,
    ) -> None:
        self.args = command
        self.returncode: int | None = None
        self.stdin = self.stderr = None
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(image))
        if stdin == subprocess.PIPE:
            stdin, ours = os.pipe()
            self.stdin = os.fdopen(ours, "wb", 0)
        else:
            stdin = os.open(os.devnull, os.O_RDONLY)
        theirs = [stdin]
        if stderr == subprocess.PIPE:
            ours, stderr = os.pipe()
            self.stderr = os.fdopen(ours, "rb", 0)
            theirs.append(stderr)
        given = [stdin, *(each if isinstance(each, int) else each.fileno() for each in (stdout, stderr)), *pass_fds]
        told = {
            "command": [*command], "cwd": str(cwd.absolute()), "env": dict(env), "leads": start_new_session,
            "numbers": [0, 1, 2, *pass_fds],
        }  # fmt: skip
        socket.send_fds(self._line, [json.dumps(told).encode() + b"\n"], given)
        for each in theirs:
            os.close(each)
        self._heard = self._line.makefile("rb", 0)
        self.pid = int(self._heard.readline())

    def poll(self) -> int | None:
        """Return its exit status, if it has ended."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and return its exit status. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._heard.readline())
            self._heard.close()
            self._line.close()
        return self.returncode


def serve(listening: socket.socket) -> Mapping[str, Any]:
    """Make copies; in each of them, return its arguments. The image itself ends with its input."""
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        line, _ = listening.accept()
        received, descriptors, _, _ = socket.recv_fds(line, 1 << 20, 16)
        while not received.endswith(b"\n"):
            received += line.recv(1 << 20)
        if not os.fork() and not keep(line, descriptors):
            for end in (line, listening):
                end.detach()  # its number is soon another's, which it must not close
            return take_place(json.loads(received), descriptors)
        line.close()
        for each in descriptors:
            os.close(each)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    os._exit(0)


def keep(line: socket.socket, descriptors: Sequence[int]) -> int:
    """Keep a copy and report on it, in a process of its own, which ends here. In the copy, return 0."""
    if not (copy := os.fork()):
        return 0
    for each in (0, 1, 2, *descriptors):
        os.close(each)
    line.sendall(b"%d\n" % copy)
    ended = os.waitid(os.P_PID, copy, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    with suppress(OSError):  # nobody asks any more
        line.sendall(b"%d\n" % (ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status))
        line.recv(1)
    os._exit(0)


def take_place(given: Mapping[str, Any], descriptors: Sequence[int]) -> Mapping[str, Any]:
    """Let this process be what the one that is wanted would be."""
    moved = [fcntl.fcntl(each, fcntl.F_DUPFD, FREE) for each in descriptors]
    os.closerange(0, FREE)
    for number, each in zip(given["numbers"], moved, strict=True):
        os.dup2(each, number)
    os.closerange(FREE, 1 << 20)
    if given["leads"]:
        os.setsid()
    os.chdir(given["cwd"])
    os.environ.clear()
    os.environ.update(given["env"])
    return given


def start_from(folder: Path, command: Any, *rest: Any, **given: Any) -> Any:
    """Start a process as `subprocess.Popen` does; one of the gate's own as a copy, where the folder has its image."""
    ours = import_module("prodgate.processes.interpreter").own_python("-m")
    if tuple(command[: len(ours)]) == ours and not rest:
        image = folder / name_image(command[len(ours) :])
        if image.exists():
            return Copy(image, command, **given)
    return POPEN(command, *rest, **given)


def name_image(module: Sequence[str]) -> str:
    """Return the name of the socket of an image, by the module and the layer if it is one."""
    return ".".join(module[: 2 if module[0] == LAYER else 1])


def import_first(module: str, layers: Sequence[str]) -> None:
    """Import the modules that a module imports before any of a team's; the module itself is to be run, not imported."""
    import_module(module)
    import_all = import_module("prodgate.facts.observers").import_all
    if module == COMMANDS:
        import_module("prodgate.commands.handlers")
        import_module("prodgate.commands.running")
        read_templates()
    if module != TEAM:
        read_bundled()
    for layer in layers or ("static",) * (module == TEAM):
        import_all(f"prodgate.facts.{layer}")
    for layer in layers:
        import_module("prodgate.layers").BUILT[layer].import_judging()
        import_all("prodgate.semantics")
        for name in JUDGING.split():
            import_module(name)
    package, _, name = module.rpartition(".")
    del sys.modules[module]
    delattr(sys.modules[package], name)


def read_templates() -> None:
    """Read what a command reads of the gate's own files, and keeps: templates and translations."""
    templates = import_module("prodgate.report.pages")._environment()
    for name in templates.list_templates(["j2"]):
        templates.get_template(name)
    for language in ("en", "ja"):
        import_module("prodgate.report.catalogue").knows("", language)


def read_bundled() -> None:
    """Read the criteria and judges that come with the gate, as processes that judge a team's project keep them."""
    project = import_module("prodgate.sections.project")
    project.load_bundled()
    read_judges = import_module("prodgate.sections.judges").read_judges
    policies = project.policy_files(project.find_folders("policies", None))
    for path in (*policies, *project.suite_files("suites/static", None)):
        read_judges(path, flaws=False)


def main(descriptor: str, module: str, *layers: str) -> None:
    """Serve copies; in each, run the module."""
    if not sys.flags.safe_path:
        del sys.path[0]  # this file's folder
    listening = socket.socket(fileno=int(descriptor))
    import_first(module, layers)
    folder = Path(listening.getsockname()).parent
    given = serve(listening)
    if module != TEAM:
        subprocess.Popen = partial(start_from, folder)  # type: ignore[assignment,misc]
    if not sys.flags.safe_path:
        sys.path.insert(0, given["cwd"])
    command = given["command"]
    sys.orig_argv[:] = command
    sys.argv[:] = ["-m", *command[command.index(module) + 1 :]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
