# Alarms and who hears them, dashboard, traces, canary.
module "observability" {
  source = "../../modules/observability"

  name                     = local.name
  topic_kms_key_arn        = module.keys.messages_key_arn
  global_topic_kms_key_arn = module.keys.edge_key_arn
  logs_kms_key_arn         = module.keys.logs_key_arn
  access_log_bucket        = module.access_logs.name

  alarm_emails   = var.alarm_emails
  pager_endpoint = var.pager_endpoint
  slack          = var.slack
  slo            = var.slo

  cluster_name              = module.service.cluster_name
  service_names             = module.service.service_names
  service_log_group_names   = module.service.log_group_names
  min_healthy_tasks         = var.task_count.min
  load_balancer_arn_suffix  = module.service.alb_arn_suffix
  target_group_arn_suffixes = module.service.target_group_arn_suffixes

  database_cluster_identifier   = module.database.cluster_identifier
  database_instance_identifiers = module.database.instance_identifiers
  database_max_connections      = module.database.max_connections

  distribution_id     = module.edge.distribution_id
  web_acl_metric_name = module.edge.web_acl_metric_name
  site_url            = module.edge.site_url
  api_health_path     = local.api_health_path

  airflow_environment_name = module.pipeline.environment_name
  dags                     = var.dags
}
