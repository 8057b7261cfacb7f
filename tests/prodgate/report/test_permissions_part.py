"""What the report shows of who can become whom: a drawing and a table that say the same, whatever names there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import dist
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from prodgate.evidence.artifacts import store_json
from prodgate.evidence.runs import Run
from prodgate.layers.goals import OVERVIEW
from prodgate.report.html import render_html
from prodgate.report.permissions.view import MOST_ROWS, permission_parts

from .samples import criterion, fact, finding, run

HOSTILE = '<script>alert(1)</script>"&\u202e' + "x" * 300


def arn(name: object) -> str:
    return f"arn:aws:iam::111122223333:role/{name}" if name != "" else ""


def hop(source: object, target: object = "", *reasons: str, how: str = "assume it") -> dict[str, Any]:
    return {
        "from": arn(source),
        "to": arn(target),
        "how": how,
        "by": ["roles.tf:3 aws_iam_role.x Assume"],
        "reasons": list(reasons),
    }


def kept(
    directory: Path, states: Mapping[str, str], hops: Sequence[Mapping[str, Any]], layer: str = "static", **others: Any
) -> Run:
    """Return a run that kept the principals of an account, each with whether it reaches all rights."""
    principals = [
        {"arn": arn(name), "name": name, "place": "", "administrator": one, "reasons": []}
        for name, one in states.items()
    ]
    value = {"principals": principals, "hops": list(hops), "left_out": 0, **others}
    stored = fact(OVERVIEW, "principals", store_json(directory, value), layer)
    return replace(
        run([criterion("a")], [finding("a", "satisfied")], facts=(stored,), layers=("static",)), path=directory
    )


CHAIN = {"deploy": "yes", "ci": "yes", "backup": "undetermined", "web": "no"}
HOPS = [
    hop("deploy", how="write an inline policy of deploy"),
    hop("ci", "deploy"),
    hop("backup", "", "it is not understood"),
    hop("web", "other"),
]


def of_each_kind(directory: Path) -> tuple[Run, ...]:
    """Return a run of each kind that the page says something of."""
    many = [*HOPS, *(hop(number, "web") for number in range(MOST_ROWS))]
    gone = replace(kept(directory, CHAIN, HOPS), facts=(fact(OVERVIEW, "principals", "0" * 64),))
    return (kept(directory, CHAIN, many), kept(directory, {"web": "no"}, [], "live"), gone)


def test_the_contents_name_every_section(tmp_path: Path) -> None:
    made = kept(tmp_path, CHAIN, HOPS)
    page = render_html(made, made.verdict())
    contents = page.partition("<nav")[2].partition("</nav>")[0]
    sections = re.findall(r'<h2 id="([\w-]+)"', page.partition("</nav>")[2])
    assert "permissions" in sections
    assert re.findall(r'href="#([\w-]+)"', contents) == sections


def test_principals_stand_by_how_far_they_are_from_all_rights(tmp_path: Path) -> None:
    (part,) = permission_parts(kept(tmp_path, CHAIN, HOPS))
    assert (part.counts["yes"], part.counts["undetermined"], part.counts["no"]) == (2, 1, 1)
    assert (part.names["yes"], part.names["undetermined"]) == (("deploy", "ci"), ("backup",))
    assert part.drawing is not None
    places = {box.name: box.x for box in part.drawing.boxes}
    assert places["ci"] < places["deploy"] == places["backup"] < places[""]
    states = {box.name: box.state for box in part.drawing.boxes}
    assert (states[""], states["ci"], states["backup"], states["web"]) == ("administrator", "yes", "undetermined", "no")
    assert [line.kind for line in part.drawing.lines] == ["leads", "leads", "unsure", "sure"]
    assert [line.number for line in part.drawing.lines] == [row.number for row in part.rows] == [1, 2, 3, 4]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_says_the_same_as_a_table_and_escapes_names(tmp_path: Path, language: str) -> None:
    states = {**CHAIN, HOSTILE: "yes"}
    at = kept(tmp_path, states, [*HOPS, hop(HOSTILE, "deploy", how=HOSTILE)])
    page = render_html(at, at.verdict(), language=language)
    section = page[page.index('<section aria-labelledby="permissions"') :].partition("</section>")[0]
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in section
    drawing = re.search(r"<svg.*?</svg>", section, re.DOTALL)
    assert drawing is not None
    picture = ElementTree.fromstring(drawing[0])
    assert picture.get("role") == "img"
    assert [one.tag for one in list(picture)[:2]] == ["title", "desc"]
    assert len(picture.findall("path")) == section.count('<tr><th scope="row">') == 5
    assert max(len(one.text or "") for one in picture.iter("text")) <= 24
    assert ("write an inline policy of deploy" in section) is (language == "en")


def test_a_drawing_stays_small_however_many_principals_there_are(tmp_path: Path) -> None:
    many = [hop(number, number % 7) for number in range(7, 3_000)]
    at = kept(tmp_path, {str(number): "no" for number in range(3_000)}, [hop("0"), *many], left_out=4)
    (part,) = permission_parts(at)
    assert part.drawing is not None
    assert (len(part.rows), part.more) == (MOST_ROWS, 2_994 - MOST_ROWS + 4)
    assert part.drawing.width <= 1_072
    assert part.drawing.height <= 1_400
    assert len(render_html(at, at.verdict())) < 100_000
    shown = [(line.x, line.y) for line in part.drawing.lines]
    apart = [dist(one, other) >= 22 for one, other in combinations(shown, 2)]
    assert sum(apart) >= 0.97 * len(apart)


def test_the_account_as_it_is_comes_before_what_is_declared_and_the_latest_counts(tmp_path: Path) -> None:
    declared, live = kept(tmp_path, {"a": "no"}, []), kept(tmp_path, {"b": "yes"}, [hop("b")], "live")
    older = kept(tmp_path, {"c": "no"}, [], "live")
    (part,) = permission_parts(replace(declared, facts=(*declared.facts, *older.facts, *live.facts)))
    assert (part.layer, part.names["yes"]) == ("live", ("b",))
    assert permission_parts(run([criterion("a")], [])) == ()


def test_each_account_of_a_run_over_several_has_its_own(tmp_path: Path) -> None:
    first, second = kept(tmp_path, {"a": "no"}, [hop("a", "b")], "live"), kept(tmp_path, {"b": "yes"}, [], "live")
    facts = ({**first.facts[0], "cell": "111122223333"}, {**second.facts[0], "cell": "444455556666"})
    at = replace(first, facts=facts)
    assert [part.cell for part in permission_parts(at)] == ["111122223333", "444455556666"]
    page = render_html(at, at.verdict())
    assert "444455556666" in page
    assert "No hop from one to another was found" in page


def test_evidence_that_is_gone_is_said(tmp_path: Path) -> None:
    at = replace(kept(tmp_path, CHAIN, HOPS), facts=(fact(OVERVIEW, "principals", "0" * 64),))
    (part,) = permission_parts(at)
    assert part.problem
    assert "The evidence of it can&#39;t be read" in render_html(at, at.verdict())
    (odd,) = permission_parts(replace(at, facts=(fact(OVERVIEW, "principals", store_json(tmp_path, {"hops": 3})),)))
    assert odd.problem
