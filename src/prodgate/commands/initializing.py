"""``prodgate init``: look at a repository, say what was found, and write the first files; nothing is written over."""

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..dag_files.guesses import GuessedDag, Guesses, guess_dags
from ..processes.output import visible
from ..processes.regular_files import open_regular, read_measured
from ..sections.bundled import BUNDLED
from ..sections.toml_text import write_string
from ..terraform.diagnostics import TerraformError
from ..terraform.sources import PRUNED, find_other_roots, find_roots

# ── The parts of a repository that the gate could judge, found by names and text, without running them

#: Packages that serve a site, as files that list packages name them.
_SERVES: Final = re.compile(
    r"""(?im)^[\s"'-]*(starlette|fastapi|django|flask|express|fastify|next|nuxt|react|vue|svelte|rails|axum|actix-web)\b"""
)
#: The note on a site of files alone.
STATIC: Final = "static files"
#: Folders whose pages are no site: shown, tested, or made of something.
_NO_SITE: Final = frozenset(
    {"docs", "doc", "templates", "examples", "example", "tests", "test", "build", "dist", "htmlcov"}
)
#: The accounts that a provider of Terraform works in.
_ALLOWED: Final = re.compile(r"(?m)^[ \t]*allowed_account_ids[ \t]*=[ \t]*\[([^\]]*)\]")
_PACKAGES: Final = ("pyproject.toml", "package.json", "Gemfile", "Cargo.toml")
_IMPORTS_AIRFLOW: Final = re.compile(r"(?m)^\s*(from|import)\s+airflow\b")
#: Files that pin Airflow or say how a site is started; the pins are of a requirement, an image, an environment of MWAA.
_STATING: Final = re.compile(
    r"(requirements|constraints).*\.(txt|in)|pyproject\.toml|Pipfile|Procfile|(Docker|Container|Make)file.*|"
    r"package\.json|(docker-)?compose.*\.ya?ml|.*\.tf"
)
_PINNED: Final = re.compile(
    r"""apache[-/]airflow(?:\[[^][\n]*\])?\s*(?:==|:(?:slim-)?)\s*(\d+\.\d+\.\d+)|airflow_version\s*=\s*"(\d+\.\d+\.\d+)\""""
)
#: Commands that serve a site, of a kind that needs no shell.
_COMMAND_OF: Final = re.compile(
    r"""(?mx) ^ (?: web:\s* | CMD\s+ | \t@? | \s+command:\s* | \s*"start":\s* )
    ( \[? ["']? (?: uvicorn | gunicorn | hypercorn | granian | daphne | waitress-serve | flask\b[^\n]*\brun | fastapi
      | python3?["', ]+ (?: -m["', ]+(?: http\.server | uvicorn | flask | gunicorn | hypercorn )
      | \S*manage\.py["', ]+runserver | \S*(?: app | main | server | wsgi )\.py )
      | node["', ]+\S+\.js | next["', ]+start )
      \b [^&|;<>`\n]* ) $"""
)
_PORT_OF: Final = re.compile(r"(--port[ =]|-p |(?:0\.0\.0\.0|127\.0\.0\.1|localhost)?:)(?:\d{2,5}|\$[\w(){}:-]+)")
_APPLICATION: Final = re.compile(r"(?m)^(\w+)(?:: \w+)? = (FastAPI|Starlette|Litestar|Quart|Flask)\(")
_HEALTH: Final = re.compile(r"""["'`](/(?:api/)?(?:health|healthz|health-?check|ping|ready|readyz|livez))/?["'`]""")
_USERS: Final = re.compile(r"(?m)^class \w+\(.*\b((?:Fast)?HttpUser)\b")
#: Acts of a pipeline that change production.
_DEPLOYS: Final = re.compile(
    r"(?m)^[^#\n]*?\b((?:terraform|tofu|terragrunt)\b[^\n#&|;]*? apply|(?:sam|cdk|serverless|sls|copilot) deploy|"
    r"kubectl apply|helm upgrade|aws (?:ecs update-service|deploy create-deployment|lambda update-function-code|"
    r"s3 sync|cloudformation deploy)|amazon-ecs-deploy-task-definition)\b"
)
_CI: Final = (".github/workflows/*.y*ml", ".gitlab-ci.yml", "buildspec.yml", "Jenkinsfile", ".circleci/config.yml")
#: Folders whose Terraform is an example of a policy, and no system at all.
_SHOWN: Final = "policies/examples"
#: Folders whose Terraform is no system: what is called, shown or tested.
_BESIDE: Final = ("modules", "module", "examples", "example", "tests", "test")
#: Bytes of a file that are looked at, and of one that may hold a DAG.
_MOST: Final = 100_000
_MOST_OF_DAGS: Final = 1_000_000
_NOTHING: Final = Guesses()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The findings in a folder; paths are relative to it."""

    name: str
    """A name that the system may have."""
    roots: tuple[str, ...] = ()
    """Terraform roots, the one that is most likely production first."""
    dags: tuple[str, ...] = ()
    """Folders with files that import Airflow."""
    guesses: Guesses = _NOTHING
    """The DAGs of the first of these folders."""
    sites: tuple[str, ...] = ()
    """Files that name a web framework, each as ``file (framework)``; without one, a page as ``file (static files)``."""
    pipelines: tuple[str, ...] = ()
    """Files that CI reads."""
    deploys: tuple[str, ...] = ()
    """Acts in these files that change production, each as ``file:line (act)``."""
    airflow: tuple[str, ...] = ()
    """Versions of Airflow that files pin, each as ``version (file)``."""
    start: tuple[str, str] = ("", "")
    """A command that may serve the site at ``{port}``, and the file that it follows from; empty where none says one."""
    health: tuple[str, str] = ("", "")
    """A path that may say whether the site is ready, and the file that serves it."""
    load: tuple[str, str] = ("", "")
    """A file with users of Locust, and the class that they derive from."""
    account: str = ""
    """The only account that the providers of the first root allow; empty where they name none, or more than one."""


def survey(folder: Path) -> Survey:
    """Look at a folder and say what of it the gate could judge."""
    files, roots = [*_list_files(folder)], _find_roots(folder)
    dags = _find_dag_folders(folder, files)
    pipelines = tuple(_name(folder, path) for pattern in _CI for path in sorted(folder.glob(pattern)))
    code = [path for path in files if path.suffix in (".py", ".js", ".ts") and not _NO_SITE & {*path.parts}]
    stating = [path for path in files if _STATING.fullmatch(path.name)]
    pinned = {found[1] or found[2]: _name(folder, each) for each, found in _search(stating, _PINNED)}
    users = next(((_name(folder, each), found[1]) for each, found in _search(code, _USERS)), ("", ""))
    ready = next(((found[1], _name(folder, each)) for each, found in _search(code, _HEALTH)), ("", ""))
    return Survey(
        name=re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "system",
        roots=roots,
        account=_find_account(folder / roots[0]) if roots else "",
        dags=dags,
        guesses=_guess_dags(folder / dags[0], files) if dags else _NOTHING,
        sites=tuple(_find_sites(folder, files)) or _find_pages(folder, files),
        pipelines=pipelines,
        deploys=tuple(_find_deploys(folder, pipelines)),
        airflow=tuple(f"{number} ({file})" for number, file in pinned.items()),
        start=next(_find_starts(folder, stating, code), ("", "")),
        health=ready,
        load=users,
    )


def _search(files: Iterable[Path], pattern: re.Pattern[str]) -> Iterator[tuple[Path, re.Match[str]]]:
    """Yield the first match in each file that has one."""
    for path in files:
        if found := pattern.search(_read(path)):
            yield path, found


def _find_deploys(folder: Path, pipelines: Iterable[str]) -> Iterator[str]:
    for name in pipelines:
        text = _read(folder / name)
        for found in _DEPLOYS.finditer(text) if "prodgate" not in text else ():
            yield f"{name}:{text.count(chr(10), 0, found.start(1)) + 1} ({found[1]})"


def _find_starts(folder: Path, stating: Iterable[Path], code: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield commands that may serve the site at ``{port}``, each with its file: the stated ones first."""
    for path, found in _search(stating, _COMMAND_OF):
        stated = found[1].strip().rstrip(",")
        try:
            words = json.loads(stated) if stated[0] in '["' else stated
        except ValueError:
            continue
        command = words if isinstance(words, str) else " ".join(map(str, words))
        yield _PORT_OF.sub(r"\1{port}", command).replace("0.0.0.0", "127.0.0.1"), _name(folder, path)  # noqa: S104
    for path, found in _search(code, _APPLICATION):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        flask = f"flask --app {module}:{found[1]} run --port {{port}}"
        yield flask if found[2] == "Flask" else f"uvicorn {module}:{found[1]} --port {{port}}", _name(folder, path)


def _list_files(folder: Path) -> Iterator[Path]:
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if name not in PRUNED and not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names))


def _find_roots(folder: Path) -> tuple[str, ...]:
    try:
        found = {*find_roots(folder), *find_other_roots(folder)}
    except TerraformError:  # a file that no parser reads; whoever judges it says so
        found = {path.parent for path in _list_files(folder) if path.name.endswith((".tf", ".tf.json"))}
    names = {_name(folder, path) for path in found}
    return tuple(sorted((name for name in names if not name.endswith(_SHOWN)), key=_rank))


def _find_account(root: Path) -> str:
    """Return the account of ``allowed_account_ids``, which Terraform itself refuses to leave."""
    lists = [found for path in sorted(root.glob("*.tf")) for found in _ALLOWED.findall(_read(path))]
    ids = {each for found in lists for each in re.findall(r"\d{12}", found)}
    return ids.pop() if len(ids) == 1 and not any(re.sub(r'"\d{12}"|[\s,]', "", found) for found in lists) else ""


def _rank(root: str) -> tuple[bool, bool, str]:
    """Order what is called production before all else, and what is called, shown or tested after it."""
    parts = Path(root).parts
    return any(part in _BESIDE for part in parts), not any(part.startswith("prod") for part in parts), root


def _find_dag_folders(folder: Path, files: list[Path]) -> tuple[str, ...]:
    found = {path.parent for path in files if path.suffix == ".py" and _IMPORTS_AIRFLOW.search(_read(path))}
    tops = {path for path in found if not any(path != other and path.is_relative_to(other) for other in found)}
    return tuple(sorted(name for name in (_name(folder, path) for path in tops) if "tests" not in Path(name).parts))


def _guess_dags(folder: Path, files: list[Path]) -> Guesses:
    """Read the files that Airflow would look at: those that hold two words."""
    texts, large = {}, []
    for path in (each for each in files if each.suffix == ".py" and each.is_relative_to(folder)):
        name, text = _name(folder, path), _read(path, _MOST_OF_DAGS)
        if "tests" in Path(name).parts or not all(word in text.lower() for word in ("dag", "airflow")):
            continue
        if len(text.encode()) >= _MOST_OF_DAGS:
            large.append(f"{name}: is too large to be looked at")
        else:
            texts[name] = text
    guessed = guess_dags(texts)
    return Guesses(guessed.dags, (*guessed.unread, *large))


def _find_sites(folder: Path, files: list[Path]) -> Iterator[str]:
    for path in files:
        states = path.name in _PACKAGES or re.fullmatch(r"requirements.*\.txt", path.name)
        if states and (serves := _SERVES.search(_read(path))):
            yield f"{_name(folder, path)} ({serves[1].lower()})"


def _find_pages(folder: Path, files: list[Path]) -> tuple[str, ...]:
    """Return the page that a site of files begins with: the one that lies highest."""
    named = [
        Path(_name(folder, path)) for path in files if path.name == "index.html" and str(path) == visible(str(path))
    ]
    pages = sorted((page for page in named if not _NO_SITE & {*page.parts}), key=lambda page: (len(page.parts), page))
    return tuple(f"{page.as_posix()} ({STATIC})" for page in pages[:1])


def _read(path: Path, most: int = _MOST) -> str:
    try:
        with open_regular(path) as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:  # what can't be read is not found
        return ""


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


# ── The first files

_CRITERIA: Final = """\
#:schema criteria.schema.json
# What "ready for production" means for {name}. `prodgate run rehearsal:// --only static` judges it without credentials.
system = {system}

# Good practice for any team, asked where there is something to ask about. By area: extends = ["baseline/identity"].
# A criterion below under the id of one of them needs overrides = true. `prodgate explain ID` says why each matters,
# and `prodgate criteria` lists what else can be asked, layer by layer.
# To prove also which rights principals have, write extends = ["baseline", "baseline/permissions"] with the extra:
# pip install 'prod-gate[iam]'.
extends = "baseline"

{terraform}
{account}{dags}{site}{load}
# A criterion of your own, judged by a policy in policies/ or a check in suites/. Every number that decides stands here.
# [criteria.queue-retention]
# statement = "Messages are kept long enough to survive a long weekend."
# why = "What failed on Friday is looked at on Tuesday."
# require = ">= 7 d"
# source = "our service levels"
# layers = ["static"]
"""

_ROOT: Final = """\
[terraform]
root = {root}
"""

_ACCOUNT: Final = """\
# The account that the system runs in; `prodgate run aws://PROFILE@REGION` looks at no other.
[account]
id = {id}
"""

_NO_ACCOUNT: Final = """\
# The account that the system runs in; `prodgate run aws://PROFILE@REGION` looks at no other. Until somebody says which
# it is, a run of declarations that name or count something of their account is no GO.
# [account]
# id = "123456789012"
"""

_NO_ROOT: Final = """\
# No Terraform was found. Where it is, so that it can be judged:
# [terraform]
# root = "infra"
"""

_SITE: Final = """
# The site as people meet it, which {found} seems to serve: pages that must open without an error.
# [e2e]
# base_url = "https://www.example.com"
# hosts = ["example.com"]
#
# [e2e.pages]
# front = {{ path = "/", regions = ["main"] }}
#
# How a rehearsal starts it, on a free port that the gate chooses; it is ready when its health answers.{guessed}
# [rehearsal]
# start = {start}
# health = "{health}"
#
# [criteria.pages-complete]
# statement = "Each page opens, and is whole."
# why = "Half a page helps nobody."
# source = "our service levels"
# layers = ["e2e"]
"""

_LOAD: Final = """
# The users of {file}, which a load test sends to these hosts alone.{derive}
# [load]
# locustfile = {quoted}
# hosts = ["www.example.com"]
# resolves_to = ["*.cloudfront.net"]
# most = {{ rate = "50 /s", duration = "5 min" }}
# steady = {{ rate = "10 /s", duration = "2 min", warm_up = "10 s", timeout = "5 s" }}
#
# [criteria.latency-p95]
# statement = "The 95th percentile of response time under load is below {{limit}}."
# why = "Readers leave slow pages."
# require = "< 500 ms"
# source = "our service levels"
# layers = ["load"]
# samples = 300
"""

_WAIVERS: Final = """\
# Accepted risks, each with an owner, another approver and an end. One that expires or matches nothing blocks.
# [waivers.exports-unversioned]
# covers = "bucket-versioned"
# subject = "aws_s3_bucket.exports"
# reason = "The exports can be made again within an hour."
# owner = "platform@example.com"
# approver = "security@example.com"
# opened = 2026-11-27
# expires = 2027-02-19
"""


def write_first_files(found: Survey) -> Mapping[str, str]:
    """Return the text of each file by its path from the folder that was looked at.

    Raises UsageError for a folder whose name can't be written down.
    """
    dags = found.dags[0] if found.dags else ""
    return {
        "criteria.toml": _CRITERIA.format(
            name=found.name,
            system=_quote(found.name),
            terraform=_ROOT.format(root=_quote(found.roots[0])) if found.roots else _NO_ROOT,
            account=_ACCOUNT.format(id=_quote(found.account)) if found.account else _NO_ACCOUNT,
            dags=write_dags(dags, _quote(dags), found) if dags else "",
            site=_write_site(found) if found.sites else "",
            load=_write_load(*found.load) if found.load[0] else "",
        ),
        "criteria.schema.json": _read_schema(),
        "waivers.toml": _WAIVERS,
        **write_pipeline(found),
    }


def _read_schema() -> str:
    """Return the schema of criteria files, of which editors complete keys."""
    name = "criteria.schema.json"
    return next(path for path in (BUNDLED / name, BUNDLED / "docs" / name) if path.is_file()).read_text("utf-8")


def _write_load(file: str, users: str) -> str:
    derive = "" if users == "FastHttpUser" else f" Derive them from FastHttpUser:\n# those of {users} are refused."
    return _LOAD.format(file=visible(file), quoted=_quote(file), derive=derive)


def _write_site(found: Survey) -> str:
    site, (command, of), (health, served) = found.sites[0], found.start, found.health
    place, _, kind = site.removesuffix(")").rpartition(" (")
    if kind != STATIC:
        files = " and ".join(visible(each) for each in dict.fromkeys((of, served)) if each)
        return _SITE.format(
            found=visible(site),
            start=_quote(command or "uvicorn app:app --port {port}"),
            health=health or "/healthz",
            guessed=f"\n# A guess from {files}." if files else "",
        )
    folder = shlex.quote(Path(place).parent.as_posix())
    start = f"python3 -m http.server {{port}} --bind 127.0.0.1 --directory {folder}"
    return _SITE.format(found=visible(place), start=_quote(start), health="/", guessed="")


def _quote(name: str) -> str:
    if name != visible(name):
        raise UsageError(f"{visible(name)}: has a character in its name that nobody sees; rename it")
    return write_string(name)


_AIRFLOW: Final = """
# Which Airflow runs the DAGs in {folder}, and when each of them must run.{guessed}
# [airflow]
# version = {version}
# url = "https://airflow.example"
# token = "env:AIRFLOW_TOKEN"
# folder = {quoted}
"""

_GUESSED: Final = """ Ids and times are a guess from the
# text of the files, of which nothing was run."""

_ASKED: Final = """\
#
# [criteria.dag-imports]
# statement = "Airflow can import the files of the DAGs."
# why = "A file that can't be imported runs nothing, in silence."
# source = "our service levels"
# layers = ["dags"]
"""

_NONE_READ: Final = """\
#
# [dags.ID]
# cron = "0 3 * * *"
# timezone = "UTC"
"""


def write_dags(folder: str, quoted: str, found: Survey) -> str:
    """Return the comment for a folder, whose name is also given as TOML writes it."""
    guesses, pins = found.guesses, "; ".join(found.airflow)
    version = f'"{pins.partition(" ")[0]}" # {visible(pins)}' if pins else '"3.0.6" # an example: no file pins it'
    clocked = [each for each in guesses.dags if not each.unclocked]
    guessed = _GUESSED if guesses.dags else ""
    text = _AIRFLOW.format(folder=visible(folder), quoted=quoted, guessed=guessed, version=version)
    text += ("".join(_write_dag(each) for each in clocked) or _NONE_READ) + _ASKED
    beside = [f"{each.file}:{each.line}: {each.dag_id}" for each in guesses.dags if each.unclocked]
    notes = [("Run by no clock, so nothing says when they must:", beside), ("Not read:", guesses.unread)]
    lines = ((f"#\n# {title}\n", *(f"# - {visible(each)}\n" for each in found)) for title, found in notes if found)
    return text + "".join(line for found in lines for line in found)


def _write_dag(dag: GuessedDag) -> str:
    key = dag.dag_id if re.fullmatch(r"[\w-]+", dag.dag_id) else write_string(dag.dag_id)
    cron = f'"{dag.cron}"' if dag.cron else f'"0 3 * * *" # an example: {visible(dag.why)}'
    place = visible(f"{dag.file}:{dag.line}")
    return f"#\n# [dags.{key}] # {place}\n# cron = {cron}\n# timezone = {write_string(dag.timezone)}\n"


WORKFLOW: Final = ".github/workflows/prod-gate.yml"
JOB: Final = ".gitlab/prod-gate.yml"
#: The file that GitLab reads.
GITLAB: Final = ".gitlab-ci.yml"
_OF_GITHUB: Final = ".github/"
_CHECK: Final = "prodgate check {root} --criteria criteria.toml --changed {base}"
_COMMAND: Final = "pipx run --spec 'prod-gate[check]==VERSION' "

_GITHUB: Final = """\
# Does this change make anything worse, as far as its declarations say? Needs no credentials.
name: prod-gate

on:
  pull_request:
  push:
    branches: [main]
  workflow_dispatch:

permissions: {}

jobs:
"""
_GITHUB_CHECK: Final = """\
  # red for what a change makes worse, not for what was there before
  check:
    if: github.event_name != 'workflow_dispatch'
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          fetch-depth: 2 # with what it is compared with
          persist-credentials: false
      - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
        with:
          python-version: "3.13"
      - run: COMMAND
"""
_GITHUB_GATE: Final = """\
  # the verdict on all that is declared, when somebody starts it; without 'if', for each change
  gate:
    if: github.event_name == 'workflow_dispatch'
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          fetch-depth: 2 # with the branch that a pull request goes to, whose criteria are compared
          persist-credentials: false
      - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
        id: python
        with:
          python-version: "3.13"
      - uses: actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0
        with:
          path: ~/.cache/prodgate
          key: prodgate-${{ runner.os }}-${{ runner.arch }}-${{ steps.python.outputs.python-version }}-VERSION
      - run: pipx run --spec 'prod-gate[core]==VERSION' prodgate run rehearsal:// --only static
      - if: ${{ !cancelled() }}
        run: cat runs/*/summary.md >> "$GITHUB_STEP_SUMMARY"
      - if: ${{ !cancelled() }}
        run: pipx run --spec 'prod-gate[core]==VERSION' prodgate bundle runs
      - if: ${{ !cancelled() }}
        uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0
        with:
          name: prod-gate-run
          path: runs/*.tar
          if-no-files-found: error
          overwrite: true
          retention-days: 90
"""

_JOB_CHECK: Final = """\
# Does this change make anything worse, as far as its declarations say? Red for that, not for what was there before.
prod-gate-check:
  image: python:3.13
  timeout: 10 minutes
  variables:
    GIT_DEPTH: "0" # with what it is compared with
  script:
    - pip install --quiet 'prod-gate[check]==VERSION'
    - COMMAND
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH

"""
_JOB: Final = """\
# The verdict on all that is declared, when somebody starts it; without 'when' and 'allow_failure', for each change.
prod-gate:
  image: python:3.13
  timeout: 15 minutes
  script:
    - pip install --quiet 'prod-gate[core]==VERSION'
    - prodgate run rehearsal:// --only static
  after_script:
    - prodgate export runs/* --format junit --output prod-gate.xml
    - prodgate bundle runs
  artifacts:
    when: always
    expire_in: 90 days
    paths:
      - runs/*.tar
    reports:
      junit: prod-gate.xml
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" || $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      when: manual
      allow_failure: true
"""


def write_pipeline(found: Survey) -> Mapping[str, str]:
    """Return what CI is given, by path, as the files that are there tell its kind; nothing for another kind."""
    there = found.pipelines
    if not there or any(each.startswith(_OF_GITHUB) for each in there):
        check = _GITHUB_CHECK.replace("COMMAND", write_string(_COMMAND + _write_check(found, "HEAD^1")))
        return {WORKFLOW: _of_this_version(_GITHUB + (f"{check}\n" if found.roots else "") + _GITHUB_GATE)}
    base = '"${CI_MERGE_REQUEST_DIFF_BASE_SHA:-HEAD^1}"'
    check = _JOB_CHECK.replace("COMMAND", write_string(_write_check(found, base))) if found.roots else ""
    return {JOB: _of_this_version(check + _JOB)} if GITLAB in there else {}


def _write_check(found: Survey, base: str) -> str:
    return _CHECK.format(root=shlex.quote(found.roots[0]) if found.roots else ".", base=base)


def describe_rest(found: Survey) -> Iterator[str]:
    """Yield what a person has to do by hand: what to add to CI, and which act of it waits for no verdict."""
    written = write_pipeline(found)
    if JOB in written:
        yield f"add to {GITLAB}:  include: [{{ local: {JOB} }}]"
    elif WORKFLOW not in written:
        yield f"add to {', '.join(found.pipelines)}:  {_of_this_version(_COMMAND + _write_check(found, 'HEAD^1'))}"
    for each in found.deploys:
        yield f"{each} deploys without a verdict; make it wait for a GO, as docs/deploying.md shows"


def _of_this_version(text: str) -> str:
    return text.replace("VERSION", version("prod-gate"))


_IGNORED: Final = "runs/"
_IGNORE: Final = f"# what prodgate run leaves\n{_IGNORED}\n"


def initialize(args: argparse.Namespace) -> int:
    """Write the first files of a folder, or print them. Raises UsageError when one of them is there."""
    folder: Path = args.directory
    if not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; name the one that holds your repository")
    found = survey(folder)
    files = write_first_files(found)
    _print([f"found in {folder.resolve().name}:", *_describe(found)])
    if args.dry_run:
        _print(line for name, text in files.items() for line in (f"\n--- {name}", text.rstrip("\n")))
        _print(["\n--- .gitignore, added", _IGNORED] if _must_ignore(folder) else [])
        return 0
    if there := [name for name in files if os.path.lexists(folder / name)]:
        raise UsageError(
            f"{folder}: {' and '.join(there)} {'are' if there[1:] else 'is'} there, and nothing was written; "
            "see what would be by --dry-run, and take over what you miss"
        )
    _write(folder, files)
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    rest = (f"        {each}" for each in describe_rest(found))
    _print([f"\nnext:   {where}prodgate run rehearsal:// --only static", *rest])
    return 0


def _describe(found: Survey) -> Iterator[str]:
    rest = f"; {', '.join(found.roots[1:])} not judged" if found.roots[1:] else ""
    yield from (
        f"  Terraform  {f'{found.roots[0]}{rest}' if found.roots else 'none'}",
        f"  account    {found.account or 'none (allowed_account_ids of the provider would name it)'}",
        f"  DAGs       {_describe_dags(found) if found.dags else 'none'}",
        *([f"  Airflow    {'; '.join(found.airflow)}"] if found.airflow else []),
        f"  web app    {', '.join(found.sites) or 'none'}",
        *(f"             {each} (a guess from {file})" for each, file in (found.start, found.health) if each),
        *([f"  load test  {found.load[0]} ({found.load[1]})"] if found.load[0] else []),
        f"  CI         {', '.join(found.pipelines) or 'none'}",
        *(f"             deploys: {each}" for each in found.deploys),
    )


def _describe_dags(found: Survey) -> str:
    ids = ", ".join(each.dag_id for each in found.guesses.dags)
    missed = len(found.guesses.unread)
    ids = f"{ids} (a guess from their text)" if ids else ""
    unread = f"; {missed} {'places' if missed > 1 else 'place'} not read, which criteria.toml names" if missed else ""
    rest = f"; {', '.join(found.dags[1:])} not read" if found.dags[1:] else ""
    return f"{found.dags[0]}{f': {ids}' if ids else ''}{unread}{rest}"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write all files, or none. Raises UsageError."""
    written: list[Path] = []
    ignored = _must_ignore(folder)
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("x", encoding="utf-8") as file:  # one that came in between is not written over
                written.append(folder / name)
                file.write(text)
        if ignored:
            with (folder / ".gitignore").open("a", encoding="utf-8") as file:
                file.write(f"\n{_IGNORE}" if file.tell() else _IGNORE)
    except OSError as error:
        for path in written:
            path.unlink()
        place = error.filename or folder
        raise UsageError(f"{place}: {error.strerror}; nothing was written: make way for it, and try again") from None
    added = [f"  .gitignore (a line for {_IGNORED})"] if ignored else []
    _print(["wrote:", *(f"  {name}" for name in files), *added])


def _must_ignore(folder: Path) -> bool:
    """Whether git would take runs for files of the project, as far as one line says."""
    file = folder / ".gitignore"
    lines = read_measured(file).decode("utf-8", "replace").splitlines() if file.is_file() else []
    return not {line.strip().strip("/") for line in lines} & {_IGNORED.strip("/")}


def _print(lines: Iterator[str] | list[str]) -> None:
    sys.stdout.writelines("".join(f"{visible(part)}\n" for part in line.split("\n")) for line in lines)
