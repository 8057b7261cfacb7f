# A restore every week, from what there is, in the middle of a working day: somebody is there when it fails.

resource "aws_backup_restore_testing_plan" "this" {
  name                         = replace("${var.name}-weekly", "-", "_") # letters, digits and underscores only
  schedule_expression          = "cron(0 10 ? * WED *)"
  schedule_expression_timezone = "Asia/Tokyo"
  start_window_hours           = 1

  recovery_point_selection {
    algorithm             = "RANDOM_WITHIN_WINDOW" # the latest alone would never notice that old ones are spoilt
    include_vaults        = [aws_backup_vault.this["main"].arn]
    recovery_point_types  = ["CONTINUOUS", "SNAPSHOT"]
    selection_window_days = var.lock_days
  }
}

resource "aws_backup_restore_testing_selection" "database" {
  name                      = replace("${var.name}-database", "-", "_")
  restore_testing_plan_name = aws_backup_restore_testing_plan.this.name
  protected_resource_type   = "Aurora"
  protected_resource_arns   = [var.cluster_arn]
  iam_role_arn              = aws_iam_role.restore.arn
  validation_window_hours   = 4 # time for the check of what has been restored to say what it proved

  # Next to the original, out of everybody's reach but the database clients'.
  restore_metadata_overrides = {
    dbSubnetGroupName   = var.restore_test.subnet_group_name
    vpcSecurityGroupIds = jsonencode(sort(var.restore_test.security_group_ids))
  }

  depends_on = [aws_iam_role_policy.keys, aws_iam_role_policy_attachment.restore]
}

resource "aws_backup_restore_testing_selection" "buckets" {
  name                      = replace("${var.name}-buckets", "-", "_")
  restore_testing_plan_name = aws_backup_restore_testing_plan.this.name
  protected_resource_type   = "S3"
  protected_resource_arns   = sort(values(var.bucket_arns))
  iam_role_arn              = aws_iam_role.restore.arn
  validation_window_hours   = 4

  depends_on = [aws_iam_role_policy.keys, aws_iam_role_policy_attachment.restore]
}
