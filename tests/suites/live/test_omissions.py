"""A member missing in AWS's responses costs only its own resource: no kind, and no sense."""

import pathlib
import tomllib
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel, Shape

from prodgate.aws.actions import READS
from prodgate.aws.answers import Absent, Unread, Unreadable
from prodgate.aws.recording import Call, Record, Recording
from prodgate.facts import Fact, Facts
from prodgate.facts.observers import OBSERVERS
from prodgate.layers.live.observing import observe_through

from .harness import Observed, Stage

#: What answers of real accounts leave out (``benchmarks/omitted.py``).
Path = tuple[str, ...]
MEMBERS = tomllib.loads((pathlib.Path(__file__).parent / "omitted_members.toml").read_text("utf-8"))
#: Operations that the ordinary tests try.
SAMPLE = ("events ListRules", "kms ListKeys", "lambda ListFunctions", "sns ListTopics", "securityhub DescribeHub")
#: What the gate says where it met something that nobody thought of.
NOT_THOUGHT_OF = ("was not understood", " failed: ")
SITE = "DistributionList.Items[]."
#: Members without which there is less to look at, and of what kind: their absence says that there is none.
NONE_THERE = {
    ("cloudfront ListDistributions", f"{SITE}CacheBehaviors"): {"CacheBehaviour"},
    ("cloudfront ListDistributions", f"{SITE}CacheBehaviors.Items"): {"CacheBehaviour"},
    ("cloudfront ListDistributions", f"{SITE}Origins"): {"BucketOrigin", "ServerOrigin"},
    ("cloudfront ListDistributions", f"{SITE}Origins.Items[].VpcOriginConfig"): {"ServerOrigin"},
    ("cloudfront ListDistributions", f"{SITE}ViewerCertificate"): {"CertificateInUse"},
    ("cloudfront ListDistributions", f"{SITE}ViewerCertificate.ACMCertificateArn"): {"CertificateInUse"},
    ("cloudfront ListDistributions", f"{SITE}WebACLId"): {"WebAcl"},
    ("iam GetAccountAuthorizationDetails", "RoleDetailList[].RolePolicyList"): {"IdentityResource"},
    ("lambda ListFunctions", "Functions[].VpcConfig"): {"Placement"},
    ("mwaa GetEnvironment", "Environment.StartupScriptS3Path"): {"ProgramResource"},
}


@dataclass(frozen=True)
class Answering:
    """Answers from a recording, of which each answer is read once; one call by other pages."""

    recording: Recording
    read: dict[str, Any] = field(default_factory=dict)
    instead: Mapping[str, Any] = field(default_factory=dict)

    def pages(self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool) -> Any:
        asked = Call(service=service, operation=operation, region=region, parameters=parameters, whole=whole)
        if asked.key in self.instead:
            return self.instead[asked.key]
        if asked.key not in self.read:
            self.read[asked.key] = self._read(asked)
        answer = self.read[asked.key]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _read(self, asked: Call) -> Any:
        try:
            return self.recording.pages(
                asked.service, asked.operation, asked.region, asked.parameters, whole=asked.whole
            )
        except (Absent, Unreadable) as error:
            return error


def without_first(value: Any, path: Sequence[str]) -> tuple[Any, list[Any]]:
    """Return a value without the first member at a path, and that member, if there is one."""
    name, *rest = path
    if name == "[]":
        for number, item in enumerate(value if isinstance(value, list) else ()):
            changed, found = without_first(item, rest)
            if found:
                return [*value[:number], changed, *value[number + 1 :]], found
        return value, []
    if not isinstance(value, dict) or name not in value:
        return value, []
    if not rest:
        return {key: one for key, one in value.items() if key != name}, [value[name]]
    changed, found = without_first(value[name], rest)
    return {**value, name: changed}, found


def stated(value: Any, shape: Shape, not_required: Container[str], path: Path = ()) -> Iterator[Path]:
    """Yield the members that a value states and that are not guaranteed."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name in value.keys() & shape.members.keys():
            if name not in shape.required_members or written((*path, name)) in not_required:
                yield (*path, name)
            yield from stated(value[name], shape.members[name], not_required, (*path, name))
    elif shape.type_name == "list" and isinstance(value, list):
        for one in value:
            yield from stated(one, shape.member, not_required, (*path, "[]"))
    elif shape.type_name == "map" and isinstance(value, dict):
        for name, one in value.items():
            yield (*path, name)
            yield from stated(one, shape.value, not_required, (*path, name))


def written(path: Path) -> str:
    return ".".join(path).replace(".[]", "[]")


@cache
def model(service: str, operation: str) -> OperationModel:
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


@pytest.fixture(scope="session")
def answers(healthy: Observed) -> Answering:
    return Answering(healthy.recording)


def operations() -> Iterator[Any]:
    """Yield every operation that is called; all but a sample are tried by ``tox -e faults``."""
    for name in sorted(f"{service} {operation}" for service, called in READS.items() for operation in called):
        yield pytest.param(name, id=name, marks=[] if name in SAMPLE else [pytest.mark.slow])


def find_records(healthy: Observed, operation: str) -> list[Record]:
    """Return what was answered to an operation."""
    records = healthy.recording.records.values()
    return [one for one in records if f"{one.call.service} {one.call.operation}" == operation and one.pages]


def observing(stage: Stage, healthy: Observed, operation: str) -> Callable[[Answering], Facts]:
    """Return a function that observes, by those who ask an operation, what answers say."""
    asking = (*operation.split(),)
    looking = {o: kinds for o, kinds in OBSERVERS.items() if asking in stage.asked_by(o, healthy.recording)}
    return lambda given: observe_through(given, stage.about, stage.seen, looking)


def fields(fact: Fact) -> list[Any]:
    return [fact.peek(name) for name in type(fact).__dataclass_fields__]


def reasons(facts: Facts) -> Iterator[str]:
    yield from facts.unreadable.values()
    yield from (one.reason for fact in facts.known for one in fields(fact) if isinstance(one, Unread))


def vanished(before: Facts, after: Facts) -> set[str]:
    """Return the kinds of which there is less, and nothing unread in its place."""
    counts = [Counter(type(fact).__name__ for fact in facts.known) for facts in (before, after)]
    unread = [Counter(type(f).__name__ for f in facts.known if is_unread(f)) for facts in (before, after)]
    return {kind for kind in counts[0] if counts[1][kind] < counts[0][kind] and unread[1][kind] <= unread[0][kind]}


def is_unread(fact: Fact) -> bool:
    """Whether nothing is known of it but its name, and its type if it has one."""
    return isinstance(fields(fact)[-1], Unread)


def omitted(records: Sequence[Record], answers: Answering, path: Path) -> tuple[Answering, Any]:
    """Return the answers without a member in the first resource that states it, and the member."""
    for record in records:
        pages, found = without_first(list(record.value()), ("[]", *path))
        if found:
            return Answering(answers.recording, answers.read, {record.call.key: pages}), found[0]
    raise AssertionError(path)


def is_list(path: Path, value: Any) -> bool:
    """Whether a member is the requested list: AWS omits an empty list."""
    listed = value.get("Items", value) if isinstance(value, dict) else value
    return "[]" not in path and isinstance(listed, list)


@pytest.mark.parametrize("operation", list(operations()))
def test_what_is_left_out_costs_one_resource(
    stage: Stage, healthy: Observed, answers: Answering, operation: str
) -> None:
    records, observe = find_records(healthy, operation), observing(stage, healthy, operation)
    shape, left_out = model(*operation.split()).output_shape, {*MEMBERS.get(operation, {}).get("members", ())}
    members = sorted({path for one in records for page in one.value() for path in stated(page, shape, left_out)})
    before = observe(answers)
    wrong = []
    for path in members:
        instead, value = omitted(records, answers, path)
        after = observe(instead)
        wrong += [f"{written(path)}: {said}" for said in mistakes(before, after)]
        if not is_list(path, value):
            less = vanished(before, after) - NONE_THERE.get((operation, written(path)), set())
            wrong += [f"{written(path)}: less of {kind}" for kind in sorted(less)]
    assert not wrong, "\n".join(wrong)
    assert left_out <= {*map(written, members)}


def mistakes(before: Facts, after: Facts) -> Iterator[str]:
    """Yield what omissions may not do: take a kind away, or be met by somebody who chokes."""
    for kind in after.unreadable.keys() - before.unreadable.keys():
        yield f"no {kind.__name__} any more: {after.unreadable[kind]}"
    yield from (said for said in reasons(after) if any(words in said for words in NOT_THOUGHT_OF))


def test_the_first_member_at_a_path_is_taken_out_and_nothing_else() -> None:
    value = {"A": [{"C": 1}, {"B": 2, "C": 3}, {"B": 4}]}
    assert without_first(value, ["A", "[]", "B"]) == ({"A": [{"C": 1}, {"C": 3}, {"B": 4}]}, [2])
    assert without_first(value, ["A", "[]", "D"])[1] == []
    assert value == {"A": [{"C": 1}, {"B": 2, "C": 3}, {"B": 4}]}
