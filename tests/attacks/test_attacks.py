"""Every attack of the catalogue ends with the right reason and never as GO, and the healthy project stays GO."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from . import records
from .catalogue import Attack, load, paths
from .project import HEALTHY, POLICY, Project, judge, take_environment
from .warm import Images, start_images

ATTACKS = load()
#: The class of attacks on an interpreter; the process in which code of a team runs is a copy like the command.
ON_INTERPRETERS = 8
#: Folders of a project from which nothing is imported while the gate starts.
IMPORTED_LATER = frozenset({"e2e", "facts", "infra", "policies", "suites"})
#: Of the other attacks, one of so many is done by real commands, too.
BOTH_WAYS = 40
#: One of so many is taken back when it was answered: nothing of it may be left outside of the project.
TAKEN_BACK = frozenset(attack.id for attack in [each for each in ATTACKS if not (each.setup or each.then)][::12])
pytestmark = pytest.mark.slow


def needs_commands(attack: Attack) -> bool:
    """Whether it makes a difference, or may make one, that a copy has imported the gate already.

    An attack with an environment or a wrapper of its own runs as a command anyway.
    """
    files = [PurePosixPath(path) for path in paths(attack)]
    return attack.number == ON_INTERPRETERS or any(
        path.suffix == ".py" and path.parts[0] not in IMPORTED_LATER for path in files
    )


IN_COPIES = [each for each in ATTACKS if not needs_commands(each)]
BY_COMMANDS = [each for each in ATTACKS if needs_commands(each)] + IN_COPIES[::BOTH_WAYS]


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    with start_images(take_environment()) as started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def healthy(tmp_path_factory: pytest.TempPathFactory, images: Images) -> Iterator[None]:
    """The healthy project is GO before the attacks of this worker, and after them, both ways."""
    controls = [Project(tmp_path_factory.mktemp("healthy"), way) for way in (None, images)]
    for control in controls:
        control.write(HEALTHY)
        assert_go(control)
    yield
    for control in controls:
        assert_go(control)


def assert_go(project: Project) -> None:
    done = project.gate("run", "rehearsal://", "--only", "static")
    assert done.returncode == 0, done.stdout + done.stderr


#: Modules through which an image receives its requests; not every Python's gate has imported them by then.
HEARING = {"_socket", "array", "socket"}


def assert_answered(attack: Attack, project: Project) -> None:
    """The gate answers as it must, and says GO again once the attack is taken back."""
    code, said = project.attack(attack)
    wrong = judge(attack, code, said)
    assert not wrong, f"class {attack.number}, {attack.id}: {attack.does}\n{wrong}"
    if attack.id in TAKEN_BACK:
        project.take_back()
        assert_go(project)


@pytest.mark.parametrize("attack", IN_COPIES, ids=lambda attack: attack.id)
def test_no_attack_is_go(attack: Attack, tmp_path: Path, images: Images) -> None:
    assert_answered(attack, Project(tmp_path, images))


@pytest.mark.parametrize("attack", BY_COMMANDS, ids=lambda attack: attack.id)
def test_no_attack_on_a_command_is_go(attack: Attack, tmp_path: Path) -> None:
    assert_answered(attack, Project(tmp_path))


def test_a_copy_is_what_a_command_is(tmp_path: Path, images: Images) -> None:
    """The view of a policy, the first of a team's code: modules, their order apart, options, folders and arguments."""
    look = (
        "import json, os, sys, threading\n"
        "seen = [sorted(sys.modules), list(sys.flags), sys.path, sys.argv[:2], sorted(os.environ), os.getcwd(),\n"
        "        sys.stdin.name, sys.orig_argv[:7], sorted(vars(sys.modules['__main__'])), threading.active_count(),\n"
        "        os.getsid(0) == os.getpid(), len(os.listdir('/proc/self/fd'))]\n"
        "print('SEEN', json.dumps(seen))\n"
    )
    seen = []
    for way in (None, images):
        project = Project(tmp_path, way)
        project.write(HEALTHY | {"policies/a_first.py": look + POLICY.replace("SHOP_1", "SHOP_3")})
        assert_go(project)
        log = (project.runs()[-1] / "logs" / "static.txt").read_text("utf-8")
        seen.append(json.loads(next(line for line in log.splitlines() if line.startswith("SEEN "))[5:]))
    command, copy = ({*each[0]} for each in seen)
    assert command <= copy <= command | HEARING
    assert seen[0][1:] == seen[1][1:]


def test_a_team_that_tries_everything_changes_nothing(tmp_path: Path) -> None:
    """Its deeds are refused whenever they are tried; its comparisons and the gate's own are made as ever, and kept."""
    (attack,) = (each for each in ATTACKS if each.id == "everything-that-is-forbidden")
    project = Project(tmp_path)
    assert_answered(attack, project)
    (run,) = project.runs()
    log = (run / "logs" / "static.txt").read_text("utf-8")
    assert [line for line in log.splitlines() if line.startswith("DEEDS")] == [
        "DEEDS when imported: nothing was done",
        "DEEDS at the end: nothing was done",
    ]
    events = [json.loads(line) for line in (run / "journal.jsonl").read_text("utf-8").splitlines()]
    findings = {(each["check"], each["outcome"]) for each in events if each["event"] == "finding"}
    assert {each for each in findings if each[1] != "not-applicable"} == {
        ("PG_ENC_2", "not-satisfied"),
        ("SHOP_1", "not-satisfied"),
        ("SHOP_2", "satisfied"),
        ("SHOP_3", "satisfied"),
        ("test_the_shop_is_ready", "not-satisfied"),
    }
    flaws = project.gate("verify", str(run)).stdout.splitlines()[1:]
    assert flaws == ["  UNSIGNED: seal.dsse.json: nobody stands for it"]


def test_the_project_that_is_attacked_is_no_go(tmp_path: Path) -> None:
    nothing = Attack(id="nothing", number=1, does="Nothing.", exit=(1,), says=r"not ready")
    assert_answered(nothing, Project(tmp_path))


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
        assert_answered(harmless, Project(tmp_path))


def test_the_right_code_for_another_reason_is_a_failure() -> None:
    attack = Attack(id="a", number=1, does="A.", exit=(2,), says="the layer died")
    assert judge(attack, 2, "INSUFFICIENT EVIDENCE: the layer died") == ""
    assert judge(attack, 2, "INSUFFICIENT EVIDENCE") == (
        "ended with 2, and never said 'the layer died'; it said: INSUFFICIENT EVIDENCE"
    )
