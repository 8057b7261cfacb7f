# DNS, certificates, CloudFront, web ACL, static files.
module "edge" {
  source = "../../modules/edge"

  name        = local.name
  domain_name = var.domain_name
  aliases     = var.site_aliases
  price_class = var.price_class

  load_balancer = {
    arn      = module.service.alb_arn
    dns_name = module.service.alb_dns_name
  }

  global_kms_key_arn     = module.keys.edge_key_arn
  access_log_bucket      = module.access_logs.name
  alarm_topic_arn        = module.observability.alarm_topic_arn
  global_alarm_topic_arn = module.observability.global_alarm_topic_arn
  log_retention_days     = var.log_retention_days
  rate_limit             = var.rate_limit
  api_rate_limit         = var.api_rate_limit
  security_contact_email = var.security_contact_email
}
