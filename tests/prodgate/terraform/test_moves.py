"""A resource that a ``moved`` block gave another address is the same one."""

from pathlib import Path

import pytest

from prodgate.report.diff.worsening import find_worse
from prodgate.report.placing import follow_verdict
from prodgate.terraform.moves import Move, find_renamed, follow_moves, read_moves
from prodgate.terraform.resources import Configuration, Resource

from ..report.diff.test_worsening import judged
from ..report.samples import failing

QUEUE = Move("", "aws_sqs_queue.old", "module.jobs.aws_sqs_queue.this")


@pytest.mark.parametrize(
    ("move", "was", "now"),
    [
        (QUEUE, "aws_sqs_queue.old", "module.jobs.aws_sqs_queue.this"),
        (QUEUE, 'aws_sqs_queue.old["a"]', 'module.jobs.aws_sqs_queue.this["a"]'),
        (QUEUE, "aws_sqs_queue.older", "aws_sqs_queue.older"),
        (QUEUE, "aws_sqs_queue.old-one", "aws_sqs_queue.old-one"),
        (QUEUE, "module.x.aws_sqs_queue.old", "module.x.aws_sqs_queue.old"),
        (QUEUE, "shared with aws_sqs_queue.old", "shared with module.jobs.aws_sqs_queue.this"),
        (Move("", "module.a", "module.b"), "module.a.aws_sqs_queue.x[0]", "module.b.aws_sqs_queue.x[0]"),
        (Move("", "aws_sqs_queue.q[0]", 'aws_sqs_queue.q["a"]'), "aws_sqs_queue.q[0]", 'aws_sqs_queue.q["a"]'),
        (
            Move("module.m.module.n", "aws_sqs_queue.old", "aws_sqs_queue.new"),
            'module.m["eu"].module.n.aws_sqs_queue.old',
            'module.m["eu"].module.n.aws_sqs_queue.new',
        ),
    ],
)
def test_an_address_is_followed(move: Move, was: str, now: str) -> None:
    assert follow_moves(was, [move]) == now


def test_moves_are_followed_one_after_the_other_and_never_for_ever() -> None:
    chain = [Move("", f"aws_sqs_queue.{a}", f"aws_sqs_queue.{b}") for a, b in ("bc", "ab")]
    assert follow_moves("aws_sqs_queue.a", chain) == "aws_sqs_queue.c"
    circle = [Move("", f"aws_sqs_queue.{a}", f"aws_sqs_queue.{b}") for a, b in ("ab", "ba")]
    assert follow_moves("aws_sqs_queue.a", circle).startswith("aws_sqs_queue.")


def test_moves_are_read_of_every_module_and_of_json(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "main.tf").write_text(
        'module "jobs" {\n  source = "./jobs"\n}\n'
        'moved {\n  from = aws_sqs_queue.a["x"]\n  to   = module.jobs.aws_sqs_queue.b\n}\n'
    )
    (tmp_path / "jobs" / "main.tf").write_text("moved {\n  from = aws_sqs_queue.b\n  to = aws_sqs_queue.c\n}\n")
    (tmp_path / "jobs" / "more.tf.json").write_text('{"moved": [{"from": "aws_sqs_queue.c", "to": "aws_sqs_queue.d"}]}')
    assert set(read_moves(tmp_path)) == {
        Move("", 'aws_sqs_queue.a["x"]', "module.jobs.aws_sqs_queue.b"),
        Move("module.jobs", "aws_sqs_queue.b", "aws_sqs_queue.c"),
        Move("module.jobs", "aws_sqs_queue.c", "aws_sqs_queue.d"),
    }
    plan = tmp_path / "plan.json"
    plan.write_text("{}")
    assert read_moves(plan) == ()


def test_a_fault_that_moved_with_its_resource_is_not_new() -> None:
    before, after = failing("c", "aws_sqs_queue.old"), failing("c", "module.jobs.aws_sqs_queue.this")
    assert find_worse(judged(before), judged(after), since="main").verdict.decision.exit_code == 1
    found = find_worse(follow_verdict(judged(before), [QUEUE]), judged(after), since="main")
    assert (found.verdict.decision.exit_code, found.standing, found.gone) == (0, 1, ())


def declared(**queues: str) -> Configuration:
    made = [
        Resource(address=f"aws_sqs_queue.{key}", type="aws_sqs_queue", name=key, values={"name": name})
        for key, name in queues.items()
    ]
    return Configuration(root="here", engine="none", resources=made)


def test_what_is_declared_alike_under_another_address_is_a_rename() -> None:
    renamed = find_renamed([declared(old="jobs", kept="kept")], [declared(new="jobs", kept="kept", other="x")])
    assert list(renamed) == [("aws_sqs_queue.old", "aws_sqs_queue.new")]
    assert list(find_renamed([declared(old="jobs")], [declared(old="jobs", copy="jobs")])) == []
