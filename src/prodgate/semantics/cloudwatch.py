"""The meaning of CloudWatch's metrics, metric math, alarms and dashboards, declared or in an account."""

import ast
import json
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import Any, Final

from .syntax_trees import parse_expression
from .unresolved import Unresolved

__all__ = [
    "AIRFLOW", "BALANCER_ERRORS", "CONTAINERS", "HEARTBEATS", "TARGET_ERRORS", "UTILIZATION",
    "alarms_in_rule", "error_percent", "evaluate_nested", "find_deciding_queries", "fires_above",
    "fires_below", "is_error_share", "list_unfelt", "metrics_on", "parse_percentile",
    "publishing_mistake",
]  # fmt: skip

#: Metric of the 5xx responses that a load balancer gave by itself, without a target.
BALANCER_ERRORS: Final = "HTTPCode_ELB_5XX_Count"
#: Metric of the 5xx responses of the targets behind it.
TARGET_ERRORS: Final = "HTTPCode_Target_5XX_Count"
_FELT_BY_USERS: Final = {
    "response time": {"TargetResponseTime"},
    "errors": {TARGET_ERRORS, BALANCER_ERRORS, "5xxErrorRate"},
}
#: Namespace of Airflow's metrics.
AIRFLOW: Final = "AmazonMWAA"
#: Namespace of the containers that it runs in.
CONTAINERS: Final = "AWS/MWAA"
#: Percentages from 0 to 100 that are worse the higher they are.
UTILIZATION: Final = {
    ("AWS/ECS", "CPUUtilization"), ("AWS/ECS", "MemoryUtilization"), ("AWS/RDS", "CPUUtilization"),
    ("AWS/MWAA", "CPUUtilization"), ("AWS/MWAA", "MemoryUtilization"), ("AWS/ElastiCache", "CPUUtilization"),
}  # fmt: skip
#: Metrics that are published as long as the thing is alive, so that their absence is the fault itself.
HEARTBEATS: Final = {
    "SchedulerHeartbeat", "TriggerHeartbeat", "TriggererHeartbeat", "HealthyHostCount", "SuccessPercent"
}  # fmt: skip
#: Metrics that AWS publishes only when there is something to count: missing data is no fault.
SPARSE: Final = {
    ("AWS/ApplicationELB", BALANCER_ERRORS), ("AWS/ApplicationELB", TARGET_ERRORS),
    ("AWS/ApplicationELB", "TargetResponseTime"), ("AWS/ApplicationELB", "UnHealthyHostCount"),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    # they are reported when there is a value other than zero
    ("AWS/ApplicationELB", "HTTPCode_ELB_4XX_Count"), ("AWS/ApplicationELB", "HTTPCode_Target_4XX_Count"),
    ("AWS/ApplicationELB", "HTTPCode_ELB_500_Count"), ("AWS/ApplicationELB", "HTTPCode_ELB_502_Count"),
    ("AWS/ApplicationELB", "HTTPCode_ELB_503_Count"), ("AWS/ApplicationELB", "HTTPCode_ELB_504_Count"),
    ("AWS/ApplicationELB", "RejectedConnectionCount"), ("AWS/ApplicationELB", "TargetConnectionErrorCount"),
    ("AWS/Events", "FailedInvocations"), ("AWS/Lambda", "Errors"), ("AWS/SNS", "NumberOfNotificationsFailed"),
    ("AWS/MWAA", "ApproximateAgeOfOldestTask"),
    ("AWS/Route53", "DNSSECInternalFailure"), ("AWS/Route53", "DNSSECKeySigningKeysNeedingAction"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"), ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    ("AWS/WAFV2", "BlockedRequests"),
    ("AmazonMWAA", "DAGDurationFailed"), ("AmazonMWAA", "DAGDurationSuccess"), ("AmazonMWAA", "DAGScheduleDelay"),
    ("AmazonMWAA", "ImportErrors"), ("AmazonMWAA", "TaskInstanceFailures"), ("AmazonMWAA", "TaskInstanceSuccesses"),
}  # fmt: skip

#: Metrics of containers of MWAA, silent only of those that come and go: the base worker always reports, and a cluster
#: of another name never does. https://docs.aws.amazon.com/mwaa/latest/userguide/accessing-metrics-cw-container-queue-db.html
_CONTAINERS: Final = {("AWS/MWAA", "CPUUtilization"), ("AWS/MWAA", "MemoryUtilization")}


def is_sparse(namespace: str, metric: str, dimensions: Mapping[str, str]) -> bool:
    """Whether a metric of AWS is silent while all is well; AWS publishes none of them for all things at once."""
    if (namespace, metric) in _CONTAINERS:
        return dimensions.get("Cluster") == "AdditionalWorker"
    return (namespace, metric) in SPARSE and bool(dimensions)


@cache
def _listed() -> Mapping[str, list[dict[str, Any]]]:
    """Return the metrics that a service publishes under the same dimensions, by namespace, from AWS's user guides.

    A group without dimensions may have any. The lists are of 2 December 2026.
    """
    found: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("aws_metrics.json").read_text("utf-8"))
    return found


def publishing_mistake(namespace: str, metric: str, dimensions: Iterable[str]) -> str | None:
    """Return why AWS never publishes a metric under these names of dimensions, or an empty string if it does.

    None if the metrics of the namespace are not listed here. Raises Unresolved if they are, and this is none of them
    that only resembles another.

    >>> publishing_mistake("AWS/SQS", "NumberOfMessageSent", ["QueueName"])
    'NumberOfMessageSent is no metric of AWS/SQS; did you mean NumberOfMessagesSent?'
    """
    if (groups := _listed().get(namespace)) is None:
        return None
    stated = sorted(dimensions)
    known = [one.get("dimensions", [stated]) for one in groups if metric in one["names"]]
    if not known:
        near = get_close_matches(metric, [name for one in groups for name in one["names"]], n=1, cutoff=0.8)
        if not near:
            raise Unresolved(metric, f"is not among the metrics that AWS lists for {namespace}")
        return f"{metric} is no metric of {namespace}; did you mean {near[0]}?"
    under = [names for sets in known for names in sets]
    either = " or ".join(" + ".join(names) for names in under)
    return "" if stated in under else f"{metric} is published by {either}, not by {' + '.join(stated) or 'none'}"


#: Computes what an alarm compares with its threshold, given a number for each metric by its name.
Compute = Callable[[Mapping[str, Decimal]], Decimal]


def list_unfelt(metrics: Set[str]) -> list[str]:
    """Return what users feel (response time, errors) and none of these metrics shows."""
    return [what for what, wanted in _FELT_BY_USERS.items() if not wanted & metrics]


def parse_percentile(statistic: str) -> Decimal | None:
    """Return 95 for ``p95``, None for any other statistic."""
    number = statistic[1:]
    return Decimal(number) if statistic[:1] == "p" and number.replace(".", "", 1).isdigit() else None


def compute_statistic(name: str, values: Iterable[tuple[float, float]]) -> float:
    """Return a statistic of values, each with how often it was met. Raises Unresolved for one that is unknown here."""
    ordered = sorted(values)
    count, total = sum(times for _, times in ordered), sum(value * times for value, times in ordered)
    simple = {
        "SampleCount": count,
        "Sum": total,
        "Average": total / count,
        "Minimum": ordered[0][0],
        "Maximum": ordered[-1][0],
    }
    if name in simple:
        return simple[name]
    share = parse_percentile(name)
    if share is None:
        raise Unresolved(name, "is a statistic that is not computed here")
    rank, passed = max(1, ceil(float(share) / 100 * count)), accumulate(times for _, times in ordered)
    return next((value for (value, _), so_far in zip(ordered, passed, strict=True) if so_far >= rank), ordered[-1][0])


def find_deciding_queries(outer: str, inner: Mapping[str, str], queries: Collection[str]) -> frozenset[str]:
    """Return the ids of the queries that an expression uses, directly or through another one. Raises Unresolved."""
    waiting, seen = [outer], set[str]()
    while waiting:
        named = query_ids(waiting.pop())
        found = (set(queries) if "METRICS" in named else named & set(queries)) - seen
        seen |= found
        waiting += [inner[id_] for id_ in found if inner.get(id_)]
    return frozenset(seen)


def fires_above(comparison: str) -> bool:
    """Whether an alarm with this operator fires when its value is high."""
    return "Greater" in comparison


def fires_below(comparison: str) -> bool:
    """Whether an alarm with this operator fires when its value is low."""
    return "LessThan" in comparison


def evaluate_nested(outer: str, inner: Mapping[str, str], values: Mapping[str, Decimal]) -> Decimal:
    """Compute an expression that may name others. Raises Unresolved for what is not understood.

    ``inner`` holds the expressions by their ids, ``values`` a number for each metric by its id.
    """
    known = dict(values)
    for _ in inner:
        for id_, text in inner.items():
            if text != outer and {name for name in query_ids(text) if not name.isupper()} <= known.keys():
                known[id_] = evaluate(text, known)
    return evaluate(outer, known)


def is_error_share(metrics: Set[str], compute: Compute) -> bool:
    """Whether an alarm on these metrics of a load balancer compares a share of its requests.

    It does when twice the traffic with the same errors halves the value. Raises Unresolved.
    """
    if metrics - {BALANCER_ERRORS, TARGET_ERRORS, "RequestCount"}:
        return False
    busy, busier = compute(_traffic(metrics, requests=1000)), compute(_traffic(metrics, requests=2000))
    return busy > busier > 0


def error_percent(threshold: Decimal, metrics: Set[str], compute: Compute) -> Decimal:
    """Return an error rate's threshold in percent, whether its expression counts in percent or in shares of one."""
    return threshold / compute(_traffic(metrics, requests=1000))


def _traffic(metrics: Set[str], requests: int) -> dict[str, Decimal]:
    """Return the numbers of a minute in which ten requests failed, all with one of the errors that the alarm reads.

    RequestCount does not count responses that a load balancer gives itself because it has no target.
    """
    failed = TARGET_ERRORS if TARGET_ERRORS in metrics else BALANCER_ERRORS
    reached = requests if failed == TARGET_ERRORS else requests - 10
    counts = {TARGET_ERRORS: 0, BALANCER_ERRORS: 0, failed: 10, "RequestCount": reached}
    return {name: Decimal(count) for name, count in counts.items()}


# ── Metric math, computed: what an expression makes of given numbers
#
# Only what alarms on rates and sums use. An expression that holds anything else raises Unresolved, so that no judgement
# rests on half an expression.

_OPERATORS: Final[dict[type[ast.AST], Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right if right else Decimal(0),
}
_COMPARISONS: Final[dict[type[ast.AST], Callable[[Decimal, Decimal], bool]]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Final[dict[str, Callable[[list[Decimal]], Decimal]]] = {
    "SUM": lambda values: sum(values, Decimal(0)),
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values, Decimal(0)) / len(values),
    "ABS": lambda values: abs(values[0]),
    "FILL": lambda values: values[0],  # what fills a gap does not matter where there is none
    "IF": lambda values: values[1] if values[0] else values[2] if len(values) > 2 else Decimal(0),
}


def evaluate(expression: str, values: Mapping[str, Decimal]) -> Decimal:
    """Return the value of an expression; ``values`` holds a number for every id that it may name.

    >>> evaluate("100 * (FILL(e, 0) / r)", {"e": Decimal(1), "r": Decimal(1000)})
    Decimal('0.100')
    """
    try:
        return _value(parse_expression(expression.strip()), values)
    except (SyntaxError, KeyError, IndexError, ValueError, TypeError, ArithmeticError) as error:
        raise Unresolved(expression, f"is metric math that is not understood here: {error}") from None


@cache
def query_ids(expression: str) -> frozenset[str]:
    """Return the ids of queries that an expression may name; ``METRICS`` when it takes all."""
    try:
        tree = parse_expression(expression.strip())
    except SyntaxError as error:
        raise Unresolved(expression, f"is metric math that is not understood here: {error}") from None
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _value(node: ast.expr, values: Mapping[str, Decimal]) -> Decimal:
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value))
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, values)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
        compare = _COMPARISONS[type(node.ops[0])]
        return Decimal(int(compare(_value(node.left, values), _value(node.comparators[0], values))))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return _FUNCTIONS[node.func.id](_arguments(node.args, values))
    raise ValueError(ast.unparse(node))


def _arguments(nodes: list[ast.expr], values: Mapping[str, Decimal]) -> list[Decimal]:
    found: list[Decimal] = []
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "METRICS":
            found += values.values()
        elif isinstance(node, ast.List):
            found += _arguments(node.elts, values)
        else:
            found.append(_value(node, values))
    return found


# ── The rule of a composite alarm, computed from the states of the alarms that it names

_STATE: Final = re.compile(
    r'(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|\'([^\']+)\'|([^"\'()\s]+(?:\s+[^"\'()\s]+)*))\s*\)'
)
_WORDS: Final = {"AND": "and", "OR": "or", "NOT": "not", "TRUE": "True", "FALSE": "False"}


def alarms_in_rule(rule: str) -> frozenset[str]:
    """Return the names of the alarms that a rule is made of, without the ARN before them."""
    return frozenset(_name_of(match) for match in _STATE.finditer(rule))


def _name_of(match: re.Match[str]) -> str:
    name: str = next(filter(None, match.groups()[1:]))
    return name.rpartition(":alarm:")[2]


def holds(rule: str, state_of: Callable[[str], str]) -> bool:
    """Whether a rule holds; ``state_of`` returns the state of an alarm by its name. Raises Unresolved.

    >>> holds('ALARM("slow") AND NOT ALARM("planned")', {"slow": "ALARM", "planned": "OK"}.get)
    True
    """

    def compare(match: re.Match[str]) -> str:
        return str(state_of(_name_of(match)) == match[1])

    text = re.sub(r"\b(AND|OR|NOT|TRUE|FALSE)\b", lambda match: _WORDS[match[1]], _STATE.sub(compare, rule))
    try:
        return _evaluate_rule(parse_expression(" ".join(text.split())))
    except (SyntaxError, TypeError) as error:
        raise Unresolved(rule, f"is a rule of alarms that is not understood here: {error}") from None


def _evaluate_rule(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool(value)):
            return value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _evaluate_rule(operand)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_evaluate_rule(each) for each in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_evaluate_rule(each) for each in values)
    raise TypeError(ast.unparse(node))


# ── The metrics on a dashboard, as its body writes them


def metrics_on(body: Mapping[str, Any], account: str = "") -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield namespace, name and dimensions of each metric; ``.`` repeats the value above, ``...`` all up to the last.

    Metrics of others than a stated ``account`` are left out.

    >>> list(metrics_on({"widgets": [{"properties": {"metrics": [["A", "m", "D", "x"], ["...", "y"]]}}]}))
    [('A', 'm', {'D': 'x'}), ('A', 'm', {'D': 'y'})]
    """
    for widget in body.get("widgets", ()):
        previous: list[Any] = []
        properties = widget.get("properties", {})
        for metric in properties.get("metrics", ()):
            parts = [part for part in metric if not isinstance(part, dict)]
            if parts[:1] == ["..."]:
                parts = [*previous[: len(previous) - len(parts) + 1], *parts[1:]]
            parts = [previous[i] if part == "." and i < len(previous) else part for i, part in enumerate(parts)]
            previous = parts or previous
            options = [properties, *(part for part in metric if isinstance(part, dict))]
            owner = next((one["accountId"] for one in reversed(options) if "accountId" in one), account)
            if len(parts) >= 2 and (not account or owner == account):
                yield (
                    str(parts[0]),
                    str(parts[1]),
                    dict(zip(map(str, parts[2::2]), map(str, parts[3::2]), strict=False)),
                )
