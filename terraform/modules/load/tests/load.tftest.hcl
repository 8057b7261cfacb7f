mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { region = "ap-northeast-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name                   = "example-prod"
  host                   = "https://example.com"
  image_digest           = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
  workers                = 3
  rate                   = 900
  duration_seconds       = 60
  vpc_id                 = "vpc-1"
  load_balancer_group_id = "sg-1"
  endpoints_group_id     = "sg-2"
  kms_key_arn            = "arn:aws:kms:ap-northeast-1:123456789012:key/data"
  logs_kms_key_arn       = "arn:aws:kms:ap-northeast-1:123456789012:key/logs"
  access_log_bucket      = "example-access-logs"
  log_retention_days     = 365
}

run "hardens_every_container" {
  command = plan

  assert {
    condition = alltrue([
      for container in values(local.containers) :
      container.readonlyRootFilesystem && !container.privileged && container.user != "0" && contains(container.linuxParameters.capabilities.drop, "ALL")
    ])
    error_message = "No container runs as root, privileged, or with a writable image."
  }
}

run "tells_the_master_everything_and_the_workers_only_where_it_is" {
  command = plan

  assert {
    condition     = jsondecode(local.environment.master.PRODGATE_LOAD) == { host = "https://example.com", record = "/results/record.json", workers = 3, profile = { name = "surge", rate = 900, duration = 60, warm_up = 10, timeout = 10 } }
    error_message = "The settings are those that prodgate.load reads."
  }

  assert {
    condition     = length(local.containers.worker.environment) == 0 && strcontains(local.commands.worker, "--worker --master-host master.load.example-prod.internal --master-port 5557")
    error_message = "Workers find the master by its name."
  }

  assert {
    condition     = strcontains(local.commands.master, "--expect-workers 3 ") && strcontains(local.commands.master, "-H https://example.com ")
    error_message = "The master waits for every worker."
  }
}

run "lets_members_alone_reach_the_master" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.members.from_port == 5557 && aws_vpc_security_group_ingress_rule.members.to_port == 5557 && aws_vpc_security_group_ingress_rule.members.cidr_ipv4 == null
    error_message = "No address but a member's is let in, and on one port."
  }
}

run "refuses_a_tag_for_a_digest" {
  command = plan

  variables {
    image_digest = "latest"
  }

  expect_failures = [var.image_digest]
}

run "refuses_more_than_a_worker_can_measure" {
  command = plan

  variables {
    rate = 1501
  }

  expect_failures = [var.rate]
}

run "refuses_a_share_of_a_processor" {
  command = plan

  variables {
    task_size = { cpu = 512, memory = 1024 }
  }

  expect_failures = [var.task_size]
}

run "refuses_a_host_without_tls" {
  command = plan

  variables {
    host = "http://example.com"
  }

  expect_failures = [var.host]
}
