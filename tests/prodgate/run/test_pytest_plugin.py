"""Checks and policies as pytest items: whatever pytest does with an item, the journal never loses it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import pytest

from prodgate.findings import Outcome
from prodgate.sections.project import load_policies
from prodgate.terraform.policy import POLICIES
from prodgate.terraform.resources import Configuration, Resource

from ..plugin_facts import Pod
from .gated import CHECK, HEADER, Gate


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
