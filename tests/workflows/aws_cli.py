"""AWS's own command line, on an emulated account.

A task that it starts gets the command to end there, as real ones end by themselves.
"""

import json
import os
import socket
import sys
from pathlib import Path
from tempfile import TemporaryFile

#: Seconds that one command may take.
LIMIT = 120.0


def main(words: list[str]) -> int:
    """Run a command; ``$MIGRATION_ENDS`` says with which code a task ends, or ``never began``."""
    if words[:2] != ["ecs", "run-task"]:
        return ask(words, 1)
    with TemporaryFile("w+") as printed:
        code = ask(words, printed.fileno())
        printed.seek(0)
        task = printed.read()
    print(task, end="")
    if code == 0:
        end_task(task.strip(), os.environ["MIGRATION_ENDS"])
    return code


def ask(words: list[str], stdout: int) -> int:
    """Let the command line that is loaded (``aws_server.py``) run a command here; return how it ended."""
    asked = {"words": words, "directory": str(Path.cwd()), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(LIMIT)
        server.connect(os.environ["AWS_LOADED"])
        socket.send_fds(server, [b" "], [0, stdout, 2])
        server.sendall(json.dumps(asked).encode() + b"\n")
        return int(server.recv(3) or 255)


def end_task(task: str, code: str) -> None:
    """Let a task end, as whoever runs its container would see it end."""
    from datetime import UTC, datetime
    from urllib.request import Request, urlopen  # of all commands, one needs it

    cluster = task.split("/")[1]
    with Path(os.devnull).open("w") as nowhere:
        assert ask(["ecs", "stop-task", "--cluster", cluster, "--task", task], nowhere.fileno()) == 0
    ended = datetime.now(UTC).isoformat(timespec="microseconds")
    began = code != "never began"
    told = {
        "stopCode": "EssentialContainerExited" if began else "TaskFailedToStart",
        "stoppedAt": ended,
        **({"exitCode": int(code)} if began else {}),
    }
    stopped = {"service": "ecs", "region": os.environ["AWS_DEFAULT_REGION"], "kinds": {"stopped": {task: told}}}
    urlopen(
        Request(f"{os.environ['AWS_ENDPOINT_URL']}/_prodgate/conduct", json.dumps(stopped).encode()), timeout=60
    ).close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
