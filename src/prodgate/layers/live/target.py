"""Opening the account that is observed: the one that the criteria name, or an emulated one with what is declared."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from ...aws.actions import READS
from ...aws.answers import Unreadable
from ...aws.calls import LiveCalls
from ...aws.clients import VERSION, rehearsal_clients
from ...aws.sessions import open_account
from ...criteria import UsageError
from ...facts import Facts
from ...sections.e2e import name_past
from ...terraform.diagnostics import TerraformError
from ...terraform.provider.synthesis import SERVICES
from ..layer import LayerContext
from ..named_site import require_account
from ..rehearsal import EmulatedAccount, load_rehearsal

# ── Kinds of fact of which a rehearsal account can't have everything: what is declared and could not be created the

_TYPE: Final = re.compile(r"(?:^|\.)aws_(\w+)(?:\.[\w-]+(?:\[.*\])?)?$")
#: Types of settings that an account has of itself: nobody here knows one that is not declared.
_OF_ACCOUNT: Final = ("aws_s3_account_public_access_block",)
#: First words of a type -> the service that lists it, as boto3 calls it, where neither they nor its ARN name it so.
_LISTED_BY: Final = {
    "cloudwatch_log": "logs", "cloudwatch_query": "logs", "cloudwatch_event": "events", "lb": "elbv2", "alb": "elbv2",
    "elb": "elb", "mwaa": "mwaa", "appautoscaling": "application-autoscaling", "wafv2": "wafv2", "sfn": "stepfunctions",
    "api_gateway": "apigateway", "apigatewayv2": "apigatewayv2", "config": "config", "docdb": "rds", "neptune": "rds",
    "s3_account": "s3control",
}  # fmt: skip
#: The resources of EC2 of which facts are made; volumes, images and addresses are not among them.
_OF_EC2: Final = re.compile(
    r"(default_|main_|ec2_managed_)?(vpc|subnet|security_group|route|network|flow_log|instance|launch|spot|prefix_list)"
)
#: Types of services that are read -> the only operation that shows them, if there is just one.
LISTED_BY_ONE: Final = {
    "cloudwatch_event_api_destination": "events ListApiDestinations",
    "cloudwatch_event_archive": "events ListArchives",
    "cloudwatch_log_anomaly_detector": "logs ListLogAnomalyDetectors",
    "cloudwatch_log_data_protection_policy": "logs GetDataProtectionPolicy",
    "cloudwatch_log_subscription_filter": "logs DescribeSubscriptionFilters",
    "cloudwatch_metric_stream": "cloudwatch ListMetricStreams",
    "cloudwatch_query_definition": "logs DescribeQueryDefinitions",
    "lambda_code_signing_config": "lambda ListCodeSigningConfigs",
    "lambda_function_url": "lambda ListFunctionUrlConfigs",
    "lambda_layer_version": "lambda ListLayers",
    "lambda_provisioned_concurrency_config": "lambda ListProvisionedConcurrencyConfigs",
    "s3_bucket_accelerate_configuration": "s3 GetBucketAccelerateConfiguration",
    "s3_bucket_acl": "s3 GetBucketAcl",
    "s3_bucket_cors_configuration": "s3 GetBucketCors",
    "s3_bucket_intelligent_tiering_configuration": "s3 ListBucketIntelligentTieringConfigurations",
    "s3_bucket_inventory": "s3 ListBucketInventoryConfigurations",
    "s3_bucket_metric": "s3 ListBucketMetricsConfigurations",
    "s3_bucket_replication_configuration": "s3 GetBucketReplication",
    "s3_bucket_website_configuration": "s3 GetBucketWebsite",
    "sns_platform_application": "sns ListPlatformApplications",
}


def leave_unrehearsed(facts: Facts, missing: Mapping[str, str]) -> Facts:
    """Leave unread each kind that rests on a service which lacks a declared resource; ``missing`` is by address.

    The type alone stands for a setting of the account that nobody declares. A failure about such a kind may come from
    the missing resource, and is undetermined.
    """
    lacking: dict[str, dict[str, None]] = {}
    for address, why in missing.items():
        if service := find_service(address):
            lacking.setdefault(service, {})[why] = None
    whys: dict[type, str] = {}
    for kind, asked in facts.made_of.items():
        reasons = dict.fromkeys(why for place in sorted(asked) for why in lacking.get(place.partition(" ")[0], ()))
        if reasons and isinstance(kind, type):
            whys[kind] = "; ".join(reasons)
    unread = {kind: "; ".join(filter(None, (facts.unreadable.get(kind, ""), why))) for kind, why in whys.items()}
    return replace(facts, unreadable={**facts.unreadable, **unread}, unrehearsed=whys)


def is_asked(address: str) -> bool:
    """Whether a loaded observer makes calls to the service that lists a resource."""
    return find_service(address) in READS


def find_service(address: str) -> str:
    """Return the service, as boto3 calls it, that lists a resource of AWS; empty for what no fact is made of."""
    if (found := _TYPE.search(address)) is None:
        return ""
    by, _, operation = LISTED_BY_ONE.get(found[1], "").partition(" ")
    if by and operation not in READS.get(by, ()):
        return ""
    words = found[1].split("_")
    first, two = words[0], "_".join(words[:2])
    service = _LISTED_BY.get(two) or _LISTED_BY.get(first) or SERVICES.get(first, first)
    return "" if service == "ec2" and not _OF_EC2.match(found[1]) else service


#: Where a project keeps its DAGs.
DAGS: Final = "dags"


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """An account that is open."""

    id: str
    region: str
    calls: LiveCalls
    notes: tuple[str, ...] = ()
    """Resources that a rehearsal could not create as declared."""
    unrehearsed: Mapping[str, str] = field(default_factory=dict)
    """Why a declared resource is not in a rehearsal's account, by address."""
    library: str = f"botocore {VERSION}"


@contextmanager
def open_target(context: LayerContext) -> Iterator[LiveTarget]:
    """Open the stated account, or an emulated one in a rehearsal, while the context is open. Raises UsageError."""
    if context.target.rehearsal:
        with _open_rehearsal(context) as target:
            yield target
        return
    account, region = require_account(context), context.target.region
    yield LiveTarget(account, region, open_account(context.target.profile, region, account))


@contextmanager
def _open_rehearsal(context: LayerContext) -> Iterator[LiveTarget]:
    """Provision an emulated account with what is declared. Raises UsageError."""
    if not (root := context.stated.applied_root):
        raise UsageError(f'{context.stated.path}: names no Terraform root to rehearse; write [terraform] root = "path"')
    try:
        opened = load_rehearsal().open_account(
            context.project / root,
            var_files=context.var_files,
            account=context.stated.account,
            dags=context.project / DAGS,
            past=name_past(context.stated.rehearsal, context.project),
            shared=context.shared_account,
            progress=context.progress_of("live"),
        )
        with opened as made:
            _refuse_other_cell(made, context.journal.cell)
            notes = tuple(_notes(made))
            for note in notes:
                context.note("live", note)
            calls = LiveCalls(rehearsal_clients(made.endpoint, made.region, reads=True), account=made.id)
            yield LiveTarget(made.id, made.region, calls, notes, dict(_list_missing(made)))
    except (TerraformError, Unreadable) as error:
        raise UsageError(str(error)) from error


def _refuse_other_cell(made: EmulatedAccount, cell: str) -> None:
    if cell and not cell.startswith(f"{made.id}/{made.region}/"):
        raise UsageError(
            f"the root makes account {made.id} in {made.region}, and {cell} is rehearsed; let allowed_account_ids and "
            "region of the provider be variables, and set them by TF_VAR_…"
        )


def _list_missing(made: EmulatedAccount) -> Iterator[tuple[str, str]]:
    """Yield what the account lacks, by its address or type, and why."""
    for addresses in made.not_created.values():
        yield from ((address, f"{address} can't be rehearsed yet") for address in addresses)
    for type_ in _OF_ACCOUNT:
        if not made.declared(type_):
            yield type_, f"{type_} is not declared, and a rehearsal does not know how the account is set; declare it"
    for flaw in made.failed:
        if flaw.address:
            yield flaw.address, f"{flaw.address} was not created: {flaw.detail or flaw.summary}"


def _notes(made: EmulatedAccount) -> Iterator[str]:
    for type_, addresses in made.not_created.items():
        named = ", ".join(addresses)
        if is_asked(addresses[0]):
            yield f"{type_} can't be rehearsed yet: {named}"
        else:
            yield f"{type_} is judged as it is declared, as no check asks an account about it: {named}"
    for flaw in made.failed:
        yield f"{flaw.address or flaw.position} was not created: {flaw.detail or flaw.summary}"
    for section, why in made.past_failed.items():
        yield f"{section or 'the past'} of the scenario did not happen: {why}"
