"""What running code is given where anyone who may describe it can read it: environments, commands, options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.account import Account
from ...aws.answers import Answer, Unreadable
from ...semantics.secret_forms import find_assignments, find_secret
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments
from .ecs_services import list_services

reads("ecs", "DescribeTaskDefinition", "ListTaskDefinitionFamilies")
reads("lambda", "ListFunctions")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Handed(Fact):
    """A task definition, a function or an Airflow environment. ``subject`` is its ARN."""

    plain: tuple[str, ...]
    """Names of values that are secrets in plain text, and why they are taken for that; never the secret itself."""
    references: tuple[str, ...]
    """Where its secrets come from: ARNs, or the class of Airflow's secrets backend."""


@observes(Handed)
def observe_tasks(account: Account) -> Iterator[Handed]:
    """See the newest task definition of each family, and those that services run."""
    families = account.list("ecs", "ListTaskDefinitionFamilies", "families", status="ACTIVE")
    running = [row["taskDefinition"] for row in account.once(list_services) if row.get("taskDefinition")]
    rows = account.each(
        lambda name: (
            account.get("ecs", "DescribeTaskDefinition", taskDefinition=name).get("taskDefinition")
            or Answer({"family": name}, "ecs DescribeTaskDefinition")
        ),
        [*families, *sorted(set(running))],
    )
    different = {row.get("taskDefinitionArn", number): row for number, row in enumerate(rows)}
    yield from map(apart(Handed, _task, "taskDefinitionArn", "family"), different.values())


def _task(row: Mapping[str, Any]) -> Handed:
    containers = row["containerDefinitions"]
    return Handed(
        subject=row["taskDefinitionArn"],
        plain=tuple(f"{found} in {one['name']}" for one in containers for found in _find_secrets(_list_values(one))),
        references=tuple(
            secret["valueFrom"]
            for one in containers
            for secret in [*one.get("secrets", ()), *one.get("logConfiguration", {}).get("secretOptions", ())]
        ),
    )


@observes(Handed)
def observe_functions(account: Account) -> Iterator[Handed]:
    """See the functions of Lambda."""
    functions = account.list("lambda", "ListFunctions", "Functions")
    yield from map(apart(Handed, _function, "FunctionArn", "FunctionName"), functions)


def _function(row: Mapping[str, Any]) -> Handed:
    """Return what a function is given. Raises Unreadable where Lambda can't show it.

    https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentResponse.html
    """
    environment = row.get("Environment") or {}
    if refused := environment.get("Error"):
        raise Unreadable(
            f"lambda ListFunctions: does not show the variables of {row['FunctionArn']} ({refused['ErrorCode']}); let "
            "the policy of the key that encrypts them allow the gate's role kms:Decrypt"
        )
    return Handed(
        subject=row["FunctionArn"],
        plain=tuple(_find_secrets(environment.get("Variables", {}).items())),
        references=(),
    )


@observes(Handed)
def observe_airflow(account: Account) -> Iterator[Handed]:
    """See the Airflow environments."""
    yield from map(apart(Handed, _environment, "Arn", "Name"), list_environments(account))


def _environment(row: Mapping[str, Any]) -> Handed:
    options = row.get("AirflowConfigurationOptions", {})
    return Handed(
        subject=row["Arn"],
        plain=tuple(_find_secrets(options.items())),
        references=(options.get("secrets.backend", "Airflow's own database"),),
    )


def _list_values(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a container is given, by name."""
    yield from ((one["name"], one.get("value", "")) for one in container.get("environment", ()))
    yield from container.get("dockerLabels", {}).items()
    yield from (("command", word) for word in [*container.get("command", ()), *container.get("entryPoint", ())])


def _find_secrets(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in pairs:
        for inner, text in [(name.rpartition(".")[2], value), *find_assignments(value)]:
            if why := find_secret(inner, text):
                yield f"{inner} (by {why})"
