"""What is used of a principal's rights: what its code, workflows, services and task definitions call, together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..aws.called import find_actions, guess_actions, list_besides
from ..facts import Facts
from ..facts.static.called.commands import read_commands
from ..facts.static.called.folders import CodeCalls
from ..facts.static.workflows import Workflows
from ..iam.goals import Uses
from ..iam.needs import Need, Needs
from ..iam.service_needs import TASKS
from ..iam.service_needs import list_needs as list_of_service
from ..terraform.resources import Configuration
from ..terraform.started_tasks import list_needs as list_of_tasks


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
        yield from list_of_service(service)
    if TASKS in uses.services:
        configuration = next(iter(facts.of(Configuration)), None)
        if configuration is None:
            yield facts.why_unreadable(Configuration) or "no configuration was observed"
        else:
            yield from list_of_tasks(configuration, role)


def _translate(calls: Iterable[Iterable[str]]) -> Iterator[Need | str]:
    """Yield the actions of calls; of one whose actions are not known, why."""
    for kind, service, method, place in calls:
        actions = find_actions(kind, service, method)
        if isinstance(actions, str):
            yield f"{place}: {actions}"
            continue
        yield from (Need(action, place) for action in actions)
