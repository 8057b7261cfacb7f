"""HTTP and WebSocket APIs of API Gateway, as far as who calls and what is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, first, omit_empty


@creates("aws_apigatewayv2_api")
def api(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an API without routes."""
    made = aws("apigatewayv2").create_api(
        Name=declared["name"],
        ProtocolType=declared["protocol_type"],
        **omit_empty(
            Description=declared["description"],
            RouteSelectionExpression=declared["route_selection_expression"],
            Tags=declared.get("tags_all"),
        ),
    )
    id = made["ApiId"]
    return {
        "id": id,
        "arn": f"arn:aws:apigateway:{aws.region}::/apis/{id}",
        "api_endpoint": made["ApiEndpoint"],
        "execution_arn": f"arn:aws:execute-api:{aws.region}:{aws.account}:{id}",
    }


@creates("aws_apigatewayv2_integration")
def integration(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say where an API hands requests on."""
    made = aws("apigatewayv2").create_integration(
        ApiId=declared["api_id"],
        IntegrationType=declared["integration_type"],
        **omit_empty(
            IntegrationUri=declared["integration_uri"],
            IntegrationMethod=declared["integration_method"],
            PayloadFormatVersion=declared["payload_format_version"],
            ConnectionType=declared["connection_type"],
            ConnectionId=declared["connection_id"],
        ),
    )
    return {"id": made["IntegrationId"]}


@creates("aws_apigatewayv2_authorizer")
def authorizer(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say who decides about who calls."""
    token = first(declared["jwt_configuration"])
    made = aws("apigatewayv2").create_authorizer(
        ApiId=declared["api_id"],
        Name=declared["name"],
        AuthorizerType=declared["authorizer_type"],
        IdentitySource=sorted(declared["identity_sources"] or ()),
        **omit_empty(
            AuthorizerUri=declared["authorizer_uri"],
            JwtConfiguration=omit_empty(Audience=sorted(token.get("audience") or ()), Issuer=token.get("issuer")),
        ),
    )
    return {"id": made["AuthorizerId"]}


@creates("aws_apigatewayv2_route")
def route(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add a route to an API."""
    made = aws("apigatewayv2").create_route(
        ApiId=declared["api_id"],
        RouteKey=declared["route_key"],
        **omit_empty(
            AuthorizationType=declared["authorization_type"],
            AuthorizerId=declared["authorizer_id"],
            Target=declared["target"],
        ),
    )
    return {"id": made["RouteId"]}


@creates("aws_apigatewayv2_stage")
def stage(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Serve an API under a name."""
    aws("apigatewayv2").create_stage(
        ApiId=declared["api_id"], StageName=declared["name"], **omit_empty(AutoDeploy=declared["auto_deploy"])
    )
    root = f"arn:aws:apigateway:{aws.region}::/apis/{declared['api_id']}/stages/{declared['name']}"
    return {"id": declared["name"], "arn": root}
