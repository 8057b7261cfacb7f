variable "days" { type = number }

resource "aws_secretsmanager_secret" "a_week" {
  name                    = "a-week"
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret" "thirty_days_by_default" {
  name = "default"
}

resource "aws_secretsmanager_secret" "gone_at_once" { # violates PG_SEC_7
  name                    = "gone"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret" "decided_at_apply" { # undetermined PG_SEC_7
  name                    = "later"
  recovery_window_in_days = var.days
}
