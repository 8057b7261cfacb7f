"""What a selection of a backup plan finds: by name, by tag, within its conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def selects(selection: Mapping[str, Any], arn: str, tags: Mapping[str, str]) -> bool:
    """Whether a selection includes a resource: named or tagged, not excluded, and within every condition."""
    named = _matches(arn, selection.get("Resources", ()))
    tagged = any(tags.get(tag["ConditionKey"]) == tag["ConditionValue"] for tag in selection.get("ListOfTags", ()))
    excluded = _matches(arn, selection.get("NotResources", ()))
    return (named or tagged) and not excluded and _within(selection.get("Conditions", {}), tags)


def _matches(arn: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in patterns)


def _within(conditions: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    own = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}

    def fits(test: Mapping[str, str]) -> bool:
        return fnmatchcase(own.get(test["ConditionKey"], ""), test["ConditionValue"])

    wanted = [*conditions.get("StringEquals", ()), *conditions.get("StringLike", ())]
    refused = [*conditions.get("StringNotEquals", ()), *conditions.get("StringNotLike", ())]
    return all(map(fits, wanted)) and not any(map(fits, refused))
