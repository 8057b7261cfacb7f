"""The resources of a Terraform configuration and their references, read strictly, so that no policy passes by accident.

An unknown value raises Unresolved; an attribute that is not in the provider's schema raises NoSuchAttribute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, Final, TypeVar

from ..judgement import Doubt, NotKnown, is_judging, open_judgement, record_doubt, record_set_aside
from ..semantics.json_texts import DuplicateKeyError, read_json
from ..semantics.policy_documents import Statement, read_statements
from ..semantics.unresolved import Assumed, Unknown, Unresolved
from .addresses import split_module, without_indices
from .positions import Origin, Position

# The values that a running policy reads: the last places its finding, a sensitive one hides the observation


#: The running policy's reads so far, as (resource, dotted path).
_READS: ContextVar[list[tuple[Resource, str]] | None] = ContextVar("reads", default=None)


@contextmanager
def recorded_reads() -> Iterator[list[tuple[Resource, str]]]:
    """Collect the reads from resources while the context is open, in order."""
    reads: list[tuple[Resource, str]] = []
    token = _READS.set(reads)
    try:
        yield reads
    finally:
        _READS.reset(token)


def note_reads(reads: Iterable[tuple[Resource, str]]) -> None:
    """Record reads that happened, or would have happened but for a cache."""
    if (noted := _READS.get()) is not None:
        noted.extend(reads)


def reads_sensitive(reads: Iterable[tuple[Resource, str]]) -> bool:
    """Whether any value that was read is marked as sensitive."""
    return any(path.split(".")[0] in resource.sensitive for resource, path in reads)


class NoSuchAttribute(Exception):
    """A policy read an attribute that the provider's schema does not have."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        record_doubt(Doubt(reason=said))


#: A value that Terraform or AWS decides when the configuration is applied.
UNKNOWN: Final = Unknown("is decided later by Terraform or AWS")

#: A sensitive value that was judged when it was observed, and is not in the evidence.
REDACTED: Final = Unknown("is sensitive and was not kept in the evidence")


def find_unknown(value: Any) -> Unknown | None:
    """Return the first unknown in a value or anything inside it, or None if all of it is known."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return next((found for item in value if (found := find_unknown(item)) is not None), None)
    return None


def list_texts(value: Any) -> Iterator[str]:
    """Yield each text in a value, at every depth."""
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from list_texts(each)


class WatchedValues(Mapping[str, Any]):
    """Arguments that record a doubt when a fully or partly unknown one is read."""

    def __init__(self, place: str, values: Mapping[str, Any]) -> None:
        self._place, self._held = place, values

    def __getitem__(self, name: str) -> Any:
        value = self._held[name]
        if (doubt := value if isinstance(value, Assumed) else find_unknown(value)) is not None:
            record_doubt(Doubt(reason=f"{self._place}.{name} {doubt.reason}"), optional=True)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return repr(dict(self))


class Block:
    """A block of arguments, read strictly. ``path`` is its dotted path inside ``resource``."""

    def __init__(self, resource: Resource, path: str, values: Mapping[str, Any]) -> None:
        self.resource, self.path, self._values = resource, path, values

    @property
    def values(self) -> Mapping[str, Any]:
        """The arguments as they are. During a judgement, reading one that is not fully known is a doubt."""
        return (
            WatchedValues(f"{self.resource.address}.{self.path}".rstrip("."), self._values)
            if is_judging()
            else self._values
        )

    def search(self) -> Mapping[str, Any]:
        """Return the arguments as they are, to search for forbidden contents; an unknown in them is no doubt."""
        return self._values

    def known(self, name: str) -> Any:
        """Return the value of an argument of this block if it is known, or None; for values that don't decide alone."""
        value = self._values.get(name)
        return value if find_unknown(value) is None else None

    def _read(self, name: str) -> Any:
        value: Any = self._values
        path = self.path
        if not value and not path:
            raise Unresolved(f"{self.resource.address}.{name}", "is not in the plan: the resource has no values at all")
        absent = False  # whether a block on the way is missing, so that nothing in it is set
        for part in name.split("."):
            if isinstance(value, Sequence) and not isinstance(value, str):
                absent = absent or not value
                value = value[0] if value else {}
            path = f"{path}.{part}".lstrip(".")
            if isinstance(value, Unknown):
                break
            if absent:
                value = None
                continue
            if not isinstance(value, Mapping) or (value and part not in value):
                raise NoSuchAttribute(f"{self.resource.type} has no attribute {path!r} in the provider's schema")
            value = value.get(part)
        note_reads(((self.resource, path),))
        return None if value is UNKNOWN and self._is_left_out(path) else value

    def _is_left_out(self, path: str) -> bool:
        """Whether the source states nothing at ``path``: then it is unset, and the provider's default will apply.

        A plan calls such an argument "unknown", like one whose value is decided later; only the source distinguishes
        them.
        """
        written = self.resource.origin.arguments if self.resource.origin else {}
        parent = path.rpartition(".")[0]
        return bool(written) and path not in written and (not parent or parent in written)

    def _read_known(self, name: str) -> Any:
        value = self._read(name)
        if (doubt := value if isinstance(value, Assumed) else find_unknown(value)) is not None:
            raise Unresolved(f"{self.resource.address}.{name}", doubt.reason)
        return value

    def has(self, name: str) -> bool:
        """Whether the argument is set to anything but null, an empty text or an empty list.

        An unknown value counts as set if it comes from one resource, as ``aws_kms_key.data.arn`` does. If several
        decide, one of them may decide that it is null; if none does, only AWS knows. Both raise Unresolved.
        """
        value = self._read(name)
        if not isinstance(value, Unknown) or value is REDACTED or self._find_outline(name) is not None:
            return isinstance(value, Unknown) or value not in (None, "", [], {})
        argument = f"{self.path}.{name}".lstrip(".").split(".", maxsplit=1)[0]
        if len(set(self.resource.references.get(argument, ()))) != 1:
            raise Unresolved(f"{self.resource.address}.{name}", value.reason)
        return True

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a text, or ``default`` if the argument is not set."""
        value = self._read_known(name)
        return default if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list or set of texts; a single text counts as a list of one."""
        value = self._read_known(name)
        if value is None:
            return ()
        return (value,) if isinstance(value, str) else tuple(str(item) for item in value)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a bool, or ``default`` if the argument is not set."""
        value = self._read_known(name)
        if value is None:
            return default
        if value in (True, "true"):
            return True
        if value in (False, "false"):
            return False
        raise Unresolved(
            f"{self.resource.address}.{name}", f"is {self._render_value(name, value)}, which is neither true nor false"
        )

    def _render_value(self, name: str, value: object) -> str:
        top = f"{self.path}.{name}".lstrip(".").split(".")[0]
        return "a sensitive text" if top in self.resource.sensitive else repr(value)

    def number(self, name: str, default: Decimal | int | None = None) -> Decimal:
        """Return a number. Raises Unresolved if it is not set and there is no default."""
        value = self._read_known(name)
        value = default if value is None else value
        with suppress(ArithmeticError):
            number = Decimal(str(value))
            if number.is_finite() and not isinstance(value, bool):
                return number
        raise Unresolved(
            f"{self.resource.address}.{name}", f"is {self._render_value(name, value)}, which is not a number"
        )

    def mapping(self, name: str) -> Mapping[str, str]:
        """Return a map of texts; empty if not set."""
        value = self._read_known(name)
        return {} if value is None else {key: str(item) for key, item in value.items() if item is not None}

    def json(self, name: str) -> Any:
        """Return the value of an argument with JSON text, such as a policy document; None if not set."""
        value = self._read_known(name)
        if value in (None, ""):
            return None
        try:
            return read_json(value)
        except DuplicateKeyError as error:
            raise Unresolved(f"{self.resource.address}.{name}", str(error)) from None
        except ValueError as error:
            raise Unresolved(f"{self.resource.address}.{name}", f"is not JSON: {error}") from None

    def statements(self, name: str) -> tuple[Statement, ...]:
        """Return the statements of an IAM policy document; none if it is not set. Raises Unresolved.

        If only a part of it is unknown, reading that part of a statement raises Unresolved.
        """
        outline = self._find_outline(name)
        if outline is not None:
            self._read(name)
        return read_statements(self.json(name) if outline is None else outline, f"{self.resource.address}.{name}")

    def _find_outline(self, name: str) -> Any:
        return None if self.path else self.resource.outlines.get(name)

    def allow_statements(self, name: str) -> tuple[Statement, ...]:
        """Return the statements of an IAM policy document that allow something, or may do so. Raises Unresolved."""
        return tuple(each for each in self.statements(name) if isinstance(each, Unknown) or each.allows)

    def blocks(self, name: str) -> tuple[Block, ...]:
        """Return the nested blocks of that name, in order; empty if there is none."""
        value = self._read(name)
        items: Sequence[Any] = value if isinstance(value, list | tuple) else [] if value is None else [value]
        for item in items:
            if isinstance(item, Unknown):
                raise Unresolved(f"{self.resource.address}.{name}", item.reason)
        path = f"{self.path}.{name}".lstrip(".")
        return tuple(Block(self.resource, path, item) for item in items)

    def block(self, name: str) -> Block | None:
        """Return the first nested block of that name, or None."""
        return next(iter(self.blocks(name)), None)


# Results about a whole configuration, kept for every subject that is judged by it.
#
# Each subject must see the same as if it had computed them itself: their doubts count for all subjects, and so do their
# reads, as far as these place a finding or hide a value.


@dataclass(frozen=True, slots=True)
class _Answer:
    value: Any
    failure: NotKnown | NoSuchAttribute | None
    reads: tuple[tuple[Resource, str], ...]
    doubts: tuple[Doubt, ...]
    set_aside: tuple[str, ...]

    def repeat(self) -> None:
        """Repeat the doubts of a computation."""
        for doubt in self.doubts:
            record_doubt(doubt, optional=True)
        for reason in self.set_aside:
            record_set_aside(reason)


@dataclass(slots=True)
class KeptAnswers:
    """Kept results by key. Outside a judgement nothing is kept, because doubts would be lost there."""

    keeps: bool = True
    """Whether anything is kept: not while the values of resources are changed in place."""
    _answers: dict[Hashable, _Answer] = field(default_factory=dict)

    def compute(self, key: Hashable, find_out: Callable[[], Any]) -> Any:
        """Return the kept result of a key, or compute it. Raises the exceptions of that."""
        if not self.keeps or not is_judging():
            return find_out()
        answer = self._answers.get(key)
        if answer is None:
            self._answers[key] = answer = _find_out(find_out)
        else:
            answer.repeat()
        note_reads(answer.reads)
        if answer.failure is not None:
            raise answer.failure.with_traceback(None)
        return answer.value


def _find_out(find_out: Callable[[], Any]) -> _Answer:
    value, failure = None, None
    with open_judgement() as heard, recorded_reads() as reads:
        try:
            value = find_out()
        except (NotKnown, NoSuchAttribute) as unclear:
            failure = unclear
    telling = [read for read in reads[:-1] if read[1].split(".")[0] in read[0].sensitive]
    return _Answer(value, failure, (*telling, *reads[-1:]), tuple(heard.doubts), tuple(heard.set_aside))


T = TypeVar("T")

#: Attributes by which one resource names another: the first that equals the value decides.
IDENTITIES: Final = (
    "arn", "id", "name", "bucket", "url", "key_id", "arn_suffix", "alarm_name", "family", "dns_name", "domain_name",
    "bucket_regional_domain_name", "bucket_domain_name", "zone_id", "hosted_zone_id", "cluster_identifier",
    "identifier", "repository_url", "invoke_arn", "qualified_arn", "resource_id", "table_name", "function_name",
    "rule_arn", "vpc_id", "policy_id", "fully_qualified_domain_name", "fqdn", "unique_id",
    "default_security_group_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be evaluated, so that absence proves nothing there."""

    subject: str
    reason: str
    position: Position | None = None
    given: tuple[str, ...] = ()
    """Configuration addresses (no indices) of the resources that the subject, a block that can't be read, names."""


class Resource(Block):
    """One declared resource instance or data source."""

    def __init__(
        self,
        *,
        address: str,
        type: str,
        name: str,
        values: Mapping[str, Any],
        mode: str = "managed",
        module: str = "",
        origin: Origin | None = None,
        references: Mapping[str, tuple[str, ...]] | None = None,
        sensitive: frozenset[str] = frozenset(),
        credentials: Mapping[str, tuple[str, ...]] | None = None,
        outlines: Mapping[str, Any] | None = None,
        provider: str = "",
    ) -> None:
        super().__init__(self, "", values)
        self.address, self.type, self.name, self.mode, self.module = address, type, name, mode, module
        self.origin = origin
        self.references = references or {}
        """Top-level argument -> configuration addresses (no indices) of the resources its expression names."""
        self.sensitive = sensitive
        """Top-level arguments whose value must never be shown."""
        self.credentials = credentials or {}
        """Top-level argument -> the named attributes that their provider marks as sensitive."""
        self.outlines = outlines or {}
        """Top-level argument -> the policy document in it, with what is unknown in its place, if that is not all."""
        self.provider = provider
        """The provider block that makes it (``aws``, ``aws.replica``); nothing in runs of earlier versions."""
        self._configuration: Configuration | None = None

    @property
    def configuration(self) -> Configuration:
        """The configuration that declares this resource."""
        if self._configuration is None:
            raise LookupError(f"{self.address} does not belong to a configuration yet")
        return self._configuration

    def harden(self, harden: Callable[[Any], Any]) -> None:
        """Replace its values by what can't be changed."""
        self._values, self.references = harden(self._values), harden(self.references)
        self.outlines = harden(self.outlines)

    def related(self, name: str, *types: str) -> tuple[Resource, ...]:
        """Return the declared resources of ``types`` that the value at ``name`` names by arn, id, name, …

        Raises Unresolved if the value is unknown and the configuration does not state its target.
        """
        value = self._read(name)
        unknown = find_unknown(value)
        if unknown is None:
            items = value.values() if isinstance(value, Mapping) else value or ()
            named = {value} if isinstance(value, str) else {item for item in items if isinstance(item, str)}
            return self._prefer_pointed(self.configuration.identified(named, *types), name, named)
        targets = self.references.get(name.split(".", maxsplit=1)[0])
        if targets is None:
            later = "is decided later, and nothing says what it refers to"
            raise Unresolved(f"{self.address}.{name}", later if unknown is UNKNOWN else unknown.reason)
        return self.configuration.configured(targets, *types)

    def _prefer_pointed(self, found: tuple[Resource, ...], name: str, named: set[str]) -> tuple[Resource, ...]:
        """Return the resources found, without those that only share names with the expression's own target.

        Names may be the same in two regions, or in two accounts.
        """
        pointed = {
            id(one): one for one in found if one.configured_as in self.references.get(name.partition(".")[0], ())
        }
        meant = {known for one in pointed.values() for known in one.identities & named}
        return tuple(one for one in found if id(one) in pointed or not one.identities & named <= meant)

    def beside(self, *types: str) -> tuple[Resource, ...]:
        """Return the declared resources of ``types`` in its account and region: those of its provider, in its region.

        Raises Unresolved if only others may be: of another provider, or in a region that is not stated.
        """
        compared = [(one, _share_region(self, one)) for one in self.configuration.of(*types)]
        near = [one for one, shared in compared if shared is not False]
        sure = tuple(one for one, shared in compared if shared and one.provider == self.provider)
        if near and not sure:
            reason = (
                f"may be in the account and region of {near[0].address}, which is of another provider or says no region"
            )
            raise Unresolved(self.address, reason)
        return sure

    def find_region(self) -> str:
        """Return its region: the argument if known, else the one in its ARN. Raises Unresolved.

        An unstated account in the ARN does not matter.
        """
        stated = self._read("region") if "region" in self._values else None  # older providers have no such argument
        if find_unknown(stated) is not None:
            stated = None
        arn = self._read("arn") if stated is None else ""
        if (unknown := find_unknown(arn)) is not None:
            raise Unresolved(f"{self.address}.arn", unknown.reason)
        if isinstance(arn, Assumed) and "region" in arn.what:
            raise Unresolved(f"{self.address}.arn", arn.reason)
        return str(stated or (str(arn or "").split(":") + [""] * 4)[3])

    @cached_property
    def identities(self) -> frozenset[str]:
        """The values by which other resources name this one."""
        values = (self._values.get(name) for name in IDENTITIES)
        return frozenset(value for value in values if isinstance(value, str) and value)

    @cached_property
    def configured_as(self) -> str:
        """The address without indices, as the configuration states it."""
        return without_indices(self.address)

    def __repr__(self) -> str:
        return f"<{self.address}>"


class Configuration:
    """Everything that a root module declares."""

    def __init__(
        self,
        *,
        root: str,
        engine: str,
        resources: Sequence[Resource],
        gaps: Sequence[Gap] = (),
        notes: Sequence[str] = (),
        providers: Sequence[Resource] = (),
    ) -> None:
        self.root, self.engine, self.providers = root, engine, tuple(providers)
        self.resources, self.gaps, self.notes = tuple(resources), tuple(gaps), tuple(notes)
        self._kept = KeptAnswers()
        for resource in (*self.resources, *self.providers):
            resource._configuration = self

    @property
    def complete(self) -> bool:
        """Whether everything could be evaluated, so that anything missing is known to be absent."""
        return not self.gaps

    @cached_property
    def _by_type(self) -> dict[str, tuple[Resource, ...]]:
        found: dict[str, list[Resource]] = {}
        for resource in (*self.resources, *self.providers):
            if resource.mode != "data":
                found.setdefault(resource.type, []).append(resource)
        return {type_: tuple(resources) for type_, resources in found.items()}

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Return the managed resources of the given types, in the order of the configuration.

        Provider blocks with keys are of the type ``provider_block``: each argument states the origin of its value.
        Variables, outputs, provisioners and variable files with secrets are of the type ``written_block``.
        """
        if len(types) == 1:  # every subject of a policy calls this: a kept list is not copied
            return self._by_type.get(types[0], ())
        return tuple(resource for type_ in types for resource in self._by_type.get(type_, ()))

    def identified(self, names: Collection[str], *types: str) -> tuple[Resource, ...]:
        """Return the managed resources of ``types`` that AWS knows by one of the names: an ARN, an id, a name, …"""
        return self._look_up("identities", names, types)

    def configured(self, addresses: Collection[str], *types: str) -> tuple[Resource, ...]:
        """Return the managed resources of ``types`` that the configuration states at one of the addresses."""
        return self._look_up("configured_as", addresses, types)

    def _look_up(self, attribute: str, keys: Collection[str], types: tuple[str, ...]) -> tuple[Resource, ...]:
        found: list[Resource] = []
        for type_ in types:
            declared = self.of(type_)
            index = self._kept.compute((attribute, type_), partial(_index, declared, attribute))
            places = {place for key in keys for place in index.get(key, ())}
            found += [declared[place] for place in sorted(places)]
        return tuple(found)

    def naming(self, resource: Resource, path: str, *types: str) -> tuple[Resource, ...]:
        """Return the resources of ``types`` whose argument ``path`` names ``resource``; the reverse of ``related``.

        Raises Unresolved if there are none, and a block that can't be read names the resource: it may declare some.
        """
        found: list[Resource] = []
        for type_ in types:
            named = partial(_index_named, self.of(type_), path, resource.type)
            found += self._kept.compute(("naming", type_, path, resource.type), named).get(id(resource), ())
        for gap in () if found else self._unread.get(resource.configured_as, ()):
            if gap.subject.split(".")[-2] in ("module", *types):
                raise Unresolved(gap.subject, f"could not be read, and is given {resource.address}")
        return tuple(found)

    def find_gaps_for(self, *types: str) -> tuple[Gap, ...]:
        """Return the gaps behind which resources of the types may be declared: those about others, or a value, are not.

        The number of a resource that depends on what is unknown is a gap of its own.
        """
        return tuple(gap for gap in self.gaps if not _is_of_others(gap, types))

    @cached_property
    def _unread(self) -> dict[str, list[Gap]]:
        found: dict[str, list[Gap]] = {}
        for gap in self.gaps:
            for address in gap.given:
                found.setdefault(address, []).append(gap)
        return found

    def once(self, compute: Callable[[Configuration], T]) -> T:
        """Return the result of ``compute`` on the whole configuration; it is computed once, and kept for every subject.

        It may read and doubt as a policy may, and each subject gets its doubts; it must compare nothing.
        """
        found: T = self._kept.compute(("once", compute), partial(compute, self))
        return found


#: Kinds of names that declare nothing, whatever their value is.
_NAMES: Final = ("data", "local", "output", "var")
#: Types of resources that act out of sight: what they make or change is of any type, and written nowhere here.
_OPAQUE: Final = re.compile(
    r"""
      aws_cloudformation_stack(_set(_instance)?|_instances)? | aws_serverlessapplicationrepository_cloudformation_stack
    | aws_cloudcontrolapi_resource | awscc_\w+ | aws_servicecatalog_provisioned_product
    | aws_lambda_invocation | aws_ssm_association
    | helm_release | kube(rnetes|ctl)_manifest | shell_script(_resource)?
    """,
    re.VERBOSE,
)
#: What runs a command on the machine that applies.
_COMMAND: Final = ".provisioner.local-exec"


def is_opaque(subject: str) -> bool:
    """Whether a resource or a block by its address acts out of sight."""
    kind = split_module(without_indices(subject))[1].partition(".")[0]
    return _OPAQUE.fullmatch(kind) is not None or kind == "action" or subject.endswith(_COMMAND)


def _is_of_others(gap: Gap, types: Collection[str]) -> bool:
    """Whether a gap is about a resource of another type, or about a value."""
    if is_opaque(gap.subject) or (gap.position and gap.position.file == gap.subject):
        return False
    kind, dot, _ = split_module(without_indices(gap.subject))[1].partition(".")
    return bool(dot) and (kind in _NAMES or ("_" in kind and kind.isidentifier() and kind not in types))


def _share_region(one: Resource, other: Resource) -> bool | None:
    """Whether two resources are in one region; None if that is not stated, unless neither states it."""
    regions = [each.search().get("region") for each in (one, other)]
    if any(isinstance(each, Unknown) for each in regions):
        return None
    same = regions[0] == regions[1]
    return same if same or None not in regions else None


def _index(resources: Sequence[Resource], attribute: str) -> dict[str, list[int]]:
    """Return, for each value of an attribute that is a text or several, the places of the resources that have it."""
    found: dict[str, list[int]] = {}
    for place, resource in enumerate(resources):
        value = getattr(resource, attribute)
        for each in (value,) if isinstance(value, str) else value:
            found.setdefault(each, []).append(place)
    return found


def _index_named(resources: Sequence[Resource], path: str, type_: str) -> dict[int, list[Resource]]:
    """Return, for each resource of a type by its id in memory, those whose argument ``path`` names it."""
    found: dict[int, list[Resource]] = {}
    for resource in resources:
        for named in resource.related(path, type_):
            found.setdefault(id(named), []).append(resource)
    return found
