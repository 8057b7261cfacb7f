resource "aws_apigatewayv2_api" "http" {
  name          = "http"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_api" "sockets" {
  name          = "sockets"
  protocol_type = "WEBSOCKET"
}

resource "aws_apigatewayv2_route" "signed_in" {
  api_id             = aws_apigatewayv2_api.http.id
  route_key          = "GET /orders"
  authorization_type = "JWT"
  authorizer_id      = "abc123"
}

resource "aws_apigatewayv2_route" "preflight" { # not-applicable PG_API_2
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "OPTIONS /orders"
}

resource "aws_apigatewayv2_route" "message" { # not-applicable PG_API_2
  api_id    = aws_apigatewayv2_api.sockets.id
  route_key = "$default"
}

resource "aws_apigatewayv2_route" "connect_without_asking" { # violates PG_API_2
  api_id    = aws_apigatewayv2_api.sockets.id
  route_key = "$connect"
}

resource "aws_apigatewayv2_route" "left_at_the_default" { # violates PG_API_2
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "POST /orders"
}

resource "aws_api_gateway_rest_api" "rest" {
  name = "rest"
}

resource "aws_api_gateway_method" "signed" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  resource_id   = "abc123"
  http_method   = "GET"
  authorization = "AWS_IAM"
}

resource "aws_api_gateway_method" "with_a_key" {
  rest_api_id      = aws_api_gateway_rest_api.rest.id
  resource_id      = "abc123"
  http_method      = "GET"
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_method" "open_to_all" { # violates PG_API_2
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  resource_id   = "abc123"
  http_method   = "POST"
  authorization = "NONE"
}

resource "aws_api_gateway_rest_api" "inside" {
  name = "inside"
  endpoint_configuration {
    types = ["PRIVATE"]
  }
}

resource "aws_api_gateway_method" "inside" { # not-applicable PG_API_2
  rest_api_id   = aws_api_gateway_rest_api.inside.id
  resource_id   = "abc123"
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_apigatewayv2_api" "quick" { # violates PG_API_2
  name          = "quick"
  protocol_type = "HTTP"
  target        = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
}

locals {
  orders = { responses = {} }
  signed = { security = [{ sign_in = [] }] }
}

resource "aws_apigatewayv2_api" "described" {
  name          = "described"
  protocol_type = "HTTP"
  body = jsonencode({
    openapi = "3.0.1"
    paths = { "/orders" = {
      get     = merge(local.orders, local.signed)
      post    = merge(local.orders, { "x-amazon-apigateway-auth" = { type = "AWS_IAM" } })
      options = local.orders
    } }
  })
}

resource "aws_api_gateway_rest_api" "described_for_everybody" { # violates PG_API_2
  name = "described"
  body = jsonencode(merge(local.signed, {
    openapi = "3.0.1"
    paths   = { "/orders" = { get = local.orders, post = merge(local.orders, { security = [] }) } }
  }))
}

resource "aws_api_gateway_rest_api" "described_as_yaml" { # undetermined PG_API_2
  name = "yaml"
  body = "openapi: 3.0.1"
}
