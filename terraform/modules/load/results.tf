module "results" {
  source = "../bucket"

  name              = "${var.name}-load-results-${local.account}"
  kms_key_arn       = var.kms_key_arn
  access_log_bucket = var.access_log_bucket
  expire_after_days = var.log_retention_days
}
