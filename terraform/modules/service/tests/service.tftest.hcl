mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_data "aws_region" {
    defaults = { region = "ap-northeast-1" }
  }
}

mock_provider "archive" {}

variables {
  name                 = "example-prod"
  domain_name          = "example.com"
  vpc_id               = "vpc-1"
  subnet_ids           = ["subnet-1", "subnet-2"]
  security_group_ids   = { alb = "sg-1", api = "sg-2", frontend = "sg-3", verifier = "sg-4" }
  certificate_arn      = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  test_port            = 8443
  task_size            = { cpu = 1024, memory = 2048 }
  task_count           = { min = 2, max = 4 }
  release              = { first_step_percent = 10, first_step_minutes = 5, bake_minutes = 30 }
  codedeploy_role_arn  = "arn:aws:iam::123456789012:role/codedeploy"
  rollback_alarm_names = ["example-prod-release"]
  kms_key_arn          = "arn:aws:kms:ap-northeast-1:123456789012:key/data"
  logs_kms_key_arn     = "arn:aws:kms:ap-northeast-1:123456789012:key/logs"
  access_log_bucket    = "example-access-logs"
  log_retention_days   = 365

  image_digests = {
    api       = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
    frontend  = "sha256:0000000000000000000000000000000000000000000000000000000000000002"
    collector = "sha256:0000000000000000000000000000000000000000000000000000000000000003"
  }

  services = {
    api = {
      port               = 8080
      health_path        = "/api/ready"
      health_command     = ["/usr/local/bin/api", "health"]
      tried_paths        = ["/api/stories?per_page=1"]
      path_patterns      = ["/api/*"]
      task_role_arn      = "arn:aws:iam::123456789012:role/api-task"
      execution_role_arn = "arn:aws:iam::123456789012:role/api-execution"
    }
    frontend = {
      port               = 3000
      health_path        = "/healthz"
      health_command     = ["node", "/app/health.js"]
      tried_paths        = ["/"]
      task_role_arn      = "arn:aws:iam::123456789012:role/frontend-task"
      execution_role_arn = "arn:aws:iam::123456789012:role/frontend-execution"
    }
  }

  migration = {
    command            = ["/usr/local/bin/api", "migrate"]
    task_role_arn      = "arn:aws:iam::123456789012:role/migration-task"
    execution_role_arn = "arn:aws:iam::123456789012:role/migration-execution"
  }
}

run "hardens_every_container" {
  command = plan

  assert {
    condition = alltrue([
      for container in concat(values(local.containers), [local.collector]) :
      container.readonlyRootFilesystem && !container.privileged && container.user != "0" && contains(container.linuxParameters.capabilities.drop, "ALL")
    ])
    error_message = "No container runs as root, privileged, or with a writable image."
  }
}

run "gives_each_colour_a_target_group" {
  command = plan

  assert {
    condition     = keys(aws_lb_target_group.this) == ["api_blue", "api_green", "frontend_blue", "frontend_green"]
    error_message = "Blue and green for each service."
  }

  assert {
    condition     = aws_lb.this.internal
    error_message = "Only CloudFront may be a way in."
  }
}

run "refuses_a_secret_in_place_of_its_arn" {
  command = plan

  variables {
    services = {
      frontend = {
        port               = 3000
        health_path        = "/healthz"
        health_command     = ["node", "/app/health.js"]
        tried_paths        = ["/"]
        secrets            = { SESSION_KEY = "hunter2" }
        task_role_arn      = "arn:aws:iam::123456789012:role/frontend-task"
        execution_role_arn = "arn:aws:iam::123456789012:role/frontend-execution"
      }
    }
  }

  expect_failures = [var.services]
}

run "refuses_old_tls" {
  command = plan

  variables {
    ssl_policy = "ELBSecurityPolicy-2016-08"
  }

  expect_failures = [var.ssl_policy]
}

run "refuses_a_release_that_nothing_stops" {
  command = plan

  variables {
    rollback_alarm_names = []
  }

  expect_failures = [var.rollback_alarm_names]
}
