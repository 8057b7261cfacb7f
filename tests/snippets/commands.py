"""Commands that pages show, read by what would run them: the gate's own parser, tox.ini, AWS's models, openssl."""

import contextlib
import importlib.util
import io
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from configparser import ConfigParser
from functools import cache
from typing import Final

import botocore.session
from botocore import xform_name

from prodgate.cli import _parser

from .blocks import ROOT

PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: What the command line of AWS calls a service that its models call something else.
_AWS_NAMES: Final = {"deploy": "codedeploy", "s3api": "s3"}
#: What ends one command and begins another.
_ENDS: Final = frozenset({"|", "||", "&&", ";"})


def read_commands(text: str) -> None:
    """Read every command of a script. Raises ValueError that says which one nobody could run."""
    for words in split(text):
        program, *rest = words
        if program not in _READERS:
            raise ValueError(f"nobody here knows the command {program}; mark the block and say why it isn't run")
        _READERS[program](rest)


def split(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of a script, without comments."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word not in _ENDS:
                words.append(word)
            elif words:
                yield words
                words = []


def read_prodgate(words: list[str]) -> None:
    code, said = _parse(words)
    if code:
        raise ValueError(f"prodgate {shlex.join(words)}: {said}")


def _parse(words: list[str]) -> tuple[object, str]:
    """Return the exit code and the words with which the parser ends on some arguments; 0 where it takes them."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            _parser().parse_args(words)
    except SystemExit as ended:
        return ended.code, said.getvalue().strip()
    return 0, ""


def find_strange(command: str) -> str:
    """Return what a command of the text has that the gate has not; the text may leave out what it isn't about."""
    words = re.split(r"[ =]", command)
    named = [word for word in words if re.fullmatch("[a-z][a-z-]*", word)]
    code, known = _parse([*named, "--help"])
    if code:
        return f"prodgate {command}: {known}"
    options = re.findall(r"--[\w-]+", known)
    strange = [word for word in words if word.startswith("--") and word not in options]
    return f"prodgate {command}: there is no {', '.join(strange)}" if strange else ""


def _read_pipx(words: list[str]) -> None:
    action, *rest = words
    if action == "install":
        _read_requirement(rest[-1])
        return
    if rest[0] == "--spec":
        _read_requirement(rest[1])
        rest = rest[2:]
    {"tox": _read_tox, "prodgate": read_prodgate}[rest[0]](rest[1:])


def _read_requirement(stated: str) -> None:
    found = re.fullmatch(r"([\w-]+)(?:\[([\w,]+)\])?(?:==[\d.]+)?", stated)
    extras = set((found[2] or "").split(",")) - {""} if found else set()
    if not found or found[1] != PROJECT["name"] or not extras <= PROJECT["optional-dependencies"].keys():
        raise ValueError(f"{stated} is nothing that this project is published as")


@cache
def _environments() -> Mapping[str, str]:
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", "utf-8")
    named = {section.removeprefix("testenv:"): tox[section]["commands"] for section in tox if ":" in section}
    (releases,) = [name for name in named if name.startswith("py3{")]
    return named | {f"py3{each}": named[releases] for each in ("11", *releases[4:-1].split(","))}


def _read_tox(words: list[str]) -> None:
    options, _, given = " ".join(words).partition(" -- ")
    for name in re.findall(r"(?:^| )-e (\S+)", options):
        if name not in _environments():
            raise ValueError(f"tox.ini has no environment {name}")
    if options.startswith("exec "):
        _read_python(shlex.split(given)[1:])


def _read_python(words: list[str]) -> None:
    name = words[1] if words[0] == "-m" else words[0]
    if words[0] == "-m":
        found = importlib.util.find_spec(name) is not None
    else:
        found = (ROOT / name).is_file() or any((ROOT / "src").rglob(name))
    if not found:
        raise ValueError(f"there is no {name}")


def _read_aws(words: list[str]) -> None:
    """Read a command of the AWS command line: its operation and the parameters of its request."""
    service, operation, *rest = words
    model = botocore.session.get_session().get_service_model(_AWS_NAMES.get(service, service))
    operations = {xform_name(name).replace("_", "-"): name for name in model.operation_names}
    if operation not in operations:
        raise ValueError(f"aws {service} has no {operation}")
    shape = model.operation_model(operations[operation]).input_shape
    known = {xform_name(name).replace("_", "-") for name in (shape.members if shape else ())}
    known |= {"query", "output", "region", "profile", "max-items"}
    for option in (word.removeprefix("--") for word in rest if word.startswith("--")):
        if option.removeprefix("no-") not in known and option not in known:
            raise ValueError(f"aws {service} {operation} takes no --{option}")


@cache
def _ask_openssl(*words: str) -> str:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def _read_openssl(words: list[str]) -> None:
    command, *rest = words
    known = re.findall(r"^ +(-\w+)", _ask_openssl(command, "-help"), re.MULTILINE)
    if unknown := [word for word in rest if word.startswith("-") and word not in known]:
        raise ValueError(f"openssl {command} takes no {unknown[0]}")


_READERS: Final[Mapping[str, Callable[[list[str]], None]]] = {
    "prodgate": read_prodgate,
    "pipx": _read_pipx,
    "tox": _read_tox,
    "python": _read_python,
    "python3": _read_python,
    "aws": _read_aws,
    "openssl": _read_openssl,
}
