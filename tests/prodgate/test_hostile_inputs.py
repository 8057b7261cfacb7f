"""Any content of a layer's input files is read, or called unreadable with a reason; nothing else."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from prodgate.aws.answers import Unreadable
from prodgate.criteria import UsageError
from prodgate.dag_files.observing import observe
from prodgate.dag_files.rules import check_file
from prodgate.facts.rollout.checklists import observe_results
from prodgate.facts.static.workflow_files import observe_workflows
from prodgate.migrations.breaking import parse_statement, split_statements
from prodgate.migrations.reading import read_revisions, read_texts
from prodgate.run.planning import plan_judges
from prodgate.sections.judges import read_judges
from prodgate.sections.project import Project, open_project
from prodgate.semantics.junit import JUnitError, read_junit
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.sources import read_tree

WHOLE: Final = (
    '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="a" tests="2" failures="1" errors="0" '
    'timestamp="2026-11-27T10:00:00+00:00"><properties><property name="commit" value="abc"/></properties>'
    '<testcase classname="a" name="b"/><testcase name="c" status="run"><failure>x</failure></testcase>'
    "</testsuite></testsuites>"
)
NUMBERS = st.sampled_from(["9" * 5000, "-1", "٣", "1e9", "", " 2 ", "²", "0x1", "nan"])
WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
FEW: Final = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(data: bytes) -> None:
    with suppress(JUnitError):
        read_junit(data)


@FEW
@given(
    st.sampled_from(['tests="2"', 'failures="1"', 'errors="0"', 'timestamp="2026-11-27T10:00:00+00:00"']),
    NUMBERS | WORDS,
)
def test_any_attribute_of_test_results(place: str, text: str) -> None:
    escaped = text.replace("&", "").replace("<", "").replace('"', "")
    read(WHOLE.replace(place, f'{place.partition("=")[0]}="{escaped}"').encode())


@FEW
@given(
    st.binary(max_size=200)
    | st.builds(
        lambda at, new, cut: WHOLE.encode()[:at] + new + WHOLE.encode()[at + cut :],
        st.integers(0, len(WHOLE)),
        st.binary(max_size=20),
        st.integers(0, 40),
    )
)
@example(WHOLE.replace("utf-8", "utf-7").encode())
@example(WHOLE.replace("utf-8", "big5").encode())
@example(WHOLE.replace("utf-8", "idna").encode())
@example(WHOLE.replace("utf-8", "rot13").encode())
@example(WHOLE.replace("utf-8", "hex").encode())
@example(WHOLE.encode("utf-16"))
@example(b"<testsuite>" * 100_000)
@example(WHOLE.replace('"abc"', f'"{"a" * 5_000_000}"').encode())
@example(b"<testsuite><testcase/><failure/></testsuite>")
@example(b"<testsuite><testcase><x><failure/></x></testcase></testsuite>")
@example(b'<a:testsuite xmlns:a="b"><a:testcase><failure xmlns="c"/></a:testcase></a:testsuite>')
def test_any_bytes_of_test_results(data: bytes) -> None:
    read(data)


ALEMBIC: Final = 'revision = "a1"\ndown_revision = None\n'
DJANGO: Final = "class Migration:\n    dependencies = [('shop', '0001_a')]\n"
NAMES = st.sampled_from(
    ["versions/a.py", "b.py", "env.py", "shop/migrations/0001_a.py", "shop/migrations/0002_b.py", "V1__a.sql", "V1_1__b.sql",
     "V999999999999999999999__c.sql", "R__again.sql", "20260101000000_a/migration.sql", "20260101000000_a.rb", "db/schema.rb",
     f"V{'9' * 5000}__c.sql", "V1.__d.sql", "V٣__a.sql", "../x.py", "U1__a.sql", "V1__A.java"]
)  # fmt: skip
TEXTS = st.one_of(
    WORDS,
    st.sampled_from([ALEMBIC, DJANGO, "\0", "(" * 5000, "revision = " + "9" * 5000, "revision = 'a'\ndown_revision = ['a', 1, None, ()]\n",
                     "revision = 'a'\ndown_revision = {'x': [[]]}\n", "revision = b'a'\ndown_revision = None\n", "revision = 'a'\ndown_revision = 'a'\n",
                     "revision = ''\ndown_revision = ''\n", "class Migration:\n    dependencies = 3\n", "class Migration:\n    dependencies = [3, (1,), ('a', 'b', 'c'), ([], {})]\n",
                     "class Migration:\n    replaces = 3\n    dependencies = [*x]\n", "class Migration:\n    dependencies = []\n    run_before = [('a', 'b')]\n",
                     "revision = -" * 3000 + "1", "revision: str\ndown_revision: str\n", "import x\nrevision, down_revision = 'a', None\n", "\ufeffrevision = 'a'\ndown_revision = None\n"]),
)  # fmt: skip


@FEW
@given(
    st.sampled_from(["alembic", "django", "flyway", "prisma", "rails"]),
    st.dictionaries(NAMES | WORDS.filter(bool), TEXTS, max_size=4),
)
def test_any_folder_of_migrations(tool: str, files: dict[str, str]) -> None:
    with suppress(Unreadable):
        read_revisions(tool, files)


def test_what_is_no_file_is_no_migration_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "V1__pipe.sql")
    (tmp_path / "V2__circle.sql").symlink_to("V2__circle.sql")
    (tmp_path / "V3__nowhere.sql").symlink_to("nowhere")
    (tmp_path / "V4__bytes.sql").write_bytes(b"\xff\xfe\0")
    assert list(read_texts(tmp_path)) == ["V4__bytes.sql"]


@FEW
@given(
    st.text("(';-\"$/*)a \n\0\\,.=<", max_size=80)
    | st.lists(
        st.sampled_from(
            [
                "ALTER TABLE a",
                " ADD COLUMN b int",
                ";",
                "'",
                "$$",
                "/*",
                "--",
                "DROP",
                "CREATE INDEX",
                " ON a (b)",
                "(",
                ")",
                "\0",
                "UPDATE a SET b = 1",
            ]
        ),
        max_size=12,
    ).map("".join)
    | WORDS
)
@example("(" * 3000)
@example("SELECT " + "-" * 3000 + "1")
@example("SELECT " + "NOT " * 3000 + "1")
@example("SELECT 1" + " + 1" * 5000)
@example("CASE " * 2000)
def test_any_sql(text: str) -> None:
    for statement, line in split_statements(text):
        assert line >= 1
        parse_statement(statement)


DAG_PIECES = st.sampled_from(
    ["from airflow.sdk import DAG, dag\n", "import airflow as a\n", "DAG('x', start_date=datetime(2026, 1, 1))\n", "DAG(*x, **y)\n", "DAG()\n",
     "a.DAG(dag_id=b'x', schedule=1, default_args={**z, 1: 2, None: 3})\n", "@dag\ndef f(): ...\n", "@dag()\nasync def f(): yield\n", "with DAG('x') as d:\n    pass\n",
     "schedule = lambda: schedule\n", "DAG('x', schedule=schedule, catchup=schedule)\n", "x: DAG = DAG\n", "DAG(start_date=now()())\n", "DAG(start_date='9' * 9)\n",
     "class A:\n    DAG = DAG('b')\n", "x = x\n", "DAG(x, start_date=x, schedule=x, tags=x)\n", "\0", "\ufeff", "'\\ud800'\n", "match x:\n    case DAG(): pass\n", "DAG(schedule='* * * * * * * *')\n",
     "DAG('x', start_date=datetime(1 / 0))\n", "if DAG('x') >> 1: DAG('x')\n", "Variable.get(1)(2)[3]\n", "Variable.get(*x)\n"]
)  # fmt: skip


@FEW
@given(st.lists(DAG_PIECES | WORDS, max_size=8).map("".join))
@example("x = " + "1 + " * 20_000 + "1\n")
@example("x = " + "(" * 150 + ")" * 150 + "\n")
@example("x = " + "[" * 5000)
@example("x" + ".a" * 20_000 + "\n")
@example("DAG(start_date=" + "-" * 5_000 + "1)\n")
@example("DAG('x', start_date=datetime" + ".a" * 3_000 + "())\n")
@example("x = " + "9" * 5000 + "\n")
def test_any_dag_file(text: str) -> None:
    told, declared = check_file("x.py", text)
    assert all(set(each) == {"rule", "file", "line", "text"} for each in told)
    assert all(each["dag_id"] for each in declared)


JUDGE_PIECES = st.sampled_from(
    ["from prodgate import check, policy, Criterion\n", "@check('truth')\n", "@policy('A', criterion='b')\n", "def test_it(fact: F, criterion: Criterion): ...\n",
     "async def a(criterion): yield\n", "x = lambda criterion: (criterion for criterion in criterion)\n", "class C:\n    @check('a')\n    def f(self): yield\n",
     "@check(*a, **b)\n", "@a.b.c[1](2)\n", "from . import *\n", "import prodgate.checks as check\n", "(criterion := criterion.hold)\n", "def f(a, /, b=1, *c, criterion, **d): (b(criterion) for b in c)\n",
     "map(*criterion)\n", "f(criterion, *x, criterion=criterion)\n", "del check\n", "global check\n", "\0", "@check('a')\nclass D: ...\n", "def g(): return g(criterion)\n", "f'{criterion:{criterion}}'\n",
     "x: Criterion\n", "try: ...\nexcept* check as criterion: ...\n", "# -*- coding: rot13 -*-\n", "# -*- coding: nowhere -*-\n"]
)  # fmt: skip


@FEW
@given(st.lists(JUDGE_PIECES | WORDS, max_size=8).map("".join))
@example("x = " + "1 + " * 3_000 + "1\n")
@example("x = " + "-" * 5_000 + "1\n")
@example("x" + ".a" * 5_000 + "\n")
@example("x" + "()" * 5_000 + "\n")
@example("x = " + "lambda: " * 5_000 + "1\n")
@example("x = " + "9" * 5000 + "\n")
@example("if 1:\n" + "".join(f"{' ' * depth}if 1:\n" for depth in range(1, 99)))
def test_any_file_of_judges(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "test_x.py"
    path.write_text(text, "utf-8")
    told: tuple[str, ...] = ()
    try:
        told = read_judges(path).mistakes
    except UsageError as refused:
        told = (str(refused),)
    assert all(each.startswith(f"{path}:") for each in told)


def test_what_is_no_file_of_judges_is_said_and_never_waited_for(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (tmp_path / "suites" / "static").mkdir(parents=True)
    os.mkfifo(tmp_path / "suites" / "static" / "test_pipe.py")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "nowhere.py").symlink_to("nowhere")
    with pytest.raises(UsageError) as refused:
        plan_judges(project, {"static"})
    said = "is no regular file, and nobody can tell what it judges; take it away"
    named = [tmp_path / "facts" / "nowhere.py", tmp_path / "suites" / "static" / "test_pipe.py"]
    assert str(refused.value).splitlines() == [f"{each}: {said}" for each in named]


def write_project(folder: Path) -> Project:
    stated = 'statement = { en = "A.", ja = "B。" }\nwhy = "It must."\nsource = "X-1"\nlayers = ["static"]\n'
    (folder / "criteria.toml").write_text(f'system = "shop"\n[criteria.ready]\n{stated}', "utf-8")
    return open_project(folder / "criteria.toml")


@pytest.mark.parametrize("name", ["more.tf", "more.tf.json", "terraform.tfvars", "more.auto.tfvars"])
def test_terraform_that_is_a_pipe_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(TerraformError, match=f"{name} is no regular file"):
        read_tree(tmp_path, tmp_path)


def test_a_workflow_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "deploy.yml")
    with pytest.raises(
        UsageError, match=r"^\.github/workflows/deploy\.yml: is no regular file; save it as UTF-8 text$"
    ):
        observe_workflows(folder)


def test_test_results_that_are_a_pipe_are_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "results.xml")
    told = observe_results(tmp_path / "results.xml", "results.xml", now=datetime.now(UTC))
    assert told["unread"] == "results.xml: is no regular file; keep the results of the tests there"


def test_what_is_no_dag_file_is_said_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "nowhere.py").symlink_to("nowhere")
    (tmp_path / "circle.py").symlink_to("circle.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\0")
    seen = observe(tmp_path, "dags", "no Airflow")
    assert seen["files"] == ["bytes.py", "circle.py", "nowhere.py", "pipe.py"]
    assert [(each["file"], each["rule"]) for each in seen["rules"]] == [(each, "DAG000") for each in seen["files"]]
    assert [each["text"] for each in seen["rules"][1:]] == ["is no regular file; a deployment can't copy it"] * 3


@pytest.mark.parametrize(
    "body",
    ["dependencies = BASE", "dependencies = BASE + [('a', 'b')]", "dependencies: list = x()", "dependencies = [*BASE]"],
)
def test_computed_dependencies_are_no_dependencies_of_nothing(body: str) -> None:
    with pytest.raises(Unreadable, match="computes its dependencies; write them as constants"):
        read_revisions("django", {"shop/migrations/0001_a.py": f"class Migration:\n    {body}\n"})
