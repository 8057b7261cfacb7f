"""A team's policies and their examples: ``prodgate test`` reports a wrong one, a missing one and a broken module."""

from pathlib import Path

import pytest

from prodgate.checks import Check, check, check_of
from prodgate.commands.policy_examples import try_checks
from prodgate.criteria import Criterion
from prodgate.facts.live.databases import DatabaseSnapshot
from prodgate.sections.project import Project, open_project
from prodgate.testing import evaluate
from tests.prodgate.conftest import Gate

CRITERIA = """
system = "shop"

[criteria.queue-retention]
statement = "Queues keep messages."
why = "A weekend must not lose orders."
require = ">= 4 d"
source = "X-2"
layers = ["static"]
"""
POLICY = '''
"""A policy of the shop."""
from prodgate import Criterion, Quantity, Resource, policy


@policy("NAME", criterion="queue-retention", resources=("aws_sqs_queue",), remedy="Keep them longer.")
def queues_keep_messages(queue: Resource, criterion: Criterion) -> None:
    """Queues keep their messages over a weekend."""
    criterion.require(Quantity.seconds(queue.number("message_retention_seconds", 345600)))
'''
GOOD = """
variable "days" {}

resource "aws_sqs_queue" "kept" {
  name = "kept"
}

resource "aws_sqs_queue" "lost" { # violates SHOP_1
  name                      = "lost"
  message_retention_seconds = 60
}

resource "aws_sqs_queue" "unknown" { # undetermined SHOP_1
  name                      = "unknown"
  message_retention_seconds = var.days
}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "policies" / "examples").mkdir(parents=True)
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(shop: Path, name: str, example: str | None, more: str = "") -> None:
    (shop / "policies" / f"{name.lower()}.py").write_text(POLICY.replace("NAME", name) + more)
    if example is not None:
        (shop / "policies" / "examples" / f"{name}.tf").write_text(example)


@pytest.mark.once
@pytest.mark.slow
def test_each_policy_is_held_to_its_example(shop: Path, gate: Gate) -> None:
    write(shop, "SHOP_1", GOOD)
    assert gate("test").out == "SHOP_1: right\n1 of 1 right\n"
    write(shop, "SHOP_2", GOOD.replace("# violates SHOP_1", "").replace("SHOP_1", "SHOP_2"))
    write(shop, "SHOP_3", None)
    write(shop, "SHOP_4", GOOD, "from prodgate import Critreion\n")
    topic = 'resource "aws_sns_topic" "mail" { # violates SHOP_5\n  name = "mail"\n}\n'
    write(shop, "SHOP_5", GOOD + topic)
    said = gate("test", ends=1).out
    for each in (
        "SHOP_1: right\n",
        "SHOP_2: wrong\n    aws_sqs_queue.lost: marked satisfied, and is ",
        "    shows no resource that violates it; mark one by # violates SHOP_2\n",
        "SHOP_3: wrong\n    has no example; write policies/examples/SHOP_3.tf with ",
        "shop_4.py: wrong\n",
        "shop_4.py: can't be loaded: ImportError: cannot import name 'Critreion'",
        "SHOP_5: wrong\n    aws_sqs_queue.lost: is marked for SHOP_1; write SHOP_5\n",
        "    aws_sns_topic.mail: marked not-satisfied, and is not judged\n",
        "1 of 5 right\n",
    ):
        assert each in said


@pytest.mark.once
def test_a_project_without_policies_is_told_so(shop: Path, gate: Gate) -> None:
    assert "policies: holds no policies of your own" in gate("test", ends=4).err


@pytest.mark.once
def test_what_a_folder_declares_is_read_by_hand_too(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "kept" {\n  name = "kept"\n}\n')
    found = evaluate(tmp_path)
    assert found.complete
    assert [(resource.address, resource.text("name")) for resource in found.resources] == [
        ("aws_sqs_queue.kept", "kept")
    ]


# ── Checks

LIVE = """
system = "shop"

[criteria.encrypted]
statement = "Snapshots are encrypted."
why = "They are copied."
source = "X-1"
layers = ["live"]
"""
IMPORT = "from prodgate.facts.live.databases import DatabaseSnapshot as S\n"
KEEPS, VIOLATES = 'KEEPS = [S(subject="a", encrypted=True)]\n', 'VIOLATES = [S(subject="b", encrypted=False)]\n'
UNREAD = 'UNDETERMINED = [S.unread("c", "access denied")]\n'


def list_checks() -> dict[str, Check]:
    """Return checks by name; pytest does not find them by itself."""

    @check("encrypted", remedy="Encrypt it.")
    def is_encrypted(snapshot: DatabaseSnapshot, criterion: Criterion) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted, expected="encryption", observed=snapshot.encrypted)

    @check("encrypted", remedy="Encrypt it.")
    def takes_more(snapshot: DatabaseSnapshot, criterion: Criterion, tmp_path: Path) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted and bool(tmp_path), expected="encryption", observed="none")

    @check("forgotten", remedy="Encrypt it.")
    def of_nothing(snapshot: DatabaseSnapshot, criterion: Criterion) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted, expected="encryption", observed="none")

    found = [check_of(each) for each in (is_encrypted, takes_more, of_nothing)]
    return {each.name: each for each in found if each}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "criteria.toml").write_text(LIVE, "utf-8")
    (tmp_path / "suites" / "examples").mkdir(parents=True)
    return open_project(tmp_path / "criteria.toml")


def tried(name: str, project: Project, example: str = "") -> list[str]:
    found = list_checks()[name]
    if example:
        (project.root / "suites" / "examples" / f"{found.name}.py").write_text(example, "utf-8")
    return dict(try_checks([found], project))[name]


def test_a_check_that_says_what_its_example_says_is_right(project: Project) -> None:
    assert tried("is_encrypted", project, IMPORT + KEEPS + VIOLATES + UNREAD) == []


@pytest.mark.parametrize(
    ("example", "mistake"),
    [
        (IMPORT + KEEPS, "VIOLATES holds no DatabaseSnapshot; write one"),
        (IMPORT + VIOLATES, "KEEPS holds no DatabaseSnapshot; write one"),
        (IMPORT + KEEPS + VIOLATES.replace("False", "True"), "VIOLATES 1 (b): is satisfied, and must be not-satisfied"),
        (IMPORT + KEEPS.replace("True", "False") + VIOLATES, "KEEPS 1 (a): is not-satisfied, and must be satisfied"),
        (IMPORT + KEEPS + VIOLATES + UNREAD.replace("UNDETERMINED", "NOT_APPLICABLE"), "and must be not-applicable"),
        (IMPORT + 'KEEPS = ["a"]\n' + VIOLATES, "KEEPS 1 is no DatabaseSnapshot"),
        ("import nothing_like_it\n", "can't be loaded: ModuleNotFoundError: No module named 'nothing_like_it'"),
    ],
)
def test_what_is_wrong_is_told(project: Project, example: str, mistake: str) -> None:
    (told,) = tried("is_encrypted", project, example)
    assert mistake in told


def test_a_check_without_an_example_is_told_how_to_write_one(project: Project) -> None:
    (told,) = tried("is_encrypted", project)
    assert told == (
        "has no example; write suites/examples/is_encrypted.py with KEEPS = [DatabaseSnapshot(…)] "
        "and VIOLATES = [DatabaseSnapshot(…)]"
    )


def test_what_no_example_can_give_is_named(project: Project) -> None:
    (told,) = tried("takes_more", project)
    assert "takes tmp_path besides a fact, which an example can't give" in told
    (told,) = tried("of_nothing", project)
    assert told == "judges criterion forgotten, which criteria.toml does not state"
