# The data pipeline: Airflow on Amazon MWAA, in private subnets, reading DAGs from a versioned bucket.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  environment_arn = "arn:${local.partition}:airflow:${local.region}:${local.account}:environment/${var.name}"

  # The names that MWAA writes to; made here first, so that retention and key are ours from the first line.
  log_groups = {
    dag_processing = "airflow-${var.name}-DAGProcessing"
    scheduler      = "airflow-${var.name}-Scheduler"
    task           = "airflow-${var.name}-Task"
    webserver      = "airflow-${var.name}-WebServer"
    worker         = "airflow-${var.name}-Worker"
  }
}

resource "aws_cloudwatch_log_group" "airflow" {
  for_each = local.log_groups

  name              = each.value
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_mwaa_environment" "this" {
  name               = var.name
  airflow_version    = var.airflow_version
  environment_class  = var.environment_class
  execution_role_arn = aws_iam_role.execution.arn
  kms_key            = var.kms_key_arn

  min_workers    = var.workers.min
  max_workers    = var.workers.max
  min_webservers = var.webservers.min
  max_webservers = var.webservers.max
  schedulers     = var.schedulers

  # Running tasks end on their old worker when the environment changes, instead of being killed.
  worker_replacement_strategy = "GRACEFUL"

  # Reachable from the VPC only, through endpoints that MWAA makes and keeps itself.
  webserver_access_mode           = "PRIVATE_ONLY"
  endpoint_management             = "SERVICE"
  weekly_maintenance_window_start = var.maintenance_window_start

  source_bucket_arn = module.dags.arn
  dag_s3_path       = "dags/"

  # With an object version, a change of the file is a planned change of the environment and never a surprise at its
  # next restart.
  requirements_s3_path             = aws_s3_object.requirements.key
  requirements_s3_object_version   = aws_s3_object.requirements.version_id
  plugins_s3_path                  = aws_s3_object.plugins.key
  plugins_s3_object_version        = aws_s3_object.plugins.version_id
  startup_script_s3_path           = aws_s3_object.startup.key
  startup_script_s3_object_version = aws_s3_object.startup.version_id

  airflow_configuration_options = local.airflow_options

  network_configuration {
    subnet_ids         = slice(var.private_subnet_ids, 0, 2)
    security_group_ids = var.security_group_ids
  }

  logging_configuration {
    dag_processing_logs {
      enabled   = true
      log_level = var.log_level
    }

    scheduler_logs {
      enabled   = true
      log_level = var.log_level
    }

    task_logs {
      enabled   = true
      log_level = var.log_level
    }

    webserver_logs {
      enabled   = true
      log_level = var.log_level
    }

    worker_logs {
      enabled   = true
      log_level = var.log_level
    }
  }

  # MWAA tests the role when the environment is made, and would make the log groups itself, without key or retention.
  depends_on = [
    aws_cloudwatch_log_group.airflow,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.dags,
  ]

  lifecycle {
    # Replacing the environment loses the history of every run.
    prevent_destroy = true
  }
}

locals {
  # Tasks that one worker of a class runs at the same time (MWAA's celery.worker_autoscale).
  tasks_per_worker = {
    "mw1.small"   = 5
    "mw1.medium"  = 10
    "mw1.large"   = 20
    "mw1.xlarge"  = 40
    "mw1.2xlarge" = 80
  }
}

check "workers_carry_parallelism" {
  assert {
    condition     = var.workers.max * local.tasks_per_worker[var.environment_class] >= var.parallelism * var.schedulers
    error_message = "At most ${var.workers.max} workers run ${var.workers.max * local.tasks_per_worker[var.environment_class]} tasks, but ${var.schedulers} schedulers start up to ${var.parallelism * var.schedulers}: the rest waits in the queue. Raise workers.max or lower parallelism."
  }
}
