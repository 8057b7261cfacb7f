"""The house style that a machine can hold: sizes, words, and promises that nothing else tests."""

import ast
import doctest
import importlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from prodgate.sections.criteria_file import load_criteria
from tests.conftest import ENVIRONMENTS, SECONDS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "prodgate"
GENERATED = ("_pb2",)
CODE = [
    path
    for folder in ("src/prodgate", "policies", "suites", "loadtests", "e2e", "dags")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not any(part in str(path) for part in GENERATED)
]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, Function))


def body(function: Function) -> list[ast.stmt]:
    """The statements of a function without its docstring."""
    return function.body[1:] if ast.get_docstring(function) else function.body


def decorated(function: Function, name: str) -> bool:
    return any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == name for d in function.decorator_list
    )


def statements(nodes: list[ast.stmt]) -> int:
    return sum(isinstance(inner, ast.stmt) for node in nodes for inner in ast.walk(node))


@pytest.mark.parametrize(
    "module",
    [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in CODE
        if path.is_relative_to(PACKAGE) and ">>> " in path.read_text("utf-8")
    ],
)
def test_examples_in_docstrings_are_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert (result.attempted > 0, result.failed) == (True, 0)


@pytest.mark.parametrize(
    ("folder", "decorator", "most"),
    [("policies", "policy", 10), ("suites", "check", 5), ("loadtests", "check", 5), ("e2e", "check", 5)],
)
def test_policies_and_checks_stay_smaller(folder: str, decorator: str, most: int) -> None:
    found = [(path, f) for path in (ROOT / folder).rglob("*.py") for f in functions(path) if decorated(f, decorator)]
    assert found
    for path, function in found:
        assert statements(body(function)) <= most, f"{path.name}:{function.lineno}: {function.name}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {path.stem for path in CODE}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


@pytest.mark.parametrize("folder", ["policies", "suites", "loadtests", "e2e"])
def test_no_policy_or_check_knows_its_target(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert not re.search(r"\brehearsal\b|\bPRODGATE_|\bos\.environ\b", path.read_text("utf-8")), path.name


CHECKS = sorted(path for folder in ("suites", "loadtests", "e2e") for path in (ROOT / folder).rglob("test_*.py"))


def test_each_file_of_criteria_is_included_and_holds_criteria_alone() -> None:
    files = sorted((ROOT / "criteria").iterdir())
    assert {f"criteria/{path.name}" for path in files} == set(load_criteria(ROOT / "criteria.toml").included)
    for path in (ROOT / "criteria.toml", *files):
        stated = set(tomllib.loads(path.read_text("utf-8")))
        assert ("criteria" in stated or "requirements" in stated) is (path in files), path.name
        assert len(stated) == 1 or path not in files, path.name


@pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.stem)
def test_no_check_holds_a_number(path: Path) -> None:
    for function in functions(path):
        if decorated(function, "check"):
            numbers = [
                n.value for n in ast.walk(function) if isinstance(n, ast.Constant) and type(n.value) in (int, float)
            ]
            assert set(numbers) <= {0, 1, 5}, (
                f"{path.name}:{function.lineno}: {numbers}: numbers that decide are in criteria.toml"
            )


def test_tests_of_one_name_do_not_hide_each_other() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert not sorted(
        folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").exists()
    )


def test_what_a_project_writes_uses_the_package_and_never_each_other() -> None:
    folders = ("policies", "suites", "loadtests", "e2e", "dags")
    for folder in folders:
        others = "|".join(other for other in folders if other != folder)
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(rf"^(from|import) ({others})\b", path.read_text("utf-8"), re.MULTILINE), path.name
    for path in PACKAGE.rglob("*.py"):
        found = re.search(rf"^(from|import) ({'|'.join(folders)})\b", path.read_text("utf-8"), re.MULTILINE)
        assert found is None, path.name


def test_no_file_speaks_of_a_machine_or_of_work_to_come() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|/home/\w+/|/root/|/work/")
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in (".lock", ".gz", ".png") or name == "tests/test_house.py" or not path.is_file():
            continue
        hit = words.search(path.read_text("utf-8", "replace"))
        assert hit is None, f"{name}: {hit and hit[0]}"


def test_the_readme_names_environments_and_commands_that_exist() -> None:
    pages = ("README.md", "CONTRIBUTING.md", "docs/commands.md", "docs/install.md")
    text = "".join((ROOT / page).read_text("utf-8") for page in pages)
    tox = (ROOT / "tox.ini").read_text("utf-8")
    for name in set(re.findall(r"tox -e ([\w-]+)", text)):
        assert f"[testenv:{name}]" in tox or re.fullmatch(r"py3\d+", name), name
    cli = "".join(path.read_text("utf-8") for path in (PACKAGE / "cli.py", PACKAGE / "commands" / "arguments.py"))
    for name in set(re.findall(r"(?<!from )prodgate ([a-z]+) ", text)):
        assert f'"{name}"' in cli, name


def test_each_decision_has_a_number_of_its_own() -> None:
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    titled = [int(path.read_text("utf-8").split(". ")[0].removeprefix("# ")) for path in files]
    assert titled == [int(path.name.split("-")[0]) for path in files]
    assert len(titled) == len(set(titled))


def test_the_numbers_of_the_readme_are_true() -> None:
    stated = re.search(r"more than (\d+) policies", (ROOT / "README.md").read_text("utf-8"))
    assert stated
    assert int(stated[1]) < len(list((ROOT / "policies" / "examples").glob("*.tf"))) < int(stated[1]) + 50


def test_lock_files_pin_what_the_project_asks_for() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    locked = {package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    assert {re.split(r"[<>=!~ ]", each, maxsplit=1)[0].lower() for each in stated} <= locked
    assert (PACKAGE / "engines" / "checkov.lock").read_text("utf-8").count("--hash=sha256:") > 100


def test_tests_of_a_group_stay_on_one_worker(pytester: pytest.Pytester) -> None:
    """An expensive fixture is made once, and two browsers never share the machine: both rest on the groups of xdist."""
    pytester.makepyfile("""
        import pytest
        pytestmark = pytest.mark.xdist_group("alike")

        @pytest.mark.parametrize("number", range(8))
        def test_where(worker_id, number):
            print("ran on", worker_id)
    """)
    done = pytester.runpytest_subprocess("-n", "2", "--dist", "loadgroup", "-rP", "-p", "no:randomly")
    assert len(set(re.findall(r"ran on (gw\d)", done.stdout.str()))) == 1


def test_every_test_has_a_limit_and_a_hang_says_where(
    pytester: pytest.Pytester, request: pytest.FixtureRequest
) -> None:
    assert 0 < float(request.config.getini("timeout")) <= 600
    pytester.makepyfile("""
        import os, threading

        def wait_for_the_other_end(pipe):
            os.read(pipe, 1)

        def test_hangs():
            pipe, _held = os.pipe()
            threading.Thread(target=wait_for_the_other_end, args=(os.dup(pipe),), daemon=True).start()
            wait_for_the_other_end(pipe)
    """)
    done = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:xdist", "-o", "timeout=1", timeout=60)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*Timeout*1.0s*"])
    assert (done.stdout.str() + done.stderr.str()).count("wait_for_the_other_end") >= 4


def test_the_table_of_durations_names_groups_and_files_that_exist() -> None:
    groups = {
        group
        for path in (ROOT / "tests").rglob("*.py")
        for group in re.findall(r'xdist_group\("(\w+)"\)', path.read_text("utf-8"))
    }
    assert {name for name in SECONDS if name not in groups and not (ROOT / "tests" / name).is_file()} == set()


def test_workers_begin_with_the_slowest_group(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest("from tests.conftest import pytest_collection_modifyitems")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(8))
        @pytest.mark.xdist_group("soon over")
        def test_quick(number): ...

        @pytest.mark.xdist_group("browser")
        def test_slow(): ...
    """)
    options = ("-n", "1", "--dist", "loadgroup", "--no-loadscope-reorder", "-v", "-p", "no:randomly")
    done = pytester.runpytest_subprocess(*options)
    assert re.findall(r"PASSED.*::(test_\w+)", done.stdout.str())[0] == "test_slow"


def test_a_test_belongs_to_one_environment(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nmarkers = alone\n slow\n once")
    pytester.makeconftest("from tests.conftest import pytest_collection_modifyitems")
    code = "import pytest\n\npytestmark = pytest.mark.slow\n\n@pytest.mark.{}\ndef test_doubly(): ...\n"
    for other, code_of_pytest in (("once", pytest.ExitCode.OK), ("alone", pytest.ExitCode.USAGE_ERROR)):
        pytester.makepyfile(code.format(other))
        done = pytester.runpytest_subprocess("-p", "no:randomly")
        assert done.ret == code_of_pytest, done.stdout.str()
    done.stderr.fnmatch_lines(["*::test_doubly: belongs to slow and alone; leave one of these marks"])


def test_what_is_run_by_default_is_what_no_environment_takes() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert f"-m '{' and '.join(f'not {name}' for name in ENVIRONMENTS)}'" in options["addopts"]
    told = (ROOT / "tox.ini").read_text("utf-8")
    assert f'-m "not once and {" and ".join(f"not {name}" for name in ENVIRONMENTS)}"' in told
    assert set(ENVIRONMENTS) == set(re.findall(r"pytest -m (\w+)", told))


def test_the_page_lists_every_extra_and_nobody_is_told_to_install_another() -> None:
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    (table,) = re.findall(r"(?s)\| extra \|.*?\n\n", (ROOT / "docs" / "install.md").read_text("utf-8"))
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"(?m)^\| (`[^|]*) \|", table)))) == extras
    done = subprocess.run(
        ["git", "grep", "-hoE", r"prod-gate\[[a-z0-9,]+\]", "--", "src", "docs", "*.md", "examples", ".github", "action.yml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = {tuple(each.partition("[")[2].rstrip("]").split(",")) for each in done.stdout.split()}
    assert {name for names in told for name in names} <= extras
    # the emulated account is made by core: both in one step
    assert {names for names in told if "rehearsal" in names and "core" not in names} == set()


# ── Links

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```+|~~~+).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")


@cache
def anchors(page: Path) -> frozenset[str]:
    """The headings of a page as GitHub names them, a second one of the same words with a number."""
    found: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.+?)#*$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower())
        slug = words.replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return frozenset(found)


def leads_nowhere(page: Path, link: str) -> str:
    """Why a relative link leads nowhere; empty when it does not."""
    path, _, anchor = link.partition("#")
    there = (page.parent / path).resolve() if path else page
    if not there.exists():
        return f"{link}: there is no such file"
    if anchor and there.suffix == ".md" and anchor not in anchors(there):
        return f"{link}: has no such heading"
    return ""


def links(page: Path) -> list[str]:
    text = _CODE.sub("", _FENCE.sub("", page.read_text("utf-8")))
    return [each for each in _LINK.findall(text) if not re.match(r"[a-z]+:", each)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert not [why for link in links(page) if (why := leads_nowhere(page, link))]


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    page = ROOT / "docs" / "staging.md"
    assert leads_nowhere(page, "nowhere.md") == "nowhere.md: there is no such file"
    assert leads_nowhere(page, "tutorial.md#nowhere") == "tutorial.md#nowhere: has no such heading"
    assert leads_nowhere(page, "tutorial.md#test-it") == ""
