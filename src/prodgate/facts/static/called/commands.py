"""What steps of workflows call of AWS by its command line, under the role that a step before them took on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from ..workflow_commands import OPAQUE, list_kinds_of_action
from ..workflows import Job, Step, flatten

_SIGNING_IN: Final = "aws-actions/configure-aws-credentials@"
_VARIABLE: Final = re.compile(r"\$\{\{\s*(?:vars|secrets|env)\.(\w+)\s*\}\}")
#: Programs that ask AWS for nothing, and words of the shell.
_QUIET: Final = frozenset({
    ":", "[", "[[", "]", "]]", "basename", "break", "case", "cat", "cd", "chmod", "comm", "continue", "cp", "curl",
    "cut", "date", "diff", "dirname", "do", "done", "echo", "elif", "else", "env", "esac", "exit", "export", "false",
    "fi", "find", "for", "gh", "git", "grep", "gunzip", "gzip", "head", "hostname", "if", "in", "jq", "local", "ls",
    "mkdir", "mktemp", "mv", "printf", "pwd", "read", "realpath", "return", "rm", "sed", "select", "seq", "set",
    "sha256sum", "shift", "sleep", "sort", "tail", "tar", "tee", "test", "then", "touch", "tr", "trap", "true",
    "uname", "uniq", "unset", "until", "unzip", "wait", "wc", "while", "zip", "{", "}",
})  # fmt: skip
_ASSIGNMENT: Final = re.compile(r"\w+\+?=.*", re.DOTALL)
#: Options of `aws` that stand before the service and take a value.
_BEFORE: Final = ("--region", "--profile", "--output", "--query", "--cli-connect-timeout", "--cli-read-timeout")


def read_commands(jobs: tuple[Job, ...], variable: str) -> dict[str, Any]:
    """Return what jobs call under the role that a variable of the workflow names, as `python_code.read_calls` does.

    ``found`` says whether any step takes on that role.
    """
    calls: list[list[str]] = []
    unread: list[list[str]] = []
    found = False
    for job in jobs:
        active = False
        for step in flatten(job.steps):
            if step.uses.startswith(_SIGNING_IN):
                active = variable in _VARIABLE.findall(step.inputs.get("role-to-assume", ""))
                found |= active
            elif active and not step.inner:
                for one in _read_step(step):
                    (calls if len(one) == 4 else unread).append(one)
    return {"calls": _sort(calls), "unread": _sort(unread), "found": found}


def _sort(rows: list[list[str]]) -> list[list[str]]:
    return [list(one) for one in sorted({tuple(one) for one in rows})]


def _read_step(step: Step) -> Iterator[list[str]]:
    place = step.subject.partition(" ")[0]
    if step.unknown or (step.uses and OPAQUE in list_kinds_of_action(step.uses, step.inputs)):
        yield [place, f"runs {step.uses or 'an action'}, and what that calls of AWS is not known"]
    for command in step.list_commands():
        yield from _read_command(command, place)


def _read_command(text: str, place: str) -> Iterator[list[str]]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    if not words or words[0].rpartition("/")[2] in _QUIET or _ASSIGNMENT.fullmatch(text):
        if {"-exec", "-execdir", "-ok", "--aws-sigv4"} & set(words):
            yield [place, f"runs {words[0]} so that it may call anything"]
        return
    if words[0] != "aws":
        yield [place, f"runs {words[0]}, and what that calls of AWS is not known"]
        return
    yield from _read_aws(words[1:], place)


def _read_aws(words: list[str], place: str) -> Iterator[list[str]]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _BEFORE else words[1:]
    if len(words) < 2 or not all(re.fullmatch(r"[a-z0-9-]+", one) for one in words[:2]):
        yield [place, f"runs aws {' '.join(words[:2])}, and what that calls is decided when it runs"]
    elif words[1] == "wait" and len(words) > 2:
        yield ["waiter", words[0], words[2], place]
    else:
        yield ["command", words[0], _say_direction(words), place]


def _say_direction(words: list[str]) -> str:
    """Return the name of a command; of those that copy to and from S3, also whither, and whether it deletes."""
    if words[0] != "s3" or words[1] not in ("cp", "mv", "sync"):
        return words[1]
    paths = ["s3" if one.startswith("s3://") else "-" if one.startswith("-") else "local" for one in words[2:4]]
    return " ".join([words[1], *paths, *(["delete"] if "--delete" in words else [])])
