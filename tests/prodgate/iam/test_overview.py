"""Who can become whom, as values: one hop for each pair, the certain one before others, and a bound on all of it."""

from __future__ import annotations

import pytest

from prodgate.iam import overview
from prodgate.iam.account import Account, Principal
from prodgate.iam.answers import Standing
from prodgate.iam.overview import describe_standing

from .policies import ACCOUNT, document, statement

UNKNOWN = {"Condition": {"StringIs": {"a": "b"}}}


def standing() -> Standing:
    """Return three roles: of the first it is not known whether it raises its own rights, and it assumes the second."""
    arns = {name: f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("one", "two", "three")}
    trust = document(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arns["one"]}}, where="two.tf:1"
    )
    edit = statement("iam:PutRolePolicy", arns["one"], **UNKNOWN)
    assume = statement("sts:AssumeRole", arns["two"])
    principals = (
        Principal(arn=arns["one"], identity=(document(edit, assume, where="one.tf:1"),), place="one.tf:9"),
        Principal(arn=arns["two"], trust=trust),
        Principal(arn=arns["three"]),
    )
    return Standing(Account(id=ACCOUNT, principals=principals, is_whole=True))


def test_hops_are_told_with_what_allows_them_and_why_they_are_not_certain() -> None:
    found = describe_standing(standing())
    assert [(one["name"], one["administrator"]) for one in found["principals"]] == [
        ("one", "undetermined"), ("three", "no"), ("two", "no"),
    ]  # fmt: skip
    (reason,) = found["principals"][0]["reasons"]
    assert reason.endswith("one.tf:1 statement 1: the condition operator StringIs is not known here")
    certain, unsure = found["hops"]
    assert (certain["to"].rpartition("/")[2], certain["how"], certain["reasons"]) == ("two", "assume two", [])
    assert certain["by"] == ["one.tf:1 statement 2", "two.tf:1 statement 1"]
    assert (unsure["to"], unsure["how"]) == ("", "write an inline policy of one")
    assert unsure["reasons"] == [reason]
    assert found["left_out"] == 0


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_MOST", 1)
    found = describe_standing(standing())
    assert (len(found["principals"]), len(found["hops"]), found["left_out"]) == (1, 1, 3)
