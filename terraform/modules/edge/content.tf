# Files that a build makes and that never change afterwards, and the page that is shown when the services are down.

data "aws_iam_policy_document" "static" {
  statement {
    sid       = "DistributionReads"
    actions   = ["s3:GetObject"]
    resources = ["${module.static.arn}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudfront_distribution.site.arn]
    }
  }
}

module "static" {
  source = "../bucket"

  name              = "${var.name}-static-${local.account}"
  kms_key_arn       = aws_kms_key.content.arn
  access_log_bucket = var.access_log_bucket
  policy_documents  = [data.aws_iam_policy_document.static.json]
}

resource "aws_s3_object" "unavailable" {
  bucket       = module.static.name
  key          = "errors/unavailable.html"
  content      = file("${path.module}/errors/unavailable.html")
  content_type = "text/html; charset=utf-8"
  kms_key_id   = aws_kms_key.content.arn
}
