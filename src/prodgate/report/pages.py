"""Self-contained pages made of templates: no script, no request, and every text in its place escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .grouping import shared_evidence
from .load.scales import PERCENTILES, latency_text
from .rows import make_rows
from .text import is_harmless, pieces, visible
from .view import moment

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
    environment.filters.update(prose=_prose, moment=moment, plain=visible, short=lambda digest: digest[:12])
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
    """Return the style sheet: a constant of this package."""
    return Markup(resources.files(__package__).joinpath("templates/report.css").read_text("utf-8"))  # noqa: S704


@cache
def _policy() -> str:
    """Return the content security policy: nothing may load or run, and only this very style sheet applies."""
    digest = base64.b64encode(hashlib.sha256(_style().encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
