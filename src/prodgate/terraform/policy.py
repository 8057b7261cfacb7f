"""Policies: checks on declared infrastructure, and how one is applied to every resource that it is about."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from ..criteria import SEVERITIES, Criterion, suggest
from ..faults import UNKNOWN, conclude, list_faults
from ..findings import Concluded, Conclusion, Finding, Outcome, explain_unasked, refuse_silence
from ..judgement import describe, open_judgement
from ..semantics.comparisons import compares_several, runs_later
from ..semantics.unresolved import Unresolved
from .provider.schema import aws_schemas
from .provider.utility_providers import TYPES
from .resources import Configuration, NoSuchAttribute, Resource, reads_sensitive, recorded_reads

# Which resource types there are: a policy about a type that nobody can declare would hold for ever.

#: Providers of other makers whose types look like those of AWS.
_OTHERS: Final = frozenset({"awscc"})
#: How alike a name must be to be taken for a misspelt one, where its provider is known and where it is not.
NEAR: Final = 0.6
NEARER: Final = 0.8
_FORM: Final = 'write resources=("aws_sqs_queue",)'


def check_types(policy: str, resources: object) -> None:
    """Refuse what is no tuple of known resource types. Raises TypeError, and ValueError with the nearest name.

    A type of a provider that is not known here is believed when it looks like none of those that are.
    """
    if not isinstance(resources, tuple):
        raise TypeError(f"{policy}: resources is {resources!r}, which is no tuple; {_FORM}")
    for each in resources:
        if not isinstance(each, str) or not each:
            raise TypeError(f"{policy}: resources holds {each!r}, which is no resource type; {_FORM}")
        provider = each.partition("_")[0]
        if each in _list_types() or provider in _OTHERS:
            continue
        ours = provider in {"aws", *TYPES}
        near = suggest(each.lower(), _list_types(), NEAR if ours else NEARER)
        if near or ours:
            raise ValueError(
                f"{policy}: there is no resource type {each!r}{near or '; write one that the provider has'}"
            )


@cache
def _list_types() -> frozenset[str]:
    others = (kind for kinds in TYPES.values() for kind in kinds.get("resource", ()))
    return frozenset({*aws_schemas().names("resource"), *others, "terraform_data"})


Judge = Callable[[Any, Criterion], None]

#: Shown instead of a value that the configuration marks as sensitive.
SENSITIVE = "(sensitive)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A statement that must hold for every declared resource of some types."""

    id: str
    criterion: str
    resources: tuple[str, ...]
    remedy: str
    """What to do when a resource breaks it; empty for what the criterion states."""
    judge: Judge
    population: int
    required: bool
    severity: str = ""
    """How bad it is when a resource breaks it; empty for what the criterion states."""

    @property
    def name(self) -> str:
        """Its name in reports: the id."""
        return self.id

    @property
    def statement(self) -> str:
        """Its statement: the first line of the function's docstring."""
        return inspect.getdoc(self.judge).splitlines()[0]  # type: ignore[union-attr]  # policy() demands a docstring

    @property
    def why(self) -> str:
        """Why it matters: the rest of the docstring."""
        return "\n".join(inspect.getdoc(self.judge).splitlines()[1:]).strip()  # type: ignore[union-attr]

    @property
    def file(self) -> Path:
        """The file it is written in."""
        return Path(self.judge.__code__.co_filename)

    @property
    def is_ours(self) -> bool:
        """Whether it comes with the gate, which translates its words."""
        return self.file in TRANSLATED

    @property
    def place(self) -> str:
        """Where the policy is written, as ``module:line``."""
        return f"{self.judge.__module__}:{self.judge.__code__.co_firstlineno}"


#: Files of policies whose words the gate has in other languages; whoever loads them says so.
TRANSLATED: Final[set[Path]] = set()
#: Every policy that has been imported, by id.
POLICIES: dict[str, Policy] = {}


def policy(
    id: str,
    *,
    criterion: str,
    resources: tuple[str, ...],
    remedy: str = "",
    population: int = 1,
    required: bool = False,
    severity: str = "",
) -> Callable[[Judge], Judge]:
    """Register a function that judges ``criterion`` for each resource of the given types.

    ``population`` is the least number of such resources; fewer is undetermined, or not-satisfied when ``required``
    (the system must declare it). With ``population=0`` having none is fine. Without types the function is applied
    once, to the whole Configuration. A policy leaves out ``remedy`` and ``severity`` where the criterion's hold for it.
    Raises TypeError for a function without docstring or resources that are no tuple, ValueError for a used id, a type
    that nobody has or a severity that is none.
    """
    check_types(id, resources)
    if isinstance(population, bool) or not isinstance(population, int) or population < 0:
        raise TypeError(f"{id}: population is {population!r}, which is no number of resources; write 0 or more")
    if severity not in ("", *SEVERITIES):
        raise ValueError(f"{id}: severity is {severity!r}; write one of {', '.join(SEVERITIES)}")

    def register(judge: Judge) -> Judge:
        if not judge.__doc__:
            raise TypeError(f"{judge.__module__}.{judge.__name__} has no docstring; write the statement that must hold")
        if runs_later(judge):
            raise TypeError(f"{judge.__module__}.{judge.__name__} would not run when called; drop async and yield")
        known = POLICIES.get(id)
        if known and (known.judge.__module__, known.judge.__name__) != (judge.__module__, judge.__name__):
            raise ValueError(f"policy id {id!r} is used by {known.place}; take the next free number")
        if known and known.file == Path(judge.__code__.co_filename) and known.judge.__code__ != judge.__code__:
            raise ValueError(f"{known.place}: {judge.__name__} is defined once more below it; rename one")
        POLICIES[id] = Policy(
            id=id, criterion=criterion, resources=resources, remedy=remedy, judge=judge,
            population=population, required=required, severity=severity,
        )  # fmt: skip
        return judge

    return register


def apply(policy: Policy, configuration: Configuration, criterion: Criterion) -> Iterator[Finding]:
    """Yield a finding for each subject of the policy, one for each fault of it, and one where subjects are too few."""
    if unasked := criterion.without.get(policy.id):
        yield _make_finding(policy, configuration, criterion, explain_unasked(unasked), ())
        return
    subjects = configuration.of(*policy.resources) if policy.resources else (configuration,)
    applies = not subjects
    for subject in subjects:
        for finding in _judge(policy, subject, criterion):
            applies = applies or finding.outcome is not Outcome.NOT_APPLICABLE
            yield finding
    if not applies and not criterion.where_present:
        yield _report(policy, criterion, configuration.root, reason=refuse_silence(policy.id, len(subjects)).reason)
    expected = policy if criterion.population else replace(policy, population=0)
    if len(subjects) < expected.population or not subjects:
        yield _report_too_few(expected, configuration, criterion, len(subjects))


def _judge(policy: Policy, subject: Resource | Configuration, criterion: Criterion) -> Iterator[Finding]:
    with recorded_reads() as reads:
        conclusion = _conclude(policy, subject, criterion, reads)
    first = _make_finding(policy, subject, criterion, conclusion, reads)
    if first.outcome is Outcome.NOT_SATISFIED:
        yield from _judge_on(policy, subject, criterion, conclusion, first)
    else:
        yield first


_REASON: Final = re.compile(
    r"(?P<offline>can't be read offline|only a stand-in\s+offline)|(?P<module>nothing is known of what it makes)"
    r"|(?P<gaps>what is declared is not known whole)|(?P<later>is decided later)|(?P<unstated>,\swhich has no value)"
)
#: What to do so that a value is known, by what is in the way.
_WAYS: Final = {
    "offline": "Judge a plan.json of your pipeline, where the answer is known.",
    "module": "Run terraform init, or name its folder with --modules.",
    "gaps": "Mend what could not be evaluated; its own rows say how.",
    "later": "Make what it depends on known before the apply, or judge what is live after it.",
}


def tell_how_to_know(reason: str) -> str:
    """Return what to do so that a value is known, by the reason why it is not; empty for any other reason."""
    said = _REASON.search(reason)
    if said and said["unstated"]:
        name = reason[: said.start()].rpartition(" ")[2]
        return f"Give {name} a value: by --var, --var-file, or var_files under [terraform] in criteria.toml."
    return _WAYS[str(said.lastgroup)] if said else ""


def _make_finding(
    policy: Policy,
    subject: Resource | Configuration,
    criterion: Criterion,
    conclusion: Conclusion,
    reads: Sequence[tuple[Resource, str]],
) -> Finding:
    hidden = "observed" if conclusion.observed and reads_sensitive(reads) else ""
    remedy = tell_how_to_know(conclusion.reason) if conclusion.outcome is Outcome.UNDETERMINED else ""
    return Finding(
        criterion=policy.criterion,
        check=policy.id,
        layer="static",
        subject=subject.address if isinstance(subject, Resource) else subject.root,
        outcome=conclusion.outcome,
        expected=conclusion.expected,
        observed=SENSITIVE if hidden else conclusion.observed,
        reason=conclusion.reason,
        remedy="" if conclusion.outcome is Outcome.SATISFIED else remedy or policy.remedy or criterion.remedy,
        where=_find_places(subject, *(reads[-1] if reads else (subject, ""))),
        aspect=conclusion.aspect,
        severity=policy.severity,
        words=() if policy.is_ours else conclusion.name_words("" if remedy else policy.remedy, but=hidden),
    )


def _conclude(
    policy: Policy, subject: Resource | Configuration, criterion: Criterion, reads: Sequence[object]
) -> Conclusion:
    """Run the policy. Any exception except a conclusion is a bug, and no answer."""
    ended, function = None, cast("Callable[..., object]", policy.judge)
    with open_judgement() as judgement:
        try:
            returned = function(subject, criterion)
            if returned is not None:
                judgement.doubt(f"{policy.id} returned a {type(returned).__name__}; it must return nothing")
        except Concluded as conclusion:
            ended = conclusion.conclusion
        except (Unresolved, NoSuchAttribute) as unclear:
            ended = Conclusion(outcome=Outcome.UNDETERMINED, reason=str(unclear))
        except Exception as bug:  # noqa: BLE001  a policy of any team may raise anything; the gate must still conclude
            reason = f"{policy.id} failed: {type(bug).__name__}: {describe(bug)}"
            ended = Conclusion(outcome=Outcome.UNDETERMINED, reason=reason)
    return conclude(judgement, criterion, ended=ended, looked=bool(reads) or isinstance(subject, Configuration))


def _judge_on(
    policy: Policy, subject: Resource | Configuration, criterion: Criterion, first: Conclusion, finding: Finding
) -> Iterator[Finding]:
    """Yield the first fault and what else does not hold or can't be known, as far as the policy gets after it."""
    unknown = None
    with (
        recorded_reads() as reads,
        open_judgement(goes_on=True, locate=lambda: len(reads)) as judgement,
        suppress(Exception),  # what else it raises concludes nothing: what is built on a fault may make no sense
    ):
        try:
            cast("Callable[..., object]", policy.judge)(subject, criterion)
        except Unresolved as unclear:
            unknown = Conclusion(outcome=Outcome.UNDETERMINED, reason=str(unclear), aspect=UNKNOWN)
    compared: Sequence[Conclusion] = judgement.compared
    if reads_sensitive(reads):
        compared = [replace(each, observed=SENSITIVE if each.observed else "", aspect="") for each in compared]
    several = compares_several(policy.judge) or len({each.expected for each in (*compared, first)}) > 1
    for fault, at in list_faults(replace(first, observed=finding.observed), compared, several=several):
        if fault.observed == finding.observed and fault.expected == finding.expected:
            yield replace(finding, aspect=fault.aspect)
        else:
            yield _make_finding(policy, subject, criterion, fault, reads[: judgement.places[at]])
    if unknown:
        yield _make_finding(policy, subject, criterion, unknown, reads)


def _find_places(subject: Resource | Configuration, read: Resource | Configuration, path: str) -> tuple[str, ...]:
    places: list[str] = []
    if not isinstance(read, Configuration) and read.origin:
        places += map(str, read.origin.of(path))
    if isinstance(subject, Resource) and subject.origin and subject is not read:
        places.append(str(subject.origin.block))
    return tuple(dict.fromkeys(places))


def _report_too_few(policy: Policy, configuration: Configuration, criterion: Criterion, found: int) -> Finding:
    kinds, root = " or ".join(policy.resources), configuration.root
    least = f", at least {policy.population} expected" if policy.population else ""
    reason = f"{found or 'no'} {kinds} declared{least}"
    told = _report(policy, criterion, f"{root} (no {kinds})" if not found else root, reason=reason)
    if not policy.population:
        return replace(told, outcome=Outcome.NOT_APPLICABLE, remedy="")
    told = replace(told, expected=f"at least {policy.population} {kinds}", observed=str(found))
    missing = policy.required and not configuration.find_gaps_for(*policy.resources)
    return replace(told, outcome=Outcome.NOT_SATISFIED, reason="") if missing else told


def _report(policy: Policy, criterion: Criterion, subject: str, *, reason: str) -> Finding:
    return Finding(
        criterion=policy.criterion,
        check=policy.id,
        layer="static",
        subject=subject,
        outcome=Outcome.UNDETERMINED,
        reason=reason,
        remedy=policy.remedy or criterion.remedy,
        severity=policy.severity,
    )
