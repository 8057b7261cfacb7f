"""Which sections of a document say something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.semantics.markdown import find_sections, has_section


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("## Database\nRestore it.", ("Database",)),
        ("## Database ##\nRestore it.", ("Database",)),
        ("## Database\n\n## Services\nStop them.", ("Services",)),
        ("## Database\n<!-- say how -->\n", ()),
        ("## Database\n<!-- say how\n\nRestore it.", ()),
        ("<!-- ## Database\nRestore it. -->", ()),
        ("## Database\nTBD\n", ()),
        ("## Database\n\u2014 \u3164\n", ()),
        ("## Database\n### Snapshot\nTake one.\n", ("Database", "Snapshot")),
        ("## Database\n# Services\nStop them.\n", ("Services",)),
        ("```\n## Database\nRestore it.\n```\n", ()),
        ("## Steps\n```\n# a comment of the shell\n```\n## Database\n", ("Steps",)),
        ("## Steps\n```\nrestore\n```\n", ("Steps",)),
        ("## Steps\n~~~~\n~~~\n## Database\nx\n~~~~\n", ("Steps",)),
        ("##Database\nRestore it.", ()),
        ("    ## Database\nRestore it.", ()),
        (f"## {'x' * 500}\nRestore it.", ()),
        ("## 連絡先\n当番に電話する。", ("連絡先",)),
    ],
)
def test_a_heading_counts_when_something_is_said_under_it(text: str, found: tuple[str, ...]) -> None:
    assert find_sections(text) == found


def test_a_section_is_found_however_it_is_spelled() -> None:
    assert has_section(("Who decides?",), "who DECIDES")
    assert not has_section(("Who decides?",), "Who is called")
    assert not has_section((), "Who decides")


@given(st.text(alphabet="# \n`~<!->xA", max_size=60))
def test_every_text_has_sections_that_stand_in_it(text: str) -> None:
    for heading in find_sections(text):
        assert heading in text
