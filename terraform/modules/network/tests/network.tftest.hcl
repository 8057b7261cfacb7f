mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name               = "example"
  cidr               = "10.20.0.0/16"
  availability_zones = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
  ports              = { api = 8080, frontend = 3000, database = 5432, test = 8443 }
  logs_kms_key_arn   = "arn:aws:kms:ap-northeast-1:123456789012:key/logs"
  log_retention_days = 365
}

run "subnets_do_not_overlap" {
  command = plan

  assert {
    condition = length(distinct(concat(
      [for subnet in aws_subnet.public : subnet.cidr_block],
      [for subnet in aws_subnet.private : subnet.cidr_block],
      [for subnet in aws_subnet.database : subnet.cidr_block],
    ))) == 9
    error_message = "Nine subnets, each with addresses of its own."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : tonumber(split(".", subnet.cidr_block)[2]) >= 16])
    error_message = "Private subnets begin after the /24s of the other two tiers."
  }
}

run "every_connection_has_both_ends" {
  command = plan

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.connection) == keys(aws_vpc_security_group_egress_rule.connection)
    error_message = "A rule out of the caller and one into the called."
  }
}

run "only_cloudfront_and_the_network_reach_the_load_balancer" {
  command = plan

  assert {
    condition     = sort([for key in keys(local.connections) : key if strcontains(key, "-to-alb-")]) == tolist(["frontend-to-alb-443", "verifier-to-alb-8443"])
    error_message = "The load balancer admits the front end, the verifier, and CloudFront's prefix list."
  }
}

run "refuses_a_task_network_without_images" {
  command = plan

  variables {
    interface_endpoints = { logs = "logs", secretsmanager = "secretsmanager" }
  }

  expect_failures = [var.interface_endpoints]
}

run "refuses_an_endpoint_open_to_every_service" {
  command = plan

  variables {
    interface_endpoints = { "ecr.api" = "*", "ecr.dkr" = "ecr", logs = "logs", secretsmanager = "secretsmanager" }
  }

  expect_failures = [var.interface_endpoints]
}

run "refuses_privileged_ports" {
  command = plan

  variables {
    ports = { api = 80, frontend = 3000, database = 5432, test = 8443 }
  }

  expect_failures = [var.ports]
}

run "refuses_short_flow_logs" {
  command = plan

  variables {
    log_retention_days = 7
  }

  expect_failures = [var.log_retention_days]
}
