"""The meaning of AWS's settings, declared or in an account."""

import re
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from ipaddress import ip_network
from math import ceil
from typing import Any, Final, TypeVar

__all__ = [
    "COLLECTORS", "ENCRYPTED", "FORCES_TLS", "MODERN_LISTENER", "MODERN_VIEWER", "OLDEST", "SHIFTING",
    "TRACING_POLICIES", "UNCONNECTED", "can_escape", "is_connected", "is_fargate", "is_narrow", "is_switched_on",
    "list_needed_rule_groups", "longest_pause", "read_in_order", "scales_out",
]  # fmt: skip

#: Strategies of ECS's own deployment controller that shift traffic between two target groups.
SHIFTING: Final = ("BLUE_GREEN", "CANARY", "LINEAR")
#: How CloudFront answers plain HTTP where nothing is served over it.
ENCRYPTED: Final = ("redirect-to-https", "https-only")
#: Managed policies of AWS that let a role send traces.
TRACING_POLICIES: Final = ("AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess", "AWSXrayFullAccess")
#: Words in the name of an image that collects traces.
COLLECTORS: Final = ("xray", "x-ray", "otel", "opentelemetry", "collector")
#: Engine -> the parameter that makes it refuse plain connections, and the first major version with that as default.
FORCES_TLS: Final[Mapping[str, tuple[str, int | None]]] = {
    "aurora-postgresql": ("rds.force_ssl", 17),
    "postgres": ("rds.force_ssl", 15),
    "aurora-mysql": ("require_secure_transport", None),
    "mysql": ("require_secure_transport", None),
    "mariadb": ("require_secure_transport", None),
    **{f"sqlserver-{edition}": ("rds.force_ssl", None) for edition in ("ee", "se", "ex", "web")},
}

#: CloudFront's security policies that accept TLS 1.2 or newer only.
MODERN_VIEWER: Final = re.compile(r"TLSv1\.[23](_\d{4})?")
#: The policy of a listener that names none; it still accepts TLS 1.0.
OLDEST: Final = "ELBSecurityPolicy-2016-08"
#: The policies that accept TLS 1.2 or newer only.
MODERN_LISTENER: Final = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)-")


def is_fargate(providers: Set[str]) -> bool:
    """Whether tasks run on Fargate, and not on Spot alone, which may end them at two minutes' notice."""
    return "FARGATE" in providers and providers <= {"FARGATE", "FARGATE_SPOT"}


#: Why nobody asks how traffic reaches a service's tasks.
UNCONNECTED: Final = "nothing connects to it: no load balancer, no service discovery, and no container maps a port"


def is_connected(containers: Iterable[Mapping[str, Any]], *ways: object) -> bool:
    """Whether something connects to the tasks of a service: one of its ``ways`` names some, or a container maps a port.

    Load balancers, Service Connect and VPC Lattice need a mapped port; service discovery by address does not.
    """
    return any(ways) or any(one.get("portMappings") for one in containers)


def scales_out(kind: str, *, steps: Iterable[Decimal] = (), mode: str = "") -> bool:
    """Whether a scaling policy can add tasks, rather than only take some away or only forecast.

    ``steps`` are its adjustments, of a number of tasks or of a share of them; of an exact number, its distance from the
    least.
    """
    if kind == "PredictiveScaling":
        return mode == "ForecastAndScale"
    return kind == "TargetTrackingScaling" or any(step > 0 for step in steps)


def is_switched_on(value: str) -> bool:
    """Whether a parameter of a database is on."""
    return value.lower() in ("1", "on", "true")


def list_needed_rule_groups(*, database: bool) -> list[str]:
    """Return the rule groups of AWS that a web ACL needs: against common attacks, and injections before a database."""
    groups = ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"]
    return [*groups, "AWSManagedRulesSQLiRuleSet"] if database else groups


T = TypeVar("T")
#: Least prefix of a network that only a few people share, by version of IP.
_NARROW: Final = {4: 16, 6: 32}


def is_narrow(networks: Iterable[str]) -> bool:
    """Whether each of an IP set's networks belongs to a few. Raises ValueError for a text that is no network."""
    found = (ip_network(each, strict=False) for each in networks)
    return all(one.prefixlen >= _NARROW[one.version] for one in found)


#: Keys of a rate limit: what a client can't make up, what has few values, and a header that proxies write.
_OF_CLIENT, _FEW, _FORWARDED = {"asn", "constant", "ip"}, {"httpmethod", "labelnamespace"}, {"forwardedip"}


def can_escape(keys: Iterable[str]) -> bool | None:
    """Whether a client can escape a rate limit of WAF that counts by these keys, as the API or Terraform calls them.

    None if that depends on a proxy that overwrites the header with the client's address.
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-aggregation-options.html

    >>> can_escape(["IP", "HTTPMethod"]), can_escape(["ip", "header"]), can_escape(["forwarded_ip"])
    (False, True, None)
    """
    named = {each.replace("_", "").lower() for each in keys}
    if not named - _FEW or not named <= _OF_CLIENT | _FEW | _FORWARDED:
        return True
    return None if named & _FORWARDED else False


def read_in_order(rules: Iterable[tuple[T, bool]]) -> tuple[list[T], list[T]]:
    """Return the rules of a web ACL that see every request, and those that an earlier rule lets requests past.

    ``rules`` come by priority, each with whether it allows more than a few clients: Allow ends the way of a request.
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-action.html

    >>> read_in_order([("limit", False), ("allow", True), ("block", False)])
    (['limit', 'allow'], ['block'])
    """
    seen, passed = list[T](), list[T]()
    reached = seen
    for rule, lets_past in rules:
        reached.append(rule)
        reached = passed if lets_past else reached
    return seen, passed


# ── Schedules: ``cron(minutes hours day month weekday year)`` and ``rate(number unit)``, or the five fields of cron

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_A_DAY: Final = {"minute": 1440, "hour": 24, "day": 1}
_EVERY: Final = frozenset({"*", "?", "1/1", "*/1", "0-6", "1-7"})


def longest_pause(schedule: str) -> int:
    """Return the most days between two runs: 1, 7, 31, or 366 if it names months or years, or can't be read.

    >>> longest_pause("17 18 * * *"), longest_pause("cron(0 10 ? * WED *)"), longest_pause("rate(36 hours)")
    (1, 7, 2)
    """
    if rate := _RATE.fullmatch(schedule):
        return ceil(int(rate[1]) / _A_DAY[rate[2]])
    fields = schedule.removeprefix("cron(").removesuffix(")").split()
    rare = [field not in _EVERY for field in fields[2:]]
    if len(fields) not in (5, 6) or rare[1] or any(rare[3:]):
        return 366
    return 31 if rare[0] else 7 if rare[2] else 1
