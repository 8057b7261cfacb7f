# Aurora PostgreSQL, and the users that sign in to it with IAM.
locals {
  # Made by the first migration, each with no more rights in the database than its work needs.
  database_users = {
    api       = "nba_news_api"
    migration = "nba_news_owner"
    airflow   = "nba_news_pipeline"
  }
}

module "database" {
  source = "../../modules/database"

  name                  = local.name
  engine_version        = var.database_engine_version
  capacity              = var.database_capacity
  instances             = var.database_instances
  database_name         = "nba_news"
  port                  = local.ports.database
  backup_retention_days = var.backup_retention_days

  # Wednesday 05:00 to 06:00 in Tokyo, after the daily backup has begun and between two runs of the scraper.
  maintenance_window = "tue:20:00-tue:21:00"

  subnet_ids         = module.network.database_subnet_ids
  availability_zones = var.availability_zones
  security_group_ids = [module.network.security_group_ids["database"]]
  kms_key_arn        = module.keys.data_key_arn
  logs_kms_key_arn   = module.keys.logs_key_arn
  log_retention_days = var.log_retention_days
}

module "secrets" {
  source = "../../modules/secrets"

  name               = local.name
  reader_arns        = { for component in ["api", "frontend"] : component => module.identity.execution_role_arns[component] }
  kms_key_arn        = module.keys.data_key_arn
  logs_kms_key_arn   = module.keys.logs_key_arn
  log_retention_days = var.log_retention_days
  subnet_ids         = module.network.private_subnet_ids
  security_group_ids = [module.network.security_group_ids["rotation"]]
}
