"""Tasks and Airflow with the variables that they are given, and the addresses that these may name."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.account import Account
from .. import Fact
from ..observers import observes_each
from .airflow import list_environments, read_startup_script
from .databases import list_clusters
from .distributions import items, list_distributions
from .ecs_services import list_task_definitions

#: Members of a container of ECS that give it variables.
_GIVEN = ("name", "environment", "environmentFiles", "secrets")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProgramResource(Fact):
    """A program, or something whose address it may be given, as Terraform would state it. ``subject`` is its ARN."""

    type: str
    values: Mapping[str, Any]


@observes_each(
    ProgramResource, list_task_definitions, "taskDefinitionArn", "family", types=("aws_ecs_task_definition",)
)
def observe_task_variables(_: Account, row: Mapping[str, Any]) -> ProgramResource:
    """Observe the variables of the task definitions."""
    containers = [{key: one[key] for key in _GIVEN if key in one} for one in row["containerDefinitions"]]
    return ProgramResource(
        subject=row["taskDefinitionArn"],
        type="aws_ecs_task_definition",
        values={"container_definitions": json.dumps(containers)},
    )


@observes_each(
    ProgramResource, list_environments, "Arn", "Name", types=("aws_mwaa_environment", "aws_s3_object"), at_once=True
)
def observe_airflow_variables(account: Account, found: Mapping[str, Any]) -> Iterator[ProgramResource]:
    """Observe the settings of Airflow, and what its startup script exports."""
    path = found.get("StartupScriptS3Path")
    script = f"{found['SourceBucketArn']}/{path}" if path else None
    yield ProgramResource(
        subject=found["Arn"],
        type="aws_mwaa_environment",
        values={
            "startup_script_s3_path": script,
            "airflow_configuration_options": found.get("AirflowConfigurationOptions") or {},
        },
    )
    if script:
        content = account.attempt(read_startup_script, account, found)
        yield ProgramResource(subject=script, type="aws_s3_object", values={"key": script, "content": content})


@observes_each(ProgramResource, list_clusters, "DBClusterArn", "DBClusterIdentifier", types=("aws_rds_cluster",))
def observe_readers(_: Account, row: Mapping[str, Any]) -> ProgramResource:
    """Observe the reader endpoints of databases."""
    return ProgramResource(
        subject=row["DBClusterArn"], type="aws_rds_cluster", values={"reader_endpoint": row["ReaderEndpoint"]}
    )


@observes_each(ProgramResource, list_distributions, "ARN", "Id", types=("aws_cloudfront_distribution",))
def observe_served_names(_: Account, site: Mapping[str, Any]) -> ProgramResource:
    """Observe the names that distributions serve."""
    return ProgramResource(
        subject=site["ARN"], type="aws_cloudfront_distribution", values={"aliases": [*items(site, "Aliases")]}
    )
