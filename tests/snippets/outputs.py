"""A terminal that a page shows: each command is given, and all that it prints is compared with what stands below it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Final

from .blocks import ROOT, Block, list_tracked

#: What is another one each time, by the name that stands in its place when outputs are compared.
VARIES: Final = {
    "run": r"\b\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{7}\b",
    "digest": r"\b[0-9a-f]{64}\b",
    "line of the gate's own": r"(?<=written in )(?:policies|suites)\.[\w.]+:\d+",
    # how many more there are with each policy that is added
    "how many": r"\b\d+(?= (?:satisfied|waived|not[- ]applicable)\b)",
}
#: How wide the terminals of the pages are.
_COLUMNS: Final = 100


def follow(block: Block, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Give the commands of a block in a folder. Raises AssertionError where one prints something else, or more, or less.

    One that fails must be seen to fail, by ``echo $?`` below it.
    """
    code = 0
    for command, shown in [*split(block.text), ("", "")]:
        if command == "echo $?":
            printed, code = f"{code}\n", 0
        elif code or not command:
            assert not code, f"{block}: ends with exit code {code}, and does not show it; write $ echo $? below it"
            break
        else:
            program, *words = shlex.split(command)
            assert program == "prodgate", f"{block}: nobody here gives the command {program}"
            done = subprocess.run(
                [sys.executable, "-m", "prodgate.cli", *words], cwd=folder, timeout=400, check=False, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**environment, "COLUMNS": str(_COLUMNS)},
            )  # fmt: skip
            printed, code = done.stdout, done.returncode
        assert not (other := differ(shown, printed)), f"{block}: {command} does not print what is shown:\n{other}"


def split(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a terminal, without its prompt, and what is shown below it."""
    before, *given = re.split(r"(?m)^\$ ", text)
    assert not before.strip(), "a terminal begins with a command; begin its line with $"
    for each in given:
        command, _, shown = each.partition("\n")
        yield command, shown


def differ(shown: str, printed: str) -> str:
    """Return the lines in which two outputs differ, whatever each may vary in; nothing where they don't."""
    return "\n".join(unified_diff(_settle(shown), _settle(printed), "shown", "printed", lineterm=""))


def _settle(text: str) -> list[str]:
    for name, pattern in VARIES.items():
        text = re.sub(pattern, f"<{name}>", text)
    return text.strip("\n").splitlines()


def commit(folder: Path) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    for words in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "x")):
        subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True)


def copy_tree(folder: Path) -> Path:
    """Copy what git has of this repository, as it is here, into a folder that is not there yet; return that."""
    for name in list_tracked():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder
