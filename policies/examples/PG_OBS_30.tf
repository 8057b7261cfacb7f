resource "aws_sfn_state_machine" "logged" {
  name       = "logged"
  role_arn   = "arn:aws:iam::123456789012:role/workflow"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
  logging_configuration {
    level           = "ERROR"
    log_destination = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/workflow:*"
  }
}

resource "aws_sfn_state_machine" "off" { # violates PG_OBS_30
  name       = "off"
  role_arn   = "arn:aws:iam::123456789012:role/workflow"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
  logging_configuration {
    level = "OFF"
  }
}

resource "aws_sfn_state_machine" "left_at_the_default" { # violates PG_OBS_30
  name       = "left-at-the-default"
  role_arn   = "arn:aws:iam::123456789012:role/workflow"
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
}
