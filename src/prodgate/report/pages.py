"""Self-contained pages made of templates: no script, no request, and every text in its place escaped."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ..findings import Finding
from ..processes.output import is_harmless, pieces, visible
from .drawing import PERCENTILES, latency_text
from .grouping import shared_evidence
from .text import shorten
from .view import moment

# ── Rows of a table of findings

#: With so many findings in a batch, a row leaves out what the row above has; fewer are shown in full, to be copied.
MANY: Final = 21

#: Stands for the same beginning as in the row above.
DITTO: Final = "…"

#: Characters that join the parts of names and places, such as ``this[3]``, ``role/gate`` and ``main.tf:41``.
_JOINTS: Final = "[/:"

#: Characters from which on a beginning is worth leaving out.
_LEAST: Final = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A finding, its subject and the place of it as they are shown."""

    finding: Finding
    subject: str
    place: str
    """Of the deciding argument; where the value came from follows it in the finding."""


def make_rows(findings: Sequence[Finding]) -> Iterator[Row]:
    """Yield a row for each finding; of many, those with one beginning stand together and say it once."""
    if len(findings) < MANY:
        yield from (Row(each, each.subject, _place(each)) for each in findings)
        return
    subject = place = ""
    for each in _bring_together(findings):
        before = (subject, place)
        subject, place = each.subject, _place(each)
        yield Row(each, _leave_out(subject, before[0]), _leave_out(place, before[1]))


def _place(finding: Finding) -> str:
    return finding.where[0] if finding.where else ""


def _bring_together(findings: Iterable[Finding]) -> Iterator[Finding]:
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(_beginning(each.subject), []).append(each)
    for group in found.values():
        yield from group


def _leave_out(text: str, before: str) -> str:
    beginning = _beginning(text)
    shared = len(beginning) >= _LEAST and text != before and before.startswith(beginning)
    return DITTO + text[len(beginning) :] if shared and _beginning(before) == beginning else text


def _beginning(text: str) -> str:
    """Return a text up to its last joint.

    >>> _beginning("module.api.aws_cloudwatch_log_group.this[3]")
    'module.api.aws_cloudwatch_log_group.this'
    >>> _beginning("terraform/main.tf:41")
    'terraform/main.tf'
    """
    return text[: max(text.rfind(joint) for joint in _JOINTS)] if any(j in text for j in _JOINTS) else ""


#: A name longer than this is folded; its whole text stays in the page.
LONG: Final = 240

#: Findings of one batch that are shown unfolded.
UNFOLDED: Final = 20


def render_page(template: str, **context: Any) -> str:
    """Return a page made of one of the templates, with the one style sheet and nothing that loads or runs."""
    return _environment().get_template(template).render(**context, style=_style(), policy=_policy())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("prodgate.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        prose=_prose, moment=moment, plain=visible, shorten=shorten, short=lambda digest: digest[:12]
    )
    environment.globals.update(
        LONG=LONG,
        UNFOLDED=UNFOLDED,
        rows_of=make_rows,
        shared_evidence=shared_evidence,
        latency=latency_text,
        percentile_names=PERCENTILES,
    )
    return environment


def finalize(value: Any) -> Any:
    """Return what a template prints with each invisible character as a marked escape; every output passes here."""
    return _mark_invisible(value, "") if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> str | Markup:
    """Return a text whose line breaks stay."""
    return _mark_invisible(text, "\n")


def _mark_invisible(text: str, keep: str) -> str | Markup:
    if is_harmless(text):
        return text
    parts = [
        Markup('<span class="esc">{}</span>').format(piece) if hidden else escape(piece)
        for piece, hidden in pieces(text, keep=keep)
    ]
    return Markup("").join(parts)


@cache
def _style() -> Markup:
    return Markup(resources.files(__package__).joinpath("templates/report.css").read_text("utf-8"))  # noqa: S704


@cache
def _policy() -> str:
    """Return the content security policy: nothing may load or run, and only this very style sheet applies."""
    digest = base64.b64encode(hashlib.sha256(_style().encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
