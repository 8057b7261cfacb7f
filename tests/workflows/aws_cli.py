"""AWS's own command line, on an emulated account. A task that it starts is told to end there, as one ends by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from urllib.request import Request, urlopen


def main(words: list[str]) -> int:
    """Run a command; ``$MIGRATION_ENDS`` says with which code a task ends, or ``never began``."""
    command = [sys.executable, "-P", "-m", "awscli", *words]
    if words[:2] != ["ecs", "run-task"]:
        os.execv(sys.executable, command)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="")
    if done.returncode == 0:
        end_task(done.stdout.strip(), os.environ["MIGRATION_ENDS"])
    return done.returncode


def end_task(task: str, code: str) -> None:
    """Let a task end, as whoever runs its container would see it end."""
    cluster = task.split("/")[1]
    subprocess.run(
        [sys.executable, "-P", "-m", "awscli", "ecs", "stop-task", "--cluster", cluster, "--task", task],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    ended = datetime.now(UTC).isoformat(timespec="microseconds")
    began = code != "never began"
    told = {
        "stopCode": "EssentialContainerExited" if began else "TaskFailedToStart",
        "stoppedAt": ended,
        **({"exitCode": int(code)} if began else {}),
    }
    stopped = {"service": "ecs", "region": os.environ["AWS_DEFAULT_REGION"], "kinds": {"stopped": {task: told}}}
    urlopen(
        Request(f"{os.environ['AWS_ENDPOINT_URL']}/_prodgate/conduct", json.dumps(stopped).encode()), timeout=10
    ).close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
