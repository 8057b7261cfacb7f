"""``prodgate watch deploy``: its arguments, the exit code, and the record that the next run finds."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.cli import BROKEN, INSUFFICIENT, NO_GO, USAGE, main
from prodgate.commands import watching
from prodgate.evidence import runs
from prodgate.layers.rollout.watching import find_watches
from tests.prodgate.layers.rollout.test_watching import CRITERIA, TARGET
from tests.suites.rollout import evidence

LOAD = """
[load]
hosts = ["www.shop.example"]
resolves_to = ["203.0.113.0/24"]
most = { rate = "100 /s", duration = "1 min" }
steady = { rate = "100 /s", duration = "1 s" }
"""

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a project, with a record in place of what would be watched."""
    (tmp_path / "criteria.toml").write_text(CRITERIA.replace("[rollout]", f"{LOAD}\n[rollout]"), "utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **changes: Any) -> int:
        def follow(_context: Any, _wanted: Any) -> Mapping[str, Any]:
            if "raises" in changes:
                raise changes["raises"]
            return {**evidence.watch(evidence.good_samples()), **changes}

        monkeypatch.setattr(watching, "follow", follow)
        return main(["watch", "deploy", *arguments])

    return run


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"samples": evidence.bad_samples(away=False)}, NO_GO),
        ({"why": "it was watched for 2 h and was not over"}, INSUFFICIENT),
    ],
)
def test_the_exit_code_says_what_became_of_it(run: Run, changes: dict[str, Any], code: int) -> None:
    assert run("d-API00001", TARGET, **changes) == code


def test_the_record_is_found_by_the_next_run(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--latest", TARGET, "--json") == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "good"
    ids = {evidence.service_arn("api"): "d-API00001", evidence.service_arn("web"): "d-WEB00001"}
    (found,), unwatched = find_watches(tmp_path / "runs", TARGET, ids)
    assert (found["ids"], unwatched) == (ids, "")
    assert find_watches(tmp_path / "runs", "aws://other@eu-west-1", ids)[0] == []
    _, unwatched = find_watches(tmp_path / "runs", TARGET, {**ids, "arn:other": "d-OTHER0001"})
    assert unwatched.startswith("nobody watched d-OTHER0001")


def test_the_record_is_sealed_and_verified_as_a_run_is(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("--latest", TARGET) == 0
    watches = tmp_path / "runs" / "watches"
    newest = runs.latest(watches)
    assert newest is not None
    asked = ["verify", "--unsigned", "--criteria", "criteria.toml"]
    assert main([*asked, str(watches)]) == INSUFFICIENT
    (newest / "journal.jsonl").write_text((newest / "journal.jsonl").read_text("utf-8").replace("API", "WEB"), "utf-8")
    assert main([*asked, str(newest)]) == USAGE


def test_a_watch_that_was_cut_short_counts_for_nothing(run: Run, tmp_path: Path) -> None:
    assert run("--latest", TARGET, raises=SystemExit(9)) == BROKEN
    assert find_watches(tmp_path / "runs", TARGET, {evidence.service_arn("api"): "d-API00001"})[0] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("d-1",), "names 0 targets; write one, e.g. aws://prod@ap-northeast-1"),
        ((TARGET, "aws://eu-west-1", "--latest"), "names 2 targets"),
        ((TARGET,), "say which deployment: its id, --latest for the newest, or --next"),
        ((TARGET, "d-1", "--latest"), "say which deployment"),
        ((TARGET, "d-1", "--service", "api"), "an id names its service already"),
        (
            ("rehearsal://", "--latest"),
            "a rehearsal watches its own deployments: prodgate run rehearsal:// --only rollout",
        ),
        (
            (TARGET, "--latest", "--i-am-allowed-to-load", "www.other.example"),
            "'www.other.example' is no host of [load]",
        ),
    ],
)
def test_what_can_t_be_watched_is_a_usage_error(
    run: Run, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == USAGE
    assert says in capsys.readouterr().err


def test_a_deployment_that_can_t_be_read_says_why(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(TARGET, "--latest", raises=Unreadable("access denied")) == USAGE
    assert "watch: access denied" in capsys.readouterr().err
