# Who may do what.
module "identity" {
  source = "../../modules/identity"

  name              = local.name
  github_repository = var.github_repository

  database = {
    arn         = module.database.cluster_arn
    identifier  = module.database.cluster_identifier
    resource_id = module.database.cluster_resource_id
  }
  database_users = local.database_users

  airflow = {
    environment_name   = module.pipeline.environment_name
    execution_role_arn = module.pipeline.execution_role_arn
    dags_bucket_arn    = module.pipeline.dags_bucket_arn
    data_bucket_arn    = module.pipeline.data_bucket_arn
  }

  cluster = {
    arn           = module.service.cluster_arn
    name          = module.service.cluster_name
    service_arns  = module.service.service_arns
    task_families = module.service.task_families
  }
  repository_arns  = module.service.repository_arns
  log_group_arns   = module.service.log_group_arns
  session_keys_arn = module.secrets.session_keys_arn

  release = {
    app_name           = module.service.codedeploy_app_name
    group_names        = module.service.deployment_group_names
    config_name        = module.service.deployment_config_name
    listener_arns      = module.service.listener_arns
    listener_rule_arns = module.service.listener_rule_arns
    verifier_arn       = module.service.verifier_arn
  }

  site = {
    bucket_arn       = module.edge.static_bucket_arn
    kms_key_arn      = module.edge.content_key_arn
    distribution_arn = module.edge.distribution_arn
  }

  evidence = {
    bucket_arn  = module.evidence.arn
    kms_key_arn = module.keys.logs_key_arn
  }

  kms_key_arns = {
    data     = module.keys.data_key_arn
    pipeline = module.keys.pipeline_key_arn
  }
}
