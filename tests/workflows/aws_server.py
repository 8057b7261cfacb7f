"""AWS's own command line, loaded once: each command is a fork of it, with the descriptors and the environment of who asks.

Half a second for each of a hundred commands would go into loading it, and nothing of what a workflow asks would be tested.
"""

import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
#: Seconds until it has been loaded.
LIMIT = 60.0
#: Commands that need no account, and load what the workflows use.
LOADING = ("ecs run-task", "rds describe-db-clusters", "deploy get-deployment")


@contextmanager
def loaded_aws() -> Iterator[Path]:
    """Serve AWS's command line at a socket, until the block ends."""
    with TemporaryDirectory(prefix="aws-") as folder:
        path = Path(folder) / "cli"
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": folder, "AWS_DEFAULT_REGION": "ap-northeast-1",
        }  # fmt: skip
        command = [sys.executable, "-P", "-m", "tests.workflows.aws_server", str(path)]
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdout
            try:
                assert select.select([server.stdout], [], [], LIMIT)[0], "AWS's command line was not loaded in time"
                assert server.stdout.readline() == b"loaded\n"
                yield path
            finally:
                server.kill()


def serve(path: str) -> None:
    """Answer each who connects in a process of its own, until the one that started this is gone."""
    from awscli import clidriver

    with redirect_stdout(io.StringIO()):
        for command in LOADING:
            assert clidriver.create_clidriver().main([*command.split(), "--generate-cli-skeleton"]) == 0
    with socket.create_server(path, family=socket.AF_UNIX) as listening:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets children that have ended
        sys.stdout.write("loaded\n")
        sys.stdout.flush()
        while True:
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            asking, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                answer(asking, clidriver.main)
            asking.close()


def answer(asking: socket.socket, main: Callable[[], int]) -> None:
    """Become the requested command, report its exit status, and end."""
    code = 255
    try:
        _, descriptors, _, _ = socket.recv_fds(asking, 1, 3)
        asked = json.loads(asking.makefile().readline())
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        os.chdir(asked["directory"])
        shipped = {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}  # loading it has set this
        os.environ.clear()
        os.environ.update(shipped | asked["environment"])
        sys.argv = ["aws", *asked["words"]]
        code = main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        if sys.exc_info()[1]:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        asking.sendall(str(code).encode())
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
