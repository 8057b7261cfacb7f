"""A configuration as evidence, and as it is handed to who judges it."""

import json
from pathlib import Path

from prodgate.run import policies
from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.reading import REDACTED, UNKNOWN
from prodgate.terraform.resources import Configuration, Resource
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


def test_policies_that_judge_in_a_process_of_their_own_see_what_is_sensitive(tmp_path: Path) -> None:
    policies._give(tmp_path / "0000", DECLARED, [], tmp_path)
    given = from_json(json.loads((tmp_path / "0000" / policies.CONFIGURATION).read_text())).resources[0]
    assert given.values["airflow_configuration_options"] == OPTIONS
    assert given.sensitive == AIRFLOW.sensitive


def test_why_a_value_is_not_known_is_kept() -> None:
    kept = from_json(json.loads(json.dumps(to_json(DECLARED)))).resources[0]
    assert kept.values["arn"] is UNKNOWN
    assert isinstance(kept.values["kms_key"], Unknown)
    assert kept.values["kms_key"].reason == "is decided by module.keys, which could not be read"
