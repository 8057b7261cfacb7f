"""The stand-in plans the same as the real provider; where it can't, it says less, never something else.

Run with `tox -e differential`. The real provider is an old one (3.39), the newest that PyPI has; see legacy_root/.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.terraform.runner import prepare_environment, run, stand_in
from tests.prodgate.terraform.provider.real_provider import real_core, real_provider

pytestmark = pytest.mark.differential

LEGACY = Path(__file__).parent.parent / "legacy_root"
ZEROS: tuple[Any, ...] = (None, "", False, 0, [], {})
#: Defaults in the real provider's code, not in its schema: the stand-in leaves them null.
DEFAULTS = {
    "aws_cloudwatch_metric_alarm.actions_enabled": True,
    "aws_cloudwatch_metric_alarm.treat_missing_data": "missing",
    "aws_db_subnet_group.description": "Managed by Terraform",
    "aws_iam_role.max_session_duration": 3600,
    "aws_iam_role.path": "/",
    "aws_kms_key.customer_master_key_spec": "SYMMETRIC_DEFAULT",
    "aws_kms_key.is_enabled": True,
    "aws_kms_key.key_usage": "ENCRYPT_DECRYPT",
    "aws_lb.enable_http2": True,
    "aws_lb.idle_timeout": 60,
    "aws_lb.load_balancer_type": "application",
    "aws_lb_target_group.deregistration_delay": 300,
    "aws_lb_target_group.health_check.enabled": True,
    "aws_lb_target_group.health_check.healthy_threshold": 3,
    "aws_lb_target_group.health_check.interval": 30,
    "aws_lb_target_group.health_check.port": "traffic-port",
    "aws_lb_target_group.health_check.protocol": "HTTP",
    "aws_lb_target_group.health_check.unhealthy_threshold": 3,
    "aws_rds_cluster.engine_mode": "provisioned",
    "aws_route53_zone.comment": "Managed by Terraform",
    "aws_security_group.description": "Managed by Terraform",
    "aws_sqs_queue.max_message_size": 262144,
    "aws_sqs_queue.message_retention_seconds": 345600,
    "aws_sqs_queue.visibility_timeout_seconds": 30,
    "aws_vpc.enable_dns_support": True,
    "aws_vpc.instance_tenancy": "default",
}
#: Arguments that AWS may set if the configuration does not, in today's provider but not in that old one.
OPEN_SINCE = {
    "aws_cloudwatch_log_group.name_prefix", "aws_dynamodb_table.read_capacity", "aws_dynamodb_table.write_capacity",
    "aws_iam_role.name_prefix", "aws_kms_alias.name_prefix", "aws_lb.name_prefix", "aws_lb_target_group.name_prefix",
    "aws_rds_cluster.iam_roles", "aws_s3_bucket.acl", "aws_s3_bucket.bucket_prefix", "aws_s3_bucket.policy",
    "aws_sqs_queue.redrive_policy", "aws_subnet.ipv6_cidr_block",
}  # fmt: skip
Plan = dict[str, Any]
OPEN = object()


def planned(directory: Path, settings: Mapping[str, str]) -> Plan:
    """Return address -> planned value, with OPEN for what is only known after apply."""
    for arguments in (["init", "-input=false"], ["plan", "-input=false", "-refresh=false", "-out=plan.bin"]):
        done = run((*real_core(), *arguments), cwd=directory, environment=settings, limit=300)
        assert done.code == 0, done.stdout + done.stderr
    shown = run((*real_core(), "show", "-json", "plan.bin"), cwd=directory, environment=settings, limit=60)
    changes = json.loads(shown.stdout)["resource_changes"]
    return {each["address"]: opened(each["change"]["after"], each["change"]["after_unknown"]) for each in changes}


def opened(value: Any, unknown: Any) -> Any:
    if unknown is True:
        return OPEN
    if isinstance(unknown, dict):
        held = value or {}
        return {name: opened(held.get(name), unknown.get(name)) for name in {*held, *unknown}}
    if isinstance(value, list) and isinstance(unknown, list):
        return [opened(each, mask) for each, mask in zip(value, [*unknown, *[None] * len(value)], strict=False)]
    return value


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Plan]:
    """The legacy root as the real provider plans it, and as the stand-in does."""
    scratch = tmp_path_factory.mktemp("differential")
    settings = prepare_environment(os.environ, scratch)
    for name in ("real", "ours"):
        shutil.copytree(LEGACY, scratch / name)
    real = planned(scratch / "real", {**settings, "TF_DATA_DIR": str(scratch / "data"), **real_provider(scratch)})
    with stand_in(scratch, settings) as provider:
        attached = {**settings, "TF_REATTACH_PROVIDERS": provider.reattach, "TF_DATA_DIR": str(scratch / "attached")}
        return real, planned(scratch / "ours", attached)


def leaves(path: str, real: Any, ours: Any) -> Iterator[tuple[str, Any, Any]]:
    """Walk the common parts of both schemas side by side."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for name in sorted(real.keys() & ours.keys()):
            yield from leaves(f"{path}.{name}", real[name], ours[name])
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        for left, right in zip(sorted(real, key=order), sorted(ours, key=order), strict=True):
            yield from leaves(path, left, right)
    else:
        yield path, real, ours


def order(value: Any) -> str:
    """A key by which the elements of a set stand in the same order on both sides."""
    if isinstance(value, dict):
        value = {name: each for name, each in value.items() if isinstance(each, str)}
    return json.dumps(value, sort_keys=True, default=str)


def meaning(value: Any) -> Any:
    """Return JSON text by its content; old providers wrote an empty Sid."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    return json.loads(value, object_hook=lambda found: {name: each for name, each in found.items() if each != ""})


def differing(plans: tuple[Plan, Plan]) -> Iterator[tuple[str, Any, Any]]:
    real, ours = plans
    for address in sorted(real.keys() & ours.keys()):
        for path, left, right in leaves(address, real[address], ours[address]):
            if meaning(left) != meaning(right) and not (left in ZEROS and right in ZEROS):
                yield path, left, right


def test_the_same_resources(plans: tuple[Plan, Plan]) -> None:
    real, ours = plans

    assert real.keys() == ours.keys()
    assert len(ours) == 29


def test_no_value_contradicts_the_real_one(plans: tuple[Plan, Plan]) -> None:
    """A value that the real provider leaves open may be invented; one that it knows is the same, or open, or null."""
    contradicting = {
        path: (real, ours) for path, real, ours in differing(plans) if real is not OPEN and ours not in (OPEN, None)
    }

    assert contradicting == {}


def test_only_listed_defaults_are_missing(plans: tuple[Plan, Plan]) -> None:
    missing = {generic(path): real for path, real, ours in differing(plans) if real is not OPEN and ours is None}

    assert missing == DEFAULTS


def test_only_listed_arguments_are_left_open(plans: tuple[Plan, Plan]) -> None:
    left_open = {generic(path) for path, real, ours in differing(plans) if real is not OPEN and ours is OPEN}

    assert left_open == OPEN_SINCE


def generic(path: str) -> str:
    """`aws_subnet.private["a"].id` as `aws_subnet.id`."""
    kind, _, rest = path.partition(".")
    return f"{kind}.{rest.partition('.')[2] if ']' not in rest else rest.rpartition('].')[2]}"
