"""What is a project's own, and what comes with the gate."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.criteria import CriteriaError, UsageError
from prodgate.sections import project
from prodgate.sections.criteria_file import CriteriaFile
from prodgate.sections.project import BUNDLED as ROOT
from prodgate.sections.project import Project, is_own, load_facts, load_policies, open_project
from prodgate.terraform.policy import POLICIES

POLICY = '@policy("TEAM_77", criterion="x", resources=("aws_sqs_queue",), remedy="r")\n'
ONE = POLICY + 'def stated(queue, criterion):\n    """Queues hold."""\n'


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gate that is installed in a virtual environment inside the project."""
    place = tmp_path / ".venv" / "lib" / "bundled"
    (place / "policies").mkdir(parents=True)
    (place / "policies" / "network.py").touch()
    (tmp_path / "policies").mkdir()
    monkeypatch.setattr(project, "BUNDLED", place)
    return place


def test_a_gate_installed_inside_the_project_is_not_the_projects_own(tmp_path: Path, bundled: Path) -> None:
    assert is_own(tmp_path / "policies" / "team.py", tmp_path)
    assert not is_own(bundled / "policies" / "network.py", tmp_path)


def test_the_gates_own_repository_is_its_own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "BUNDLED", tmp_path)
    assert is_own(tmp_path / "policies" / "network.py", tmp_path)


@pytest.mark.usefixtures("bundled")
def test_a_file_that_stands_in_for_a_bundled_one_is_named(tmp_path: Path) -> None:
    stated = CriteriaFile(path=tmp_path / "criteria.toml", system="shop")
    (tmp_path / "policies" / "team.py").touch()
    assert Project(root=tmp_path, stated=stated).list_replaced() == ()
    (tmp_path / "policies" / "network.py").touch()
    assert Project(root=tmp_path, stated=stated).list_replaced() == ("policies/network.py",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("1 / 0", "ZeroDivisionError"),
        (ONE.replace("def ", "async def "), "would not run when called; drop async and yield"),
        (ONE + "    yield", "would not run when called; drop async and yield"),
        (ONE + ONE, "stated is defined once more below it; rename one"),
    ],
)
def test_a_policy_module_that_would_hold_by_accident_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.delitem(POLICIES, "TEAM_77", raising=False)
    (tmp_path / f"team_{abs(hash(text))}.py").write_text("from prodgate import policy\n" + text)
    with pytest.raises(UsageError, match=message):
        load_policies([tmp_path])
    POLICIES.pop("TEAM_77", None)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What is imported as a project's own facts is forgotten afterwards."""
    yield
    for name in [each for each in sys.modules if each.partition(".")[0] == "facts"]:
        del sys.modules[name]


def test_own_facts_are_found_in_folders_too(tmp_path: Path) -> None:
    (tmp_path / "facts" / "queues").mkdir(parents=True)
    (tmp_path / "facts" / ".checkpoints").mkdir()
    (tmp_path / "facts" / "queues" / "sources.py").write_text("from .. import order\norder.append(__name__)\n")
    (tmp_path / "facts" / "queues" / "_private.py").write_text("1 / 0\n")
    (tmp_path / "facts" / "above.py").write_text("import facts\nfacts.order = [__name__]\n")
    (tmp_path / "facts" / ".checkpoints" / "above.py").write_text("1 / 0\n")
    load_facts(tmp_path)
    assert sys.modules["facts"].order == ["facts.above", "facts.queues.sources"]


def test_own_facts_that_can_not_be_loaded_are_named(tmp_path: Path) -> None:
    (tmp_path / "facts" / "queues").mkdir(parents=True)
    (tmp_path / "facts" / "queues" / "broken.py").write_text("1 / 0\n")
    with pytest.raises(UsageError, match=r"facts/queues/broken.py: can't be loaded: ZeroDivisionError"):
        load_facts(tmp_path)


@pytest.mark.parametrize(
    ("own", "told"), [("", "role-to-assume"), ('remedy = "Ask the platform team."', "platform team")]
)
def test_a_criterion_written_anew_has_the_bundled_remedy_unless_it_states_its_own(
    tmp_path: Path, own: str, told: str
) -> None:
    (bundled_id,) = (
        id_
        for id_, one in open_project(ROOT / "criteria.toml").stated.criteria.items()
        if "role-to-assume" in one.remedy
    )
    (tmp_path / "criteria.toml").write_text(
        f'system = "shop"\n[criteria.{bundled_id}]\n{own}\nstatement = {{ en = "So.", ja = "そう。" }}\n'
        'why = "Because."\nsource = "X-1"\nlayers = ["static"]\n',
        "utf-8",
    )
    assert told in open_project(tmp_path / "criteria.toml").stated.criteria[bundled_id].remedy


@pytest.mark.parametrize(
    ("id_", "require", "told"),
    [
        ("latency-p95", "< 300 MiB", "'< 300 MiB' bounds a size, and what judges it measures a time; write e.g. '< 200 ms'"),
        ("backup-retention", ">= 7 %", "'>= 7 %' bounds a ratio, and what judges it measures a time; write e.g. '>= 30 d'"),
        ("latency-p95", "< 300 ms", ""),
        ("of-our-own", "< 300 MiB", ""),
    ],
)  # fmt: skip
def test_a_bound_on_something_else_than_is_measured_is_refused_before_anything_runs(
    tmp_path: Path, id_: str, require: str, told: str
) -> None:
    stated = f'[criteria.{id_}]\nstatement = "a"\nwhy = "a"\nsource = "a"\nlayers = ["load"]\nrequire = "{require}"\n'
    (tmp_path / "criteria.toml").write_text(f'system = "shop"\n{stated}', "utf-8")
    if not told:
        assert str(open_project(tmp_path / "criteria.toml").stated.criteria[id_].bound) == require
        return
    with pytest.raises(CriteriaError, match=re.escape(f"criteria.toml: criteria.{id_}.require: {told}")):
        open_project(tmp_path / "criteria.toml")
