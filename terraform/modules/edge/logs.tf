# Request logs by standard logging v2: it needs no bucket ACL, and writes where the policy says and nowhere else.
# CloudFront's log sources exist in us-east-1; the bucket stays in the system's region.

locals {
  log_source_arn = "arn:${local.partition}:logs:${var.global_region}:${local.account}:delivery-source:${var.name}-*"
}

data "aws_iam_policy_document" "request_logs" {
  statement {
    sid       = "LogDeliveryWrites"
    actions   = ["s3:PutObject"]
    resources = ["${module.request_logs.arn}/AWSLogs/${local.account}/*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.log_source_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

module "request_logs" {
  source = "../bucket"

  name                  = "${var.name}-request-logs-${local.account}"
  kms_key_arn           = aws_kms_key.content.arn
  access_log_bucket     = var.access_log_bucket
  policy_documents      = [data.aws_iam_policy_document.request_logs.json]
  infrequent_after_days = 30
  expire_after_days     = var.log_retention_days
}

resource "aws_cloudwatch_log_delivery_source" "requests" {
  region = var.global_region

  name         = "${var.name}-requests"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.site.arn
}

resource "aws_cloudwatch_log_delivery_destination" "requests" {
  region = var.global_region

  name          = "${var.name}-requests"
  output_format = "json"

  delivery_destination_configuration {
    destination_resource_arn = module.request_logs.arn
  }
}

resource "aws_cloudwatch_log_delivery" "requests" {
  region = var.global_region

  delivery_source_name     = aws_cloudwatch_log_delivery_source.requests.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.requests.arn

  s3_delivery_configuration = [{
    enable_hive_compatible_path = true
    suffix_path                 = "/{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"
  }]

  # The first delivery is refused while bucket policy and key policy are not there.
  depends_on = [module.request_logs]
}
