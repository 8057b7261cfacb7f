"""Wherever a verdict is shown it is said who stands for it, and when nobody does."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from prodgate.evidence import runs
from prodgate.report.diff.as_json import comparison_to_json
from prodgate.report.diff.comparison import compare
from prodgate.report.diff.markdown import render_comparison_markdown
from prodgate.report.diff.page import render_comparison_page
from prodgate.report.diff.text import render_comparison
from prodgate.report.formats.exporting import FORMATS
from prodgate.report.formats.source import read_source
from prodgate.report.history.entries import make_entry
from prodgate.report.history.page import render_history
from prodgate.report.notice import make_notice

from ..sample_run import CRITERIA
from ..sealing.sealed import NIGHTLY, make_run, seal

STATED = f'{CRITERIA}controls = ["NIST-800-53:CP-9"]\n'
UNSIGNED = "sealed, unsigned"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[runs.Run, runs.Run]:
    """A run that is NO-GO and unsigned, and one that is GO and signed."""
    folder = tmp_path_factory.mktemp("sealed")
    made = [make_run(folder / name, STATED, good=name == "two") for name in ("one", "two")]
    seal(made[0], None)
    seal(made[1], NIGHTLY)
    return runs.read(made[0]), runs.read(made[1])


@pytest.mark.parametrize("name", FORMATS)
def test_exports_say_it(sealed: tuple[runs.Run, runs.Run], name: str) -> None:
    sources = (replace(read_source(run), account="123456789012", region="ap-northeast-1") for run in sealed)
    unsigned, signed = map(FORMATS[name], sources)
    assert UNSIGNED in unsigned
    assert UNSIGNED not in signed
    assert f"sealed, signed by key ({NIGHTLY.public.keyid[:12]})" in signed


def test_comparisons_say_it_of_both(sealed: tuple[runs.Run, runs.Run]) -> None:
    comparison, signed = compare(*sealed), f"sealed, signed by key ({NIGHTLY.public.keyid[:12]})"
    assert f"\n{UNSIGNED} -> {signed}\n" in render_comparison(comparison)
    assert f"\n\n{UNSIGNED} -\\> sealed, signed by key" in render_comparison_markdown(comparison)
    page, japanese = (render_comparison_page(comparison, language) for language in ("en", "ja"))
    assert f"<b>{UNSIGNED}</b>" in page
    assert signed in page
    assert "<b>封印済み、署名なし</b>" in japanese
    told = json.loads(json.dumps(comparison_to_json(comparison)))
    assert (told["before"]["seal"], told["after"]["seal"]) == (UNSIGNED, signed)


def test_a_notice_and_the_history_say_it(sealed: tuple[runs.Run, runs.Run]) -> None:
    notice = make_notice(None, sealed[0])
    assert notice is not None
    assert notice.text.endswith(f"; {UNSIGNED}")
    entries = [make_entry(run, "") for run in sealed]
    assert [entry.signed for entry in entries] == [False, True]
    assert "nobody stands for what they say: 1." in render_history(entries)
    assert "unsigned" not in render_history(entries[1:])
