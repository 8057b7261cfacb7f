"""The production tree, applied in the rehearsal account."""

import pytest

from prodgate.rehearsal.account import RehearsalAccount

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("rehearsal")]


def test_everything_that_is_declared_is_created(production: RehearsalAccount) -> None:
    assert [str(each) for each in production.failed] == []
    assert production.not_created == {}
    assert production.past_failed == {}


def test_the_next_plan_is_empty(production: RehearsalAccount) -> None:
    assert production.changes() == {}
