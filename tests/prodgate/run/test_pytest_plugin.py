"""Checks and policies as pytest items: whatever pytest does with an item, the journal never loses it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import pytest

from prodgate.criteria import Criteria
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.findings import Finding, Outcome
from prodgate.quantities import Bound
from prodgate.run.pytest_plugin import Judging
from prodgate.sections.project import load_policies
from prodgate.terraform.policy import POLICIES
from prodgate.terraform.resources import Configuration, Resource

from ..plugin_facts import Pod
from ..sample_run import ABOUT
from ..samples import criterion

CRITERIA = Criteria(
    {
        c.id: c
        for c in (
            criterion("answers", bound=None),
            criterion("rare", bound=None, population=0, where_present=True),
            criterion("quick", bound=Bound.parse("< 1 s")),
            criterion("restarts", bound=None, remedy="Restart it."),
        )
    }
)

HEADER = """
from prodgate import Criterion, Quantity, check
from tests.prodgate.plugin_facts import Pod
import pytest
"""

CHECK = """
@check("answers", remedy="Restart it.")
def test_pods_answer(pod: Pod, criterion: Criterion) -> None:
    '''Does the pod answer?'''
    criterion.hold(pod.answers, expected="an answer", observed="none")
"""


class Gate:
    """Runs pytest on check files with facts and a journal, as a layer's process does."""

    def __init__(self, pytester: pytest.Pytester, path: Path) -> None:
        self.pytester, self.path = pytester, path
        (path / "criteria.toml").write_text(
            "system = 'shop'\n"
            + "".join(
                f"[criteria.{id_}]\nstatement = {{ en = 'a', ja = 'a' }}\nwhy = 'a'\nsource = 'X-1'\nlayers = ['static']\n"
                for id_ in CRITERIA
            ),
            "utf-8",
        )
        self.run = runs.create(path / "runs", ABOUT, path / "criteria.toml", path / "waivers.toml")

    def judge(self, *facts: object, policies: frozenset[Path] = frozenset(), options: tuple[str, ...] = ()) -> int:
        unreadable = {Pod: "access denied"} if "unreadable" in facts else {}
        known = tuple(fact for fact in facts if fact != "unreadable")
        judging = Judging(
            layer="static",
            criteria=CRITERIA,
            facts=Facts(known, unreadable),
            journal=Journal.of(self.run),
            cite=lambda kind: (sha256(kind.__name__.encode()).hexdigest(),) if isinstance(kind, type) else (),
            policy_files=policies,
        )
        arguments = ["-p", "prodgate.run.pytest_plugin", "-p", "no:randomly", "--import-mode=importlib", *options]
        self.result = self.pytester.inline_run(*arguments, *map(str, policies), plugins=[judging])
        runs.close(self.run)
        return int(self.result.ret)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return runs.read(self.run).findings

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(finding.subject, str(finding.outcome)) for finding in self.findings]


@pytest.fixture
def gate(pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    monkeypatch.syspath_prepend(Path(__file__).parents[3])
    for registered in tuple(POLICIES):  # those of other tests in this process belong to none of the files here
        monkeypatch.delitem(POLICIES, registered)
    return Gate(pytester, tmp_path)


def test_one_item_is_applied_to_every_subject(gate: Gate) -> None:
    gate.pytester.makepyfile(HEADER + CHECK)
    assert gate.judge(Pod(subject="a", answers=True), Pod(subject="b", answers=False)) == pytest.ExitCode.TESTS_FAILED
    assert gate.outcomes == [("a", "satisfied"), ("b", "not-satisfied")]
    assert gate.findings[1].remedy == "Restart it."
    assert gate.findings[1].words == ("expected", "observed", "remedy")
    assert {finding.evidence for finding in gate.findings} == {(sha256(b"Pod").hexdigest(),)}
    assert len(gate.result.listoutcomes()[2]) == 1


def test_what_to_do_may_stand_in_the_criterion(gate: Gate) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace('"answers", remedy="Restart it."', '"restarts"'))
    assert gate.judge(Pod(subject="a", answers=False)) == pytest.ExitCode.TESTS_FAILED
    assert [finding.remedy for finding in gate.findings] == ["Restart it."]


def test_what_to_do_must_stand_somewhere(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace(', remedy="Restart it."', ""))
    assert gate.judge(Pod(subject="a", answers=False)) == pytest.ExitCode.USAGE_ERROR
    said = capsys.readouterr()
    assert "states no remedy, and neither does criterion 'answers'; write remedy in one of them" in said.out + said.err


def test_all_satisfied_passes(gate: Gate) -> None:
    gate.pytester.makepyfile(HEADER + CHECK)
    assert gate.judge(Pod(subject="a", answers=True)) == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("facts", "reason"), [((), "no Pod observed, at least 1 expected"), (("unreadable",), "access denied")]
)
def test_an_empty_or_unreadable_population_is_undetermined(gate: Gate, facts: tuple[object, ...], reason: str) -> None:
    gate.pytester.makepyfile(HEADER + CHECK)
    assert gate.judge(*facts) == pytest.ExitCode.TESTS_FAILED
    (found,) = gate.findings
    assert (found.outcome, found.reason) == (Outcome.UNDETERMINED, reason)


def test_no_check_asks_for_one_where_there_need_be_none(gate: Gate) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace('"answers"', '"rare"'))
    assert gate.judge() == pytest.ExitCode.OK
    (found,) = gate.findings
    assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, "no Pod observed")


@pytest.mark.parametrize(
    "line",
    [
        "pytest.skip('no time')",
        "pytest.xfail('known')",
        "pytest.fail('broken')",
        "raise RuntimeError('bug')",
        "assert pod.nothing",
        "pytest.importorskip('no_such_module')",
    ],
)
def test_whatever_a_check_raises_is_undetermined(gate: Gate, line: str) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace("criterion.hold", f"{line}\n    criterion.hold"))
    gate.judge(Pod(subject="a", answers=True), Pod(subject="b", answers=True))
    assert gate.outcomes == [("a", "undetermined"), ("b", "undetermined")]


@pytest.mark.parametrize("mark", ["skip", "skipif(True, reason='x')", "xfail(run=False)"])
def test_a_check_that_pytest_does_not_run_is_undetermined(gate: Gate, mark: str) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace("@check", f"@pytest.mark.{mark}\n@check"))
    gate.judge(Pod(subject="a", answers=True))
    assert gate.outcomes == [("(unfinished)", "undetermined")]


def test_an_expected_failure_is_not_a_waiver(gate: Gate) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace("@check", "@pytest.mark.xfail\n@check"))
    gate.judge(Pod(subject="a", answers=False))
    assert gate.outcomes == [("a", "not-satisfied")]


@pytest.mark.parametrize("options", [("-k", "nothing_like_it"), ("--deselect", "test_x.py::test_pods_answer")])
def test_a_deselected_check_is_undetermined(gate: Gate, options: tuple[str, ...]) -> None:
    gate.pytester.makepyfile(test_x=HEADER + CHECK)
    gate.judge(Pod(subject="a", answers=True), options=options)
    assert gate.outcomes == [("(unfinished)", "undetermined")]


def test_a_check_that_a_conftest_takes_out_is_undetermined(gate: Gate) -> None:
    hook = "@pytest.hookimpl(tryfirst=True)\ndef pytest_collection_modifyitems(items):\n    items.clear()\n"
    gate.pytester.makeconftest("import pytest\n" + hook)
    gate.pytester.makepyfile(HEADER + CHECK)
    gate.judge(Pod(subject="a", answers=True))
    assert gate.outcomes == [("(unfinished)", "undetermined")]


CAUGHT = """try:
        criterion.hold(False, expected='a', observed='b')
    except AssertionError:
        return"""


@pytest.mark.parametrize(("line", "outcome"), [("return", Outcome.UNDETERMINED), (CAUGHT, Outcome.NOT_SATISFIED)])
def test_a_check_that_ends_without_a_conclusion_does_not_hold(gate: Gate, line: str, outcome: Outcome) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace("criterion.hold", f"{line}\n    criterion.hold"))
    gate.judge(Pod(subject="a", answers=True))
    assert [f.outcome for f in gate.findings] == [outcome]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"test_x": CHECK, "test_y": CHECK}, "test_pods_answer is also the name of test_"),
        ({"test_x": CHECK + CHECK}, "test_pods_answer is hidden by something of the same name below it; rename one"),
        (
            {"test_x": CHECK + "def test_plain():\n    assert False\n"},
            "test_x.py::test_plain: is no check; decorate it",
        ),
    ],
)
def test_what_would_be_lost_stops_collection(gate: Gate, files: dict[str, str], message: str) -> None:
    gate.pytester.makepyfile(**{name: HEADER + text for name, text in files.items()})
    assert gate.judge(Pod(subject="a", answers=True)) == pytest.ExitCode.USAGE_ERROR
    assert {f.outcome for f in gate.findings} == {Outcome.UNDETERMINED}
    assert message in gate.findings[0].reason


def test_a_file_that_cannot_be_collected_is_named(gate: Gate) -> None:
    gate.pytester.makepyfile(test_x="def broken(:\n")
    assert gate.judge(Pod(subject="a", answers=True)) != pytest.ExitCode.OK
    assert "test_x.py: " in gate.findings[0].reason
    assert "SyntaxError" in gate.findings[0].reason


def test_a_check_whose_fixture_fails_is_undetermined(gate: Gate) -> None:
    fixture = "@pytest.fixture\ndef page():\n    raise RuntimeError('no browser')\n"
    gate.pytester.makepyfile(
        HEADER + fixture + CHECK.replace("criterion: Criterion)", "criterion: Criterion, page: str)")
    )
    gate.judge(Pod(subject="a", answers=True))
    assert gate.outcomes == [("(unfinished)", "undetermined")]


def test_a_check_may_take_fixtures(gate: Gate) -> None:
    fixture = "@pytest.fixture\ndef page():\n    return 'ready'\n"
    text = CHECK.replace("criterion: Criterion)", "criterion: Criterion, page: str)").replace(
        "pod.answers,", "page == 'ready',"
    )
    gate.pytester.makepyfile(HEADER + fixture + text)
    assert gate.judge(Pod(subject="a", answers=False)) == pytest.ExitCode.OK


def test_a_check_without_its_criterion_stops_collection(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace('"answers"', '"answer"'))
    assert gate.judge(Pod(subject="a", answers=True)) == pytest.ExitCode.USAGE_ERROR
    said = capsys.readouterr()
    assert "no criterion 'answer'; did you mean 'answers'?" in said.out + said.err
    assert {f.outcome for f in gate.findings} == {Outcome.UNDETERMINED}
    assert "did you mean 'answers'?" in gate.findings[0].reason


@pytest.mark.parametrize(
    ("decorator", "message"),
    [
        ('@check("quick", remedy="r")', "does not say what it measures but '< 1 s' of 'quick' bounds a time"),
        ('@check("quick", remedy="r", measures="count")', "measures a count but '< 1 s' of 'quick' bounds a time"),
        ('@check("answers", remedy="r", measures="time")', "measures a time but criterion 'answers' has no bound"),
    ],
)
def test_a_measure_that_does_not_fit_the_bound_stops_collection(
    gate: Gate, capsys: pytest.CaptureFixture[str], decorator: str, message: str
) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace('@check("answers", remedy="Restart it.")', decorator))
    assert gate.judge(Pod(subject="a", answers=True)) == pytest.ExitCode.USAGE_ERROR
    said = capsys.readouterr()
    assert message in said.out + said.err


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("'''Does the pod answer?'''\n", "\n", "has no docstring; write the question it answers"),
        ("pod: Pod,", "pod,", "takes 0 kinds of fact and 1 criteria"),
        ("def test_pods", "async def test_pods", "would not run when called; drop async and yield"),
        ("criterion.hold", "yield criterion.hold", "would not run when called; drop async and yield"),
        ("criterion: Criterion", "criterion", "takes 1 kinds of fact and 0 criteria"),
        ("pod: Pod,", "pod: Pod, other: Pod,", "takes 2 kinds of fact"),
    ],
)
def test_a_check_of_another_form_is_refused(
    gate: Gate, capsys: pytest.CaptureFixture[str], before: str, after: str, message: str
) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace(before, after))
    assert gate.judge(Pod(subject="a", answers=True)) == pytest.ExitCode.INTERRUPTED
    assert message in capsys.readouterr().out


def test_ordinary_runs_are_silent_and_checks_without_a_run_fail(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_plain="def test_one():\n    pass")
    result = pytester.runpytest_inprocess("-p", "prodgate.run.pytest_plugin", "-p", "no:randomly")
    result.assert_outcomes(passed=1)
    assert "GO" not in result.stdout.str()
    pytester.makepyfile(test_plain=HEADER + CHECK)
    result = pytester.runpytest_inprocess(
        "-p", "prodgate.run.pytest_plugin", "-p", "no:randomly", "--import-mode=importlib"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*has no facts to judge; run it by: prodgate run*"])


POLICY = '''
"""A policy of a team's own."""
from prodgate import Criterion, Resource, policy

@policy("TEAM_1", criterion="answers", resources=("aws_sqs_queue",), remedy="Name it.")
def queues_are_named(queue: Resource, criterion: Criterion) -> None:
    """Queues have a name."""
    criterion.hold(queue.text("name") == "good", expected="name = good", observed=queue.text("name"))
'''


def queue(name: str, **more: object) -> Resource:
    return Resource(address=f"aws_sqs_queue.{name}", type="aws_sqs_queue", name=name, values={"name": name, **more})


@pytest.mark.parametrize(
    ("change", "outcomes"),
    [
        (("", ""), [("aws_sqs_queue.good", "satisfied"), ("aws_sqs_queue.bad", "not-satisfied")]),
        (("criterion.hold", "1 / 0; criterion.hold"), [("aws_sqs_queue.good", "undetermined"), ("aws_sqs_queue.bad", "undetermined")]),
        (('queue.text("name") ==', 'queue.text("nmae") =='), [("aws_sqs_queue.good", "undetermined"), ("aws_sqs_queue.bad", "undetermined")]),
    ],
)  # fmt: skip
def test_a_policy_is_one_item_over_all_its_resources(
    gate: Gate, tmp_path: Path, change: tuple[str, str], outcomes: list[tuple[str, str]]
) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / f"team_{abs(hash(change))}.py").write_text(dedent(POLICY).replace(*change))
    files = load_policies([folder])
    configuration = Configuration(root="terraform", engine="made", resources=[queue("good"), queue("bad")])
    gate.judge(configuration, policies=files)
    assert gate.outcomes == outcomes
    assert {finding.words for finding in gate.findings} <= {("expected", "observed", "remedy"), ("remedy",)}
    POLICIES.pop("TEAM_1", None)


def test_the_words_of_what_comes_with_the_gate_are_not_a_teams(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.run.judging.bundled.comes_with_gate", lambda file: file.endswith(".py"))
    gate.pytester.makepyfile(HEADER + CHECK)
    gate.judge(Pod(subject="a", answers=False))
    assert [finding.words for finding in gate.findings] == [()]


def test_a_conftest_works_as_users_of_pytest_expect(gate: Gate) -> None:
    gate.pytester.makeconftest(
        "import pytest\n"
        "def pytest_addoption(parser):\n    parser.addoption('--page', default='ready')\n"
        "@pytest.fixture(scope='session', autouse=True)\ndef begun():\n    yield\n"
        "@pytest.fixture\ndef page(request):\n    return request.config.getoption('--page')\n"
        "class Plugin:\n    pass\n"
        "def pytest_configure(config):\n    config.pluginmanager.register(Plugin(), 'theirs')\n"
    )
    text = CHECK.replace("criterion: Criterion)", "criterion: Criterion, page: str)").replace(
        "pod.answers,", "page == 'ready',"
    )
    gate.pytester.makepyfile(HEADER + text)
    assert gate.judge(Pod(subject="a", answers=False)) == pytest.ExitCode.OK
    assert gate.outcomes == [("a", "satisfied")]
