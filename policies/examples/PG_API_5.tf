resource "aws_apigatewayv2_api" "for_its_own_page" {
  name          = "own"
  protocol_type = "HTTP"
  cors_configuration {
    allow_credentials = true
    allow_origins     = ["https://shop.example.com"]
  }
}

resource "aws_apigatewayv2_api" "open_without_credentials" {
  name          = "open"
  protocol_type = "HTTP"
  cors_configuration {
    allow_origins = ["*"]
  }
}

resource "aws_apigatewayv2_api" "for_pages_of_any_site" { # violates PG_API_5
  name          = "any"
  protocol_type = "HTTP"
  cors_configuration {
    allow_credentials = true
    allow_origins     = ["https://*"]
  }
}

resource "aws_lambda_function_url" "for_pages_of_any_site" { # violates PG_API_5
  function_name      = "orders"
  authorization_type = "AWS_IAM"
  cors {
    allow_credentials = true
    allow_origins     = ["*"]
  }
}

resource "aws_api_gateway_integration_response" "for_its_own_page" {
  rest_api_id = "abc123"
  resource_id = "def456"
  http_method = "OPTIONS"
  status_code = "200"
  response_parameters = {
    "method.response.header.Access-Control-Allow-Origin"      = "'https://shop.example.com'"
    "method.response.header.Access-Control-Allow-Credentials" = "'true'"
  }
}

resource "aws_api_gateway_integration_response" "for_pages_of_any_site" { # violates PG_API_5
  rest_api_id = "abc123"
  resource_id = "def456"
  http_method = "OPTIONS"
  status_code = "200"
  response_parameters = {
    "method.response.header.Access-Control-Allow-Origin"      = "'*'"
    "method.response.header.Access-Control-Allow-Credentials" = "'true'"
  }
}
