"""The values that each judgement reads, so that after a change only judgements that may differ are made again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from prodgate import Configuration, Criterion, Resource
from prodgate.criteria import Criteria
from prodgate.findings import Outcome
from prodgate.terraform.policy import Policy, apply

BAD: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)


class RecordingValues(dict[str, Any]):
    """The values of a resource, which record which of them are read."""

    def __init__(self, address: str, values: Mapping[str, Any], reads: set[tuple[str, str]]) -> None:
        super().__init__(values)
        self.address, self.reads = address, reads

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, and record its name."""
        self.reads.add((self.address, key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.reads.add((self.address, key))
        return super().__getitem__(key)

    def items(self) -> Any:
        """Return everything, and record that everything was read."""
        self.reads.update((self.address, key) for key in self)
        return super().items()


class WatchedConfiguration(Configuration):
    """A configuration that records the requested types of resources."""

    def __init__(self, tree: Configuration, resources: Iterable[Resource]) -> None:
        super().__init__(root=tree.root, engine=tree.engine, resources=tuple(resources))
        self._kept.keeps = False  # values are changed in place
        self.asked: set[str] = set()

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of some types, and record the types."""
        self.asked.update(types)
        return super().of(*types)


@dataclass(frozen=True, slots=True)
class Dependence:
    """The dependences: (address, argument) -> judgements of single subjects, type -> policies that request it."""

    tree: WatchedConfiguration
    criteria: Criteria
    on_values: Mapping[tuple[str, str], list[Policy]]
    on_types: Mapping[str, list[Policy]]

    def notices(self, resource: Resource, argument: str, values: Mapping[str, Any]) -> bool:
        """Whether some judgement is bad if the resource has these values, which differ in one argument."""
        with _with_values(resource, values):
            judgements = self.on_values.get((resource.address, argument), ())
            return any(is_bad(policy, self.tree, self.criteria[policy.criterion]) for policy in judgements)

    def misses(self, resource: Resource) -> bool:
        """Whether some judgement is bad without the resource."""
        concerned = self.on_types.get(resource.type, ())
        try:
            rest = WatchedConfiguration(self.tree, (one for one in self.tree.resources if one is not resource))
            return any(is_bad(policy, rest, self.criteria[policy.criterion]) for policy in concerned)
        finally:
            WatchedConfiguration(self.tree, self.tree.resources)


def is_bad(policy: Policy, tree: Configuration, criterion: Criterion) -> bool:
    """Whether a policy finds anything in a configuration that is not satisfied or undetermined."""
    applies = replace(criterion, where_present=True)  # a policy may not apply to one subject alone
    return any(finding.outcome in BAD for finding in apply(policy, tree, applies))


def record_dependence(tree: Configuration, policies: Iterable[Policy], criteria: Criteria) -> Dependence:
    """Judge a tree once and record the values that each judgement reads. Raises ValueError unless all are good."""
    reads: set[tuple[str, str]] = set()
    for resource in tree.resources:
        resource._values = RecordingValues(resource.address, resource.values, reads)
    watched = WatchedConfiguration(tree, tree.resources)
    on_values: dict[tuple[str, str], list[Policy]] = defaultdict(list)
    on_types: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies:
        watched.asked = set()
        for one in _singles(policy, watched):
            reads.clear()
            _forget(watched)
            if is_bad(one, watched, criteria[policy.criterion]):
                raise ValueError(f"{policy.id} is not satisfied by the tree as it is; mend that first")
            for read in reads:
                on_values[read].append(one)
        for type_ in watched.asked | set(policy.resources):
            on_types[type_].append(policy)
    return Dependence(watched, criteria, on_values, on_types)


def _singles(policy: Policy, tree: Configuration) -> Iterator[Policy]:
    """Yield the policy for each subject alone, as a policy on the whole configuration."""
    if not policy.resources:
        yield policy
    for subject in tree.of(*policy.resources):
        yield replace(policy, resources=(), population=0, judge=_judge_of(policy, subject))


def _judge_of(policy: Policy, subject: Resource) -> Any:
    return lambda _tree, criterion: policy.judge(subject, criterion)


@contextmanager
def _with_values(resource: Resource, values: Mapping[str, Any]) -> Iterator[None]:
    """Give a resource other values while the context is open."""
    before, resource._values = resource.values, values
    resource.__dict__.pop("identities", None)
    try:
        yield
    finally:
        resource._values = before
        resource.__dict__.pop("identities", None)


def _forget(tree: Configuration) -> None:
    """Forget the cached identities of resources, so that they are read again."""
    for resource in tree.resources:
        resource.__dict__.pop("identities", None)
