"""What a gate run refuses to collect, or names when it can't."""

from __future__ import annotations

import pytest

from prodgate.findings import Outcome

from ..plugin_facts import Pod
from .gated import CHECK, HEADER, Gate


def test_what_to_do_must_stand_somewhere(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    gate.pytester.makepyfile(HEADER + CHECK.replace(', remedy="Restart it."', ""))
    assert gate.judge(Pod(subject="a", answers=False)) == pytest.ExitCode.USAGE_ERROR
    said = capsys.readouterr()
    assert "states no remedy, and neither does criterion 'answers'; write remedy in one of them" in said.out + said.err


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


def test_the_words_of_what_comes_with_the_gate_are_not_a_teams(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.run.judging.bundled.comes_with_gate", lambda file: file.endswith(".py"))
    gate.pytester.makepyfile(HEADER + CHECK)
    gate.judge(Pod(subject="a", answers=False))
    assert [finding.words for finding in gate.findings] == [()]
