"""Which tasks may fail in a run that Airflow calls successful.

Airflow decides by the last tasks alone whether a run succeeded. One of them that runs whatever came before it hides an
earlier failure, unless another one shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

#: Trigger rules with which a task does not run, and counts as failed, when any task right before it failed.
_ALL: Final = frozenset({"all_success", "none_failed", "none_failed_min_one_success"})
#: … and those with which it does so only when all of them failed.
_ONE: Final = frozenset({"one_success", "all_done_min_one_success"})


def find_masks(tasks: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Describe each task whose failure alone leaves the run successful, and what masks it.

    ``tasks`` state ``task_id``, ``upstream``, ``trigger_rule``, ``mapped`` and ``teardown``: a task that cleans up
    afterwards, which Airflow itself ignores when it decides by the last tasks.
    """
    known = {task["task_id"]: task for task in tasks if not task["teardown"]}
    before = {name: [each for each in task["upstream"] if each in known] for name, task in known.items()}
    last = sorted(known.keys() - {each for names in before.values() for each in names})
    return tuple(_describe_masked(known, before, last))


def _describe_masked(
    known: Mapping[str, Mapping[str, Any]], before: Mapping[str, Sequence[str]], last: Sequence[str]
) -> Iterator[str]:
    for name in sorted(known):
        failed = _tasks_failing_with(name, known, before)
        if not failed & set(last):
            stops = sorted(each for each in known if each not in failed and failed & set(before[each]))
            rules = ", ".join(f"{each} runs with {known[each]['trigger_rule']}" for each in stops)
            yield f"{name} may fail in a run that succeeds: {rules}"


def _tasks_failing_with(
    name: str, known: Mapping[str, Mapping[str, Any]], before: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return the tasks that count as failed when one fails and all others that run succeed."""
    failed = {name}
    partly = {name} if known[name]["mapped"] else frozenset[str]()  # one of many failed, and the others did not
    while grown := {
        each for each in known if each not in failed and _fails_with_upstream(known[each], before[each], failed, partly)
    }:
        failed |= grown
    return frozenset(failed)


def _fails_with_upstream(
    task: Mapping[str, Any], before: Sequence[str], failed: AbstractSet[str], partly: AbstractSet[str]
) -> bool:
    rule = task["trigger_rule"]
    if rule in _ONE:
        return bool(before) and set(before) <= failed - partly
    return rule in _ALL and bool(failed & set(before))
