mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

mock_provider "archive" {}

variables {
  name                 = "example"
  private_subnet_ids   = ["subnet-1", "subnet-2", "subnet-3"]
  security_group_ids   = ["sg-1"]
  kms_key_arn          = "arn:aws:kms:ap-northeast-1:123456789012:key/pipeline"
  messages_kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/messages"
  secrets_kms_key_arn  = "arn:aws:kms:ap-northeast-1:123456789012:key/data"
  secrets_prefix       = "example/airflow"
  access_log_bucket    = "example-access-logs"
  requirements         = "beautifulsoup4==4.13.5\n"
  plugins_directory    = "."
  failure_emails       = ["data@example.com"]
  alarm_topic_arn      = "arn:aws:sns:ap-northeast-1:123456789012:example-alarms"
}

run "follows_the_strategy" {
  command = plan

  assert {
    condition = (
      aws_mwaa_environment.this.environment_class == "mw1.medium" &&
      aws_mwaa_environment.this.min_workers == 1 &&
      aws_mwaa_environment.this.max_workers == 5 &&
      aws_mwaa_environment.this.airflow_configuration_options["core.parallelism"] == "16" &&
      aws_mwaa_environment.this.airflow_configuration_options["core.max_active_tasks_per_dag"] == "8"
    )
    error_message = "defaults must be those of the deploy strategy"
  }

  assert {
    condition     = length(one(aws_mwaa_environment.this.network_configuration).subnet_ids) == 2
    error_message = "MWAA takes exactly two subnets"
  }
}

run "uses_no_option_that_airflow_no_longer_reads" {
  command = plan

  assert {
    condition     = !contains(keys(aws_mwaa_environment.this.airflow_configuration_options), "core.dag_concurrency")
    error_message = "core.dag_concurrency was renamed to core.max_active_tasks_per_dag in Airflow 2.2"
  }
}

run "refuses_a_package_without_version" {
  command = plan

  variables {
    requirements = "beautifulsoup4\n"
  }

  expect_failures = [var.requirements]
}

run "refuses_a_secret_in_the_environment" {
  command = plan

  variables {
    environment_variables = { DATABASE_PASSWORD = "hunter2" }
  }

  expect_failures = [var.environment_variables]
}

run "warns_when_workers_are_too_few" {
  command = plan

  variables {
    workers = { min = 1, max = 2 }
  }

  expect_failures = [check.workers_carry_parallelism]
}
