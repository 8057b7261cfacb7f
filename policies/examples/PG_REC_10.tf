resource "aws_rds_cluster" "news" {
  engine = "aurora-postgresql"
}

resource "aws_backup_restore_testing_plan" "restores_the_cluster" {
  name                = "monthly"
  schedule_expression = "cron(0 20 1 * ? *)"
  recovery_point_selection {
    algorithm            = "LATEST_WITHIN_WINDOW"
    include_vaults       = ["*"]
    recovery_point_types = ["SNAPSHOT", "CONTINUOUS"]
  }
}

resource "aws_backup_restore_testing_selection" "cluster" {
  name                      = "cluster"
  restore_testing_plan_name = aws_backup_restore_testing_plan.restores_the_cluster.name
  protected_resource_type   = "Aurora"
  protected_resource_arns   = [aws_rds_cluster.news.arn]
  iam_role_arn              = "arn:aws:iam::123456789012:role/restore"
}

resource "aws_backup_restore_testing_plan" "selects_nothing" { # violates PG_REC_10
  name                = "nothing"
  schedule_expression = "cron(0 20 1 * ? *)"
  recovery_point_selection {
    algorithm            = "LATEST_WITHIN_WINDOW"
    include_vaults       = ["*"]
    recovery_point_types = ["SNAPSHOT"]
  }
}

resource "aws_backup_restore_testing_plan" "restores_another_kind" { # violates PG_REC_10
  name                = "buckets"
  schedule_expression = "cron(0 20 1 * ? *)"
  recovery_point_selection {
    algorithm            = "LATEST_WITHIN_WINDOW"
    include_vaults       = ["*"]
    recovery_point_types = ["SNAPSHOT"]
  }
}

resource "aws_backup_restore_testing_selection" "buckets" {
  name                      = "buckets"
  restore_testing_plan_name = aws_backup_restore_testing_plan.restores_another_kind.name
  protected_resource_type   = "S3"
  protected_resource_arns   = ["*"]
  iam_role_arn              = "arn:aws:iam::123456789012:role/restore"
}
