resource "aws_lambda_function_url" "signed" {
  function_name      = "orders"
  authorization_type = "AWS_IAM"
}

resource "aws_lambda_function_url" "for_anybody" { # violates PG_API_1
  function_name      = "orders"
  authorization_type = "NONE"
}
