"""The uses of a principal's rights: the calls of its code, workflows, services and task definitions."""

import gzip
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ...facts import Facts
from ...facts.static.called import CodeCalls, read_commands
from ...facts.static.workflows import Workflows
from ...iam.goals import Uses
from ...iam.known_actions import find_action
from ...iam.needs import TASKS, Need, Needs, list_needs
from ...semantics.unresolved import Unresolved
from ...terraform.resources import Configuration, Resource

# ── Which IAM actions a call of boto3, or a command of `aws`, needs: by the descriptions of botocore and boto3

#: Of a collection of a resource, what asks for the same once more.
_SAME: Final = ("[]", "all", "filter", "limit", "page_size", "pages")

#: How verbs begin that make something, which may be given tags.
_MAKING: Final = ("Allocate", "Copy", "Create", "Import", "Publish", "Put", "Register", "Restore", "Run", "Start")

Shape = Mapping[str, Any]


def find_actions(kind: str, service: str, method: str) -> tuple[str, ...] | str:
    """Return the IAM actions of a call, or why they are not known.

    ``kind`` is ``client``, ``paginator``, ``waiter``, ``resource``, whose method is as ``Bucket.objects.all``, or
    ``command``.
    """
    told = f"aws {service} {method}" if kind == "command" else f"{service}.{method}"
    table, name = _table(), service
    if kind == "command":
        name = table["commands"].get(service, service)
        if (stated := table["methods"].get(f"aws {service}", {}).get(method)) is not None:
            return tuple(stated)
    if (stated := table["methods"].get(name, {}).get(method)) is not None:
        return tuple(stated)
    model = _read("botocore", name, "service-2")
    if model is None:
        return f"{told}: botocore knows no service of that name"
    operations = _find_operations(kind, name, method, model)
    if operations is None:
        return f"{told}: is no operation that botocore knows"
    found: list[str] = []
    for operation in operations:
        stated = table["operations"].get(name, {}).get(operation)
        action = find_action(_prefixes(name, model), operation)
        if stated is None and not action:
            return f"{told}: which action {operation} needs is not known here"
        found += stated if stated is not None else [action]
    return tuple(dict.fromkeys(found))


def guess_actions(method: str) -> tuple[str, ...]:
    """Return patterns, in lower case, of the actions that a method of this name may need, of whatever client it is."""
    table, plain = _table(), _plain(method)
    rows = (each for kind in ("operations", "methods") for each in table[kind].values())
    stated = (
        action.lower() for row in rows for name, actions in row.items() if _plain(name) == plain for action in actions
    )
    return (f"*:{plain}", *dict.fromkeys(stated))


def list_besides(action: str) -> Iterator[str]:
    """Yield patterns, in lower case, of what a call that needs an action may need besides, as its arguments say."""
    yield from _table()["beside"].get(action, ())
    service, _, verb = action.partition(":")
    if verb.startswith(_MAKING):
        yield from (f"{service.lower()}:{one}" for one in ("addtags*", "createtags", "tag*"))


def _find_operations(kind: str, service: str, method: str, model: Shape) -> tuple[str, ...] | None:
    """Return the operations that a call sends; None where there is no such call."""
    if kind == "resource":
        return _follow(service, method.split("."))
    if kind == "waiter":
        waiters = (_read("botocore", service, "waiters-2") or {"waiters": {}})["waiters"]
        found = tuple(one["operation"] for name, one in waiters.items() if _plain(name) == _plain(method))
    else:
        found = tuple(name for name in model["operations"] if _plain(name) == _plain(method))
    return found or None


def _follow(service: str, steps: list[str]) -> tuple[str, ...] | None:
    """Return the operation of the last step of a resource, as ``Bucket.objects.all``; None where that is no step."""
    model = _read("boto3", service, "resources-1")
    if model is None:
        return None
    each = {name: {"resource": {"type": name}} for name in model["resources"]}  # a service has all that there is
    shape: Shape | None = {**model["service"], "has": {**each, **model["service"].get("has", {})}}
    found: tuple[str, ...] | None = ()
    for step in steps:
        if found is None or shape is None:
            return None if found is None else ()  # what an answer holds
        found, shape = _take_step(service, step, shape, model["resources"])
    return found


def _take_step(
    service: str, step: str, shape: Shape, shapes: Mapping[str, Shape]
) -> tuple[tuple[str, ...] | None, Shape | None]:
    """Return the operation of one step, and the shape that it leads to."""
    for kind in ("actions", "hasMany", "batchActions"):
        if one := _named(shape.get(kind, {}), step):
            return (one["request"]["operation"],), shapes.get(one.get("resource", {}).get("type", ""))
    if one := _named(shape.get("has", {}), step):
        return (), shapes[one["resource"]["type"]]
    if one := _named(shape.get("waiters", {}), step.removeprefix("wait_until_")):
        return _find_operations("waiter", service, one["waiterName"], {}), shape
    if step in _SAME:
        return (), shape
    return _read_attribute(step, shape), None


def _named(table: Mapping[str, Any], step: str) -> Any:
    return next((one for name, one in table.items() if _plain(name) == _plain(step)), None)


def _read_attribute(step: str, shape: Shape) -> tuple[str, ...] | None:
    """Return what reading an attribute asks: nothing of what identifies a thing, and once for all of the others."""
    if any(_plain(one["name"]) == _plain(step) for one in shape.get("identifiers", ())):
        return ()
    return (shape["load"]["request"]["operation"],) if "load" in shape else None


def _prefixes(service: str, model: Mapping[str, Any]) -> tuple[str, ...]:
    about = model["metadata"]
    stated = _table()["prefixes"].get(service)
    return (stated,) if stated else (about.get("signingName", ""), about.get("endpointPrefix", ""), service)


def _plain(name: str) -> str:
    """Return a name without what differs between an operation and its method or command."""
    return name.replace("_", "").replace("-", "").lower()


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("called.toml").read_text("utf-8"))


@cache
def _read(package: str, service: str, kind: str) -> dict[str, Any] | None:
    """Return a description that a package brings of a service, the newest; None where it has none.

    The files are read as they are: importing botocore takes as long as all of this.
    """
    spec = find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec and re.fullmatch(r"[a-z0-9-]+", service) else ():
        for file in sorted(Path(root, "data", service).glob(f"*/{kind}.json*"), reverse=True):
            text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            found: dict[str, Any] = json.loads(text)
            return found
    return None


def find_needs(uses: Uses, facts: Facts, role: str) -> Needs:
    """Return all that is used of a role, by its ARN, and why there may be more."""
    found: list[Need] = [Need(action, why, must="*" not in action and "?" not in action) for action, why in uses.also]
    unread: list[str] = []
    parts = (_of_code(uses, facts), _of_workflows(uses, facts, role), _of_services(uses, facts, role))
    for one in (one for part in parts for one in part):
        if isinstance(one, Need):
            found.append(one)
        else:
            unread.append(one)
    perhaps = (*_list_besides(found), *_list_unfollowed(uses, facts))
    return Needs(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(unread)), tuple(dict.fromkeys(perhaps)))


def _list_besides(found: Iterable[Need]) -> Iterator[Need]:
    for one in found:
        why = f"{one.by} uses {one.action} with arguments that are not read"
        yield from (Need(action, why, must=False) for action in list_besides(one.action))


def _list_unfollowed(uses: Uses, facts: Facts) -> Iterator[Need]:
    observed = {fact.subject: fact for fact in facts.of(CodeCalls)}
    for name, place in (each for path in uses.code if path in observed for each in observed[path].named):
        why = f"{place} uses {name} of what could not be followed"
        yield from (Need(action, why, must=False) for action in guess_actions(name))


def _of_code(uses: Uses, facts: Facts) -> Iterator[Need | str]:
    observed = {fact.subject: fact for fact in facts.of(CodeCalls)}
    for path in uses.code:
        if path not in observed:
            yield f"what {path} calls was not observed"
            continue
        yield from _translate(observed[path].calls)
        unread = [
            (place, why) for place, why, package in observed[path].unseen if package not in uses.quiet or not package
        ]
        yield from (f"{place} {why}" for place, why in unread)


def _of_workflows(uses: Uses, facts: Facts, role: str) -> Iterator[Need | str]:
    if not uses.workflows:
        return
    whole = next(iter(facts.of(Workflows)), None)
    if whole is None:
        yield facts.why_unreadable(Workflows) or "no workflows were observed"
        return
    for variable in uses.workflows:
        read = read_commands(whole.jobs, variable, role)
        if not read["found"]:
            yield f"no workflow takes on the role that {variable} names"
        yield from _translate(read["calls"])
        yield from (f"{place} {why}" for place, why in read["unread"])


def _of_services(uses: Uses, facts: Facts, role: str) -> Iterator[Need | str]:
    for service in uses.services:
        yield from list_needs(service)
    if TASKS in uses.services:
        configuration = next(iter(facts.of(Configuration)), None)
        if configuration is None:
            yield facts.why_unreadable(Configuration) or "no configuration was observed"
        else:
            yield from _of_tasks(configuration, role)


def _translate(calls: Iterable[Iterable[str]]) -> Iterator[Need | str]:
    """Yield the actions of calls; of one whose actions are not known, why."""
    for kind, service, method, place in calls:
        actions = find_actions(kind, service, method)
        if isinstance(actions, str):
            yield f"{place}: {actions}"
            continue
        yield from (Need(action, place) for action in actions)


# What the declared task definitions need of the role that they are started with.

_IMAGES = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_SECRETS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}


def _of_tasks(configuration: Configuration, role: str) -> Iterator[Need | str]:
    """Yield what starting tasks needs of a role, by its ARN, and why more may be needed.

    Source: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role".
    """
    found = False
    for definition in configuration.of("aws_ecs_task_definition"):
        try:
            if not any(
                one.search().get("arn") == role for one in definition.related("execution_role_arn", "aws_iam_role")
            ):
                continue
            found = True
            for container in definition.json("container_definitions"):
                yield from _list_needed(container, definition)
        except (Unresolved, AttributeError, TypeError) as error:
            yield f"{definition.address}: {error}"
    if not found:
        yield f"no task definition that is declared here is started with {role}"


def _list_needed(container: Mapping[str, Any], definition: Resource) -> Iterator[Need]:
    by = f"{definition.address} ({container.get('name')})"
    if ".dkr.ecr." in str(container.get("image", "")):
        yield from (Need(one, by) for one in ("ecr:GetAuthorizationToken", *_IMAGES))
        yield Need(
            "ecr:BatchImportUpstreamImage", by, must=False
        )  # where a rule fills the repository on the first pull
    log = container.get("logConfiguration") or {}
    if log.get("logDriver") == "awslogs":
        yield from (Need(one, by) for one in _LOGS)
    if str((log.get("options") or {}).get("awslogs-create-group")).lower() == "true":
        yield Need("logs:CreateLogGroup", by)
    for secret in (*(container.get("secrets") or ()), *(log.get("secretOptions") or ())):
        arn = str(secret.get("valueFrom", ""))
        service = arn.split(":")[2] if arn.count(":") > 4 else "ssm"
        yield Need(_SECRETS.get(service, "ssm:GetParameters"), by)
    if container.get("repositoryCredentials"):
        yield Need("secretsmanager:GetSecretValue", by)
    for file in container.get("environmentFiles") or ():
        yield from (Need(one, f"{by}: {file.get('value')}") for one in ("s3:GetObject", "s3:GetBucketLocation"))
