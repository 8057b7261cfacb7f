"""The production tree, applied in the rehearsal account."""

import pytest

from prodgate.rehearsal.account import OriginalAccount

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("rehearsal")]


def test_everything_that_is_declared_is_created(production: OriginalAccount) -> None:
    assert [str(each) for each in production.account.failed] == []
    assert production.account.not_created == {}
    assert production.account.past_failed == {}


@pytest.mark.slow
def test_the_next_plan_is_empty(production: OriginalAccount) -> None:
    assert production.changes() == {}
