"""Runs the gate in copies of processes that have imported it, which costs half of what a command costs."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from prodgate.processes.interpreter import own_python

from . import image

#: The processes of the gate of which most attacks need one.
IMAGES = ((image.COMMANDS,), (image.TEAM,), (image.LAYER, "static"), (image.LAYER, "attested"))


@dataclass(frozen=True)
class Images:
    """Images of the processes of the gate, by their sockets in a folder."""

    folder: Path

    def run(
        self, arguments: Sequence[str], folder: Path, env: Mapping[str, str], limit: float
    ) -> subprocess.CompletedProcess[str]:
        """Run the gate in a folder. Raises subprocess.TimeoutExpired, the gate killed."""
        command = [sys.executable, "-m", image.COMMANDS, *arguments]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            place = self.folder / image.COMMANDS
            copy = image.Copy(place, command, cwd=folder, env=env, stdout=out, stderr=err)
            try:
                code = copy.wait(limit)
            finally:
                if copy.returncode is None:
                    os.kill(copy.pid, signal.SIGKILL)
                    copy.wait()
            said = [os.pread(each.fileno(), 1 << 30, 0).decode(errors="replace") for each in (out, err)]
        return subprocess.CompletedProcess(command, code, *said)


@contextmanager
def start_images(env: dict[str, str]) -> Iterator[Images]:
    """Start the images, and end them when the context is left."""
    with tempfile.TemporaryDirectory(prefix="prodgate-") as folder, ExitStack() as running:
        for each in IMAGES:
            python = (sys.executable,) if each[0] == image.COMMANDS else own_python()
            flags = {"PYTHONDONTWRITEBYTECODE": "1"} if each[0] == image.TEAM else {}
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(Path(folder) / image.name_image(each)))
                listening.listen()
                number = listening.fileno()
                process = subprocess.Popen(
                    [*python, image.__file__, str(number), *each],
                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=folder, env=env | flags, pass_fds=[number],
                    start_new_session=True,
                )  # fmt: skip
            running.enter_context(process)  # which closes its input, and waits for its end
        yield Images(Path(folder))
