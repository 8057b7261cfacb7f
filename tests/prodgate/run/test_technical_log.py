"""pytest-html's page, with names that would be script in it."""

from pathlib import Path

import pytest

HOSTILE = "<img src=x onerror=alert(1)>"
TEST = f"""
import pytest

@pytest.mark.parametrize("name", ["{HOSTILE}"])
def test_hostile(name, extras):
    extras.append({{"name": name, "format_type": "url", "content": "https://example.com", "mime_type": None, "extension": None}})
    print(name)
    assert name == "something else"
"""


def log(pytester: pytest.Pytester, *options: str) -> str:
    pytester.makepyfile(TEST)
    page = pytester.path / "log.html"
    pytester.runpytest_inprocess(f"--html={page}", "--self-contained-html", "-p", "no:randomly", *options)
    return Path(page).read_text("utf-8")


def cells(page: str) -> str:
    """The rows of the table as the page's script reads them: JSON inside an attribute, unescaped once."""
    import html
    import re

    return html.unescape(re.search(r'data-jsonblob="([^"]*)"', page)[1])


def test_without_the_plugin_the_name_would_be_markup(pytester: pytest.Pytester) -> None:
    rows = cells(log(pytester))
    assert (
        f'<td class=\\"col-testId\\">test_without_the_plugin_the_name_would_be_markup.py::test_hostile[{HOSTILE}]'
        in rows
    )


def test_with_the_plugin_ids_are_text_and_links_are_gone(pytester: pytest.Pytester) -> None:
    rows = cells(log(pytester, "-p", "prodgate.run.technical_log"))
    assert "&lt;img src=x onerror=alert(1)&gt;]</td>" in rows
    assert '<td class=\\"col-links\\"></td>' in rows
    assert f"::test_hostile[{HOSTILE}]</td>" not in rows


def test_the_page_says_what_it_is_and_keeps_no_environment(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_COMMIT_REF_NAME", "secret-branch")
    page = log(pytester, "-p", "prodgate.run.technical_log")
    assert "technical log of a layer" in page
    assert "secret-branch" not in page
