# Load balancers can deliver to a bucket under SSE-S3 only.
data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "LoadBalancerWrites"
    actions   = ["s3:PutObject"]
    resources = [for prefix in ["access", "connections"] : "${module.logs.arn}/${prefix}/AWSLogs/${local.account}/*"]

    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:elasticloadbalancing:${local.region}:${local.account}:loadbalancer/app/${var.name}/*"]
    }
  }
}

module "logs" {
  source = "../bucket"

  name                  = "${var.name}-load-balancer-logs-${local.account}"
  sse_algorithm         = "AES256"
  access_log_bucket     = var.access_log_bucket
  policy_documents      = [data.aws_iam_policy_document.logs.json]
  infrequent_after_days = 30
  expire_after_days     = var.log_retention_days
}
