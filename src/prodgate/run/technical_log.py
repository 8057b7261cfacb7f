"""Hardens pytest-html, which writes each layer's technical log: test ids and links are untrusted text there.

pytest-html puts node ids and the names of links into its page as they are, so that a bucket named
``<img onerror=…>`` would run as script in the log. Here both are escaped, and the environment is left out.
"""

from html import escape
from typing import Any

import pytest

from ..semantics.secret_places import REDACTOR


def pytest_html_report_title(report: Any) -> None:
    """Say whose log this is."""
    report.title = "prod-gate: technical log of a layer"


def pytest_html_results_summary(prefix: list[str], summary: list[str], postfix: list[str]) -> None:
    """Point from the log to what decides."""
    del summary, postfix
    prefix.append("<p>One line for each policy or check, for developers. The verdict is in report.html.</p>")


@pytest.hookimpl(trylast=True)
def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """Write the node id as text, and drop the links, whose names can't be escaped from here."""
    when = "" if report.when == "call" else f"::{report.when}"
    for index, cell in enumerate(cells):
        if 'class="col-testId"' in cell:
            cells[index] = f'<td class="col-testId">{escape(report.nodeid + when)}</td>'
        elif 'class="col-links"' in cell:
            cells[index] = '<td class="col-links"></td>'
    cells[:] = map(REDACTOR.redact, cells)


@pytest.hookimpl(trylast=True)
def pytest_html_results_table_html(data: list[str]) -> None:
    """Keep no secret of what tests print and fail with."""
    data[:] = map(REDACTOR.redact, data)


def pytest_metadata(metadata: dict[str, Any]) -> None:
    """Leave the environment out: CI variables do not belong in a log that is kept."""
    metadata.clear()
