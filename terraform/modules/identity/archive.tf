# Archives sealed runs (docs/archive.md): it puts objects and locks them, and nobody can delete one. It reads back what an
# archive that was cut off left, to finish it.

resource "aws_iam_role" "archive" {
  name                 = "${var.name}-archive"
  description          = "Archives runs of the promotion gate"
  assume_role_policy   = data.aws_iam_policy_document.github_trust["archive"].json
  max_session_duration = 3600
}

data "aws_iam_policy_document" "archive" {
  statement {
    sid       = "SeeThatItIsLocked"
    actions   = ["s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning", "s3:ListBucketVersions"]
    resources = [var.evidence.bucket_arn]
  }

  statement {
    sid       = "Archive"
    actions   = ["s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention"]
    resources = ["${var.evidence.bucket_arn}/*"]
  }

  statement {
    sid       = "EncryptRuns"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.evidence.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "archive" {
  name   = "archive"
  role   = aws_iam_role.archive.id
  policy = data.aws_iam_policy_document.archive.json
}
