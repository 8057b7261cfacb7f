"""The goals of a criterion: what principals can, cannot and use; and what [organization] denies to all of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..criteria import Criterion
from ..iam.account import EVERYTHING, Organization
from ..iam.documents import Document, read_document
from ..iam.evaluation import read_operator
from ..iam.goals import ADMINISTRATOR, OUTSIDE, Conditions, Goal, Uses
from ..iam.needs import list_services
from ..iam.patterns import read_arn_pattern
from ..iam.truth import Doubt
from ..semantics.json_texts import read_json
from ..semantics.unresolved import Unresolved
from .fields import Key, Kind, is_text_list, one_of, plain, table

#: Keys of a criterion that state goals, with their types.
GOAL_KEYS: Final[Mapping[str, tuple[type, ...]]] = {"goals": (list,)}
_ASKING: Final = frozenset({"can", "cannot", "idle", "uses"})
_LAYERS: Final = frozenset({"static", "live"})
_EXAMPLE: Final = '{ cannot = ["kms:ScheduleKeyDeletion"], principals = ["role/*"], except = ["role/shop-keys"] }'
_ACTION: Final = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*?]+")
_USE: Final = '{ uses = { code = ["dags"], services = ["mwaa"] }, principals = ["role/shop-airflow"] }'


def read_goals(criterion: Criterion) -> tuple[Goal, ...]:
    """Return what principals can and cannot do, which the layers that a criterion asks prove of those that they see."""
    return tuple(map(GOAL.read, criterion.layer_keys.get("goals", ())))


def goals_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the goals of a criterion, one line each."""
    if "goals" not in table:
        return
    goals, layers = table["goals"], table["layers"]
    uses = any(isinstance(goal, dict) and "uses" in goal for goal in goals)
    rows = (
        (
            is_text_list(layers) and not set(layers) <= _LAYERS,
            "goals: are judged by the layers static and live alone; write these, or drop them",
        ),
        ("require" in table, "require: bounds a number, and goals hold or do not; drop it, or the goals"),
        (
            uses and layers != ["static"],
            'goals: what is used is read by the layer static alone; write layers = ["static"]',
        ),
        (not goals, f"goals: holds none; write at least one, e.g. {_EXAMPLE}"),
    )
    yield from (f"{where}.{mistake}" for wrong, mistake in rows if wrong)
    for number, goal in enumerate(goals, start=1):
        yield from GOAL.find(f"{where}.goals {number}", goal)


def _make_goal(**stated: Any) -> Goal:
    return Goal(
        may="cannot" not in stated,
        actions=stated.get("can", stated.get("cannot", ())),
        principals=stated.get("principals", ("*",)),
        spared=stated.get("except", ()),
        resources=stated.get("resources", ("*",)),
        unless=stated.get("unless", ()),
        uses=stated.get("uses"),
        grants="idle" in stated,
    )


def _find_contradictions(where: str, goal: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[str]:
    if len(_ASKING & set(goal)) != 1:
        yield f"{where}: says not in one way what is asked; write one of {', '.join(sorted(_ASKING))}, e.g. {_EXAMPLE}"
    principals = goal.get("principals")
    granting = {"uses": "what is used", "idle": "what grants nothing"}
    if asked := next((each for each in granting if each in goal), ""):
        if asked == "uses" and (not principals or principals == [OUTSIDE]):
            yield f"{where}.principals: name those that use it, e.g. {_USE}"
        if asked == "idle" and principals == [OUTSIDE]:
            yield f"{where}.principals: {OUTSIDE!r} holds no statements; leave it out"
        besides = {"resources", "unless"} & set(goal)
        yield from (f"{where}.{key}: is not for {granting[asked]}; drop it" for key in besides)
        return
    yield from _action_mistakes(where, sound.get("can", sound.get("cannot", ())), goal)
    if OUTSIDE in sound.get("principals", ()) and (principals != [OUTSIDE] or "can" in goal):
        yield f"{where}.principals: {OUTSIDE!r} stands alone, and for what cannot be done; write a goal for others"
    if "*" in sound.get("except", ()):
        yield f"{where}.except: '*' leaves out everybody; name those of whom it is not asked, e.g. {_EXAMPLE}"
    for text in sound.get("resources", ()):
        if text != "*" and isinstance(read := read_arn_pattern(text, None), Doubt):
            yield f"{where}.resources: {read}; write one as 'arn:aws:s3:::name/*', or '*' for any"


def _action_mistakes(where: str, actions: list[str], goal: Mapping[str, Any]) -> Iterator[str]:
    if ADMINISTRATOR in actions:
        besides = [key for key in ("resources", "unless") if key in goal] or len(actions) > 1
        if besides or goal.get("principals") == [OUTSIDE]:
            yield f"{where}: {ADMINISTRATOR!r} stands alone, without resources and conditions; write a goal for others"
        return
    for text in actions:
        if not _ACTION.fullmatch(text):
            yield f"{where}: {text!r} is no action; write one as 's3:DeleteObject', 'kms:Delete*' or {ADMINISTRATOR!r}"


def _find_condition(where: str, stated: Any) -> Iterator[str]:
    if not isinstance(stated, list):
        yield from _test_mistakes(where, stated)
        return
    if not stated:
        yield f"{where}: holds none; write at least one table of conditions, or leave it out"
    for number, tests in enumerate(stated, start=1):
        yield from _test_mistakes(f"{where} {number}", tests)
        if tests == {}:
            yield f"{where} {number}: states no condition, and would leave out everything; drop it"


def _test_mistakes(where: str, tests: Any) -> Iterator[str]:
    example = '{ StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com"] } }'
    if not isinstance(tests, dict) or not all(isinstance(each, dict) for each in tests.values()):
        yield f"{where}: is {tests!r}; write conditions as a policy does, e.g. {example}"
        return
    for operator, each in tests.items():
        if isinstance(read := read_operator(operator), Doubt):
            yield f"{where}: {read}; e.g. {example}"
        for key, values in each.items():
            if not is_text_list(values) or not values:
                yield f"{where}.{operator}.{key}: is {values!r}; write a list of texts, at least one"


def _read_conditions(stated: Any) -> tuple[Conditions, ...]:
    tables = stated if isinstance(stated, list) else [stated]
    return tuple(
        tuple((name, key, tuple(values)) for name, each in tests.items() for key, values in each.items())
        for tests in tables
        if tests
    )


def _find_no_use(where: str, stated: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[str]:
    if not stated:
        yield f"{where}: is {stated!r}; say what uses it, e.g. {_USE}"
    for path in sound.get("code", ()):
        if path.startswith("/") or ".." in path.split("/"):
            yield f"{where}.code: {path!r} is not below the criteria file; write a path from there"
    for name in sound.get("services", ()):
        if name not in list_services():
            yield f"{where}.services: {name!r} is not known; write one of {', '.join(list_services())}"


def _find_other_uses(where: str, also: Any) -> Iterator[str]:
    if not isinstance(also, dict) or not all(isinstance(why, str) and why.strip() for why in also.values()):
        example = '{ "s3:GetObject" = "the nightly job" }'
        yield f"{where}: is {also!r}; write actions, each with what uses it, as {example}"
        return
    yield from (f"{where}: {name!r} is no action" for name in also if not _ACTION.fullmatch(name))


def _texts(meaning: str) -> Key:
    held = plain(lambda value: is_text_list(value) and value, "a list of texts, at least one", read=tuple, type="array")
    return Key(kind=held, meaning=meaning, usual=None)


_ALSO: Final = Kind(find=_find_other_uses, read=lambda also: tuple(also.items()), schema={"type": "object"})
_USES: Final = table(
    Uses,
    _USE,
    {
        "code": _texts("Folders and files of Python, from the criteria file."),
        "workflows": _texts("Names of variables under which workflows assume the role."),
        "services": _texts("The services that run it."),
        "quiet": _texts("Packages that the code imports, and that never call AWS."),
        "also": Key(kind=_ALSO, meaning="Actions that unread code uses, each with its user.", usual=None),
    },
    _find_no_use,
)
GOAL: Final = table(
    _make_goal,
    f"a table, e.g. {_EXAMPLE}",
    {
        "can": _texts("Actions that each principal can do."),
        "cannot": _texts("Actions that no principal can do."),
        "uses": Key(
            kind=_USES, meaning="What uses the rights that each principal shall hold, and no more.", usual=None
        ),
        "idle": Key(kind=one_of("none"), meaning="That no statement grants nothing.", usual=None),
        "principals": _texts("Patterns of principals, or `outside` alone."),
        "except": _texts("Patterns of the principals that are left out."),
        "resources": _texts("Patterns of resources."),
        "unless": Key(
            kind=Kind(find=_find_condition, read=_read_conditions, schema={}),
            meaning="Conditions of requests that are left out.",
            usual=None,
        ),
    },
    _find_contradictions,
)


# ── [organization]: what the organization of the account denies to all of it

#: The policy of AWS that stands at each level until somebody takes it off.
FULL_ACCESS: Final = "FullAWSAccess"
_LEVELS: Final = '[["FullAWSAccess", \'{"Version": "2012-10-17", "Statement": …}\'], ["FullAWSAccess"]]'


def _read_policy(where: str, stated: Any) -> Document:
    if stated == FULL_ACCESS:
        return EVERYTHING
    if not isinstance(stated, str):
        raise Unresolved(where, f"is {stated!r}")
    try:
        document = read_json(stated)
    except (ValueError, RecursionError) as error:
        raise Unresolved(where, f"is no JSON: {error}") from None
    return read_document(document, where)


def _key(name: str, meaning: str, *, allows: bool) -> Key:
    """Return the key with the policies of each level; ``allows`` if each level must allow something."""

    def read(number: int, level: list[Any]) -> tuple[Document, ...]:
        places = (f"{name} level {number} policy {place}" for place in range(1, len(level) + 1))
        return tuple(map(_read_policy, places, level))

    def find(where: str, levels: Any) -> Iterator[str]:
        if not isinstance(levels, list) or not all(isinstance(level, list) for level in levels):
            yield f"{where}: is {levels!r}; write a list for each level, the root's first: {_LEVELS}"
            return
        for number, level in enumerate(levels, start=1):
            try:
                found = read(number, level)
            except (Unresolved, ValueError, RecursionError) as error:
                yield f"{where}: {error}; write each policy as JSON in a text, or {FULL_ACCESS!r}"
                continue
            if allows and not any(one.allows for each in found for one in each.statements):
                yield f"{where}: level {number} allows nothing; name {FULL_ACCESS!r} in it, as AWS does"

    schema = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
    kind = Kind(find=find, read=lambda levels: tuple(read(*each) for each in enumerate(levels, start=1)), schema=schema)
    return Key(kind=kind, meaning=meaning, usual=[])


def _find_nothing(where: str, stated: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[str]:
    if not stated:
        yield f"{where}: is {{}}; write [organization] with service_control_policies = {_LEVELS}"


ORGANIZATION: Final = table(
    lambda service_control_policies=(), resource_control_policies=(): Organization(
        scps=service_control_policies, rcps=resource_control_policies
    ),
    f"[organization] with service_control_policies = {_LEVELS}",
    {
        "service_control_policies": _key(
            "service_control_policies",
            "Service control policies, a list for each level from the root down, each policy as JSON in a text or "
            f"`{FULL_ACCESS}`.",
            allows=True,
        ),
        "resource_control_policies": _key(
            "resource_control_policies", "Resource control policies, stated likewise.", allows=False
        ),
    },
    _find_nothing,
)
