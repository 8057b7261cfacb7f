variable "days" { type = number }

resource "aws_backup_plan" "kept_long_enough" {
  name = "kept"
  rule {
    rule_name         = "hourly"
    target_vault_name = "main"
    schedule          = "cron(0 * * * ? *)"
    lifecycle {
      delete_after = 7
    }
  }
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 18 * * ? *)"
    lifecycle {
      delete_after = 35
    }
  }
}

resource "aws_backup_plan" "kept_for_ever" {
  name = "for-ever"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 18 * * ? *)"
  }
}

resource "aws_backup_plan" "kept_for_a_week" { # violates PG_REC_8
  name = "week"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 18 * * ? *)"
    lifecycle {
      delete_after = 7
    }
  }
}

resource "aws_backup_plan" "without_a_schedule" { # undetermined PG_REC_8
  name = "unscheduled"
  rule {
    rule_name         = "never"
    target_vault_name = "main"
    lifecycle {
      delete_after = 35
    }
  }
}

resource "aws_backup_plan" "known_at_apply" { # undetermined PG_REC_8
  name = "later"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 18 * * ? *)"
    lifecycle {
      delete_after = var.days
    }
  }
}

resource "aws_backup_plan" "daily_for_a_week_and_monthly_for_a_year" { # violates PG_REC_8
  name = "gap"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 18 * * ? *)"
    lifecycle {
      delete_after = 7
    }
  }
  rule {
    rule_name         = "monthly"
    target_vault_name = "main"
    schedule          = "cron(0 18 1 * ? *)"
    lifecycle {
      delete_after = 365
    }
  }
}

resource "aws_backup_plan" "every_twelve_hours" {
  name = "twelve-hours"
  rule {
    rule_name         = "twice"
    target_vault_name = "main"
    schedule          = "rate(12 hours)"
    lifecycle {
      delete_after = 35
    }
  }
}
