"""Results of tests: files that the criteria name, and in a rehearsal a command that is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.layers.rollout.tests import observe_tests
from tests.prodgate.layers.context import layer_context

COMMIT = "c" * 40
CRITERIA = """
system = "shop"

[rollout.before]
tests = ["reports/*.xml"]
{more}

[criteria.before-tests-pass]
statement = {{ en = "They pass.", ja = "合格する。" }}
why = "They must."
source = "X-1"
layers = ["rollout"]
"""
GOOD = "<testsuite tests='1'><testcase name='a'/></testsuite>"
BAD = "<testsuite tests='1'><testcase name='a'><failure/></testcase></testsuite>"


def results(project: Path, *, target: str = "aws://eu-west-1", more: str = "") -> list[dict[str, Any]]:
    (project / "criteria.toml").write_text(CRITERIA.format(more=more), "utf-8")
    context = layer_context(project, "rollout", target, commit=COMMIT)
    (seen,) = observe_tests(context, Mock(), {})
    assert seen.value["commit"] == COMMIT
    found: list[dict[str, Any]] = seen.value["results"]
    return found


def command(code: str, limit: str = "120 s") -> str:
    return f'[rollout.before.rehearsal]\ncommand = ["{{python}}", "-c", """{code}""", "{{results}}"]\nlimit = "{limit}"'


def rehearsed(project: Path, code: str, limit: str = "120 s") -> dict[str, Any]:
    # text of TOML, in which braces of a format are doubled
    (found,) = results(project, target="rehearsal://", more=command(code, limit))
    return found


def test_files_and_the_commit_beside_them(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "unit.xml").write_text(GOOD)
    (tmp_path / "reports" / "commit").write_text(f"{COMMIT}\n")
    (found,) = results(tmp_path)
    assert (found["file"], found["tests"], found["failures"]) == ("reports/unit.xml", 1, 0)
    assert found["marks"] == [COMMIT]


def test_a_file_that_is_none_is_kept_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "unit.xml").write_text(GOOD[:-5])
    (found,) = results(tmp_path)
    assert "reports/unit.xml: it is no whole XML" in found["unread"]


def test_a_pattern_without_a_file_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"reports/\*.xml: there is no such file"):
        results(tmp_path)


def test_a_rehearsal_runs_the_tests_of_its_commit(tmp_path: Path) -> None:
    found = rehearsed(tmp_path, f"import sys; open(sys.argv[1], 'w').write(\\\"{GOOD}\\\")")
    assert (found["tests"], found["failures"], found["marks"]) == (1, 0, [COMMIT])


def test_tests_that_fail_are_a_result(tmp_path: Path) -> None:
    found = rehearsed(tmp_path, f"import sys; open(sys.argv[1], 'w').write(\\\"{BAD}\\\"); sys.exit(1)")
    assert found["failed"] == ["a"]


@pytest.mark.parametrize(
    ("code", "limit", "why"),
    [
        ("import sys; sys.exit(3)", "120 s", "ended with exit code 3 and no failure on record"),
        ("import time; time.sleep(60)", "1 s", "did not end within 1 s"),
    ],
)
def test_tests_that_did_not_end_well_are_no_result(tmp_path: Path, code: str, limit: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        rehearsed(tmp_path, code, limit)


def test_a_command_that_writes_nothing_has_no_result(tmp_path: Path) -> None:
    assert "the rehearsal's tests: No such file" in rehearsed(tmp_path, "pass")["unread"]
