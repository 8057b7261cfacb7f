"""``prodgate init``: its detection, and that its files are valid at once and never overwrite anything."""

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

from prodgate.cli import USAGE
from prodgate.commands.initializing import JOB, WORKFLOW, Survey, survey, write_pipeline
from prodgate.run.planning import plan_judges
from prodgate.sections.criteria_file import load_criteria, parse_criteria
from prodgate.sections.project import open_project
from prodgate.sections.waivers_file import load_waivers, parse_waivers
from tests.prodgate.conftest import Gate
from tests.trees import write_tree

FILES = ("criteria.toml", "criteria.schema.json", "waivers.toml", WORKFLOW)
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
    write_tree(folder, SHOP)
    monkeypatch.chdir(folder)
    return folder


def uncomment(text: str) -> str:
    """Uncomment the lines that are examples, and leave those that are sentences."""
    return re.sub(r"^# ?(\[.*\](?: #.*)?|[a-z_]+ = .*)$", r"\1", text, flags=re.MULTILINE)


def test_finds_roots_dags_a_site_and_ci_by_what_is_there(shop: Path) -> None:
    found = survey(shop)
    assert found.name == "the-shop"
    assert found.roots == ("infra/prod", "infra/staging", "infra/modules/unused")
    assert found.dags == ("pipeline/dags",)
    assert found.sites == ("web/requirements.txt (starlette)",)
    assert found.pipelines == ()


def test_says_what_it_found_and_what_it_wrote(shop: Path, gate: Gate) -> None:
    said = gate("init").out
    for line in (
        "  Terraform  infra/prod; infra/staging, infra/modules/unused not judged",
        "  account    none (allowed_account_ids of the provider would name it)",
        "  DAGs       pipeline/dags: by_hand, v.2, orders (a guess from their text); 1 place not read, which criteria.toml names",
        "  web app    web/requirements.txt (starlette)",
        "  CI         none",
        "next:   prodgate run rehearsal:// --only static",
        *(f"  {name}" for name in FILES),
    ):
        assert f"{line}\n" in said
    assert (shop / ".gitignore").read_text("utf-8") == "# what prodgate run leaves\nruns/\n"


def test_what_it_writes_can_be_judged_at_once(shop: Path, gate: Gate) -> None:
    gate("init")
    project = open_project(Path("criteria.toml"))
    assert (project.stated.system, project.stated.terraform_root) == ("the-shop", "infra/prod")
    assert len(plan_judges(project, {"static"})["static"]) > 50
    assert load_waivers(project.waivers) == ()
    assert shop.samefile(project.root)


def test_its_examples_are_valid_where_they_stand(shop: Path, gate: Gate) -> None:
    gate("init")
    stated = parse_criteria(uncomment((shop / "criteria.toml").read_text("utf-8")), Path("criteria.toml"))
    assert stated.airflow.folder == "pipeline/dags"
    assert {id_: each.declared.schedule.cron for id_, each in stated.airflow.dags.items()} == {
        "orders": "0 3 * * *", "v.2": "0 3 * * *"
    }  # fmt: skip
    assert stated.e2e is not None
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
def test_states_the_account_that_the_provider_allows_alone(shop: Path, gate: Gate, provider: str, account: str) -> None:
    with (shop / "infra/prod/main.tf").open("a", encoding="utf-8") as file:
        file.write(f'provider "aws" {{\n{provider}\n}}\n')
    gate("init")
    assert open_project(Path("criteria.toml")).stated.account == account
    assert uncomment((shop / "criteria.toml").read_text("utf-8")).count("[account]") == 1


def test_its_workflow_names_every_action_by_a_commit_and_may_only_read(shop: Path, gate: Gate) -> None:
    gate("init")
    workflow = yaml.safe_load((shop / WORKFLOW).read_text("utf-8"))
    assert workflow["permissions"] == {}
    for job, command in (
        ("check", "prodgate check infra/prod --criteria criteria.toml --changed HEAD^1"),
        ("gate", "prodgate run rehearsal:// --only static"),
    ):
        assert workflow["jobs"][job]["permissions"] == {"contents": "read"}
        steps = workflow["jobs"][job]["steps"]
        used = [step["uses"] for step in steps if "uses" in step]
        assert used
        assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)
        assert command in "".join(step.get("run", "") for step in steps)


@pytest.mark.parametrize("there", FILES)
def test_writes_over_nothing(shop: Path, gate: Gate, there: str) -> None:
    write_tree(shop, {there: "mine"})
    assert (
        f"{there} is there, and nothing was written; see what would be by --dry-run"
        in gate("init", shop, ends=USAGE).err
    )
    assert (shop / there).read_text("utf-8") == "mine"
    assert [name for name in (*FILES, ".gitignore") if (shop / name).exists()] == [there]


def test_a_dry_run_prints_and_writes_nothing(shop: Path, gate: Gate) -> None:
    before = sorted(shop.rglob("*"))
    said = gate("init", "--dry-run").out
    assert [said.count(f"--- {name}\n") for name in FILES] == [1, 1, 1, 1]
    assert 'extends = "baseline"' in said
    assert sorted(shop.rglob("*")) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [("runs/\n", "runs/\n"), ("/runs\n", "/runs\n"), ("*.pyc\n", "*.pyc\n\n# what prodgate run leaves\nruns/\n")],
)
def test_lines_of_gitignore_stay(shop: Path, gate: Gate, before: str, after: str) -> None:
    (shop / ".gitignore").write_text(before, "utf-8")
    gate("init")
    assert (shop / ".gitignore").read_text("utf-8") == after


def test_a_folder_with_nothing_in_it_gets_criteria_that_say_what_is_missing(gate: Gate, tmp_path: Path) -> None:
    gate("init", tmp_path)
    assert load_criteria(tmp_path / "criteria.toml").terraform_root == ""
    assert '# root = "infra"' in (tmp_path / "criteria.toml").read_text("utf-8")


def test_no_folder_is_said_so(tmp_path: Path, gate: Gate) -> None:
    assert (
        "missing: is no folder; name the one that holds your repository"
        in gate("init", tmp_path / "missing", ends=USAGE).err
    )


def test_terraform_that_no_parser_reads_is_found_all_the_same(shop: Path) -> None:
    (shop / "infra/prod/main.tf").write_text('resource "aws_vpc" {{{', "utf-8")
    assert survey(shop).roots[0] == "infra/prod"


@pytest.mark.parametrize("name", ["in fra\U0001f600", 'in"fr\\a', "インフラ"])
def test_a_root_of_any_visible_name_is_named_as_it_is(gate: Gate, tmp_path: Path, name: str) -> None:
    for place in (tmp_path / name, tmp_path / "dags" / name):
        write_tree(place, {"main.tf": SHOP["infra/modules/network/main.tf"], "requirements.txt": "flask\n"})
    gate("init", tmp_path)
    assert load_criteria(tmp_path / "criteria.toml").terraform_root == survey(tmp_path).roots[0]


@pytest.mark.parametrize("name", ["da\ngs", "da\x7fgs", b"da\xffgs".decode("utf-8", "surrogateescape"), "da\u202egs"])
@pytest.mark.parametrize("file", ["main.tf", "orders.py"])
def test_a_folder_whose_name_nobody_sees_is_to_be_renamed(tmp_path: Path, gate: Gate, name: str, file: str) -> None:
    write_tree(tmp_path, {f"{name}/{file}": SHOP["pipeline/dags/orders.py"] if file == "orders.py" else ""})
    assert "has a character in its name that nobody sees; rename it\n" in gate("init", tmp_path, ends=USAGE).err
    assert not (tmp_path / "criteria.toml").exists()


def test_a_file_below_a_folder_whose_name_nobody_sees_stays_on_its_line(gate: Gate, tmp_path: Path) -> None:
    write_tree(tmp_path, {"we\nb/requirements.txt": "flask\n"})
    gate("init", tmp_path)
    assert "which we\\nb/requirements.txt (flask) seems to serve" in (tmp_path / "criteria.toml").read_text("utf-8")
    assert load_criteria(tmp_path / "criteria.toml").system


def test_where_one_file_is_refused_none_is_left(shop: Path, gate: Gate) -> None:
    (shop / ".github").write_text("mine", "utf-8")
    assert ".github/workflows: Not a directory; nothing was written: make way for it" in gate("init", ends=USAGE).err
    (shop / ".github").unlink()
    (shop / ".gitignore").mkdir()
    said = gate("init", ends=USAGE)
    assert ".gitignore: Is a directory; nothing was written: make way for it" in said.err
    assert "wrote" not in said.out
    assert not [name for name in FILES if (shop / name).exists()]


# ── DAGs

MORE = "from airflow import DAG\nDAG('by_hand', schedule=None)\nDAG('v.2')\nDAG(f'{1}')\n"


def test_dags_stand_in_the_criteria_as_far_as_their_files_say(gate: Gate, tmp_path: Path) -> None:
    folder = tmp_path / "pipeline/dags"
    write_tree(
        folder,
        {
            "more.py": MORE,
            "orders.py": 'from airflow.sdk import dag\n@dag(schedule="0 3 * * *")\ndef orders(): ...\n',
            "\u202eold.py": "from airflow import dag\n(",
            "large.py": "import airflow # dag\n" * 50_000,
        },
    )
    gate("init", tmp_path)
    said = (tmp_path / "criteria.toml").read_text("utf-8").partition("# [dags")[2].partition("\n\n")[0]
    assert said.splitlines() == [
        '."v.2"] # more.py:3',
        '# cron = "0 3 * * *" # an example: it states no schedule',
        '# timezone = "UTC"',
        "#",
        "# [dags.orders] # orders.py:2",
        '# cron = "0 3 * * *"',
        '# timezone = "UTC"',
        "#",
        "# [criteria.dag-imports]",
        '# statement = "Airflow can import the files of the DAGs."',
        '# why = "A file that can\'t be imported runs nothing, in silence."',
        '# source = "our service levels"',
        '# layers = ["dags"]',
        "#",
        "# Run by no clock, so nothing says when they must:",
        "# - more.py:2: by_hand",
        "#",
        "# Not read:",
        "# - more.py:4: a DAG whose id is made when the file runs",
        "# - \\u202eold.py:2: is no Python: '(' was never closed",
        "# - large.py: is too large to be looked at",
    ]


def test_a_folder_below_one_of_tests_is_read_and_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    write_tree(tmp_path, {"tests/shop/dags/orders.py": "from airflow import DAG\nDAG('orders')\n"})
    os.mkfifo(tmp_path / "tests/shop/dags/more.py")
    found = survey(tmp_path / "tests/shop")
    assert (found.dags, [each.dag_id for each in found.guesses.dags]) == (("dags",), ["orders"])


# ── CI, and a site of files alone

EXAMPLES = Path(__file__).parents[2] / "examples" / "ci"
COMMAND = "pipx run --spec 'prod-gate[check]=="


@pytest.mark.parametrize(
    ("there", "written", "said"),
    [
        ((), WORKFLOW, ""),
        ((".github/workflows/test.yml",), WORKFLOW, ""),
        ((".github/workflows/test.yml", ".gitlab-ci.yml"), WORKFLOW, ""),
        ((".gitlab-ci.yml",), JOB, f"add to .gitlab-ci.yml:  include: [{{ local: {JOB} }}]"),
        (("buildspec.yml", "Jenkinsfile"), "", f"add to buildspec.yml, Jenkinsfile:  {COMMAND}"),
    ],
)
def test_ci_is_given_what_it_reads(tmp_path: Path, gate: Gate, there: tuple[str, ...], written: str, said: str) -> None:
    write_tree(tmp_path, dict.fromkeys(there, ""))
    out = gate("init", tmp_path).out
    assert [name for name in (WORKFLOW, JOB) if (tmp_path / name).exists()] == ([written] if written else [])
    assert "        add to " in out if said else "add to" not in out
    assert said in out


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("Procfile", "web: gunicorn web:app --bind 0.0.0.0:$PORT\n", "gunicorn web:app --bind 127.0.0.1:{port}"),
        ("app/Dockerfile", 'RUN x\nCMD ["uvicorn", "a:b", "--port", "80"]\n', "uvicorn a:b --port {port}"),
        ("compose.yaml", "  web:\n    command: python3 -m http.server 8000\n", "python3 -m http.server 8000"),
        ("package.json", '{"scripts": {\n  "start": "node server.js",\n}}', "node server.js"),
        (
            "Makefile",
            "test:\n\tpython -m pytest\nrun:\n\tflask --app x run -p $(PORT)\n",
            "flask --app x run -p {port}",
        ),
        ("shop/web.py", "site: Flask = Flask(__name__)\n", "flask --app shop.web:site run --port {port}"),
        ("shop/web.py", "app = FastAPI()\n", "uvicorn shop.web:app --port {port}"),
        ("Makefile", "test:\n\tpython3 -m pytest && uvicorn a:b\n", ""),
        ("Dockerfile", "CMD airflow scheduler\n", ""),
        ("tests/web.py", "app = FastAPI()\n", ""),
    ],
)
def test_guesses_how_a_site_is_started(tmp_path: Path, file: str, text: str, found: str) -> None:
    write_tree(tmp_path, {file: text})
    assert survey(tmp_path).start == (found, file if found else "")


@pytest.mark.parametrize(
    ("file", "text", "field", "found"),
    [
        ("requirements.txt", "apache-airflow-providers-amazon==9.2.0\napache-airflow==2.11.0\n", "airflow", "2.11.0"),
        ("Dockerfile", "FROM apache/airflow:slim-2.10.5-python3.12\n", "airflow", "2.10.5"),
        ("main.tf", 'airflow_version = "3.0.6"\n', "airflow", "3.0.6"),
        ("requirements.txt", "apache-airflow-providers-amazon==9.2.0\n", "airflow", None),
        ("load/users.py", "from locust import HttpUser\nclass Buyer(HttpUser): ...\n", "load", "HttpUser"),
        ("app.ts", "app.get('/api/health', ok)\n", "health", "/api/health"),
        (".gitlab-ci.yml", "a:\n  - cd infra && tofu init && tofu apply -auto-approve\n", "deploys", "tofu apply"),
        (".gitlab-ci.yml", "# terraform apply\na: [make plan]\n", "deploys", None),
        (".gitlab-ci.yml", "a: [prodgate verify, terraform apply]\n", "deploys", None),
    ],
)
def test_reads_what_a_project_states(tmp_path: Path, file: str, text: str, field: str, found: str | None) -> None:
    write_tree(tmp_path, {file: text})
    said = " ".join(getattr(survey(tmp_path), field)).strip()
    assert said == "" if found is None else re.search(rf"(^|[ (]){re.escape(found)}($|[ )])", said) and file in said


def test_what_it_guessed_stands_in_what_it_writes(gate: Gate, tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            ".github/workflows/deploy.yml": "jobs:\n  a:\n    steps:\n      - run: terraform apply\n",
            "Dockerfile": "FROM apache/airflow:2.11.0\n",
            "dags/orders.py": SHOP["pipeline/dags/orders.py"],
            "infra/main.tf": SHOP["infra/modules/unused/main.tf"],
            "load.py": "class Buyer(HttpUser): ...\n",
            "requirements.txt": "fastapi==0.121.0\n",
            "web.py": "app = FastAPI()\n@app.get('/health')\n",
        },
    )
    said = gate("init", tmp_path).out
    for line in (
        "  Airflow    2.11.0 (Dockerfile)",
        "             uvicorn web:app --port {port} (a guess from web.py)",
        "             /health (a guess from web.py)",
        "  load test  load.py (HttpUser)",
        "        .github/workflows/deploy.yml:4 (terraform apply) deploys without a verdict; make it wait for a GO, as docs",
    ):
        assert line in said
    text = (tmp_path / "criteria.toml").read_text("utf-8")
    stated = parse_criteria(uncomment(text).replace(" # 2.11.0 (Dockerfile)", ""), tmp_path / "criteria.toml")
    assert text.startswith("#:schema criteria.schema.json\n")
    assert stated.airflow.version == "2.11.0"
    assert stated.load is not None
    assert (stated.load.locustfile, stated.rehearsal.health) == ("load.py", "/health")
    assert "latency-p95" in stated.criteria


@pytest.mark.parametrize("there", [(), (".gitlab-ci.yml",)])
def test_without_terraform_a_pipeline_checks_nothing_for_each_change(there: tuple[str, ...]) -> None:
    (text,) = write_pipeline(Survey(name="x", pipelines=there)).values()
    assert "prodgate check" not in text
    assert "prodgate run rehearsal:// --only static" in text


def test_the_job_for_gitlab_is_the_one_that_is_shown(gate: Gate, tmp_path: Path) -> None:
    write_tree(tmp_path, {".gitlab-ci.yml": "", "infra/main.tf": SHOP["infra/modules/unused/main.tf"]})
    gate("init", tmp_path)
    assert yaml.safe_load((tmp_path / JOB).read_text("utf-8")) == yaml.safe_load(
        (EXAMPLES / "gitlab-ci.yml").read_text("utf-8")
    )


def test_a_site_of_files_is_found_and_started_where_no_framework_is(gate: Gate, tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        dict.fromkeys(
            ("our site/index.html", "our site/deep/index.html", "docs/index.html", "api/templates/index.html"),
            "<h1>Weather</h1>",
        ),
    )
    assert survey(tmp_path).sites == ("our site/index.html (static files)",)
    gate("init", tmp_path)
    text = (tmp_path / "criteria.toml").read_text("utf-8")
    stated = parse_criteria(re.sub(r"(?m)^# ?(\[.*\]|[a-z_]+ = .*)$", r"\1", text), tmp_path / "criteria.toml")
    assert stated.rehearsal is not None
    start = "python3 -m http.server {port} --bind 127.0.0.1 --directory 'our site'"
    assert stated.rehearsal.start == tuple(shlex.split(start))
    assert stated.rehearsal.health == "/"
    (tmp_path / "a\nb").mkdir()
    (tmp_path / "our site/index.html").rename(tmp_path / "a\nb/index.html")
    assert survey(tmp_path).sites == ("our site/deep/index.html (static files)",)
    (tmp_path / "requirements.txt").write_text("flask\n", "utf-8")
    assert survey(tmp_path).sites == ("requirements.txt (flask)",)
