"""Settings of the environment that change what Python and pytest do behind the gate's back."""

import gc
import io
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

#: The variables of Python that children are given: where packages are, what is written how, and the order of sets.
#: Others strip assertions, keep an interpreter open, or let code or byte code of elsewhere stand in for the gate's.
_KEPT: Final = frozenset(
    {"PYTHONCOERCECLOCALE", "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "PYTHONHASHSEED", "PYTHONIOENCODING",
     "PYTHONNOUSERSITE", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUNBUFFERED", "PYTHONUSERBASE", "PYTHONUTF8"}
)  # fmt: skip
#: Variables by which Python takes its own modules, or the byte code of any, from elsewhere.
_OF_PLACES: Final = ("PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX")
#: Names the process of the gate to its children: what runs below it is no neighbour of theirs.
GATE: Final = "PRODGATE_GATE"
#: What the variables that begin with PRODGATE_ may be called: settings, what the gate hands its children, and what the
#: workflows and the examples that come with it read.
VARIABLES: Final = frozenset(
    {"PRODGATE_BROWSER", "PRODGATE_CACHE", "PRODGATE_CHECKOV_TIMEOUT", "PRODGATE_CHROMIUM", "PRODGATE_COMMAND",
     "PRODGATE_EMULATOR", "PRODGATE_GATHERED", GATE, "PRODGATE_HAPROXY", "PRODGATE_LAYER_TIMEOUT", "PRODGATE_LOAD",
     "PRODGATE_POSTGRESQL", "PRODGATE_PROJECT", "PRODGATE_REHEARSAL", "PRODGATE_SIGNER", "PRODGATE_SIGNING_KEY",
     "PRODGATE_TARGET", "PRODGATE_TEMPLATE", "PRODGATE_TERRAFORM", "PRODGATE_TERRAFORM_MEMORY",
     "PRODGATE_TERRAFORM_TIMEOUT", "PRODGATE_WEBHOOK"}
)  # fmt: skip

#: Objects that are made before Python looks for cycles among them. What a command makes stays to its end and has hardly
#: any, and by itself (700) it looks hundreds of times, which takes a tenth of the whole command.
_LOOK_AFTER: Final = 50_000


def own_python(*arguments: str) -> tuple[str, ...]:
    """Return the command of the gate's own interpreter with arguments, as every child is started that runs in it.

    Neither the current folder nor byte code of elsewhere stands in for a module, and what this process ignores of its
    environment its children ignore.
    """
    stated = (("-E", sys.flags.ignore_environment), ("-s", sys.flags.no_user_site))
    ignored = (flag for flag, given in stated if given)
    always = ("-P", "--check-hash-based-pycs", "always", "-X", "pycache_prefix=")
    return (sys.executable, *ignored, *always, *arguments)


def drop_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what changes Python or pytest, or lets Python look in the current folder."""
    kept = {
        name: value
        for name, value in environment.items()
        if (name in _KEPT or not name.startswith("PYTHON")) and not name.startswith("PYTEST_")
    }
    places = (str(Path(place).absolute()) for place in kept.get("PYTHONPATH", "").split(os.pathsep) if place)
    return {**kept, "PYTHONPATH": os.pathsep.join(places)}


def prepare_interpreter(code: int) -> None:
    """Let the interpreter print any letter; end one that can't give a verdict, with this exit code.

    It is ended at once: an interpreter that stays open would give another code in the end.
    """
    gc.set_threshold(_LOOK_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an encoding without a letter must not end the gate
    if reasons := list(find_unsound()):
        sys.stderr.write("".join(f"prodgate: {reason}\n" for reason in reasons))
        sys.stderr.flush()
        os._exit(code)


def find_unsound() -> Iterator[str]:
    """Say why this interpreter can't give a verdict, a line per reason."""
    if sys.flags.optimize:
        set_by = os.environ.get("PYTHONOPTIMIZE")
        given = f"PYTHONOPTIMIZE={set_by}" if set_by else "-O"
        yield f"{given}: strips the assertions that judges rest on; run without it"
    for name in filter(os.environ.get, _OF_PLACES):
        yield f"{name}={os.environ[name]}: lets files from there stand in for the gate's own code; unset it"
    if sys.pycache_prefix and not os.environ.get("PYTHONPYCACHEPREFIX"):
        yield f"-X pycache_prefix={sys.pycache_prefix}: lets byte code stand in for source; run without it"
    if sys.flags.inspect or os.environ.get("PYTHONINSPECT"):
        yield "PYTHONINSPECT or -i: replaces the exit code by that of an open interpreter; run without it"
