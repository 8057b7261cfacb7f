locals {
  function = { role = "arn:aws:iam::123456789012:role/function", handler = "main.handler", runtime = "python3.13" }
}

resource "aws_lambda_function" "quick" {
  function_name = "quick"
  role          = local.function.role
  handler       = local.function.handler
  runtime       = local.function.runtime
  s3_bucket     = "code"
  s3_key        = "function.zip"
}

resource "aws_lambda_function" "slow" {
  function_name = "slow"
  role          = local.function.role
  handler       = local.function.handler
  runtime       = local.function.runtime
  s3_bucket     = "code"
  s3_key        = "function.zip"
  timeout       = 60
}

resource "aws_lambda_alias" "slow" {
  name             = "live"
  function_name    = aws_lambda_function.slow.function_name
  function_version = "1"
}

resource "aws_sqs_queue" "of_defaults" {
  name = "defaults"
}

resource "aws_sqs_queue" "patient" {
  name                       = "patient"
  visibility_timeout_seconds = 360
}

resource "aws_lambda_event_source_mapping" "of_defaults" {
  event_source_arn = aws_sqs_queue.of_defaults.arn
  function_name    = aws_lambda_function.quick.arn
}

resource "aws_lambda_event_source_mapping" "patient" {
  event_source_arn = aws_sqs_queue.patient.arn
  function_name    = aws_lambda_alias.slow.arn
}

resource "aws_lambda_event_source_mapping" "impatient" { # violates PG_RUN_8
  event_source_arn = aws_sqs_queue.of_defaults.arn
  function_name    = aws_lambda_alias.slow.arn
}

resource "aws_lambda_event_source_mapping" "collects_too_long" { # violates PG_RUN_8
  event_source_arn                   = aws_sqs_queue.patient.arn
  function_name                      = aws_lambda_function.slow.arn
  maximum_batching_window_in_seconds = 120
}

resource "aws_lambda_event_source_mapping" "of_a_stream" { # not-applicable PG_RUN_8
  event_source_arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
  function_name    = aws_lambda_function.slow.arn
}

resource "aws_lambda_event_source_mapping" "from_elsewhere" { # undetermined PG_RUN_8
  event_source_arn = "arn:aws:sqs:eu-west-1:123456789012:orders"
  function_name    = aws_lambda_function.slow.arn
}

resource "aws_dynamodb_table" "orders" {
  name             = "orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_lambda_event_source_mapping" "of_a_declared_stream" { # not-applicable PG_RUN_8
  event_source_arn  = aws_dynamodb_table.orders.stream_arn
  function_name     = aws_lambda_function.slow.arn
  starting_position = "LATEST"
}
