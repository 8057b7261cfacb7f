"""Entrances without a load balancer: function URLs and API Gateway, how they authenticate, limit and log."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prodgate import Block, Criterion, Resource, policy

from .observability import settings_of

REST_METHOD = "aws_api_gateway_method"
#: APIs, whose routes may stand in one document instead of in resources.
WHOLE = ("aws_apigatewayv2_api", "aws_api_gateway_rest_api")
#: Operations of an OpenAPI document that need a caller who is known; a preflight request carries no credentials.
OPERATIONS = ("get", "put", "post", "delete", "head", "patch", "trace", "x-amazon-apigateway-any-method")


@policy(
    "PG_API_1",
    criterion="apis-authorized",
    resources=("aws_lambda_function_url",),
    population=0,
    remedy='Set authorization_type = "AWS_IAM", and let CloudFront sign its requests by an origin access control.',
)
def function_urls_ask_who_calls(url: Resource, criterion: Criterion) -> None:
    """The URL of a function answers signed requests only. With NONE, anybody who finds the address can run it."""
    kind = url.text("authorization_type")
    criterion.hold(kind == "AWS_IAM", expected="AWS_IAM", observed=kind)


@policy(
    "PG_API_2",
    criterion="apis-authorized",
    resources=("aws_apigatewayv2_route", REST_METHOD, *WHOLE),
    population=0,
    remedy="Set authorization_type (authorization of a REST method) to JWT, AWS_IAM, CUSTOM or COGNITO_USER_POOLS.",
)
def routes_ask_who_calls(route: Resource, criterion: Criterion) -> None:
    """Routes and methods of API Gateway authenticate their callers.

    Unset means no authentication. Preflight requests carry no credentials; a WebSocket authenticates when it connects.
    An API that names only a target makes one route to it without authentication; one with a body has what that says.
    """
    if route.type in WHOLE:
        _judge_whole(route, criterion)
        return
    if reason := _asks_elsewhere(route):
        raise criterion.not_applicable(reason)
    name = "authorization" if route.type == REST_METHOD else "authorization_type"
    kind = route.text(name) or "NONE"
    asked = kind != "NONE" or route.flag("api_key_required")
    route.has(name)  # where the finding points
    criterion.hold(asked, expected=f"{name} other than NONE", observed=kind, held=kind)


def _judge_whole(api: Resource, criterion: Criterion) -> None:
    document = {} if _is_private((api,)) else api.json("body") or {}
    quick = api.type == WHOLE[0] and api.has("target")
    criterion.hold(not quick, expected="routes of its own", observed="a route to its target for everybody")
    criterion.exclude(_list_open(document), expected="security of each operation", observed="none of {}")


def _list_open(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations of an OpenAPI document that anybody may call; an empty requirement is one for anybody."""
    for path, item in (document.get("paths") or {}).items():
        for method in (each for each in OPERATIONS if each in item):
            asked = item[method].get("security", document.get("security"))
            signed = (item[method].get("x-amazon-apigateway-auth") or {}).get("type", "NONE") != "NONE"
            if not signed and not (asked and all(asked)):
                yield f"{method.upper()} {path}"


@policy(
    "PG_API_3",
    criterion="apis-authorized",
    resources=("aws_appsync_graphql_api",),
    population=0,
    remedy="Set authentication_type to AWS_IAM, AMAZON_COGNITO_USER_POOLS, OPENID_CONNECT or AWS_LAMBDA.",
)
def graphql_asks_who_calls(api: Resource, criterion: Criterion) -> None:
    """A GraphQL API lets nobody in by an API key alone: every page that calls the API contains the key."""
    providers = api.blocks("additional_authentication_provider")
    kinds = [one.text("authentication_type") for one in (*providers, api)]
    keys = [kind for kind in kinds if kind == "API_KEY"]
    criterion.exclude(keys, expected="a caller who signs in")


@policy(
    "PG_API_4",
    criterion="apis-authorized",
    resources=("aws_msk_cluster", "aws_opensearch_domain", "aws_dms_endpoint"),
    population=0,
    remedy=(
        "Set client_authentication of a Kafka cluster, advanced_security_options { enabled = true } of a search "
        'domain, auth_type = "password" of MongoDB.'
    ),
)
def brokers_and_domains_ask_who_calls(store: Resource, criterion: Criterion) -> None:
    """Kafka brokers, search domains and the MongoDB side of a replication authenticate each client.

    Unset means that anybody in the network is let in; a replication signs in to MongoDB with a password.
    """
    if store.type == "aws_opensearch_domain":
        stated = store.blocks("advanced_security_options")
        told_apart = any(one.flag("enabled") and not one.flag("anonymous_auth_enabled") for one in stated)
        criterion.hold(told_apart, expected="advanced_security_options.enabled = true", observed="anybody is let in")
    elif store.type == "aws_dms_endpoint":
        unasked = [kind for one in store.blocks("mongodb_settings") if (kind := one.text("auth_type")) == "no"]
        criterion.exclude(unasked, expected="auth_type = password", observed="auth_type = {}")
    else:
        asked = any(map(_asks, store.blocks(CLIENTS))) and not store.flag(f"{CLIENTS}.unauthenticated")
        criterion.hold(asked, expected=CLIENTS, observed="anybody in the network is let in")


#: The block in which Kafka says how clients sign in.
CLIENTS = "client_authentication"


def _asks(clients: Block) -> bool:
    by_name = any(one.flag("iam") or one.flag("scram") for one in clients.blocks("sasl"))
    return by_name or any(one.has("certificate_authority_arns") for one in clients.blocks("tls"))


def _asks_elsewhere(route: Resource) -> str:
    """Return why a route itself needs no authentication, or nothing."""
    if route.type == REST_METHOD:
        private = _is_private(route.related("rest_api_id", WHOLE[1])) and "is of a private API, which its policy opens"
        return "answers preflight requests" if route.text("http_method") == "OPTIONS" else private or ""
    key = route.text("route_key") or ""
    sockets = [api.text("protocol_type") for api in route.related("api_id", "aws_apigatewayv2_api")]
    connected = "is asked when it connects" if "WEBSOCKET" in sockets and key != "$connect" else ""
    return "answers preflight requests" if key.startswith("OPTIONS ") else connected


def _is_private(apis: Iterable[Resource]) -> bool:
    """Whether one of them is a REST API that can be reached through endpoints of networks only."""
    stated = [block for one in apis if one.type == WHOLE[1] for block in one.blocks("endpoint_configuration")]
    return any("PRIVATE" in one.texts("types") for one in stated)


#: Origins that are any site.
ANY_SITE = {"*", "http://*", "https://*"}
REST_ANSWER = "aws_api_gateway_integration_response"


@policy(
    "PG_API_5",
    criterion="credentials-for-named-origins",
    resources=("aws_apigatewayv2_api", "aws_lambda_function_url", REST_ANSWER),
    population=0,
    remedy="List the origins of your own pages, or leave credentials out.",
)
def credentials_go_to_named_origins(entrance: Resource, criterion: Criterion) -> None:
    """An API that lets pages of other sites send credentials names those sites."""
    name = "cors_configuration" if entrance.type == "aws_apigatewayv2_api" else "cors"
    if entrance.type == REST_ANSWER:
        sent = {key.rpartition(".")[2].lower(): text for key, text in entrance.mapping("response_parameters").items()}
        allowed = sent.get("access-control-allow-credentials", "").strip("'") == "true"
        origins = {sent.get("access-control-allow-origin", "").strip("'")} if allowed else set()
    else:
        stated = [one for one in entrance.blocks(name) if one.flag("allow_credentials")]
        origins = {origin for one in stated for origin in one.texts("allow_origins")}
    criterion.exclude(sorted(origins & ANY_SITE), expected="named origins", observed="credentials from {}")


@policy(
    "PG_API_6",
    criterion="apis-throttled",
    resources=("aws_apigatewayv2_stage", "aws_api_gateway_stage"),
    population=0,
    remedy="Set throttling_rate_limit in default_route_settings, for a REST API in aws_api_gateway_method_settings.",
)
def stages_of_apis_limit_requests(stage: Resource, criterion: Criterion) -> None:
    """Every stage limits how many requests it takes a second; unset, it may use up the limit of the whole account."""
    http = stage.type == "aws_apigatewayv2_stage"
    found = [stage] if http else [one for one in settings_of(stage) if one.text("method_path") == "*/*"]
    blocks = [block for one in found for block in one.blocks("default_route_settings" if http else "settings")]
    limited = any(block.number("throttling_rate_limit", -1) > 0 for block in blocks)
    criterion.hold(limited, expected="throttling_rate_limit", observed="the limit of the account")


@policy(
    "PG_EDGE_17",
    criterion="access-logs",
    resources=("aws_api_gateway_stage", "aws_apigatewayv2_stage"),
    population=0,
    remedy="Add access_log_settings with a log group as destination_arn.",
)
def stages_of_apis_write_access_logs(stage: Resource, criterion: Criterion) -> None:
    """Every stage of an API writes an access log. Unset means none."""
    logged = bool(stage.blocks("access_log_settings"))
    criterion.hold(logged, expected="access_log_settings", observed="none")


@policy(
    "PG_EDGE_18",
    criterion="access-logs",
    resources=("aws_eks_cluster",),
    population=0,
    remedy='Put "audit" among enabled_cluster_log_types.',
)
def clusters_write_an_audit_log(cluster: Resource, criterion: Criterion) -> None:
    """Every Kubernetes cluster logs who requested what from its API; unset means nothing is logged."""
    kinds = cluster.texts("enabled_cluster_log_types")
    criterion.hold("audit" in kinds, expected="audit", observed=", ".join(kinds) or "no log", held=", ".join(kinds))
