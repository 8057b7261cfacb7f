# Load from several machines, off unless asked for. Also when on, nothing runs until somebody starts it.
module "load" {
  source = "../../modules/load"
  count  = var.load_test.enabled ? 1 : 0

  name             = local.name
  host             = "https://${var.domain_name}"
  image_digest     = var.load_test.image_digest
  workers          = var.load_test.workers
  rate             = var.load_test.rate
  duration_seconds = var.load_test.duration_seconds

  vpc_id                 = module.network.vpc_id
  load_balancer_group_id = module.network.security_group_ids["alb"]
  endpoints_group_id     = module.network.security_group_ids["endpoints"]

  kms_key_arn        = module.keys.data_key_arn
  logs_kms_key_arn   = module.keys.logs_key_arn
  access_log_bucket  = module.access_logs.name
  log_retention_days = var.log_retention_days
}
