"""Saying what changed between two runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Final

from ..criteria import UsageError
from ..evidence import runs
from ..report.diff.as_json import comparison_to_json
from ..report.diff.comparison import Comparison, compare
from ..report.diff.markdown import render_comparison_markdown
from ..report.diff.page import render_comparison_page
from ..report.diff.text import render_comparison
from .output import write


def _render_json(comparison: Comparison) -> str:
    return json.dumps(comparison_to_json(comparison), ensure_ascii=False, indent=2)


_FORMATS: Final[Mapping[str, Callable[[Comparison], str]]] = {
    "text": render_comparison,
    "markdown": render_comparison_markdown,
    "html": render_comparison_page,
    "json": _render_json,
}


def diff(args: argparse.Namespace) -> int:
    """Say what changed from one run to another; both are checked first. Raises RunError for one that was edited.

    Raises UsageError for a language that the format does not have.
    """
    if args.language != "en" and args.format != "html":
        raise UsageError(f"--language {args.language} is of the page: add --format html")
    comparison = compare(runs.read(args.before), runs.read(args.after))
    if args.language != "en":
        write(render_comparison_page(comparison, args.language), args.output)
    else:
        write(_FORMATS[args.format](comparison), args.output)
    return 0
