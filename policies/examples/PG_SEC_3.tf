resource "aws_ssm_parameter" "an_ordinary_value" {
  name  = "/news/motto"
  type  = "String"
  value = "AKIA is how access key ids begin"
}

resource "aws_sns_topic" "private_key_in_a_description" { # violates PG_SEC_3
  name         = "odd"
  display_name = <<-TEXT
    -----BEGIN RSA PRIVATE KEY-----
    MIIEowIBAAKCAQEA
  TEXT
}

resource "aws_lambda_function" "access_key" { # violates PG_SEC_3
  function_name = "post"
  role          = "arn:aws:iam::123456789012:role/post"
  environment {
    variables = { BACKUP_ACCOUNT = "AKIAIOSFODNN7EXAMPLE" }
  }
}

resource "aws_cloudwatch_event_rule" "token_in_a_tag" { # violates PG_SEC_3
  name                = "tag"
  schedule_expression = "rate(1 day)"
  tags                = { deployed_with = "ghp_abcdefghijklmnopqrstuvwxyz0123456789" }
}
