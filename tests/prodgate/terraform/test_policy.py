"""The resource types of policies, and the ones among them that are judged alike."""

import importlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.terraform.policy import policy
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.testing import POLICIES

# A policy is about types that somebody can declare.


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (("aws_sqs_queues",), "S_1: there is no resource type 'aws_sqs_queues'; did you mean 'aws_sqs_queue'?"),
        (("sqs_queue",), "did you mean 'aws_sqs_queue'?"),
        (("AWS_SQS_QUEUE",), "did you mean 'aws_sqs_queue'?"),
        (("data.aws_sqs_queue",), "did you mean 'aws_sqs_queue'?"),
        (("aws_sqs_queue", "aws_sqs_queue "), "did you mean 'aws_sqs_queue'?"),
        (("aws_zzzqqq",), "write one that the provider has"),
        ("aws_sqs_queue", "is no tuple"),
        (["aws_sqs_queue"], "is no tuple"),
        (("",), "is no resource type"),
        ((None,), "is no resource type"),
    ],
)
def test_a_type_that_nobody_can_declare_is_refused(resources: object, said: str) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        policy("S_1", criterion="c", resources=resources, population=0)  # type: ignore[arg-type]

    assert said in str(refused.value)


def test_a_severity_is_one_that_criteria_have() -> None:
    with pytest.raises(ValueError, match="X_1: severity is 'grave'; write one of critical, high, medium, low"):
        policy("X_1", criterion="c", resources=(), severity="grave")


@pytest.mark.parametrize("population", [-1, "0", True, None, 0.5])
def test_a_population_is_a_number(population: object) -> None:
    with pytest.raises(TypeError, match="which is no number of resources; write 0 or more"):
        policy("S_1", criterion="c", resources=(), population=population)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["datadog_monitor", "github_repository", "awscc_sqs_queue", "null_resource"])
def test_types_of_other_providers_are_believed(kind: str) -> None:
    policy("S_1", criterion="c", resources=(kind,), population=0)


# Arguments with one name in many types of resources are judged in each of them.

for module in sorted((Path(__file__).parents[3] / "policies").glob("[a-z]*.py")):
    importlib.import_module(f"policies.{module.stem}")

#: Names of an argument -> the policies that judge it.
FAMILIES = {
    ("publicly_accessible",): ("PG_NET_6",),
    ("assign_public_ip", "associate_public_ip_address", "map_public_ip_on_launch"): ("PG_NET_7",),
    ("deletion_protection", "deletion_protection_enabled"): ("PG_REC_2",),
    ("encrypted", "storage_encrypted", "at_rest_encryption_enabled"): ("PG_ENC_1", "PG_ENC_2", "PG_ENC_15"),
    ("encryption_disabled",): ("PG_ENC_25",),
    ("transit_encryption_enabled",): ("PG_ENC_14",),
    ("insecure_ssl", "insecure_skip_verification", "disable_ssl"): ("PG_ENC_24",),
}
#: Types in which it is not judged, and why.
ELSEWHERE = {
    "aws_ami": "registers disks that are there",
    "aws_cloudwatch_log_group": "is asked how long it keeps logs",
    "aws_codebuild_report_group": "S3 encrypts all",
    "aws_default_subnet": "is as AWS made it",
    "aws_dlm_lifecycle_policy": "copies what is asked itself",
    "aws_dms_instance_profile": "is a default for instances that are asked themselves",
    "aws_docdb_global_cluster": "is made of clusters that are asked themselves",
    "aws_ebs_snapshot_import": "reads an image once",
    "aws_ecs_service": "makes a volume for a task and deletes it",
    "aws_eks_cluster": "is made again from its declarations",
    "aws_imagebuilder_container_recipe": "builds on a disk that is deleted",
    "aws_imagebuilder_image_recipe": "makes images, whose instances are asked",
    "aws_m2_environment": "runs what is loaded into it",
    "aws_neptune_global_cluster": "is made of clusters that are asked themselves",
    "aws_neptunegraph_graph": "is protected unless that is switched off",
    "aws_pinpointsmsvoicev2_phone_number": "holds no data",
    "aws_pinpointsmsvoicev2_pool": "holds no data",
    "aws_pinpointsmsvoicev2_sender_id": "holds no data",
    "aws_pipes_pipe": "says ENABLED, and runs a task once",
    "aws_qldb_ledger": "is of a service that AWS has ended",
    "aws_rds_global_cluster": "is made of clusters that are asked themselves",
    "aws_spot_fleet_request": "says it in specifications, of which launch templates are the newer form",
    "aws_verifiedpermissions_policy_store": "is made again from its declarations",
}


def list_types(names: Collection[str]) -> Iterator[str]:
    for type_ in aws_schemas().names("resource"):
        if any(name in names for name in _list_arguments(aws_schemas().block("resource", type_))):
            yield type_


def _list_arguments(block: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name, one in block["attributes"].items() if one.get("optional") or one.get("required"))
    for inner in block["block_types"].values():
        yield from _list_arguments(inner["block"])


@pytest.mark.parametrize(("names", "ids"), FAMILIES.items(), ids=" ".join)
def test_it_is_asked_of_every_type_that_has_it(names: Collection[str], ids: Collection[str]) -> None:
    asked = {type_ for id_ in ids for type_ in POLICIES[id_].resources}
    assert sorted({*list_types(names)} - asked - ELSEWHERE.keys()) == []


def test_nothing_is_left_out_that_has_none_of_it() -> None:
    there = {type_ for names in FAMILIES for type_ in list_types(names)}
    assert sorted(ELSEWHERE.keys() - there) == []
