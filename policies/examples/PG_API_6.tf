resource "aws_apigatewayv2_stage" "limited" {
  api_id = "abc123"
  name   = "limited"
  default_route_settings {
    throttling_rate_limit  = 100
    throttling_burst_limit = 200
  }
}

resource "aws_apigatewayv2_stage" "unlimited" { # violates PG_API_6
  api_id = "abc123"
  name   = "$default"
}

resource "aws_api_gateway_rest_api" "shop" {
  name = "shop"
}

resource "aws_api_gateway_stage" "limited" {
  rest_api_id   = aws_api_gateway_rest_api.shop.id
  deployment_id = "def456"
  stage_name    = "limited"
}

resource "aws_api_gateway_method_settings" "limited" {
  rest_api_id = aws_api_gateway_rest_api.shop.id
  stage_name  = aws_api_gateway_stage.limited.stage_name
  method_path = "*/*"
  settings {
    throttling_rate_limit  = 100
    throttling_burst_limit = 200
  }
}

resource "aws_api_gateway_stage" "with_one_limited_method" { # violates PG_API_6
  rest_api_id   = aws_api_gateway_rest_api.shop.id
  deployment_id = "def456"
  stage_name    = "one"
}

resource "aws_api_gateway_method_settings" "of_one_method" {
  rest_api_id = aws_api_gateway_rest_api.shop.id
  stage_name  = aws_api_gateway_stage.with_one_limited_method.stage_name
  method_path = "orders/POST"
  settings {
    throttling_rate_limit  = 100
    throttling_burst_limit = 200
  }
}
