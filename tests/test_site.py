"""The site: every page is in it and can be reached, and what it says of policies and checks is all there is."""

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prodgate.checks import registered_checks
from prodgate.rehearsal.adapters import ADAPTERS
from tests.trees import write_tree

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def build_site() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return importlib.import_module("build_site")
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def site(build_site: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    staged: Path = tmp_path_factory.mktemp("pages")
    build_site.stage(staged)
    return staged


def named(nav: Any) -> Iterator[str]:
    """Yield the pages of a navigation."""
    for value in nav if isinstance(nav, list) else nav.values():
        yield from [value] if isinstance(value, str) else named(value)


def reached(site: Path) -> set[str]:
    """Return the pages that somebody comes to who begins with the navigation and follows links."""
    project = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]
    left, found = list(named(project["nav"])), set[str]()
    while left:
        page = left.pop()
        if page not in found:
            found.add(page)
            links = re.findall(r"\]\(([^):#]+\.md)", (site / page).read_text("utf-8"))
            left += [((site / page).parent / link).resolve().relative_to(site.resolve()).as_posix() for link in links]
    return found


def test_every_page_is_staged_where_it_stands_and_can_be_reached(site: Path) -> None:
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.md")}
    ours = {path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]}
    assert ours <= pages
    assert pages == reached(site)
    assert (site / "docs" / "criteria.schema.json").is_file()
    assert (site / ".github" / "workflows" / "deploy.yml").is_file()


def test_every_policy_is_explained_with_what_breaks_it_and_what_does_not(site: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in (site / "docs" / "reference" / "policies").glob("*.md"))
    ids = {path.stem for path in (ROOT / "policies" / "examples").glob("*.tf")}
    entries = {found[1]: found[2] for found in re.finditer(r"^## (PG_\w+)\n(.*?)(?=^## |\Z|^# )", text, re.M | re.S)}
    assert entries.keys() == ids
    assert not [id_ for id_, entry in entries.items() if "- because: " not in entry or "Before, which" not in entry]
    without = {id_ for id_, entry in entries.items() if "\nAfter:" not in entry}
    whole = {id_ for id_, entry in entries.items() if "applies to the whole configuration" in entry}
    assert without <= whole, "a policy about everything that is declared has no resource that keeps to it alone"


def test_every_check_and_every_type_that_a_rehearsal_creates_is_named(site: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in (site / "docs" / "reference" / "checks").glob("*.md"))
    bundled = [ROOT / folder for folder in ("suites", "loadtests", "e2e")]
    written = {check.name: Path(check.function.__code__.co_filename) for check in registered_checks()}
    names = {name for name, file in written.items() if any(map(file.is_relative_to, bundled))}
    assert len(names) > 100
    assert names <= set(re.findall(r"^## (\w+)$", text, re.MULTILINE))
    types = (site / "docs" / "reference" / "rehearsal-types.md").read_text("utf-8")
    listed = set(re.findall(r"^- `(\w+)`$", types, re.MULTILINE))
    assert len(listed) > 100
    assert listed <= set(ADAPTERS)


def test_a_link_of_the_built_site_that_leads_nowhere_is_found(build_site: Any, tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "there/index.html": '<a href="../"></a><a href="https://a.example/gone"></a>',
            "index.html": '<a href="there/#x"></a><a href="gone/"></a><a href="/gone.css"></a>',
        },
    )
    assert list(build_site.find_broken(tmp_path)) == [
        "index.html: gone/ leads nowhere",
        "index.html: /gone.css leads nowhere",
    ]
