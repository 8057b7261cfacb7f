"""What core and the stand-in provider run in: an environment without credentials, network or leftovers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import close, fsencode, pipe
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ..processes.child import Process, read_first_line
from .diagnostics import refusal

#: Taken over from the user's environment; everything else stays out.
KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
#: The same in every run. Nothing listens on the port of the proxy: a request that tries to leave the machine fails
#: at once instead of hanging. Core lives for seconds, so it may collect garbage less often than by itself (100);
#: at 400 it is a tenth faster, and takes half as much memory again.
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
#: Where core looks for workspaces, below the scratch directory: one is there when it has a directory.
WORKSPACES: Final = "workspaces"
#: How the schema-only provider is started.
PROVIDER: Final = (sys.executable, "-P", "-m", "prodgate.terraform.provider")
#: Bytes of a directory's name beyond which the provider's sockets need another place.
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
    """Return the environment for core. Of the user's own, only TF_VAR_* and what finds programs is kept.

    So TF_CLI_ARGS*, TF_WORKSPACE, TF_LOG and every AWS setting are without effect; ``workspace`` is what is stated.
    """
    (scratch / "home").mkdir()
    (scratch / "providers").mkdir()
    settings = scratch / "terraform.rc"
    settings.write_text(CLI_CONFIGURATION % (scratch / "providers"), encoding="utf-8")
    kept = {name: value for name, value in user.items() if name in KEPT or name.startswith("TF_VAR_")}
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
    """A running schema-only provider: how core finds it, and the file in which it says what it invented."""

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
    """Run the schema-only provider while the context is open. Raises TerraformError when it does not start.

    ``program`` is another provider that is started in the same way, with more options, in another directory.
    """
    with _socket_directory(scratch) as place:
        sidecar = scratch / "invented.jsonl"
        command = (*program, str(place / "provider.sock"), "--sidecar", str(sidecar), "--tree", str(scratch), *options)
        yield from _run_provider(command, sidecar, environment, working_in or scratch)


@contextmanager
def _socket_directory(scratch: Path) -> Iterator[Path]:
    """Yield a directory whose name leaves room for that of a unix socket, which may have 103 bytes in all."""
    short = scratch if len(fsencode(scratch)) <= LONGEST_PLACE else Path("/tmp")  # noqa: S108
    with TemporaryDirectory(prefix="prodgate-", dir=short, ignore_cleanup_errors=True) as place:
        yield Path(place)


def _run_provider(
    command: Sequence[str], sidecar: Path, environment: Mapping[str, str], working_in: Path
) -> Iterator[StandIn]:
    receiving, sending = pipe()
    try:
        process = Process(command, cwd=working_in, environment=environment, stdout=sending, grace=0)
    finally:
        close(sending)
    with process:
        try:
            line = read_first_line(receiving)
        finally:
            close(receiving)
        if not line:
            said = process.errors().strip().splitlines()
            raise refusal("the schema-only provider did not start", said[-1] if said else "it said nothing")
        yield StandIn(line, sidecar)
