"""Separates a project's own things from those of the gate."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.criteria import LAYERS, CriteriaError, UsageError
from prodgate.run.planning import plan_judges
from prodgate.sections import project
from prodgate.sections.criteria_file import CriteriaFile, find_undeclared, parse_criteria, parse_layers, refuse_unasked
from prodgate.sections.project import BUNDLED as ROOT, Project, is_own, load_facts, load_policies, open_project
from prodgate.terraform.policy import POLICIES
from tests.trees import write_tree

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
    """A project's own facts are unloaded afterwards."""
    yield
    for name in [each for each in sys.modules if each.partition(".")[0] == "facts"]:
        del sys.modules[name]


def test_own_facts_are_found_in_folders_too(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "facts/queues/sources.py": "from .. import order\norder.append(__name__)\n",
            "facts/queues/_private.py": "1 / 0\n",
            "facts/above.py": "import facts\nfacts.order = [__name__]\n",
            "facts/.checkpoints/above.py": "1 / 0\n",
        },
    )
    load_facts(tmp_path)
    assert sys.modules["facts"].order == ["facts.above", "facts.queues.sources"]


def test_own_facts_that_can_not_be_loaded_are_named(tmp_path: Path) -> None:
    write_tree(tmp_path, {"facts/queues/broken.py": "1 / 0\n"})
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


# ── Layers without criteria

CRITERIA = """
system = "shop"

[criteria.deletion-protection]
statement = "Databases refuse to be deleted."
why = "A slip would cost all orders."
source = "X-1"
layers = ["static"]
"""
REQUIREMENT = '[requirements]\nX-1 = { asks = "Data stays.", layers = ["static", "live"] }\n'
PEOPLE = '[attested]\nfolder = "records"\n'
SECTION = '[e2e]\nbase_url = "https://www.shop.example"\nhosts = ["shop.example"]\n'
CHECK = '''
"""Questions of the shop."""
from prodgate import Criterion, check
from prodgate.facts.live.databases import Database


@check("deletion-protection", remedy="Protect it.")
def test_databases_stay(database: Database, criterion: Criterion) -> None:
    """Does each database refuse?"""
    criterion.hold(database.deletion_protection, expected="on", observed=database.deletion_protection)
'''


def stated(text: str = CRITERIA) -> CriteriaFile:
    return parse_criteria(text, Path("criteria.toml"))


def test_layers_of_which_nothing_is_asked_are_found() -> None:
    assert find_undeclared(stated()) == set(LAYERS) - {"static"}


@pytest.mark.parametrize(("more", "layer"), [(REQUIREMENT, "live"), (SECTION, "e2e"), (PEOPLE, "attested")])
def test_a_requirement_and_a_section_of_its_own_declare_a_layer_without_any_criterion(more: str, layer: str) -> None:
    assert find_undeclared(stated(CRITERIA + more)) == set(LAYERS) - {"static", layer}


@pytest.mark.parametrize("only", ["live", "live,load"])
def test_a_run_of_nothing_that_is_asked_is_refused(only: str) -> None:
    with pytest.raises(UsageError, match=r"--only .*asks anything of it; name one of static$"):
        refuse_unasked(only, stated())


@pytest.mark.parametrize("only", [None, "static", "static,live"])
def test_a_run_of_something_that_is_asked_is_none_to_refuse(only: str | None) -> None:
    refuse_unasked(only, stated())
    assert parse_layers(only) >= {"static"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return tmp_path


def test_what_comes_with_the_gate_is_asked_in_the_layers_that_the_criterion_names(shop: Path) -> None:
    planned = plan_judges(open_project(shop / "criteria.toml"), LAYERS)
    assert {layer for layer, judges in planned.items() if judges} == {"static"}
    text = CRITERIA.replace('layers = ["static"]', 'layers = ["static", "live"]')
    (shop / "criteria.toml").write_text(text, "utf-8")
    assert plan_judges(open_project(shop / "criteria.toml"), LAYERS)["live"]


@pytest.mark.parametrize(
    ("folder", "said"),
    [("suites/live", r":\d+: .*'deletion-protection' in the live layer, which that")]
    + [(each, ": holds a policy or check where no layer reads it")
       for each in ("suites/.kept/live", "suites/live/.old", "policies/.more", "suites/live/__pycache__", ".suites")],
)  # fmt: skip
def test_an_own_check_that_would_never_judge_is_refused(shop: Path, folder: str, said: str) -> None:
    write_tree(shop, {f"{folder}/test_shop.py": CHECK})
    with pytest.raises(UsageError, match=rf"{folder}/test_shop.py{said}"):
        plan_judges(open_project(shop / "criteria.toml"), LAYERS)
