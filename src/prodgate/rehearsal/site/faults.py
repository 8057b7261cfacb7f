"""Faults with which a site can be started; without them, none of their code is loaded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...criteria import UsageError, suggest

#: Patterns of a fault's value, by the name of its form.
FORMS: Final = {
    "": r"",
    "SECONDS": r"(\d+(?:\.\d+)?)",
    "SECONDS/PERIOD": r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)",
    "SECONDS[@SHARE]": r"(\d+(?:\.\d+)?)(?:@(0?\.\d+|1))?",
    "SHARE": r"(0?\.\d+|1)",
}


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault: its effect, the form of its value if it takes one, and an example of it."""

    what: str
    form: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A requested fault, with its numbers in the order of its form; an omitted number is 1."""

    name: str
    numbers: tuple[float, ...] = ()


#: Effects on requests; those for health and readiness are spared, except by never-ready.
KINDS: Final = {
    "latency": FaultKind("a share of the requests is delayed", form="SECONDS[@SHARE]", value="0.3@0.1"),
    "stall": FaultKind("everything stalls at the end of each period", form="SECONDS/PERIOD", value="1/10"),
    "drop": FaultKind("a share of the connections is closed without an answer", form="SHARE", value="0.01"),
    "errors": FaultKind("a share of the requests is answered with a 500", form="SHARE", value="0.01"),
    "lost-writes": FaultKind("a share of the applause is acknowledged and not kept", form="SHARE", value="0.01"),
    "slow-start": FaultKind("ready at once, but answers only after so long", form="SECONDS", value="3"),
    "errors-in-public": FaultKind(
        "a share of the requests to port 443 of the load balancer is answered with a 500", form="SHARE", value="1"
    ),
    "never-ready": FaultKind("the process is alive, and never ready"),
    "uncacheable": FaultKind("public pages say that no cache may keep them"),
    "naive-deploy": FaultKind("deploy() kills the old build, then starts the new one"),
    # defects that a browser notices
    "wrong-build": FaultKind("the site is of the build 'stale', whatever was deployed"),
    "slow-page": FaultKind("every page is slow, the API is not", form="SECONDS", value="4"),
    "no-csp": FaultKind("no Content-Security-Policy"),
    "insecure-cookie": FaultKind("the session has neither Secure nor HttpOnly"),
    "unlabeled-button": FaultKind("buttons have no name"),
    "unlabeled-field": FaultKind("fields have no labels"),
    "no-language": FaultKind("pages don't say their language"),
    "no-alternative": FaultKind("images have no text alternative"),
    "low-contrast": FaultKind("text is light grey on white"),
    "hidden-focus": FaultKind("the focus can't be seen"),
    "overflow": FaultKind("pages are wider than a telephone"),
    "script-error": FaultKind("the script of the pages fails"),
    "broken-link": FaultKind("a link in the menu leads nowhere"),
    "broken-image": FaultKind("the image in the header is missing"),
    "mouse-only": FaultKind("a button can't be reached with the Tab key"),
    "shifting": FaultKind("something pushes the page down after it is there"),
    "slow-keys": FaultKind("the answer to some keys takes 0.4 s"),
    "third-party": FaultKind("pages ask another site for a script"),
    "plain-form": FaultKind("a form sends over plain HTTP"),
}


def parse_faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    """Parse faults. Raises UsageError that names the valid ones."""
    faults = tuple(_parse_fault(text) for text in texts)
    names = [fault.name for fault in faults]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"fault {name!r} was given more than once; give it once")
    return faults


def _parse_fault(text: str) -> Fault:
    name, equals, value = text.partition("=")
    kind = KINDS.get(name)
    if kind is None:
        hint = suggest(name, KINDS) or f"; there are {', '.join(KINDS)}"
        raise UsageError(f"fault {text!r}: no fault is named {name!r}{hint}")
    match = re.fullmatch(FORMS[kind.form], value)
    if match is None or bool(equals) != bool(kind.form):
        wanted = f"needs {kind.form}" if kind.form else "takes no value"
        raise UsageError(f"fault {text!r}: {name} {wanted}; write e.g. {_example(name)}")
    numbers = tuple(float(number) if number else 1.0 for number in match.groups())
    if "PERIOD" in kind.form and numbers[0] >= numbers[1]:
        raise UsageError(
            f"fault {text!r}: the period must be longer than {numbers[0]:g} s; write e.g. {_example(name)}"
        )
    return Fault(name, numbers)


def render_faults() -> str:
    """Return a table of the faults."""
    return "\n".join(f"  {_example(name):<18} {kind.what}" for name, kind in KINDS.items())


def _example(name: str) -> str:
    value = KINDS[name].value
    return f"{name}={value}" if value else name
