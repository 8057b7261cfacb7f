resource "aws_api_gateway_stage" "logged" {
  rest_api_id   = "abc123"
  stage_name    = "live"
  deployment_id = "def456"
  access_log_settings {
    destination_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/api"
    format          = "$context.requestId"
  }
}

resource "aws_apigatewayv2_stage" "logged" {
  api_id = "abc123"
  name   = "live"
  access_log_settings {
    destination_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/api"
    format          = "$context.requestId"
  }
}

resource "aws_api_gateway_stage" "silent" { # violates PG_EDGE_17
  rest_api_id   = "abc123"
  stage_name    = "live"
  deployment_id = "def456"
}

resource "aws_apigatewayv2_stage" "silent" { # violates PG_EDGE_17
  api_id = "abc123"
  name   = "live"
}
