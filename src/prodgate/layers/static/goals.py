"""Goals of criteria, proven of the declared users and roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...facts import Facts
from ...findings import Finding
from ...iam.account import Account
from ...sections.criteria_file import CriteriaFile
from ...terraform.resources import Configuration
from ..goals import Keep, judge
from ..used import find_needs


def conclude(
    facts: Facts, stated: CriteriaFile, now: Callable[[], str], keep: Keep
) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge every goal, as of a moment, by (check, criterion); ``keep`` keeps who can become whom."""
    return judge(
        stated, "static", lambda: _read(facts, stated, now), keep, lambda uses, role: find_needs(uses, facts, role)
    )


def _read(facts: Facts, stated: CriteriaFile, now: Callable[[], str]) -> Account | str:
    configuration = next(iter(facts.of(Configuration)), None)
    if configuration is None:
        return facts.why_unreadable(Configuration) or "no configuration was observed"
    from ...terraform.guarded import add_guards  # noqa: PLC0415  only goals ask
    from ...terraform.principals import read_account  # noqa: PLC0415

    account = add_guards(read_account(configuration, now()), configuration)
    return account if stated.organization is None else replace(account, organization=stated.organization)
