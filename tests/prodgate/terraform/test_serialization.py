"""A configuration as evidence, and as its judge receives it."""

import json

from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.resources import REDACTED, UNKNOWN, Configuration, Resource
from prodgate.terraform.serialization import from_json, to_json

OPTIONS = {"core.parallelism": "8"}
AIRFLOW = Resource(
    address="aws_mwaa_environment.it",
    type="aws_mwaa_environment",
    name="it",
    values={
        "airflow_configuration_options": OPTIONS,
        "arn": UNKNOWN,
        "kms_key": Unknown("is decided by module.keys, which could not be read"),
    },
    sensitive=frozenset({"airflow_configuration_options"}),
)
DECLARED = Configuration(root="it", engine="made", resources=[AIRFLOW])


def test_what_is_sensitive_is_no_evidence() -> None:
    kept = from_json(json.loads(json.dumps(to_json(DECLARED)))).resources[0]
    assert kept.values["airflow_configuration_options"] is REDACTED


def test_why_a_value_is_not_known_is_kept() -> None:
    kept = from_json(json.loads(json.dumps(to_json(DECLARED)))).resources[0]
    assert kept.values["arn"] is UNKNOWN
    assert isinstance(kept.values["kms_key"], Unknown)
    assert kept.values["kms_key"].reason == "is decided by module.keys, which could not be read"
