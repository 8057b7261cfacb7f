"""Kinds of fact of which a rehearsal account can't have everything: what is declared and could not be created there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ...aws.actions import READS
from ...facts import Facts
from ...terraform.provider.arns import SERVICES

_TYPE: Final = re.compile(r"(?:^|\.)aws_(\w+)\.[\w-]+(?:\[.*\])?$")
#: First words of a type -> the service that lists it, as boto3 calls it, where neither they nor its ARN name it so.
_LISTED_BY: Final = {
    "cloudwatch_log": "logs", "cloudwatch_query": "logs", "cloudwatch_event": "events", "lb": "elbv2", "alb": "elbv2",
    "elb": "elb", "mwaa": "mwaa", "appautoscaling": "application-autoscaling", "wafv2": "wafv2", "sfn": "stepfunctions",
    "api_gateway": "apigateway", "apigatewayv2": "apigatewayv2", "config": "config", "docdb": "rds", "neptune": "rds",
}  # fmt: skip
#: What of EC2 facts are made of; volumes, images and addresses are none of it.
_OF_EC2: Final = re.compile(
    r"(default_|main_|ec2_managed_)?(vpc|subnet|security_group|route|network|flow_log|instance|launch|spot|prefix_list)"
)


def leave_unrehearsed(facts: Facts, missing: Mapping[str, str]) -> Facts:
    """Leave unread each kind that is made of what a service lists where something is missing: why, by address.

    What is not satisfied of such a kind may be so because of that, and is undetermined.
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
    """Whether an observer that is loaded asks an account for what lists a resource, as far as the service tells."""
    return find_service(address) in READS


def find_service(address: str) -> str:
    """Return the service, as boto3 calls it, that lists a resource of AWS; empty for what no fact is made of."""
    found = _TYPE.search(address)
    if found is None:
        return ""
    words = found[1].split("_")
    first, two = words[0], "_".join(words[:2])
    service = _LISTED_BY.get(two) or _LISTED_BY.get(first) or SERVICES.get(first, first)
    return "" if service == "ec2" and not _OF_EC2.match(found[1]) else service
