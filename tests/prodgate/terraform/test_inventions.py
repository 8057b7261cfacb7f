"""What the provider had to invent never decides anything."""

import pytest

from prodgate.semantics.unresolved import Unresolved
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.inventions import Inventions
from prodgate.terraform.provider.datasources import MARK
from prodgate.terraform.resources import Configuration
from tests.prodgate.terraform.tree_files import TREES


@pytest.fixture(scope="module")
def lookups() -> Configuration:
    """A root that looks most things up in AWS; see trees/lookups/main.tf."""
    return evaluate(TREES / "lookups")


def test_instances_that_only_aws_can_count_are_gaps(lookups: Configuration) -> None:
    assert {gap.subject: str(gap.position) for gap in lookups.gaps} == {
        "aws_nat_gateway.each": "main.tf:20",
        "module.optional": "main.tf:50",
    }
    assert (
        lookups.gaps[0].reason == "how many there are depends on data.aws_subnets.private, which can't be read offline"
    )


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("aws_rds_cluster.c", "backup_retention_period"),
        ("aws_rds_cluster.c", "kms_key_id"),
        ("aws_security_group.g", "ingress"),
        ("aws_sqs_queue.q", "policy"),
    ],
)
def test_values_that_come_from_aws_are_unknown(lookups: Configuration, address: str, path: str) -> None:
    resource = {each.address: each for each in lookups.resources}[address]

    with pytest.raises(Unresolved, match=r"comes from .* can't be read offline"):
        resource.text(path)


def test_values_beside_them_are_known(lookups: Configuration) -> None:
    (cluster,) = lookups.of("aws_rds_cluster")

    assert cluster.text("engine") == "aurora-postgresql"
    assert cluster.text("cluster_identifier") == "c-123456789012"


def test_zones_are_plausible(lookups: Configuration) -> None:
    assert len(lookups.of("aws_subnet")) == 2


def test_mark_is_found_at_every_depth() -> None:
    inventions = Inventions(frozenset({"aws_vpc"}), MARK)

    hidden = inventions.hide({"a": [{"b": f"arn:{MARK}/1"}], "c": {"d": "plain"}, "n": 1}, {})

    assert repr(hidden["a"][0]["b"]).startswith("<unknown: comes from a data source")
    assert (hidden["c"], hidden["n"]) == ({"d": "plain"}, 1)
