"""What steps of workflows call of AWS by its command line, under the role that a step before them took on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from ..workflows import Job, Step, flatten

_SIGNING_IN: Final = "aws-actions/configure-aws-credentials@"
_EXPRESSION: Final = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
#: Actions that use no right of the role that is taken on; of all others that is not known.
_QUIET_ACTIONS: Final = re.compile(
    r"(?:actions|github)/|(?:astral-sh|aws-actions|azure|docker|gradle|hashicorp|opentofu|pnpm)/setup-[\w-]+@|\./"
)
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
#: Options and words by which quiet programs run something, or ask AWS.
_RUNNING: Final = frozenset({
    "--aws-sigv4", "--checkpoint-action", "--compress-program", "--config-env", "--to-command",
    "--use-compress-program", "-exec", "-execdir", "-ok", "-okdir",
})  # fmt: skip
_RUNNING_FIRST: Final = frozenset({("gh", "alias"), ("gh", "extension"), ("git", "-c"), ("git", "config")})
_AWS: Final = re.compile(r"\baws\s|codecommit:")
_HERE_DOCUMENT: Final = re.compile(r"<<-?\s*(\w+)\b(.*?)^\s*\1\s*$", re.DOTALL | re.MULTILINE)
#: Options of `aws` that stand before the service and take a value.
_BEFORE: Final = (
    "--ca-bundle", "--cli-binary-format", "--cli-connect-timeout", "--cli-read-timeout", "--color", "--endpoint-url",
    "--output", "--profile", "--query", "--region",
)  # fmt: skip
#: Options of `aws s3` that take no value.
_ALONE: Final = frozenset({
    "--debug", "--delete", "--dryrun", "--exact-timestamps", "--follow-symlinks", "--force", "--force-glacier-transfer",
    "--human-readable", "--ignore-glacier-warnings", "--no-cli-pager", "--no-follow-symlinks", "--no-guess-mime-type",
    "--no-overwrite", "--no-paginate", "--no-progress", "--no-sign-request", "--no-verify-ssl", "--only-show-errors",
    "--quiet", "--recursive", "--size-only", "--summarize",
})  # fmt: skip
#: Commands of `aws s3`, and the options by which they ask for more.
_SAYING: Final = {
    "cp": ("--recursive",),
    "mv": ("--recursive",),
    "rb": ("--force",),
    "rm": ("--recursive",),
    "sync": ("--delete",),
}
#: Variables that name folders of the machine.
_LOCAL: Final = re.compile(r"\$\{?(?:HOME|PWD|TMPDIR|GITHUB_WORKSPACE|RUNNER_TEMP)\b")


def read_commands(jobs: tuple[Job, ...], variable: str, role: str = "") -> dict[str, Any]:
    """Return what jobs call under the role that a variable of the workflow names, as `python_code.read_calls` does.

    ``role`` is its ARN, by which a workflow may name it, too. ``found`` says whether any step takes on that role.
    """
    calls: list[list[str]] = []
    unread: list[list[str]] = []
    found = False
    for job in jobs:
        active = False
        unread += _list_handed(job, variable)
        for step in flatten(job.steps):
            if step.uses.startswith(_SIGNING_IN):
                taken = _takes(step, job, variable, role)
                active = taken is True
                found |= active
                if taken is None:
                    unread.append([_place(step), "takes on a role that is decided when it runs, and may be this one"])
            elif active and not step.inner:
                for one in _read_step(step):
                    (calls if len(one) == 4 else unread).append(one)
    return {"calls": _sort(calls), "unread": _sort(unread), "found": found}


def _takes(step: Step, job: Job, variable: str, role: str) -> bool | None:
    """Whether a step takes on the role; None where that is not known."""
    named = step.inputs.get("role-to-assume", "")
    env = {**job.env, **step.env}
    named = _EXPRESSION.sub(lambda one: env.get(one[1].removeprefix("env."), one[0]), named)
    said = _EXPRESSION.findall(named)
    if not said:
        return bool(role) and named.rpartition("/")[2] == role.rpartition("/")[2]
    if _EXPRESSION.fullmatch(named) and re.fullmatch(r"(?:vars|secrets|env)\.\w+", said[0]):
        return str(said[0]).partition(".")[2] == variable
    # who hands the variable to an input is told of on its own
    return False if all(re.fullmatch(r"inputs\.[\w-]+", one) for one in said) else None


def _list_handed(job: Job, variable: str) -> Iterator[list[str]]:
    """Yield where a job hands the variable on, to what may take on the role by it."""
    mentions = re.compile(rf"\$\{{\{{[^}}]*\b(?:vars|secrets)\.{variable}\b")
    is_followed = job.uses.startswith("./") and not job.unknown
    if not is_followed and any(map(mentions.search, job.inputs.values())):
        yield [job.subject.partition(" ")[0], f"hands {variable} to {job.uses}, and what that calls is not known"]
    for step in flatten(job.steps):
        signing = step.uses.startswith(_SIGNING_IN)
        texts = [*step.env.values(), step.run, *(() if signing else step.inputs.values())]
        if any(map(mentions.search, texts)):
            yield [_place(step), f"hands {variable} to what may take on the role by it"]


def _place(step: Step) -> str:
    return step.subject.partition(" ")[0]


def _sort(rows: list[list[str]]) -> list[list[str]]:
    return [list(one) for one in sorted({tuple(one) for one in rows})]


def _read_step(step: Step) -> Iterator[list[str]]:
    place = _place(step)
    if step.unknown or (step.uses and not _QUIET_ACTIONS.match(step.uses)):
        yield [place, f"runs {step.uses or 'an action'}, and what that calls of AWS is not known"]
    texts = (step.run, *step.scripts.values())
    if any(re.search(r"\$\(|`", one[2]) for text in texts for one in _HERE_DOCUMENT.finditer(text)):
        yield [place, "runs commands inside a text, which are not read"]
    for command in step.list_commands():
        yield from _read_command(command, place)


def _read_command(text: str, place: str) -> Iterator[list[str]]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    if "`" in re.sub(r"'[^']*'", "", text):
        yield [place, "runs commands between backquotes, which are not read; write $(…)"]
    if not words or words[0].rpartition("/")[2] in _QUIET or _ASSIGNMENT.fullmatch(text):
        if _may_run(words, text):
            yield [place, f"runs {words[0]} so that it may call anything"]
        return
    if words[0] != "aws":
        yield [place, f"runs {words[0]}, and what that calls of AWS is not known"]
        return
    yield from _read_aws(words[1:], place)


def _may_run(words: list[str], text: str) -> bool:
    """Whether a quiet program is told to run something, or to ask AWS."""
    options = {one.partition("=")[0] for one in words}
    asks = words[:1] in (["git"], ["sed"], ["trap"]) and bool(_AWS.search(text))
    return asks or bool(_RUNNING & options) or tuple(words[:2]) in _RUNNING_FIRST


def _read_aws(words: list[str], place: str) -> Iterator[list[str]]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _BEFORE else words[1:]
    if len(words) < 2 or not all(re.fullmatch(r"[a-z0-9-]+", one) for one in words[:2]):
        yield [place, f"runs aws {' '.join(words[:2])}, and what that calls is decided when it runs"]
    elif words[1] == "wait" and len(words) > 2:
        yield ["waiter", words[0], words[2], place]
    elif words[0] == "s3":
        yield from _read_s3(words[1], words[2:], place)
    else:
        yield ["command", words[0], words[1], place]


def _read_s3(name: str, words: list[str], place: str) -> Iterator[list[str]]:
    """Yield what a command of `aws s3` is: of those that copy, also whither, and what decides what it asks for."""
    paths: list[str] = []
    takes_value = False
    for word in words:
        is_option = word.startswith("-") and word != "-"
        if not is_option and not takes_value:
            paths.append(word)
        takes_value = is_option and word not in _ALONE and "=" not in word
    if {"--acl", "--grants"} & {one.partition("=")[0] for one in words}:
        yield ["command", "s3api", "put-object-acl", place]
    if name == "ls" and not paths:
        yield ["command", "s3api", "list-buckets", place]
        return
    copies = name in ("cp", "mv", "sync")
    if copies and any(one.startswith("$") and not _LOCAL.match(one) for one in paths):
        yield [place, f"runs aws s3 {name} with a path that is decided when it runs; begin it with s3:// or ./"]
        return
    ends = ["s3" if one.startswith("s3://") else "local" for one in paths[:2]] if copies else []
    flags = [one[2:] for one in _SAYING.get(name, ()) if one in words]
    yield ["command", "s3", " ".join([name, *ends, *flags]), place]
