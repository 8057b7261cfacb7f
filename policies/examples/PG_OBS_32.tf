resource "aws_appsync_graphql_api" "logged" {
  name                = "logged"
  authentication_type = "AWS_IAM"

  log_config {
    cloudwatch_logs_role_arn = "arn:aws:iam::111122223333:role/logs"
    field_log_level          = "ERROR"
  }
}

resource "aws_appsync_graphql_api" "without_log" { # violates PG_OBS_32
  name                = "without"
  authentication_type = "AWS_IAM"
}

resource "aws_appsync_graphql_api" "with_an_empty_log" { # violates PG_OBS_32
  name                = "empty"
  authentication_type = "AWS_IAM"

  log_config {
    cloudwatch_logs_role_arn = "arn:aws:iam::111122223333:role/logs"
    field_log_level          = "NONE"
  }
}

resource "aws_api_gateway_rest_api" "news" {
  name = "news"
}

resource "aws_api_gateway_rest_api" "scores" {
  name = "scores"
}

resource "aws_api_gateway_stage" "logged" {
  rest_api_id   = aws_api_gateway_rest_api.news.id
  deployment_id = "d1"
  stage_name    = "prod"
}

resource "aws_api_gateway_method_settings" "logged" {
  rest_api_id = aws_api_gateway_rest_api.news.id
  stage_name  = aws_api_gateway_stage.logged.stage_name
  method_path = "*/*"

  settings {
    logging_level = "ERROR"
  }
}

resource "aws_api_gateway_stage" "of_the_same_name_without_log" { # violates PG_OBS_32
  rest_api_id   = aws_api_gateway_rest_api.scores.id
  deployment_id = "d2"
  stage_name    = "prod"
}

resource "aws_api_gateway_stage" "with_settings_about_something_else" { # violates PG_OBS_32
  rest_api_id   = aws_api_gateway_rest_api.scores.id
  deployment_id = "d2"
  stage_name    = "beta"
}

resource "aws_api_gateway_method_settings" "of_something_else" {
  rest_api_id = aws_api_gateway_rest_api.scores.id
  stage_name  = "beta"
  method_path = "*/*"

  settings {
    metrics_enabled = true
  }
}

resource "aws_apigatewayv2_api" "sockets" {
  name          = "sockets"
  protocol_type = "WEBSOCKET"
}

resource "aws_apigatewayv2_stage" "of_sockets" {
  api_id = aws_apigatewayv2_api.sockets.id
  name   = "prod"

  default_route_settings {
    logging_level = "INFO"
  }
}

resource "aws_apigatewayv2_stage" "of_sockets_without_log" { # violates PG_OBS_32
  api_id = aws_apigatewayv2_api.sockets.id
  name   = "beta"
}

resource "aws_apigatewayv2_api" "plain" {
  name          = "plain"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_stage" "of_http" { # not-applicable PG_OBS_32
  api_id = aws_apigatewayv2_api.plain.id
  name   = "prod"
}

resource "aws_athena_workgroup" "left_at_the_default" {
  name = "default"
}

resource "aws_athena_workgroup" "silent" { # violates PG_OBS_32
  name = "silent"

  configuration {
    publish_cloudwatch_metrics_enabled = false
  }
}

resource "aws_codebuild_project" "left_at_the_default" {
  name         = "default"
  service_role = "arn:aws:iam::111122223333:role/build"

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
  }

  source {
    type = "NO_SOURCE"
  }
}

resource "aws_codebuild_project" "silent" { # violates PG_OBS_32
  name         = "silent"
  service_role = "arn:aws:iam::111122223333:role/build"

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
  }

  logs_config {
    cloudwatch_logs {
      status = "DISABLED"
    }
  }

  source {
    type = "NO_SOURCE"
  }
}

resource "aws_codebuild_project" "with_files" {
  name         = "files"
  service_role = "arn:aws:iam::111122223333:role/build"

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
  }

  logs_config {
    cloudwatch_logs {
      status = "DISABLED"
    }
    s3_logs {
      status   = "ENABLED"
      location = "logs/builds"
    }
  }

  source {
    type = "NO_SOURCE"
  }
}

resource "aws_datasync_task" "logged" {
  name                     = "logged"
  source_location_arn      = "arn:aws:datasync:ap-northeast-1:111122223333:location/loc-1"
  destination_location_arn = "arn:aws:datasync:ap-northeast-1:111122223333:location/loc-2"
  cloudwatch_log_group_arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:datasync"

  options {
    log_level = "BASIC"
  }
}

resource "aws_datasync_task" "left_at_the_default" { # violates PG_OBS_32
  name                     = "default"
  source_location_arn      = "arn:aws:datasync:ap-northeast-1:111122223333:location/loc-1"
  destination_location_arn = "arn:aws:datasync:ap-northeast-1:111122223333:location/loc-2"
}

resource "aws_dms_replication_task" "logged" {
  replication_task_id      = "logged"
  migration_type           = "full-load"
  replication_instance_arn = "arn:aws:dms:ap-northeast-1:111122223333:rep:1"
  source_endpoint_arn      = "arn:aws:dms:ap-northeast-1:111122223333:endpoint:1"
  target_endpoint_arn      = "arn:aws:dms:ap-northeast-1:111122223333:endpoint:2"
  table_mappings           = jsonencode({ rules = [] })
  replication_task_settings = jsonencode({
    Logging = {
      EnableLogging = true
      LogComponents = [
        { Id = "SOURCE_CAPTURE", Severity = "LOGGER_SEVERITY_DEFAULT" },
        { Id = "SOURCE_UNLOAD", Severity = "LOGGER_SEVERITY_DEFAULT" },
        { Id = "TARGET_APPLY", Severity = "LOGGER_SEVERITY_DEBUG" },
        { Id = "TARGET_LOAD", Severity = "LOGGER_SEVERITY_DEFAULT" },
      ]
    }
  })
}

resource "aws_dms_replication_task" "of_its_errors_alone" { # violates PG_OBS_32
  replication_task_id      = "errors"
  migration_type           = "full-load"
  replication_instance_arn = "arn:aws:dms:ap-northeast-1:111122223333:rep:1"
  source_endpoint_arn      = "arn:aws:dms:ap-northeast-1:111122223333:endpoint:1"
  target_endpoint_arn      = "arn:aws:dms:ap-northeast-1:111122223333:endpoint:2"
  table_mappings           = jsonencode({ rules = [] })
  replication_task_settings = jsonencode({
    Logging = {
      EnableLogging = true
      LogComponents = [
        { Id = "SOURCE_CAPTURE", Severity = "LOGGER_SEVERITY_DEFAULT" },
        { Id = "SOURCE_UNLOAD", Severity = "LOGGER_SEVERITY_DEFAULT" },
        { Id = "TARGET_APPLY", Severity = "LOGGER_SEVERITY_INFO" },
        { Id = "TARGET_LOAD", Severity = "LOGGER_SEVERITY_DEFAULT" },
      ]
    }
  })
}

resource "aws_dms_replication_task" "left_at_the_default" { # violates PG_OBS_32
  replication_task_id      = "default"
  migration_type           = "full-load"
  replication_instance_arn = "arn:aws:dms:ap-northeast-1:111122223333:rep:1"
  source_endpoint_arn      = "arn:aws:dms:ap-northeast-1:111122223333:endpoint:1"
  target_endpoint_arn      = "arn:aws:dms:ap-northeast-1:111122223333:endpoint:2"
  table_mappings           = jsonencode({ rules = [] })
}

resource "aws_elastic_beanstalk_environment" "streamed" {
  name        = "streamed"
  application = "news"

  setting {
    namespace = "aws:elasticbeanstalk:cloudwatch:logs"
    name      = "StreamLogs"
    value     = "true"
  }
}

resource "aws_elastic_beanstalk_environment" "left_at_the_default" { # violates PG_OBS_32
  name        = "default"
  application = "news"
}

resource "aws_transfer_connector" "logged" {
  access_role  = "arn:aws:iam::111122223333:role/access"
  logging_role = "arn:aws:iam::111122223333:role/logs"
  url          = "sftp://files.example.com"

  sftp_config {
    trusted_host_keys = ["ssh-rsa AAAA"]
    user_secret_id    = "files"
  }
}

resource "aws_transfer_connector" "left_at_the_default" { # violates PG_OBS_32
  access_role = "arn:aws:iam::111122223333:role/access"
  url         = "sftp://files.example.com"

  sftp_config {
    trusted_host_keys = ["ssh-rsa AAAA"]
    user_secret_id    = "files"
  }
}
