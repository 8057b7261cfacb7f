"""The account and the database of a rehearsed rollout are opened at the same time, and both end with it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from prodgate.rehearsal.rollout.stage import open_together

#: Seconds in which an awaited event must happen.
LIMIT = 60.0


@contextmanager
def opened(name: str, ended: list[str], begin: Callable[[], object]) -> Iterator[str]:
    begin()
    try:
        yield name
    finally:
        ended.append(name)


def test_neither_waits_for_the_other_and_both_end() -> None:
    together, ended = threading.Barrier(2, timeout=LIMIT), list[str]()
    with ExitStack() as stack:
        account, database = (opened(name, ended, together.wait) for name in ("account", "database"))
        assert open_together(stack, account, database) == ("account", "database")
        assert ended == []
    assert sorted(ended) == ["account", "database"]


@pytest.mark.parametrize("bad", ["account", "database"])
def test_whichever_fails_the_other_one_ends(bad: str) -> None:
    ended = list[str]()

    def fail() -> None:
        raise ValueError(bad)

    begins = {"account": list, "database": list, bad: fail}
    account, database = (opened(name, ended, begin) for name, begin in begins.items())
    with pytest.raises(ValueError, match=bad), ExitStack() as stack:
        open_together(stack, account, database)
    assert ended == [{"account": "database", "database": "account"}[bad]]
