"""Faults with which a site can be started; without them, none of their code is loaded."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """A kind of fault: the form of its value, an example, and what the site then does."""

    form: str
    example: str
    what: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A requested fault, with its numbers in the order of its form; an omitted number is 1."""

    name: str
    numbers: tuple[float, ...] = ()


#: What happens to requests; those for health and readiness are spared.
KINDS: Final = {
    "latency": FaultKind(form="SECONDS[@SHARE]", example="latency=0.3@0.1", what="a share of the requests is delayed"),
    "stall": FaultKind(form="SECONDS/PERIOD", example="stall=1/10", what="everything stalls at the end of each period"),
    "drop": FaultKind(form="SHARE", example="drop=0.01", what="a share of the connections is closed without an answer"),
    "errors": FaultKind(form="SHARE", example="errors=0.01", what="a share of the requests is answered with a 500"),
    "slow-start": FaultKind(
        form="SECONDS", example="slow-start=3", what="ready at once, but answers only after so long"
    ),
    "uncacheable": FaultKind(form="", example="uncacheable", what="public pages say that no cache may keep them"),
    "naive-deploy": FaultKind(
        form="", example="naive-deploy", what="deploy() kills the old build, then starts the new one"
    ),
    # what a browser notices
    "wrong-build": FaultKind(
        form="", example="wrong-build", what="the site is of the build 'stale', whatever was deployed"
    ),
    "slow-page": FaultKind(form="SECONDS", example="slow-page=4", what="every page is slow, the API is not"),
    "no-csp": FaultKind(form="", example="no-csp", what="no Content-Security-Policy"),
    "insecure-cookie": FaultKind(
        form="", example="insecure-cookie", what="the session has neither Secure nor HttpOnly"
    ),
    "unlabeled-button": FaultKind(form="", example="unlabeled-button", what="buttons have no name"),
    "unlabeled-field": FaultKind(form="", example="unlabeled-field", what="fields have no labels"),
    "no-language": FaultKind(form="", example="no-language", what="pages don't say their language"),
    "no-alternative": FaultKind(form="", example="no-alternative", what="images have no text alternative"),
    "low-contrast": FaultKind(form="", example="low-contrast", what="text is light grey on white"),
    "hidden-focus": FaultKind(form="", example="hidden-focus", what="the focus can't be seen"),
    "overflow": FaultKind(form="", example="overflow", what="pages are wider than a telephone"),
    "script-error": FaultKind(form="", example="script-error", what="the script of the pages fails"),
    "broken-link": FaultKind(form="", example="broken-link", what="a link in the menu leads nowhere"),
    "broken-image": FaultKind(form="", example="broken-image", what="the image in the header is missing"),
    "mouse-only": FaultKind(form="", example="mouse-only", what="a button can't be reached with the Tab key"),
    "shifting": FaultKind(form="", example="shifting", what="something pushes the page down after it is there"),
    "slow-keys": FaultKind(form="", example="slow-keys", what="the answer to some keys takes 0.4 s"),
    "third-party": FaultKind(form="", example="third-party", what="pages ask another site for a script"),
}


def parse_faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    """Parse faults. Raises UsageError that says what to write instead."""
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
        raise UsageError(f"fault {text!r}: {name} {wanted}; write e.g. {kind.example}")
    numbers = tuple(float(number) if number else 1.0 for number in match.groups())
    if "PERIOD" in kind.form and numbers[0] >= numbers[1]:
        raise UsageError(f"fault {text!r}: the period must be longer than {numbers[0]:g} s; write e.g. {kind.example}")
    return Fault(name, numbers)


def render_faults() -> str:
    """Return a table of the faults."""
    return "\n".join(f"  {kind.example:<18} {kind.what}" for kind in KINDS.values())
