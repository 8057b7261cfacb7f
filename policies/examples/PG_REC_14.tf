resource "aws_backup_restore_testing_plan" "every_month" {
  name                = "every_month"
  schedule_expression = "cron(0 20 1 * ? *)"
  recovery_point_selection {
    algorithm            = "LATEST_WITHIN_WINDOW"
    include_vaults       = ["*"]
    recovery_point_types = ["SNAPSHOT"]
  }
}

resource "aws_backup_restore_testing_plan" "every_spring" { # violates PG_REC_14
  name                = "every_spring"
  schedule_expression = "cron(0 20 1 4 ? *)"
  recovery_point_selection {
    algorithm            = "LATEST_WITHIN_WINDOW"
    include_vaults       = ["*"]
    recovery_point_types = ["SNAPSHOT"]
  }
}
