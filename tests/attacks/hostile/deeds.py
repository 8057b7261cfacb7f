"""Deeds that the boundary forbids, which a team's code tries; a refused one raises."""

import ctypes
import os
import resource
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

LAYER = os.getppid()
"""The process that asks."""
DEEDS: dict[str, Callable[[], object]] = {
    # what it would judge by, and what it would be remembered by
    "append to the journal": lambda: next(Path("runs").glob("*/journal.jsonl")).open("a").write("x"),
    "empty the evidence": lambda: [path.write_bytes(b"") for path in Path("runs").glob("*/evidence/*")],
    "remove the runs": lambda: shutil.rmtree("runs"),
    "rewrite the criteria": lambda: Path("criteria.toml").write_text(""),
    "rewrite the Terraform": lambda: Path("infra/main.tf").write_text(""),
    "rewrite its suite": lambda: Path("suites/static/test_truth.py").write_text(""),
    "write a waiver": lambda: Path("waivers.toml").write_text(""),
    "link to the criteria": lambda: os.link("criteria.toml", Path(os.environ["TMPDIR"], "criteria.toml")),
    "write beside the project": lambda: Path("/tmp/hostile").write_text(""),
    # other processes
    "kill the layer": lambda: os.kill(LAYER, signal.SIGKILL),
    "stop the layer": lambda: os.kill(LAYER, signal.SIGSTOP),
    "kill the group of the layer": lambda: os.killpg(os.getpgid(LAYER), signal.SIGKILL),
    "trace the layer": lambda: trace(LAYER),
    "write the memory of the layer": lambda: os.open(f"/proc/{LAYER}/mem", os.O_RDWR),
    "open a descriptor of the layer": lambda: os.open(f"/proc/{LAYER}/fd/0", os.O_RDONLY),
    "read the environment of the layer": lambda: Path(f"/proc/{LAYER}/environ").read_bytes(),
    "fork": lambda: os.fork() or os._exit(0),
    "start a program": lambda: subprocess.run(["true"], check=True),
    "leave the group": os.setsid,
    # what is outside, and what is secret
    "open a socket": lambda: socket.socket(socket.AF_INET),
    "open a socket of version 6": lambda: socket.socket(socket.AF_INET6),
    "open a socket of this machine": lambda: socket.socket(socket.AF_UNIX),
    "open a socket to the kernel": lambda: socket.socket(socket.AF_NETLINK),
    "read a key in the environment": lambda: os.environ["AWS_SECRET_ACCESS_KEY"],
    # limits
    "take all memory": lambda: bytearray(3 << 30),
    "lift the limit of memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
    "open a thousand files": lambda: open_all([os.devnull] * 1000),
}


def trace(process: int) -> None:
    """Attach to a process as a debugger does. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).ptrace(16, process, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")


def open_all(paths: list[str]) -> None:
    """Open files, and close them. Raises OSError for one too many."""
    with ExitStack() as opened:
        for path in paths:
            opened.callback(os.close, os.open(path, os.O_RDONLY))


def attempt(name: str) -> str:
    """Return how a deed ended: what it raised, or that it is done."""
    try:
        DEEDS[name]()
    except (OSError, LookupError, MemoryError, ValueError) as error:
        return type(error).__name__
    return "done"


def attempt_all() -> str:
    """Attempt every deed, and return which are done."""
    return ", ".join(name for name in DEEDS if attempt(name) == "done") or "nothing was done"
