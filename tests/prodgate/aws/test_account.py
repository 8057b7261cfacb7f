"""An observer's requests: once for all callers, several at a time; and an unreadable field is not a fact."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.aws.answers import Absent, Unread, Unreadable
from prodgate.facts import Fact
from prodgate.facts.observers import OBSERVERS, observe_all, observes
from prodgate.findings import Undetermined


@dataclass
class Answers:
    answer: Callable[[str], Sequence[Any]]
    asked: list[str]

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        self.asked.append(f"{service} {operation} {region} {dict(parameters)} {whole}")
        return self.answer(operation)


@contextmanager
def account(answer: Callable[[str], Sequence[Any]]) -> Iterator[tuple[Account, list[str]]]:
    with ThreadPoolExecutor(4, thread_name_prefix="calls") as pool:
        answers = Answers(answer, [])
        yield (
            Account(
                id="123456789012",
                region="here",
                now=datetime.now(UTC),
                calls=answers,
                pool=pool,
                declared=lambda _: {},
                files=lambda _: {},
            ),
            answers.asked,
        )


def test_the_same_question_is_asked_once_and_another_region_is_another_question() -> None:
    with account(lambda _: [{"Keys": [1]}, {"Keys": [2]}]) as (aws, asked):
        assert aws.each(lambda _: aws.list("kms", "ListKeys", "Keys"), range(20)) == ((1, 2),) * 20
        aws.list("kms", "ListKeys", "Keys", region="there")
    assert asked == ["kms ListKeys here {} True", "kms ListKeys there {} True"]


def test_a_list_inside_an_answer_is_found_and_may_be_missing() -> None:
    with account(lambda _: [{"DistributionList": {"Items": [1]}}, {"DistributionList": {}}, {}]) as (aws, _):
        assert aws.list("cloudfront", "ListDistributions", "DistributionList.Items") == (1,)


def test_absence_is_none_only_for_find() -> None:
    def absent(_: str) -> Sequence[Any]:
        raise Absent("NoSuch")

    with account(absent) as (aws, _):
        assert aws.find("s3", "GetBucketPolicy") is None
        with pytest.raises(Absent):
            aws.get("s3", "GetBucketPolicy")


def denied(_: str) -> Sequence[Any]:
    raise Unreadable("denied")


def test_each_observer_knows_what_it_asked_itself_in_threads_and_through_others() -> None:
    def keys(aws: Account) -> Iterator[Fact]:
        aws.each(lambda region: aws.list("kms", "ListKeys", "Keys", region=region), ("here", "there"))
        yield Fact(subject="key")

    def clusters(aws: Account) -> Iterator[Fact]:
        aws.list("rds", "DescribeDBClusters", "DBClusters")
        yield from aws.once(keys)

    def refused(aws: Account) -> Iterator[Fact]:
        yield from aws.once(keys)
        raise Unreadable("denied")

    class Key(Fact): ...

    class Cluster(Fact): ...

    class Denied(Fact): ...

    with account(lambda _: [{}]) as (aws, _):
        aws.list("s3", "ListBuckets", "Buckets")
        facts = observe_all(aws, {keys: (Key,), clusters: (Cluster, Key), refused: (Denied,)})
    both = {"kms in here", "kms in there"}
    assert facts.sources(Denied) == both
    assert facts.sources(Cluster) == facts.sources(Key) == {*both, "rds in here"}
    assert facts.sources(Fact) == {*both, "rds in here"}


def test_an_attempt_stands_for_the_field_and_not_for_the_fact() -> None:
    with account(denied) as (aws, _):
        assert aws.attempt(aws.get, "s3", "GetBucketPolicy", Bucket="b") == Unread("denied")
        with pytest.raises(Unreadable):
            aws.each(lambda _: aws.get("s3", "GetBucketPolicy"), [1])


def test_each_within_each_ends() -> None:
    with account(lambda _: [{}]) as (aws, _):
        inner = lambda _: aws.each(str, range(3))  # noqa: E731
        assert aws.each(inner, range(50)) == (("0", "1", "2"),) * 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Fact):
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Fact):
    size: int


@pytest.fixture
def none(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No observers except those that the test registers."""
    kept = dict(OBSERVERS)
    OBSERVERS.clear()
    monkeypatch.setattr("traceback.print_exc", lambda: None)
    yield
    OBSERVERS.clear()
    OBSERVERS.update(kept)


def seen(answer: Callable[[str], Sequence[Any]] = lambda _: [{}]) -> Any:
    with account(answer) as (aws, _):
        return observe_all(aws)


@pytest.mark.usefixtures("none")
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unreadable("denied"), "denied"),
        (Absent("NoSuchKey"), "broken did not expect that AWS answers NoSuchKey"),
        (KeyError("Arn"), "broken failed: KeyError: 'Arn'"),
    ],
)
def test_an_observer_that_fails_takes_its_own_kinds_along_and_nothing_else(error: Exception, reason: str) -> None:
    @observes(Seen)
    def broken(_account: Account) -> Iterator[Seen]:
        yield Seen(subject="a", size=1)
        raise error

    @observes(Other)
    def fine(_account: Account) -> Iterator[Other]:
        yield Other(subject="b", size=1)

    facts = seen()
    assert [fact.subject for fact in facts.known] == ["b"]
    assert facts.unreadable == {Seen: reason}


@pytest.mark.usefixtures("none")
def test_an_observer_that_reads_what_another_could_not_see_sees_nothing() -> None:
    @observes(Seen)
    def first(account: Account) -> Iterator[Seen]:
        yield Seen(subject="a", size=account.attempt(denied, "x"))  # type: ignore[arg-type]

    @observes(Other)
    def second(account: Account) -> Iterator[Other]:
        yield from (Other(subject=fact.subject, size=fact.size) for fact in account.once(first))

    facts = seen()
    assert facts.unreadable == {Other: "denied"}
    with pytest.raises(Undetermined):
        assert facts.known[0].size


@pytest.mark.usefixtures("none")
def test_observers_that_ask_each_other_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.aws.account.MAX_WAIT", 0.05)

    @observes(Seen)
    def one(account: Account) -> Iterator[Seen]:
        account.once(two)
        yield Seen(subject="a", size=1)

    @observes(Other)
    def two(account: Account) -> Iterator[Other]:
        account.once(one)
        yield Other(subject="a", size=1)

    assert set(seen().unreadable) == {Seen, Other}
    assert threading.active_count() < 20
