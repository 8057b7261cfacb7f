# API and front end on ECS Fargate, the load balancer in front of them, and how a new version replaces the old one.
locals {
  database_environment = {
    DATABASE_HOST   = module.database.endpoint
    DATABASE_NAME   = module.database.database_name
    DATABASE_PORT   = tostring(local.ports.database)
    DATABASE_AUTH   = "iam" # a token of fifteen minutes in place of a password
    DATABASE_TLS    = "verify-full"
    DATABASE_REGION = var.region
  }

  session_keys = {
    for key in ["next", "current", "previous"] : "SESSION_KEY_${upper(key)}" => "${module.secrets.session_keys_arn}:${key}::"
  }
}

module "service" {
  source = "../../modules/service"

  name               = local.name
  domain_name        = var.domain_name
  vpc_id             = module.network.vpc_id
  subnet_ids         = module.network.private_subnet_ids
  security_group_ids = module.network.security_group_ids
  certificate_arn    = module.edge.alb_certificate_arn
  test_port          = local.ports.test

  task_size     = var.task_size
  task_count    = var.task_count
  image_digests = var.image_digests

  services = {
    api = {
      port           = local.ports.api
      health_path    = "/api/ready"
      health_command = ["/usr/local/bin/api", "health"]
      tried_paths    = ["/api/stories?per_page=1"]
      path_patterns  = ["/api/*"]
      secrets        = local.session_keys

      environment = merge(local.database_environment, {
        DATABASE_READER_HOST = module.database.reader_endpoint
        DATABASE_POOL_SIZE   = tostring(local.connections_per_task)
        DATABASE_USER        = local.database_users.api
        LOG_LEVEL            = "info"
        RUST_LOG             = "info"
      })

      task_role_arn      = module.identity.task_role_arns["api"]
      execution_role_arn = module.identity.execution_role_arns["api"]
    }
    frontend = {
      port           = local.ports.frontend
      health_path    = "/healthz"
      health_command = ["node", "/app/health.js"]
      tried_paths    = ["/"]
      writable_paths = ["/tmp", "/app/.next/cache"]
      secrets        = local.session_keys

      environment = {
        HOSTNAME                = "0.0.0.0"
        PORT                    = tostring(local.ports.frontend)
        LOG_LEVEL               = "info"
        NEXT_PUBLIC_API_URL     = "https://${var.domain_name}/api"
        NEXT_PUBLIC_ENVIRONMENT = "production"
      }

      task_role_arn      = module.identity.task_role_arns["frontend"]
      execution_role_arn = module.identity.execution_role_arns["frontend"]
    }
  }

  migration = {
    command            = ["/usr/local/bin/api", "migrate"]
    environment        = merge(local.database_environment, { DATABASE_USER = local.database_users.migration })
    task_role_arn      = module.identity.task_role_arns["migration"]
    execution_role_arn = module.identity.execution_role_arns["migration"]
  }

  release              = var.release
  codedeploy_role_arn  = module.identity.codedeploy_role_arn
  rollback_alarm_names = module.observability.rollback_alarm_names

  kms_key_arn        = module.keys.data_key_arn
  logs_kms_key_arn   = module.keys.logs_key_arn
  access_log_bucket  = module.access_logs.name
  log_retention_days = var.log_retention_days
}
