"""Patterns of EventBridge rules: would an event like this one be passed on?"""

import operator
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from .unresolved import Unresolved

__all__ = ["SEVERE", "matches"]

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip

#: Source of events -> details of the findings that somebody must hear of. GuardDuty calls 7 and more high.
SEVERE: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "aws.guardduty": ({"severity": 7}, {"severity": 9}),
    "aws.securityhub": tuple(
        {"findings": {"Severity": {"Label": label}, "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE"}}
        for label in ("HIGH", "CRITICAL")
    ),
}


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether a pattern matches an event. Fields that the event does not state match any pattern.

    Raises Unresolved for a test that is not known here.
    """
    return all(_field_matches(name, wanted, event) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Any, event: Mapping[str, Any]) -> bool:
    if name == "$or":
        return any(matches(alternative, event) for alternative in wanted)
    if name not in event:
        return True
    if isinstance(wanted, Mapping):
        return isinstance(event[name], Mapping) and matches(wanted, event[name])
    return any(_test_matches(test, event[name]) for test in wanted)


def _test_matches(test: Any, value: Any) -> bool:
    if not isinstance(test, Mapping):
        return bool(test == value)
    (kind, wanted), *_ = test.items()
    if kind == "numeric":
        return all(_COMPARISONS[sign](value, bound) for sign, bound in zip(wanted[::2], wanted[1::2], strict=True))
    if kind == "anything-but":
        return not any(_test_matches(one, value) for one in (wanted if isinstance(wanted, list) else [wanted]))
    if kind == "exists":
        return bool(wanted)
    texts: dict[str, Callable[[], bool]] = {
        "prefix": lambda: str(value).startswith(wanted),
        "suffix": lambda: str(value).endswith(wanted),
        "wildcard": lambda: fnmatchcase(str(value), wanted),
        "equals-ignore-case": lambda: str(value).lower() == str(wanted).lower(),
    }
    if kind not in texts:
        raise Unresolved("event_pattern", f"has the test {kind!r}, which is not known here")
    return texts[kind]()
