# A visitor that never sleeps: opens the front page and asks the API, every five minutes, from outside.

locals {
  # Synthetics allows 21 characters.
  canary_name = trimsuffix(substr("${var.name}-visitor", 0, 21), "-")
}

module "canary_artifacts" {
  source = "../bucket"

  name                 = "${var.name}-canary-${local.account}"
  kms_key_arn          = var.logs_kms_key_arn
  access_log_bucket    = var.access_log_bucket
  expire_after_days    = var.canary_retention_days
  keep_noncurrent_days = 7
}

data "archive_file" "canary" {
  type        = "zip"
  output_path = "${path.root}/.terraform/${var.name}-canary.zip"

  source {
    # Where the runtime looks for the handler.
    filename = "nodejs/node_modules/visitor.js"
    content  = file("${path.module}/canary/visitor.js")
  }
}

data "aws_iam_policy_document" "canary_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "canary" {
  name               = "${var.name}-canary"
  description        = "Runs the canary ${local.canary_name}"
  assume_role_policy = data.aws_iam_policy_document.canary_trust.json
}

data "aws_iam_policy_document" "canary" {
  statement {
    sid       = "StoreArtifacts"
    actions   = ["s3:PutObject"]
    resources = ["${module.canary_artifacts.arn}/*"]
  }

  statement {
    sid       = "FindBucket"
    actions   = ["s3:GetBucketLocation"]
    resources = [module.canary_artifacts.arn]
  }

  statement {
    sid       = "CheckOwner"
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"] # the action knows no resource; the runtime asks which region the bucket is in
  }

  statement {
    sid       = "EncryptArtifacts"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.logs_kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/cwsyn-${local.canary_name}-*"]
  }

  statement {
    sid       = "PublishResult"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # the action knows no resource; the namespace below is the limit

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["CloudWatchSynthetics"]
    }
  }

  statement {
    sid       = "Trace"
    actions   = ["xray:PutTraceSegments"]
    resources = ["*"] # the action knows no resource
  }
}

resource "aws_iam_role_policy" "canary" {
  name   = "run"
  role   = aws_iam_role.canary.id
  policy = data.aws_iam_policy_document.canary.json
}

resource "aws_synthetics_canary" "visitor" {
  name                     = local.canary_name
  runtime_version          = var.canary_runtime
  handler                  = "visitor.handler"
  zip_file                 = data.archive_file.canary.output_path
  execution_role_arn       = aws_iam_role.canary.arn
  artifact_s3_location     = "s3://${module.canary_artifacts.name}/visitor"
  start_canary             = true
  delete_lambda            = true
  success_retention_period = var.canary_retention_days
  failure_retention_period = var.canary_retention_days

  artifact_config {
    s3_encryption {
      encryption_mode = "SSE_KMS"
      kms_key_arn     = var.logs_kms_key_arn
    }
  }

  schedule {
    expression = "rate(5 minutes)"

    retry_config {
      max_retries = 1 # one lost packet on the way is not an outage
    }
  }

  run_config {
    timeout_in_seconds = 60
    memory_in_mb       = 960
    active_tracing     = true

    environment_variables = {
      SITE_URL        = var.site_url
      API_HEALTH_PATH = var.api_health_path
    }
  }

  # Without its policy the first runs fail and the alarm below starts with a false page.
  depends_on = [aws_iam_role_policy.canary]
}

resource "aws_cloudwatch_metric_alarm" "canary" {
  alarm_name          = "${var.name}-canary"
  alarm_description   = "The canary could not use ${var.site_url} twice in a row: users can't either."
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.visitor.name }
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 100
  treat_missing_data  = "breaching" # a canary that does not sing is the signal
  alarm_actions       = local.actions
  ok_actions          = local.actions
}
