# Sealed runs of the gate (docs/archive.md): what this system is judged by, a year later. An account of its own is better
# still, for whoever administers this one can rewrite the policy below; in COMPLIANCE even they can delete nothing.
module "evidence" {
  source = "../../modules/bucket"

  name                  = "${local.name}-evidence-${var.account_id}"
  kms_key_arn           = module.keys.logs_key_arn
  access_log_bucket     = module.access_logs.name
  policy_documents      = [data.aws_iam_policy_document.evidence.json]
  lock_days             = var.evidence_lock_days
  lock_mode             = "COMPLIANCE"
  infrequent_after_days = 90
}

data "aws_iam_policy_document" "evidence" {
  statement {
    sid    = "NobodyDeletes"
    effect = "Deny"
    actions = [
      "s3:BypassGovernanceRetention",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:PutBucketObjectLockConfiguration",
    ]
    resources = [module.evidence.arn, "${module.evidence.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
