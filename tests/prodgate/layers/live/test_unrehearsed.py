"""What is declared and not in a rehearsal's account leaves undetermined what asks for it, by its address."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from prodgate.checks import Check, check, check_of
from prodgate.criteria import Criterion
from prodgate.facts import Facts
from prodgate.facts.live.buckets import Bucket
from prodgate.facts.live.databases import DatabaseSnapshot
from prodgate.facts.observers import import_all
from prodgate.findings import Outcome
from prodgate.layers.live.target import _notes
from prodgate.layers.live.unrehearsed import find_service, leave_unrehearsed
from prodgate.run.judging import judge

MISSING = {'module.data.aws_db_proxy.shop["one"]': 'module.data.aws_db_proxy.shop["one"] can\'t be rehearsed yet'}
CRITERION = Criterion(id="encrypted", statement="It is.", why="It is.", source="X-1", layers=("live",))


def make_check() -> Check:
    """Return a check that pytest does not find by itself."""

    @check("encrypted", remedy="Encrypt it.")
    def is_encrypted(snapshot: DatabaseSnapshot, criterion: Criterion) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted, expected="encryption", observed=snapshot.encrypted)

    found = check_of(is_encrypted)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("aws_db_instance.shop", "rds"),
        ('module.a["x.y"].aws_lb.shop[0]', "elbv2"),
        ("aws_cloudwatch_log_group.shop", "logs"),
        ("aws_cloudwatch_metric_alarm.shop['a.b']", "cloudwatch"),
        ("aws_default_security_group.shop", "ec2"),
        ("aws_elasticache_replication_group.shop", "elasticache"),
        ("aws_main_route_table_association.shop", "ec2"),
        ("aws_ec2_managed_prefix_list.shop", "ec2"),
        ("aws_ebs_volume.shop", ""),
        ("random_id.shop", ""),
    ],
)
def test_each_resource_is_listed_by_a_service(address: str, service: str) -> None:
    assert find_service(address) == service


def test_what_is_missing_is_noted_by_whether_a_check_asks_about_it() -> None:
    import_all("prodgate.facts.live")
    missing = {"aws_db_proxy": ("aws_db_proxy.a", "aws_db_proxy.b"), "aws_eks_cluster": ("module.k.aws_eks_cluster.c",)}
    assert [*_notes(SimpleNamespace(not_created=missing, failed=(), past_failed={}))] == [  # type: ignore[arg-type]
        "aws_db_proxy can't be rehearsed yet: aws_db_proxy.a, aws_db_proxy.b",
        "aws_eks_cluster is judged as it is declared, as no check asks an account about it: module.k.aws_eks_cluster.c",
    ]


def outcomes(facts: Facts) -> dict[str, tuple[Outcome, str]]:
    found = judge(make_check(), CRITERION, facts, layer="live", fixtures={})
    return {each.subject: (each.outcome, each.reason) for each in found}


def test_what_is_not_satisfied_may_be_so_for_want_of_it() -> None:
    known = (DatabaseSnapshot(subject="bad", encrypted=False), DatabaseSnapshot(subject="good", encrypted=True))
    made = {DatabaseSnapshot: frozenset({"rds in eu-central-1"}), Bucket: frozenset({"s3 in eu-central-1"})}
    assert outcomes(Facts(known, {}, made_of=made)) == {
        "bad": (Outcome.NOT_SATISFIED, ""),
        "good": (Outcome.SATISFIED, ""),
    }
    facts = leave_unrehearsed(Facts(known, {}, made_of=made), MISSING)
    (why,) = MISSING.values()
    assert outcomes(facts) == {
        "bad": (Outcome.UNDETERMINED, f"may be so for want of a part of it: {why}"),
        "good": (Outcome.SATISFIED, ""),
        "(DatabaseSnapshot)": (Outcome.UNDETERMINED, why),
    }
    assert facts.why_unreadable(Bucket) == ""


def test_none_at_all_is_joined_with_its_cause() -> None:
    facts = leave_unrehearsed(Facts(made_of={DatabaseSnapshot: frozenset({"rds in eu-central-1"})}), MISSING)
    ((outcome, reason),) = outcomes(facts).values()
    assert (outcome, reason) == (Outcome.UNDETERMINED, *MISSING.values())


def test_of_an_account_that_lacks_nothing_nothing_is_left() -> None:
    facts = Facts(made_of={DatabaseSnapshot: frozenset({"rds in eu-central-1"})})
    assert leave_unrehearsed(facts, {}) == facts
