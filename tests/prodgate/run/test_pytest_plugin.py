"""A team's checks and policies: whatever pytest does in their process with an item, the journal never loses it."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from prodgate import Criterion
from prodgate.checks import CheckError, check, check_of
from prodgate.criteria import UsageError
from prodgate.facts import Facts
from prodgate.facts.live.databases import DatabaseInstance, Deletable
from prodgate.findings import Outcome
from prodgate.run.team import register_offer
from prodgate.terraform.resources import Configuration, Resource

from .gated import CHECK, HEADER, Judged, collect, judge, opened, write

BOTH, NEITHER = ("satisfied", "satisfied"), ("undetermined", "undetermined")
WRONG, AS_IT_IS = ("not-satisfied", "not-satisfied"), ("satisfied", "not-satisfied")
CAUGHT = "try: criterion.hold(False, expected='a', observed='b')\n    except AssertionError: return"
#: Name of a check -> its decorators, what it takes besides, what it does first, and what is found of two facts.
ROWS: dict[str, tuple[str, str, str, tuple[str, str]]] = {
    "plain": ("", "", "", AS_IT_IS),
    "skip": ("", "", "pytest.skip('no time')", NEITHER),
    "xfail": ("", "", "pytest.xfail('known')", NEITHER),
    "fail": ("", "", "pytest.fail('broken')", NEITHER),
    "bug": ("", "", "raise RuntimeError('bug')", NEITHER),
    "attribute": ("", "", "assert it.nothing", NEITHER),
    "importing": ("", "", "pytest.importorskip('no_such_module')", NEITHER),
    "exit": ("", "", "raise SystemExit(0)", NEITHER),
    "stop": ("", "", "pytest.exit('enough', 0)", NEITHER),
    "nothing": ("", "", "return", NEITHER),
    "caught": ("", "", CAUGHT, WRONG),
    "returned": ("", "", "criterion.hold(True, expected='a', observed='b'); return 1", NEITHER),
    "marked_skip": ("@pytest.mark.skip\n", "", "", NEITHER),
    "marked_skipif": ("@pytest.mark.skipif(True, reason='x')\n", "", "", NEITHER),
    "not_run": ("@pytest.mark.xfail(run=False)\n", "", "", NEITHER),
    "expected_to_fail": ("@pytest.mark.xfail\n", "", "", AS_IT_IS),
    "fixture": ("", ", page: str", "assert page == 'ready'", AS_IT_IS),
    "broken_fixture": ("", ", browser: str", "", NEITHER),
    "no_such_fixture": ("", ", none_such: str", "", NEITHER),
}
CONFTEST = """
import pytest
def pytest_addoption(parser):
    parser.addoption('--page', default='ready')
@pytest.fixture(scope='session', autouse=True)
def begun():
    yield
@pytest.fixture
def page(request):
    return request.config.getoption('--page')
@pytest.fixture
def browser():
    raise RuntimeError('no browser')
class Plugin:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        items.clear()
def pytest_configure(config):
    config.pluginmanager.register(Plugin(), 'theirs')
"""
POLICY = """
@policy("TEAM_{number}", criterion="answers", resources=("aws_sqs_queue",), remedy="Name it.")
def queues_are_named_{number}(queue: Resource, criterion: Criterion) -> None:
    '''Queues have a name.'''
    {does}criterion.hold(queue.text("{name}") == "good", expected="name = good", observed=queue.text("name"))
"""
FILES = {
    "suites/static/conftest.py": CONFTEST,
    "suites/static/test_rows.py": HEADER
    + "".join(
        CHECK.replace("@check", f"{marks}@check")
        .replace("test_it", f"test_{name}")
        .replace("criterion: Criterion", f"criterion: Criterion{takes}")
        .replace("criterion.hold(it", f"{does}\n    criterion.hold(it")
        for name, (marks, takes, does, _) in ROWS.items()
    ),
    "suites/static/test_kinds.py": HEADER
    + CHECK.replace("test_it", "test_restarts").replace('"answers", remedy="Restart it."', '"restarts"')
    + CHECK.replace("test_it", "test_none").replace("Deletable", "DatabaseSnapshot")
    + CHECK.replace("test_it", "test_unread").replace("Deletable", "DatabaseInstance")
    + CHECK.replace("test_it", "test_rare").replace("Deletable", "DatabaseSnapshot").replace('"answers"', '"rare"'),
    "suites/static/test_syntax.py": "def broken(:\n",
    "suites/static/test_broken.py": HEADER + CHECK.replace("test_it", "test_lost") + "1 / 0\n",
    "suites/static/test_skipped.py": HEADER + CHECK.replace("test_it", "test_left") + "pytest.skip('not now', allow_module_level=True)\n",
    "policies/team.py": HEADER
    + POLICY.format(number=1, does="", name="name")
    + POLICY.format(number=2, does="1 / 0; ", name="name")
    + POLICY.format(number=3, does="", name="nmae"),
    "policies/broken.py": HEADER + POLICY.format(number=4, does="", name="name") + "1 / 0\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """All of these, judged once."""
    queues = [
        Resource(address=f"aws_sqs_queue.{name}", type="aws_sqs_queue", name=name, values={"name": name})
        for name in ("good", "bad")
    ]
    known = (
        Deletable(subject="a", protected=True),
        Deletable(subject="b", protected=False),
        Configuration(root="terraform", engine="made", resources=queues),
    )
    root = tmp_path_factory.mktemp("judged") / "project"
    root.mkdir()
    return judge(root, FILES, Facts(known, {DatabaseInstance: "access denied"}))


@pytest.mark.parametrize("name", ROWS)
def test_whatever_pytest_makes_of_an_item_every_subject_is_judged(judged: Judged, name: str) -> None:
    found = judged.by_judge[f"test_{name}"]
    assert [(each.subject, str(each.outcome)) for each in found] == [*zip("ab", ROWS[name][3], strict=True)]


def test_what_is_found_says_of_whom_and_of_what(judged: Judged) -> None:
    _, found = judged.by_judge["test_plain"]
    assert (found.remedy, found.words) == ("Restart it.", ("expected", "observed", "remedy"))
    assert found.evidence == (sha256(b"Deletable").hexdigest(),)
    assert [each.remedy for each in judged.by_judge["test_restarts"]] == ["", "Restart it."]
    assert judged.by_judge["test_broken_fixture"][0].reason.endswith("it is skipped, or its fixtures can't be made")


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("test_none", Outcome.UNDETERMINED, "no DatabaseSnapshot observed, at least 1 expected"),
        ("test_unread", Outcome.UNDETERMINED, "access denied"),
        ("test_rare", Outcome.NOT_APPLICABLE, "no DatabaseSnapshot observed"),
        ("test_lost", Outcome.UNDETERMINED, "suites/static/test_broken.py: E   ZeroDivisionError: division by zero"),
        ("test_left", Outcome.UNDETERMINED, "suites/static/test_skipped.py: "),
        ("TEAM_4", Outcome.UNDETERMINED, "broken.py: can't be loaded: ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_not_there_or_not_loaded_is_not_satisfied(
    judged: Judged, name: str, outcome: Outcome, reason: str
) -> None:
    (found,) = judged.by_judge[name]
    assert (found.outcome, reason in found.reason) == (outcome, True)


def test_a_policy_is_one_item_over_all_its_resources(judged: Judged) -> None:
    found = {name: [str(each.outcome) for each in judged.by_judge[name]] for name in ("TEAM_1", "TEAM_2", "TEAM_3")}
    assert found == {"TEAM_1": [*AS_IT_IS], "TEAM_2": [*NEITHER], "TEAM_3": [*NEITHER]}
    assert [each.words for each in judged.by_judge["TEAM_1"]] == [("expected", "observed", "remedy")] * 2


def test_what_would_be_lost_is_refused(tmp_path: Path) -> None:
    same, hidden = CHECK.replace("test_it", "test_same"), CHECK.replace("test_it", "test_hidden")
    files = {"x": same, "y": same, "z": hidden + hidden, "w": "def test_plain():\n    assert False\n"}
    with (
        opened(tmp_path, {f"suites/static/test_{name}.py": HEADER + text for name, text in files.items()}) as (
            project,
            team,
        ),
        pytest.raises(UsageError) as refused,
    ):
        register_offer(team, project, "static")
    said = str(refused.value)
    assert "test_same is also the name of " in said
    assert "test_hidden is hidden by something of the same name below it; rename one" in said
    assert "test_w.py::test_plain: is no check; decorate it" in said


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"criterion": "answers"}, "states no remedy, and neither does criterion 'answers'; write remedy in one"),
        ({"criterion": "answer", "remedy": "r"}, "no criterion 'answer'; did you mean 'answers'?"),
        ({"criterion": "quick", "remedy": "r"}, "does not say what it measures but '< 1 s' of 'quick' bounds a time"),
        (
            {"criterion": "quick", "remedy": "r", "measures": "count"},
            "measures a count but '< 1 s' of 'quick' bounds a time",
        ),
        (
            {"criterion": "answers", "remedy": "r", "measures": "time"},
            "measures a time but criterion 'answers' has no bound",
        ),
    ],
)
def test_a_check_that_does_not_fit_the_criteria_breaks_the_layer(
    tmp_path: Path, stated: dict[str, Any], message: str
) -> None:
    @check(**stated)
    def test_it(it: Deletable, criterion: Criterion) -> None:
        """Does it answer?"""

    made = check_of(test_it)
    found = collect(write(tmp_path, {}), frozenset({Path(__file__)}), Facts(), [made])
    assert message in found.broken[0]
    assert {each.outcome for each in found.findings} == {Outcome.UNDETERMINED}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("'''Does it answer?'''\n", "pass\n", "has no docstring; write the question it answers"),
        ("it: Deletable,", "it,", "takes 0 kinds of fact and 1 criteria"),
        ("def test_it", "async def test_it", "would not run when called; drop async and yield"),
        ("criterion.hold", "yield criterion.hold", "would not run when called; drop async and yield"),
        ("criterion: Criterion", "criterion", "takes 1 kinds of fact and 0 criteria"),
        ("it: Deletable,", "it: Deletable, other: Deletable,", "takes 2 kinds of fact"),
    ],
)
def test_a_check_of_another_form_is_refused(before: str, after: str, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        exec(HEADER + CHECK.replace(before, after), {"__name__": "theirs"})


def test_ordinary_runs_are_silent_and_checks_without_a_run_fail(pytester: pytest.Pytester) -> None:
    options = ("-p", "prodgate.run.pytest_plugin", "-p", "no:randomly", "--import-mode=importlib")
    pytester.makepyfile(test_plain="def test_one():\n    pass")
    result = pytester.runpytest_inprocess(*options)
    result.assert_outcomes(passed=1)
    assert "GO" not in result.stdout.str()
    pytester.makepyfile(test_plain=HEADER + CHECK)
    result = pytester.runpytest_inprocess(*options)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*has no facts to judge; run it by: prodgate run*"])
