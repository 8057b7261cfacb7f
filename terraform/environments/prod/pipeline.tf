# Airflow on MWAA, its buckets, its queues, and who hears of failures.
module "pipeline" {
  source = "../../modules/pipeline"

  name                     = local.name
  airflow_version          = var.airflow_version
  environment_class        = var.airflow_environment_class
  workers                  = var.airflow_workers
  parallelism              = var.airflow_parallelism
  max_active_tasks_per_dag = var.airflow_max_active_tasks_per_dag

  # nba_news_scraper runs at 00, 06, 12 and 18 h, data_cleanup at 02 h: Wednesday 04:30 to 06:30 in Tokyo is free of
  # both, whether their times are read as UTC or as JST.
  maintenance_window_start = "TUE:19:30"

  private_subnet_ids = module.network.private_subnet_ids
  security_group_ids = [module.network.security_group_ids["mwaa"]]

  kms_key_arn          = module.keys.pipeline_key_arn
  messages_kms_key_arn = module.keys.messages_key_arn
  secrets_kms_key_arn  = module.keys.data_key_arn
  secrets_prefix       = "${local.name}/airflow"
  access_log_bucket    = module.access_logs.name
  log_retention_days   = var.log_retention_days

  requirements      = file("${path.root}/airflow/requirements.txt")
  plugins_directory = "${path.root}/airflow/plugins"

  failure_emails  = var.pipeline_emails
  alarm_topic_arn = module.observability.alarm_topic_arn

  environment_variables = merge(local.database_environment, {
    DATABASE_USER = local.database_users.airflow
    ENVIRONMENT   = "production"
  })
}
