"""The goals of a criterion: what principals can and cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..iam.conditions import read_operator
from ..iam.goals import ADMINISTRATOR, OUTSIDE, Conditions, Goal
from ..iam.patterns import read_arn_pattern
from ..iam.truth import Doubt
from .uses import parse_uses, uses_mistakes
from .validation import is_text_list, key_mistakes

_KEYS: Final = ("can", "cannot", "uses", "idle", "principals", "except", "resources", "unless")
_ASKING: Final = frozenset({"can", "cannot", "idle", "uses"})
_ACTION: Final = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*?]+")
_LAYERS: Final = frozenset({"static", "live"})
_EXAMPLE: Final = '{ cannot = ["kms:ScheduleKeyDeletion"], principals = ["role/*"], except = ["role/shop-keys"] }'


def parse_goals(table: Mapping[str, Any]) -> tuple[Goal, ...]:
    """Return the goals of a criterion that has no mistakes."""
    return tuple(map(_parse, table.get("goals", ())))


def _parse(goal: Mapping[str, Any]) -> Goal:
    if "uses" in goal:
        return Goal(
            may=True,
            actions=(),
            principals=tuple(goal["principals"]),
            spared=tuple(goal.get("except", ())),
            uses=parse_uses(goal["uses"]),
        )
    if "idle" in goal:
        return Goal(
            may=True,
            actions=(),
            principals=tuple(goal.get("principals", ("*",))),
            spared=tuple(goal.get("except", ())),
            grants=True,
        )
    return Goal(
        may="can" in goal,
        actions=tuple(goal.get("can", goal.get("cannot"))),
        principals=tuple(goal.get("principals", ("*",))),
        spared=tuple(goal.get("except", ())),
        resources=tuple(goal.get("resources", ("*",))),
        unless=tuple(filter(None, map(_parse_tests, _list_tests(goal)))),
    )


def _list_tests(goal: Mapping[str, Any]) -> list[Any]:
    """Return the tables of conditions of which one suffices."""
    stated = goal.get("unless", {})
    return stated if isinstance(stated, list) else [stated]


def _parse_tests(tests: Mapping[str, Any]) -> Conditions:
    return tuple((name, key, tuple(values)) for name, each in tests.items() for key, values in each.items())


def goals_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the goals of a criterion, one line each."""
    if "goals" not in table:
        return
    if not set(table["layers"] if is_text_list(table["layers"]) else ()) <= _LAYERS:
        yield f"{where}.goals: are judged by the layers static and live alone; write these, or drop them"
    if "require" in table:
        yield f"{where}.require: bounds a number, and goals hold or do not; drop it, or the goals"
    if _states_uses(table) and table["layers"] != ["static"]:
        yield f'{where}.goals: what is used is read by the layer static alone; write layers = ["static"]'
    if not table["goals"]:
        yield f"{where}.goals: holds none; write at least one, e.g. {_EXAMPLE}"
    for number, goal in enumerate(table["goals"], start=1):
        if isinstance(goal, dict):
            yield from _goal_mistakes(f"{where}.goals {number}", goal)
        else:
            yield f"{where}.goals {number}: is {goal!r}; write a table, e.g. {_EXAMPLE}"


def _idle_mistakes(where: str, goal: Mapping[str, Any]) -> Iterator[str]:
    if goal["idle"] != "none":
        yield f"{where}.idle: is {goal['idle']!r}; write 'none'"
    if goal.get("principals") == [OUTSIDE]:
        yield f"{where}.principals: {OUTSIDE!r} holds no statements; leave it out"
    for key in {"resources", "unless"} & set(goal):
        yield f"{where}.{key}: is not for what grants nothing; drop it"


def _states_uses(table: Mapping[str, Any]) -> bool:
    return any(isinstance(goal, dict) and "uses" in goal for goal in table["goals"])


def _goal_mistakes(where: str, goal: Mapping[str, Any]) -> Iterator[str]:
    yield from key_mistakes(where, goal, _KEYS)
    if len(_ASKING & set(goal)) != 1:
        yield f"{where}: says not in one way what is asked; write one of {', '.join(sorted(_ASKING))}, e.g. {_EXAMPLE}"
    lists = [key for key in goal if key in _KEYS and key not in ("unless", "uses", "idle")]
    for key in lists:
        if not is_text_list(goal[key]) or not goal[key] or not all(goal[key]):
            yield f"{where}.{key}: is {goal[key]!r}; write a list of texts, at least one"
            return
    if "uses" in goal:
        yield from uses_mistakes(where, goal)
        return
    if "idle" in goal:
        yield from _idle_mistakes(where, goal)
        return
    yield from _action_mistakes(where, goal.get("can", goal.get("cannot", ())), goal)
    if OUTSIDE in goal.get("principals", ()) and (goal["principals"] != [OUTSIDE] or "can" in goal):
        yield f"{where}.principals: {OUTSIDE!r} stands alone, and for what cannot be done; write a goal for others"
    if "*" in goal.get("except", ()):
        yield f"{where}.except: '*' leaves out everybody; name those of whom it is not asked, e.g. {_EXAMPLE}"
    for text in goal.get("resources", ()):
        if text != "*" and isinstance(read := read_arn_pattern(text, None), Doubt):
            yield f"{where}.resources: {read}; write one as 'arn:aws:s3:::name/*', or '*' for any"
    yield from _unless_mistakes(where, goal.get("unless", {}))


def _action_mistakes(where: str, actions: list[str], goal: Mapping[str, Any]) -> Iterator[str]:
    if ADMINISTRATOR in actions:
        besides = [key for key in ("resources", "unless") if key in goal] or len(actions) > 1
        if besides or goal.get("principals") == [OUTSIDE]:
            yield f"{where}: {ADMINISTRATOR!r} stands alone, without resources and conditions; write a goal for others"
        return
    for text in actions:
        if not _ACTION.fullmatch(text):
            yield f"{where}: {text!r} is no action; write one as 's3:DeleteObject', 'kms:Delete*' or {ADMINISTRATOR!r}"


def _unless_mistakes(where: str, stated: Any) -> Iterator[str]:
    if not isinstance(stated, list):
        yield from _test_mistakes(f"{where}.unless", stated)
        return
    if not stated:
        yield f"{where}.unless: holds none; write at least one table of conditions, or leave it out"
    for number, tests in enumerate(stated, start=1):
        yield from _test_mistakes(f"{where}.unless {number}", tests)
        if tests == {}:
            yield f"{where}.unless {number}: states no condition, and would leave out everything; drop it"


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
