"""Who gets in from outside: accounts, providers and the public, as policies of roles and resources name them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..semantics.policy_documents import Principal as Named
from ..semantics.unresolved import Unresolved
from .abilities import find_allowing
from .account import EVERYTHING, Account
from .answers import Answer, except_for, list_resources
from .callers import Caller, read_caller
from .decision import ASSUMING, Policies
from .documents import Document
from .evaluation import Request
from .goals import Goal, fits_any
from .questions import Question, ask, list_statements
from .space import Given
from .truth import Doubt, doubt

#: An account that nobody names.
_STRANGER = "999999999999"
_FEDERATING = ("sts:assumerolewithwebidentity", "sts:assumerolewithsaml")


def answer_of_outsiders(goal: Goal, actions: tuple[str, ...], account: Account) -> Iterator[Answer]:
    """Yield whether a goal is kept of each outsider that a policy names, and of the public."""
    if account.gaps:  # whom a policy lets in that nobody read is not known
        yield Answer(who="whoever is outside", kept=Doubt(frozenset(account.gaps)))
    besides = except_for(goal)
    for action in actions:
        for resource, guard in _list_guarded(goal, action, account):
            if guard.unread:
                yield Answer(who=resource, kept=doubt(guard.unread))
                continue
            for caller in dict.fromkeys(_list_callers(guard, account.id)):
                if isinstance(caller, Doubt):
                    yield Answer(who=resource, kept=caller)
                    continue
                if caller.name and fits_any(goal.spared, caller.name):
                    continue
                about = Document((*guard.statements, *besides.statements))
                heard = Policies(identity=(EVERYTHING,), resource=about, rcps=account.organization.rcps)
                question = Question(
                    caller=caller, action=action.lower(), resource=resource, account=account.id, policies=heard,
                    given={"aws:currenttime": account.now, **_list_known(caller, heard)},
                )  # fmt: skip
                yield _answer(question)


def _list_guarded(goal: Goal, action: str, account: Account) -> Iterator[tuple[str, Document]]:
    """Yield what may be reached from outside, with the policy that lets in: each role, or all of a service."""
    if action.lower().startswith((*ASSUMING, *_FEDERATING)):
        roles = [one for one in account.principals if one.is_role]
        for role in roles:
            if "*" in goal.resources or fits_any(goal.resources, role.arn):
                yield role.arn, role.trust or Document(unread=f"whom {role.name} trusts is not known")
    elif guard := account.guards.get(action.partition(":")[0]):
        yield from ((resource, guard) for resource in list_resources(goal))


def _list_callers(guard: Document, own: str) -> Iterator[Caller | Doubt]:
    for statement in guard.statements:
        if not statement.allows:
            continue
        if statement.not_principals is not None:
            yield from _list_strangers()
        for named in statement.principals or ():
            yield from _read_outsider(named, own)


def _read_outsider(named: Named, own: str) -> Iterator[Caller | Doubt]:
    if named.name == "*" and named.kind in ("*", "AWS"):
        yield from _list_strangers()
    elif named.kind == "Federated":
        yield Caller("federated", named.name)
    elif named.kind != "Service" and (not named.account or named.account != own):
        yield _read_foreigner(named)


def _read_foreigner(named: Named) -> Caller | Doubt:
    """Return one whom a policy names of another account: of all of it anybody, of a role any session of it."""
    if re.fullmatch(r"\d{12}|arn:[\w-]+:iam::\d{12}:root", named.name):
        return Caller("user", f"arn:aws:iam::{named.account}:user/anybody", named.account)
    try:
        caller = read_caller(named.name)
    except Unresolved as error:
        return doubt(str(error))
    if not caller.account:
        return doubt(f"{named.name} is no principal that is known here")
    if caller.kind != "role":
        return caller
    role = named.name.rpartition("/")[2]
    return Caller("session", f"arn:aws:sts::{caller.account}:assumed-role/{role}/*", caller.account)


def _list_known(caller: Caller, heard: Policies) -> Given:
    """Return what is known of a request by an outsider. Claims are named for the provider that states them."""
    if caller.kind == "anonymous":
        return {}
    if caller.kind != "federated":
        return {"aws:principalisawsservice": "false"}
    host = caller.name.partition(":oidc-provider/")[2].lower() or caller.name.lower()
    named = {condition.key for one in list_statements(heard) for condition in one.conditions}
    makers = {key: key.rpartition(":")[0] for key in named}
    return {key: None for key, maker in makers.items() if "." in maker and not f"{host}/".startswith(f"{maker}/")}


def _list_strangers() -> Iterator[Caller]:
    yield Caller("anonymous", "")
    yield Caller("user", f"arn:aws:iam::{_STRANGER}:user/anybody", _STRANGER)


def _answer(question: Question) -> Answer:
    who, found = f"{question.caller.name or 'the public'} at {question.resource}", ask(question)
    if not isinstance(found, Request):
        return Answer(who=who, kept=found if isinstance(found, Doubt) else True)
    allowing = find_allowing(found, question.policies)
    by = tuple(dict.fromkeys(one.place for one in allowing if one not in EVERYTHING.statements))
    told = ", ".join(f"{key} = {value!r}" for key, value in sorted(found.context.items()) if key not in question.given)
    said = f"{found.action} on {found.resource}{f' with {told}' if told else ''}, allowed by {', '.join(by)}"
    return Answer(who=who, kept=False, said=said, places=by)
