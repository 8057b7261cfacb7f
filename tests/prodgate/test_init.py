"""``prodgate init``: what it finds, and that what it writes is valid at once and never written over anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from prodgate.cli import USAGE, main
from prodgate.commands.first_pipelines import WORKFLOW
from prodgate.commands.surveying import survey
from prodgate.run.planning import plan_judges
from prodgate.sections.criteria_file import load_criteria, parse_criteria
from prodgate.sections.project import open_project
from prodgate.sections.waivers_file import load_waivers, parse_waivers

FILES = ("criteria.toml", "waivers.toml", WORKFLOW)
SHOP = {
    "infra/staging/main.tf": 'module "network" {\n  source = "../modules/network"\n}\n',
    "infra/prod/main.tf": 'module "network" {\n  source = "../modules/network"\n}\n',
    "infra/modules/network/main.tf": 'resource "aws_vpc" "this" {\n  cidr_block = "10.0.0.0/16"\n}\n',
    "infra/modules/unused/main.tf": 'resource "aws_sns_topic" "this" {}\n',
    "pipeline/dags/orders.py": '@dag(schedule="0 3 * * *")\ndef orders(): ...\nfrom airflow.sdk import DAG, dag\n',
    "pipeline/dags/more.py": "from airflow import DAG\nDAG('by_hand', schedule=None)\nDAG('v.2')\nDAG(f'{1}')\n",
    "pipeline/dags/tests/more.py": "from airflow import DAG\nDAG('tested')\n",
    "pipeline/dags/shared/clock.py": "import airflow\n",
    "pipeline/report.py": 'text = """airflow"""\n',
    "policies/examples/SHOP_1.tf": 'resource "aws_sqs_queue" "hasty" {}\n',
    "web/requirements.txt": "uvicorn==0.38.0\nstarlette==0.50.0\n",
    "docs/package.json": '{"dependencies": {"prettier": "3"}}',
    "venv/lib/main.tf": 'resource "aws_sns_topic" "other" {}\n',
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "The Shop"
    for name, text in SHOP.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    return folder


def uncomment(text: str) -> str:
    """Take the marks off the lines that are examples, and leave those that are sentences."""
    return re.sub(r"^# ?(\[.*\](?: #.*)?|[a-z_]+ = .*)$", r"\1", text, flags=re.MULTILINE)


def test_finds_roots_dags_a_site_and_ci_by_what_is_there(shop: Path) -> None:
    found = survey(shop)
    assert found.name == "the-shop"
    assert found.roots == ("infra/prod", "infra/staging", "infra/modules/unused")
    assert found.dags == ("pipeline/dags",)
    assert found.sites == ("web/requirements.txt (starlette)",)
    assert found.pipelines == ()


def test_says_what_it_found_and_what_it_wrote(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    said = capsys.readouterr().out
    for line in (
        "  Terraform  infra/prod; infra/staging, infra/modules/unused not judged",
        "  account    none (allowed_account_ids of the provider would name it)",
        "  DAGs       pipeline/dags: by_hand, v.2, orders; 1 place not read, which criteria.toml names",
        "  web app    web/requirements.txt (starlette)",
        "  CI         none",
        "next:   prodgate run rehearsal:// --only static",
        *(f"  {name}" for name in FILES),
    ):
        assert f"{line}\n" in said
    assert (shop / ".gitignore").read_text("utf-8") == "# what prodgate run leaves\nruns/\n"


def test_what_it_writes_can_be_judged_at_once(shop: Path) -> None:
    main(["init"])
    project = open_project(Path("criteria.toml"))
    assert (project.stated.system, project.stated.terraform_root) == ("the-shop", "infra/prod")
    assert len(plan_judges(project, {"static"})["static"]) > 50
    assert load_waivers(project.waivers) == ()
    assert shop.samefile(project.root)


def test_its_examples_are_valid_where_they_stand(shop: Path) -> None:
    main(["init"])
    text = uncomment((shop / "criteria.toml").read_text("utf-8"))
    stated = parse_criteria(text, Path("criteria.toml"))
    assert stated.airflow is not None
    assert stated.airflow.folder == "pipeline/dags"
    assert {id_: each.declared.schedule.cron for id_, each in stated.airflow.dags.items()} == {
        "orders": "0 3 * * *", "v.2": "0 3 * * *"
    }  # fmt: skip
    assert stated.e2e is not None
    assert stated.rehearsal is not None
    assert "{port}" in stated.rehearsal.start
    assert (stated.account, {*stated.criteria}) == (
        "123456789012",
        {"queue-retention", "dag-imports", "pages-complete"},
    )
    (waiver,) = parse_waivers(uncomment((shop / "waivers.toml").read_text("utf-8")), Path("waivers.toml"))
    assert waiver.find_faults() == {}


@pytest.mark.parametrize(
    ("provider", "account"),
    [
        ('  allowed_account_ids = ["210987654321"]', "210987654321"),
        ('  allowed_account_ids = [\n    "210987654321",\n  ]', "210987654321"),
        ('  allowed_account_ids = ["210987654321", "123456789012"]', ""),
        ("  allowed_account_ids = [var.account]", ""),
        ('  allowed_account_ids = ["210987654321", var.other]', ""),
        ('  # allowed_account_ids = ["210987654321"]', ""),
    ],
)
def test_states_the_account_that_the_provider_allows_alone(shop: Path, provider: str, account: str) -> None:
    with (shop / "infra/prod/main.tf").open("a", encoding="utf-8") as file:
        file.write(f'provider "aws" {{\n{provider}\n}}\n')
    main(["init"])
    assert open_project(Path("criteria.toml")).stated.account == account
    assert uncomment((shop / "criteria.toml").read_text("utf-8")).count("[account]") == 1


def test_its_workflow_names_every_action_by_a_commit_and_may_only_read(shop: Path) -> None:
    main(["init"])
    workflow = yaml.safe_load((shop / WORKFLOW).read_text("utf-8"))
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)
    assert "prodgate run rehearsal:// --only static" in "".join(step.get("run", "") for step in job["steps"])


@pytest.mark.parametrize("there", FILES)
def test_writes_over_nothing(shop: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    (shop / there).parent.mkdir(parents=True, exist_ok=True)
    (shop / there).write_text("mine", "utf-8")
    assert main(["init", str(shop)]) == USAGE
    assert f"{there} is there, and nothing was written; see what would be by --dry-run" in capsys.readouterr().err
    assert (shop / there).read_text("utf-8") == "mine"
    assert [name for name in (*FILES, ".gitignore") if (shop / name).exists()] == [there]


def test_a_dry_run_prints_and_writes_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(shop.rglob("*"))
    assert main(["init", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert [said.count(f"--- {name}\n") for name in FILES] == [1, 1, 1]
    assert 'extends = "baseline"' in said
    assert sorted(shop.rglob("*")) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [("runs/\n", "runs/\n"), ("/runs\n", "/runs\n"), ("*.pyc\n", "*.pyc\n\n# what prodgate run leaves\nruns/\n")],
)
def test_lines_of_gitignore_stay(shop: Path, before: str, after: str) -> None:
    (shop / ".gitignore").write_text(before, "utf-8")
    main(["init"])
    assert (shop / ".gitignore").read_text("utf-8") == after


def test_a_folder_with_nothing_in_it_gets_criteria_that_say_what_is_missing(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path)]) == 0
    stated = load_criteria(tmp_path / "criteria.toml")
    assert stated.terraform_root == ""
    assert '# root = "infra"' in (tmp_path / "criteria.toml").read_text("utf-8")


def test_no_folder_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "missing")]) == USAGE
    assert "missing: is no folder; name the one that holds your repository" in capsys.readouterr().err


def test_terraform_that_no_parser_reads_is_found_all_the_same(shop: Path) -> None:
    (shop / "infra/prod/main.tf").write_text('resource "aws_vpc" {{{', "utf-8")
    assert survey(shop).roots[0] == "infra/prod"


@pytest.mark.parametrize("name", ["in fra\U0001f600", 'in"fr\\a', "インフラ"])
def test_a_root_of_any_visible_name_is_named_as_it_is(tmp_path: Path, name: str) -> None:
    for place in (tmp_path / name, tmp_path / "dags" / name):
        place.mkdir(parents=True)
        (place / "main.tf").write_text(SHOP["infra/modules/network/main.tf"], "utf-8")
        (place / "requirements.txt").write_text("flask\n", "utf-8")
    assert main(["init", str(tmp_path)]) == 0
    assert load_criteria(tmp_path / "criteria.toml").terraform_root == survey(tmp_path).roots[0]


@pytest.mark.parametrize("name", ["da\ngs", "da\x7fgs", b"da\xffgs".decode("utf-8", "surrogateescape"), "da\u202egs"])
@pytest.mark.parametrize("file", ["main.tf", "orders.py"])
def test_a_folder_whose_name_nobody_sees_is_to_be_renamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, file: str
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / file).write_text(SHOP["pipeline/dags/orders.py"] if file == "orders.py" else "", "utf-8")
    assert main(["init", str(tmp_path)]) == USAGE
    assert "has a character in its name that nobody sees; rename it\n" in capsys.readouterr().err
    assert not (tmp_path / "criteria.toml").exists()


def test_a_file_below_a_folder_whose_name_nobody_sees_stays_on_its_line(tmp_path: Path) -> None:
    (tmp_path / "we\nb").mkdir()
    (tmp_path / "we\nb" / "requirements.txt").write_text("flask\n", "utf-8")
    assert main(["init", str(tmp_path)]) == 0
    assert "which we\\nb/requirements.txt (flask) seems to serve" in (tmp_path / "criteria.toml").read_text("utf-8")
    assert load_criteria(tmp_path / "criteria.toml").system


def test_where_one_file_is_refused_none_is_left(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / ".github").write_text("mine", "utf-8")
    assert main(["init"]) == USAGE
    assert ".github/workflows: Not a directory; nothing was written: make way for it" in capsys.readouterr().err
    (shop / ".github").unlink()
    (shop / ".gitignore").mkdir()
    assert main(["init"]) == USAGE
    said = capsys.readouterr()
    assert ".gitignore: Is a directory; nothing was written: make way for it" in said.err
    assert "wrote" not in said.out
    assert not [name for name in FILES if (shop / name).exists()]
