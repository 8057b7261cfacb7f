"""Every attack of the catalogue ends with the right reason and never as GO, and what is healthy stays GO."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import records
from .catalogue import Attack, load
from .project import HEALTHY, Project, judge

ATTACKS = load()
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The healthy project is GO before the attacks of this worker, and after them."""
    control = Project(tmp_path_factory.mktemp("healthy"))
    control.write(HEALTHY)
    assert_go(control)
    yield
    assert_go(control)


def assert_go(project: Project) -> None:
    done = project.gate("run", "rehearsal://", "--only", "static")
    assert done.returncode == 0, done.stdout + done.stderr


def assert_answered(attack: Attack, folder: Path) -> None:
    code, said = Project(folder).attack(attack)
    wrong = judge(attack, code, said)
    assert not wrong, f"class {attack.number}, {attack.id}: {attack.does}\n{wrong}"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_no_attack_is_go(attack: Attack, tmp_path: Path) -> None:
    assert_answered(attack, tmp_path)


@pytest.mark.parametrize(
    "attack", [each for each in ATTACKS if not (each.setup or each.then)][::12], ids=lambda attack: attack.id
)
def test_a_project_whose_attack_was_taken_back_is_go(attack: Attack, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.attack(attack)
    project.take_back()
    assert_go(project)


def test_the_project_that_is_attacked_is_no_go(tmp_path: Path) -> None:
    nothing = Attack(id="nothing", number=1, does="Nothing.", exit=(1,), says=r"not ready")
    assert_answered(nothing, tmp_path)


@pytest.mark.parametrize("setup", ["record_the_runbook", "record_by_two"])
def test_an_honest_record_is_go(setup: str, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(HEALTHY)
    getattr(records, setup)(tmp_path, project.gate)
    for target in ("rehearsal://", "aws://eu-west-1"):
        done = project.gate("run", target, "--only", "attested")
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_attack_that_is_go_is_a_failure(tmp_path: Path) -> None:
    harmless = Attack(id="harmless", number=1, does="Nothing.", exit=(1, 2, 3, 4), says="GO", healthy=True)
    with pytest.raises(AssertionError, match=r"harmless: Nothing\.\s+ended with 0, not with one of \[1, 2, 3, 4\]"):
        assert_answered(harmless, tmp_path)


def test_the_right_code_for_another_reason_is_a_failure() -> None:
    attack = Attack(id="a", number=1, does="A.", exit=(2,), says="the layer died")
    assert judge(attack, 2, "INSUFFICIENT EVIDENCE: the layer died") == ""
    assert judge(attack, 2, "INSUFFICIENT EVIDENCE") == (
        "ended with 2, and never said 'the layer died'; it said: INSUFFICIENT EVIDENCE"
    )
