"""The site after a deployment: a reader's visit through the edge, and the report if nobody can be a reader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.layers.layer import LayerContext
from prodgate.layers.rollout import resting, resting as journeys
from prodgate.layers.rollout.kinds import VISIT
from prodgate.rehearsal.site.process import Site, running
from tests.prodgate.layers.context import layer_context

CRITERIA = """
system = "shop"

[e2e]
build = { header = "x-build" }

[criteria.after-user-access]
statement = { en = "Readers get in.", ja = "入れる。" }
why = "They must."
source = "X-1"
layers = ["rollout"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site"), build="green") as started:
        yield started


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise Unreadable("no browser")

    monkeypatch.setattr(journeys, "make_settings", refuse)


def context(tmp_path: Path, criteria: str = CRITERIA, target: str = "rehearsal://") -> LayerContext:
    (tmp_path / "criteria.toml").write_text(criteria, "utf-8")
    return layer_context(tmp_path, "rollout", target, commit="c" * 40)


def look(at: LayerContext, scene: Mock) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the visit, and why there is none."""
    try:
        return {seen.kind: seen.value for seen in resting.observe_site(at, scene, {})}, {}
    except Unreadable as error:
        return {}, {"last": error.reason}


def test_a_reader_gets_in_through_the_edge(tmp_path: Path, site: Site) -> None:
    scene = Mock(url=site.url, place="the rehearsal")
    found, _ = look(context(tmp_path), scene)
    assert [page["status"] for page in found[VISIT]["pages"]] == [200, 200]
    assert {page["build"] for page in found[VISIT]["pages"]} == {"green"} == {found[VISIT]["build"]}
    assert found[VISIT] is scene.visit
    with pytest.raises(Unreadable, match="no browser"):
        next(journeys.observe_journeys(context(tmp_path), scene, {}))


def test_nobody_says_what_the_site_is(tmp_path: Path, site: Site) -> None:
    at = context(tmp_path, CRITERIA.replace('[e2e]\nbuild = { header = "x-build" }\n', ""))
    assert "says nothing of the site" in look(at, Mock(url=site.url))[1]["last"]


def test_pages_that_name_no_build_show_nothing(tmp_path: Path, site: Site) -> None:
    at = context(tmp_path, CRITERIA.replace('build = { header = "x-build" }', ""))
    assert "write build" in look(at, Mock(url=site.url))[0][VISIT]["unread"]


def test_a_name_that_leads_inside_is_asked_from_outside(tmp_path: Path) -> None:
    at = context(tmp_path, CRITERIA.replace("[e2e]", '[e2e]\nbase_url = "https://localhost"'), "aws://eu-west-1")
    assert "which no reader can reach; ask from outside" in look(at, Mock(rollout=None))[1]["last"]
