"""The live layer's own judgements: policies for what is declared, applied to what is live, and goals."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final

from ...aws.answers import Unread
from ...facts import Fact, Facts
from ...facts.live.costs import CostResource
from ...facts.live.policies import IdentityResource, Permissions, PolicyResource
from ...facts.live.programs import ProgramResource
from ...facts.live.security_services import WatcherResource
from ...facts.live.stores import AccountBuckets, LockResource
from ...findings import Finding, Outcome, Undetermined
from ...iam.account import OPENED, SHAREABLE, Account
from ...iam.documents import Document, join, pin, read_document
from ...sections.criteria_file import CriteriaFile
from ...semantics.json_texts import read_json
from ...semantics.unresolved import Unknown, Unresolved
from ...terraform.policy import POLICIES, Policy, apply
from ...terraform.resources import Configuration, Resource
from ..goals import Keep, judge, keep_overview, list_questions as list_goals
from ..layer import LayerContext

# ── Policies that also judge what is live: who holds rights, what watches and locks, and what it may cost

#: Policy -> the kind of fact that holds everything it judges.
KINDS: Final[Mapping[str, type[Fact]]] = {
    **dict.fromkeys((f"PG_IAM_{number}" for number in (*range(1, 8), *range(9, 13), 15)), IdentityResource),
    **dict.fromkeys(("PG_IAM_13", "PG_IAM_14", "PG_ENC_6", "PG_ENC_13", "PG_ENC_26"), PolicyResource),
    **dict.fromkeys((f"PG_WATCH_{number}" for number in range(1, 6)), WatcherResource),
    **dict.fromkeys((f"PG_EVID_{number}" for number in range(1, 4)), LockResource),
    **dict.fromkeys((f"PG_COST_{number}" for number in range(1, 5)), CostResource),
    **dict.fromkeys((f"PG_ENV_{number}" for number in range(1, 4)), ProgramResource),
}


def judge_policies(facts: Facts, stated: CriteriaFile) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge what is live, by (policy, criterion)."""
    seen = {kind: make_configuration(facts, kind) for kind in set(KINDS.values())}
    return {
        (policy.id, policy.criterion): tuple(_judge(policy, facts, seen[KINDS[policy.id]], stated))
        for policy in list_judged(stated)
    }


def list_judged(stated: CriteriaFile) -> Iterator[Policy]:
    """Yield the loaded policies that judge what is live."""
    for id_ in KINDS:
        policy = POLICIES.get(id_)
        criterion = stated.criteria.get(policy.criterion) if policy else None
        if policy and criterion and "live" in criterion.layers:
            yield policy


def make_configuration(facts: Facts, kind: type[Fact]) -> Configuration:
    """Return the resources of a kind as a configuration that policies judge."""
    resources = [
        Resource(address=fact.subject, type=fact.type, name=fact.subject, values=_read_values(fact))
        for fact in facts.of(kind)
    ]
    return Configuration(root="the account", engine="AWS", resources=resources)


class _Unread(Mapping[str, Any]):
    """The values of a resource that could not be read: each is unknown."""

    def __init__(self, reason: str) -> None:
        self._held = Unknown(reason)

    def __getitem__(self, name: str) -> Any:
        return self._held

    def __iter__(self) -> Iterator[str]:
        yield "values"

    def __len__(self) -> int:
        return 1


def _read_values(fact: Any) -> Mapping[str, Any]:
    values = fact.peek("values")
    return _Unread(values.reason) if isinstance(values, Unread) else {**_mark_unknown(values)}


def _mark_unknown(value: Any) -> Any:
    """Return a value with what AWS's answer left out as a value that nobody knows, which policies never judge."""
    if isinstance(value, Unread):
        return Unknown(value.reason)
    if isinstance(value, Mapping):
        return {key: _mark_unknown(item) for key, item in value.items()}
    return [_mark_unknown(item) for item in value] if isinstance(value, list) else value


def _judge(policy: Policy, facts: Facts, account: Configuration, stated: CriteriaFile) -> Iterator[Finding]:
    kind, criterion = KINDS[policy.id], stated.criteria[policy.criterion]
    reason = facts.unreadable.get(kind) or ("" if account.resources else f"no {kind.__name__} was observed")
    if reason and policy.id not in criterion.without:
        yield Finding(
            criterion=policy.criterion,
            check=policy.id,
            layer="live",
            subject=f"({kind.__name__})",
            outcome=Outcome.UNDETERMINED,
            reason=reason,
            remedy=policy.remedy or criterion.remedy,
        )
        return
    for finding in apply(policy, account, criterion):
        yield replace(finding, layer="live")


#: The facts of which goals are judged.
GOAL_KINDS: Final = (Permissions, PolicyResource, AccountBuckets)
#: Service -> what may let somebody in besides the policies that are read.
_UNREAD: Final[Mapping[str, str]] = {
    "acm-pca": "policies of certificate authorities",
    "backup": "policies of vaults that no plan uses",
    "codeartifact": "policies of domains and repositories of CodeArtifact",
    "dynamodb": "policies of tables",
    "ecr": "the policy of the registry",
    "elasticfilesystem": "policies of file systems",
    "es": "policies of domains of OpenSearch",
    "events": "policies of event buses",
    "execute-api": "policies of REST APIs",
    "glacier": "policies of vaults of Glacier",
    "glue": "the policy of the Data Catalog",
    "kafka": "policies of clusters of Kafka",
    "kafka-cluster": "policies of clusters of Kafka",
    "kinesis": "policies of streams",
    "kms": "grants of keys",
    "lambda": "policies of layers",
    "s3": "ACLs",
    "s3tables": "policies of table buckets",
    "ses": "policies of identities that send mail",
}


def list_questions(stated: CriteriaFile) -> Sequence[tuple[str, str]]:
    """Return (check, criterion) of what is judged here; the suites ask everything else."""
    judged = ((policy.id, policy.criterion) for policy in list_judged(stated))
    return (*judged, *list_goals(stated, "live"))


def conclude(facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge live documents by the policies for declared ones, and goals."""
    proven = judge_goals(facts, context.stated, partial(keep_overview, context, "live"))
    return {**judge_policies(facts, context.stated), **proven}


# ── Goals, proven of the users and roles that there are, as the account's own policies say


def judge_goals(facts: Facts, stated: CriteriaFile, keep: Keep) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge every goal of the live layer, by (check, criterion); ``keep`` keeps who can become whom."""
    return judge(stated, "live", lambda: _read(facts, stated), keep)


def _read(facts: Facts, stated: CriteriaFile) -> Account | str:
    if (seen := next(iter(facts.of(Permissions)), None)) is None:
        return facts.why_unreadable(Permissions) or "no users and roles were observed"
    try:
        account: Account = seen.known
    except Undetermined as error:
        return error.conclusion.reason
    guards: dict[str, list[Document]] = {service: [document] for service, document in account.guards.items()}
    for service, document in (*_list_controls(facts.of(PolicyResource)), *_list_unread(facts, account.id)):
        guards.setdefault(service, []).append(document)
    if reason := facts.why_unreadable(PolicyResource):
        account = replace(account, gaps=(*account.gaps, reason))
    if account.organization.unread and stated.organization is not None:
        account = replace(account, organization=stated.organization)
    return replace(
        account,
        guards={service: join(each) for service, each in guards.items()},
        shares={service: f"whom shares of {service} let in is not read here" for service in SHAREABLE},
        arns=frozenset(fact.subject for fact in facts.known if fact.subject.startswith("arn:")),
        foreign=frozenset(one.arn for one in account.principals if is_foreign(one.arn, stated.foreign)),
    )


def _list_controls(policies: Sequence[PolicyResource]) -> Iterator[tuple[str, Document]]:
    for one in policies:
        if (document := _read_policy(one)) is not None:
            yield one.type.split("_")[1], document


def _read_policy(fact: PolicyResource) -> Document | None:
    """Return what the policy of a resource says, each statement about that; None where it has none."""
    arn = fact.subject.removesuffix(" policy")
    try:
        written = fact.values.get("policy")
        if isinstance(written, Unknown):
            return Document(unread=f"the policy of {arn}: {written.reason}")
        if written is None:
            return None
        document = read_document(read_json(written) if isinstance(written, str) else written, f"the policy of {arn}")
    except Undetermined as error:
        return Document(unread=f"the policy of {arn}: {error.conclusion.reason}")
    except (Unresolved, ValueError, RecursionError) as error:
        return Document(unread=f"the policy of {arn}: {error}")
    return Document(tuple(pin(one, (arn,)) for one in document.statements), document.unread)


def _list_unread(facts: Facts, own: str) -> Iterator[tuple[str, Document]]:
    """Yield, for each service, a document that stands for what is not read there: it may let in anybody."""
    resources = [one for one in facts.of(PolicyResource) if one.subject.startswith("arn:")]
    vaults = [one.subject for one in resources if one.type == "aws_backup_vault_policy"]
    for service, what in _UNREAD.items():
        spared: dict[str, Any] = {"NotResource": vaults} if service == "backup" and vaults else {"Resource": "*"}
        if service == "s3" and _ignores_public_acls(facts):  # what is left grants to other accounts alone
            spared["Condition"] = {"StringNotEquals": {"aws:PrincipalAccount": own}}
        written = {"Effect": "Allow", "Principal": "*", "Action": [*OPENED.get(service, [f"{service}:*"])], **spared}
        (statement,) = read_document({"Version": "2012-10-17", "Statement": written}, what).statements
        yield service, Document((replace(statement, doubted=f"whom {what} let in is not read here"),))


def _ignores_public_acls(facts: Facts) -> bool:
    try:
        return any("IgnorePublicAcls" not in one.unblocked for one in facts.of(AccountBuckets))
    except Undetermined:
        return False


# ── What of an account is of another system, by ``[account] exempt``

#: Subject of a policy that is attached to a role, user or group.
_ATTACHMENT: Final = re.compile(r"(arn:[^\s/]+:(?:role|user|group)/\S+) (?:with|policy) .+")
#: Name of a load balancer or target group, to which AWS appends an id.
_BALANCER: Final = re.compile(r":(?:loadbalancer/(?:app|net|gwy)|targetgroup)/([^/]+)/[0-9a-f]+")


def is_foreign(subject: str, patterns: Sequence[str]) -> bool:
    """Whether something is not of this system, by its ARN or the end of it that is a name.

    What a role holds, such as ``ARN of the role with ARN of a policy``, belongs to whoever the role belongs to.
    """
    held = _ATTACHMENT.fullmatch(subject)
    named = held[1] if held else subject
    names = [subject, named, named.rpartition(":")[2], named.rpartition("/")[2]]
    if balancer := _BALANCER.search(named):
        names.append(balancer[1])
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
