# Server access logs of every other bucket. S3 delivers them to a bucket under SSE-S3 only, and logging this bucket
# into itself would never end.
module "access_logs" {
  source = "../../modules/bucket"

  name                  = "${local.name}-access-logs-${var.account_id}"
  sse_algorithm         = "AES256"
  policy_documents      = [data.aws_iam_policy_document.access_logs.json]
  infrequent_after_days = 30
  expire_after_days     = var.log_retention_days
}

data "aws_iam_policy_document" "access_logs" {
  statement {
    sid       = "AccessLogsArrive"
    actions   = ["s3:PutObject"]
    resources = ["${module.access_logs.arn}/*"]

    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:s3:::${local.name}-*"]
    }
  }
}

# CloudTrail, Config, GuardDuty, Security Hub, Access Analyzer, Inspector, and the account's defaults.
module "security" {
  source = "../../modules/security"

  name              = local.name
  access_log_bucket = module.access_logs.name
  alarm_topic_arn   = module.observability.alarm_topic_arn
  deploy_role_name  = local.infrastructure_role_name

  recorded_buckets = {
    dags   = module.pipeline.dags_bucket_arn
    data   = module.pipeline.data_bucket_arn
    static = module.edge.static_bucket_arn
  }
}
