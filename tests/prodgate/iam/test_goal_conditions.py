"""What a goal leaves out is what fulfils all conditions of one of its tables: held to every context of a small world."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from prodgate.iam.answers import name_no_request
from prodgate.iam.goals import Conditions
from prodgate.iam.truth import Doubt

from .policies import statement
from .test_goals import account, answer, cannot

SERVICE, ABOUT = "iam:PassedToService", "iam:AssociatedResourceArn"
VALUES = ("a", "b", "c", None)
#: A condition as a table, by what it is called here.
TABLES: Mapping[str, Conditions] = {
    "a": (("StringEquals", SERVICE, ("a",)),),
    "x": (("StringEquals", ABOUT, ("a",)),),
    "b of x": (("StringEquals", SERVICE, ("b",)), ("StringEquals", ABOUT, ("a",))),
    "of something": (("Null", ABOUT, ("false",)),),
    "no service": (("Null", SERVICE, ("true",)),),
}
GRANTS = ((), (("StringEquals", SERVICE, ("a", "b")),), (("Null", ABOUT, ("true",)),), TABLES["b of x"])


def is_fulfilled(tests: Conditions, context: Mapping[str, str | None]) -> bool:
    """Whether a context fulfils all conditions of a table, counted by hand."""
    return all(
        (context[key] is None) == (values == ("true",)) if operator == "Null" else context[key] in values
        for operator, key, values in tests
    )


def as_policy(tests: Conditions) -> dict[str, Any]:
    written: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in tests:
        written.setdefault(operator, {})[key] = list(values)
    return {"Condition": written} if written else {}


@pytest.mark.parametrize(
    "names", [("a", "x"), ("x", "b of x"), ("a", "of something"), ("no service", "a")], ids=" or ".join
)
def test_one_table_suffices(names: tuple[str, ...]) -> None:
    unless = tuple(TABLES[name] for name in names)
    goal = cannot("iam:PassRole", unless=unless)
    contexts = [dict(zip((SERVICE, ABOUT), pair, strict=True)) for pair in product(VALUES, repeat=2)]
    for granted in GRANTS:
        asked = [each for each in contexts if not any(is_fulfilled(tests, each) for tests in unless)]
        broken = any(is_fulfilled(granted, each) for each in asked)
        known = account(statement("iam:PassRole", **as_policy(granted)))
        assert answer(goal, known).kept is not broken, granted


def test_tables_that_leave_out_all_prove_nothing() -> None:
    both = ((("Null", SERVICE, ("true",)),), (("Null", SERVICE, ("false",)),))
    assert isinstance(name_no_request(cannot("iam:PassRole", unless=both), ("iam:passrole",), account()), Doubt)
    assert name_no_request(cannot("iam:PassRole", unless=both[:1]), ("iam:passrole",), account()) is None
