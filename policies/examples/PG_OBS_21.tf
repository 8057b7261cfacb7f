variable "later" {
  type = string
}

resource "aws_cloudwatch_log_group" "kept_for_thirty_days" {
  name              = "kept-for-thirty-days"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "kept_for_a_year" {
  name              = "kept-for-a-year"
  retention_in_days = 365
}

resource "aws_cloudwatch_log_group" "kept_for_a_week" { # violates PG_OBS_21
  name              = "kept-for-a-week"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_group" "kept_for_ever_by_default" { # violates PG_OBS_21
  name = "kept-for-ever-by-default"
}

resource "aws_cloudwatch_log_group" "kept_for_ever_on_purpose" { # violates PG_OBS_21
  name              = "kept-for-ever-on-purpose"
  retention_in_days = 0
}

resource "aws_cloudwatch_log_group" "kept_for_a_time_decided_later" { # undetermined PG_OBS_21
  name              = "kept-for-a-time-decided-later"
  retention_in_days = var.later
}
