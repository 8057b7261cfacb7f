"""The table of layers matches their packages exactly."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from prodgate.criteria import LAYERS
from prodgate.evidence import runs
from prodgate.facts import Fact, Facts
from prodgate.layers import BUILT
from prodgate.layers.observing_layer import Evidence, observe_by_kind

from ..run.small_shop import CRITERIA
from .context import layer_context


@pytest.mark.parametrize("name", LAYERS)
def test_a_package_has_what_its_row_says(name: str) -> None:
    layer, package = BUILT[name], f"prodgate.layers.{name}"
    assert callable(import_module(f"{package}.observing").observe)
    assert hasattr(import_module(f"{package}.observing"), "recall") is not layer.by_kind
    if layer.by_kind:
        made = import_module(f"{package}.facts")
        assert callable(made.facts_of)
        assert {*made.REQUIRED} | {*made.TEAM} <= {*made.KINDS}
    assert (find_spec(f"{package}.judging") is not None) is layer.judges


def test_evidence_that_a_teams_code_measures_is_marked(tmp_path: Path) -> None:
    kinds: Mapping[str, tuple[type[Fact], ...]] = {"theirs": (), "ours": ()}
    made = SimpleNamespace(KINDS=kinds, REQUIRED=(), TEAM={"theirs": "the journeys"}, facts_of=lambda *_: Facts())
    seen = [Evidence(kind=kind, value={}, subject=kind, source="a test") for kind in kinds]
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    at = layer_context(tmp_path, "e2e")
    observe_by_kind("e2e", made, lambda *_: iter(seen), at)
    assert [(fact["kind"], fact.get("team", "")) for fact in runs.read(at.run).facts] == [
        ("theirs", "the journeys"), ("ours", ""),
    ]  # fmt: skip


def test_every_layer_has_a_row_in_the_order_of_the_criteria() -> None:
    assert list(BUILT) == list(LAYERS)
