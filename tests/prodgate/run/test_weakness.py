"""What a run is held against: the last runs of its target, the days before it, and the branch that the change
goes to."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.report.catalogue import FILES
from prodgate.report.weakening import Yardstick
from prodgate.run import nights
from prodgate.run.nights import MOST, read_nights
from prodgate.run.planning import plan_judges
from prodgate.run.publishing import publish
from prodgate.run.revisions import MERGED_INTO
from prodgate.run.weakness import hold_against_base, hold_against_run, take_yardstick
from prodgate.sections.project import open_project
from tests.repositories import commit, git
from tests.trees import write_tree

from ..sample_run import ABOUT, CRITERIA, forge, judge, move
from . import small_shop

LESS = "criterion queue-retention: require >= 4 d -> >= 1 s"
#: A waiver of the queue that is too short.
ACCEPTED = """[waivers.Q-1]
covers = "queue-retention"
subject = "aws_sqs_queue.orders"
observed = "60 s"
reason = "It is drained first."
opened = 2026-11-24
expires = 2027-02-01
owner = "a@example.com"
approver = "b@example.com"
"""
SECOND = small_shop.POLICY.replace("SHOP_1", "SHOP_2").replace("queues_keep", "queues_also_keep")


@pytest.fixture
def held(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop as git holds it, at the only commit of its main branch; the change goes there."""
    (shop / "policies" / "second.py").write_text(SECOND)
    git(shop, "init", "-q", "-b", "main")
    commit(shop, "one")
    monkeypatch.setenv(MERGED_INTO[0], "main")
    return shop


def today(shop: Path) -> Yardstick:
    project = open_project(shop / "criteria.toml")
    return take_yardstick(project, plan_judges(project, {"static"}))


def weaken(shop: Path) -> None:
    (shop / "criteria.toml").write_text(small_shop.CRITERIA.replace(">= 4 d", ">= 1 s"), "utf-8")


def make_run(shop: Path, **about: Any) -> Path:
    said = {**ABOUT, "judges": dict(today(shop).files), **about}
    return runs.create(shop / "runs", said, shop / "criteria.toml", shop / "waivers.toml")


def against_run(shop: Path) -> list[dict[str, Any]]:
    return [*hold_against_run(today(shop), shop / "runs", "rehearsal://")]


def against_base(shop: Path) -> list[dict[str, Any]]:
    return [*hold_against_base(today(shop), shop, shop / "waivers.toml")]


def weaker_than(found: list[dict[str, Any]], name: str) -> list[str]:
    (only,) = found
    assert only["with"].startswith(name), only
    return list(only["weaker"])


# ── The last run


def test_the_last_finished_run_of_the_target_counts(shop: Path) -> None:
    assert against_run(shop) == []
    judge(run := make_run(shop))
    weaken(shop)
    judge(make_run(shop), close=False)
    judge(make_run(shop, target="aws://prod@eu-west-1"))
    judge(make_run(shop, system="other"))
    judge(make_run(shop, cell="111111111111/eu-west-1/live"))
    assert weaker_than(against_run(shop), f"run {run.name}") == [LESS]


def test_criteria_of_every_moment_are_compared(shop: Path) -> None:
    judge(make_run(shop, moment="after"))
    weaken(shop)
    assert weaker_than(against_run(shop), "run ") == [LESS]


@pytest.mark.parametrize("broken", ["{", json.dumps({"system": "shop", "target": "rehearsal://"})])
def test_a_run_that_was_changed_is_named_and_passed_over(shop: Path, broken: str) -> None:
    judge(make_run(shop))
    newer = make_run(shop)
    judge(newer)
    newest = newer.rename(newer.with_name("2030-01-01T000000Z-0000000"))
    (newest / "run.json").write_text(broken)
    weaken(shop)
    problem, found = against_run(shop)
    assert problem["with"] == f"run {newest.name}"
    assert "changed after it was written" in problem["problem"]
    assert found["weaker"] == [LESS]


def test_a_judge_that_is_no_longer_collected_is_missed(shop: Path) -> None:
    (shop / "policies" / "second.py").write_text(SECOND)
    run = make_run(shop)
    for name in ("SHOP_1", "SHOP_2"):
        Journal.of(run).record_planned("static", name, "queue-retention", f"policies/{name}.py:9")
    runs.close(run)
    (shop / "policies" / "second.py").unlink()
    assert weaker_than(against_run(shop), "run ") == ["judge SHOP_2 of queue-retention: removed"]


# ── The base branch


def test_what_a_branch_weakens_is_said_until_it_is_merged(held: Path) -> None:
    git(held, "checkout", "-q", "-b", "side")
    weaken(held)
    (held / "waivers.toml").write_text(ACCEPTED)
    (held / "policies" / "second.py").unlink()
    (held / "policies" / "shop.py").write_text(small_shop.POLICY.replace("345600", "9999999"))
    (found,) = against_base(held)
    assert found["with"] == f"main ({git(held, 'rev-parse', '--short=7', 'main')})"
    assert found["weaker"] == [LESS, "waiver Q-1: added", "judge SHOP_2 of queue-retention: removed"]
    assert found["changed"] == ["file policies/shop.py: changed"]
    commit(held, "two")
    assert against_base(held) == [found]
    git(held, "branch", "-f", "main")
    assert weaker_than(against_base(held), "main ") == []


def test_what_became_stricter_on_the_branch_meanwhile_is_not_weaker(held: Path) -> None:
    git(held, "checkout", "-q", "-b", "side")
    git(held, "checkout", "-q", "main")
    weaken(held)
    git(held, "commit", "-q", "-a", "-m", "less")
    git(held, "checkout", "-q", "side")
    assert weaker_than(against_base(held), "main ") == []


def test_included_criteria_are_those_of_the_branch(held: Path) -> None:
    first, _, rest = small_shop.CRITERIA.partition("[criteria.queue-retention]")
    write_tree(
        held,
        {
            "criteria.toml": f'include = ["criteria/*.toml"]\n{first}',
            "criteria/queues.toml": f"[criteria.queue-retention]{rest}",
        },
    )
    commit(held, "two")
    (held / "criteria" / "queues.toml").write_text(f"[criteria.queue-retention]{rest.replace('>= 4 d', '>= 1 s')}")
    assert weaker_than(against_base(held), "main ") == [LESS]


def test_a_merge_that_was_fetched_without_its_branch_names_it(
    held: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """actions/checkout leaves such a clone with a fetch-depth of 2; with one of 1, nobody can tell."""
    git(held, "checkout", "-q", "-b", "side")
    weaken(held)
    git(held, "commit", "-q", "-a", "-m", "less")
    git(held, "checkout", "-q", "main")
    (held / "README.md").write_text("")
    commit(held, "more")
    git(held, "checkout", "-q", "--detach")
    git(held, "merge", "-q", "--no-edit", "side")
    git(held, "update-ref", "refs/pull/1/merge", "HEAD")
    said: dict[int, Mapping[str, Any]] = {}
    for depth in (1, 2):
        place = tmp_path_factory.mktemp("clone")
        git(place, "init", "-q")
        git(place, "fetch", "-q", f"--depth={depth}", f"file://{held}", "refs/pull/1/merge")
        git(place, "checkout", "-q", "FETCH_HEAD")
        (said[depth],) = against_base(place)
    assert said[2]["weaker"] == [LESS]
    assert said[1] == {
        "with": "the base branch", "problem": "git has no main; fetch it, or check out with a fetch-depth of 2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda shop: git(shop, "rm", "-q", "--cached", "criteria.toml"), "has no criteria.toml"),
        (lambda shop: (shop / "criteria.toml").write_text("system = 1"), "criteria.toml: system: names no system"),
        (lambda shop: (shop / "waivers.toml").write_text("[waivers"), "waivers.toml"),
    ],
)
def test_a_branch_that_cannot_be_read_is_named(held: Path, change: Any, problem: str) -> None:
    change(held)
    git(held, "add", "-A", *(["--", ":!criteria.toml"] if "has no" in problem else []))
    git(held, "commit", "-q", "-m", "broken")
    (held / "criteria.toml").write_text(small_shop.CRITERIA, "utf-8")
    (held / "waivers.toml").unlink(missing_ok=True)
    (found,) = against_base(held)
    assert problem in found["problem"]
    assert "/tmp" not in found["problem"]


def test_outside_of_a_pull_request_the_main_branch_of_the_remote_counts(
    held: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.delenv(MERGED_INTO[0])
    assert against_base(held) == []
    clone = tmp_path_factory.mktemp("clone") / "shop"
    git(held, "clone", "-q", str(held), str(clone))
    weaken(clone)
    assert weaker_than(against_base(clone), "origin/main ") == [LESS]


def test_outside_of_git_there_is_no_branch(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MERGED_INTO[0], "main")
    assert against_base(shop) == []


# ── Where it is said


@pytest.mark.slow
def test_a_run_and_a_check_say_what_they_ask_for_less(held: Path) -> None:
    assert "weaker" not in small_shop.gate(held, "run", "--only", "static").stdout
    weaken(held)
    (held / "infra" / "main.tf").write_text(small_shop.TREE.replace("1209600", "60"))
    done = small_shop.gate(held, "run", "--only", "static", "--quiet")
    assert done.returncode == 0, done.stderr
    assert f" and main ({git(held, 'rev-parse', '--short=7', 'HEAD')}):\n    {LESS}\n" in done.stdout
    done = small_shop.gate(held, "check", "infra", "--criteria", "criteria.toml", "--json")
    assert json.loads(done.stdout)["compared"][0]["weaker"] == [LESS]
    assert f"weaker than in main ({git(held, 'rev-parse', '--short=7', 'HEAD')}):\n  {LESS}\n" in done.stderr
    earlier = sorted((held / "runs").iterdir())[0]
    done = small_shop.gate(held, "judge", str(earlier), "--quiet")
    assert (
        f" and main ({git(held, 'rev-parse', '--short=7', 'HEAD')}):\n    {LESS}\n" not in done.stdout
    )  # the last run has it
    assert f"weaker than in main ({git(held, 'rev-parse', '--short=7', 'HEAD')}):\n    {LESS}\n" in done.stdout
    again = small_shop.gate(held, "diff", str(earlier), str(sorted((held / "runs").iterdir())[-1]))
    assert f"weaker: 1\n  {LESS}\n" in again.stdout


# ── The days before a run, as its report shows them


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    return tmp_path


def make(folder: Path, day: str, hour: int = 1, **about: Any) -> Path:
    made = runs.create(folder / "runs", {**ABOUT, **about}, folder / "criteria.toml", folder / "none.toml")
    judge(made)
    moved = move(made, f"{day}T{hour:02}0000Z-aaaaaaa")
    forge(moved, started=f"{day}T{hour:02}:00:00+00:00")
    return moved


def shown(run: Path) -> Mapping[str, str]:
    """Return the last run of each day that is shown, or why there is none."""
    return {f"{each.day}": each.entry.run[:13] if each.entry else each.state for each in read_nights(runs.read(run))}


def test_shows_the_last_run_of_each_day_and_the_days_without_one(folder: Path) -> None:
    for day, hour in (("2026-11-01", 1), ("2026-11-01", 2), ("2026-11-03", 1), ("2026-11-04", 2), ("2026-11-05", 1)):
        make(folder, day, hour)
    assert shown(make(folder, "2026-11-04", 1)) == {
        "2026-11-01": "2026-11-01T02",
        "2026-11-02": "missing",
        "2026-11-03": "2026-11-03T01",
        "2026-11-04": "2026-11-04T01",
    }


def test_shows_nothing_where_no_run_of_the_same_is_on_an_earlier_day(folder: Path) -> None:
    make(folder, "2026-11-03", target="rehearsal://another")
    make(folder, "2026-11-04", 1)
    make(folder, f"2026-11-{4 + MOST:02}")
    assert shown(make(folder, "2026-11-04", 2)) == {}
    assert shown(make(folder, f"2026-11-{3 + MOST:02}"))


def test_runs_that_are_not_shown_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for hour in (1, 2):
        make(folder, "2026-11-03", hour)
    other, own = make(folder, "2026-11-04", 1), make(folder, "2026-11-04", 2)
    read = list[Path]()
    monkeypatch.setattr(nights, "read_entry", read.append)
    read_nights(runs.read(own))
    assert other not in read
    assert [path.name[:13] for path in read] == ["2026-11-03T02"]


def test_a_run_that_was_changed_is_refused_and_takes_nothing_from_another(folder: Path) -> None:
    changed, own = make(folder, "2026-11-03"), make(folder, "2026-11-04")
    before = publish(make(folder, "2026-11-02"), as_json=True)
    (changed / "run.json").write_bytes(b"\x00")
    (folder / "runs" / "2026-11-00Z-x").mkdir()
    assert publish(own, as_json=True) == before
    assert [each.state for each in read_nights(runs.read(own))][-2:] == ["refused", "GO"]


def test_a_pipe_in_the_place_of_a_run_keeps_nobody_waiting(folder: Path) -> None:
    own = make(folder, "2026-11-04")
    other = folder / "runs" / "2026-11-03T010000Z-aaaaaaa"
    other.mkdir()
    os.mkfifo(other / "run.json")
    assert [each.state for each in read_nights(runs.read(own))] == ["refused", "GO"]


@pytest.mark.parametrize("language", FILES)
def test_the_report_says_it(folder: Path, language: str) -> None:
    earlier, own = make(folder, "2026-11-02"), make(folder, "2026-11-04")
    publish(own, as_json=True)
    page = (own / FILES[language]).read_text("utf-8")
    assert 'id="nights"' in page
    assert earlier.name in page
    assert ("no run" if language == "en" else "実行なし") in page
    assert ("journal alone" if language == "en" else "ジャーナルだけ") not in page
    publish(earlier, as_json=True)
    assert 'id="nights"' not in (earlier / FILES[language]).read_text("utf-8")
