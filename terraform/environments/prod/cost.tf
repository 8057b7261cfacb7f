# What it costs, and who hears when it costs more.
module "cost" {
  source = "../../modules/cost"

  name              = local.name
  monthly_limit_usd = var.monthly_limit_usd
  emails            = var.cost_emails
  topic_arn         = module.observability.alarm_topic_arn
  tag_keys          = keys(local.tags)
}
