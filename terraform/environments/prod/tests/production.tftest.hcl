# What core can decide about production: the stated sizes reach the resources, and wrong values are refused by name.
# No credentials, no network: every provider is a mock. A refusal plans only what the refused value would reach.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { region = "ap-northeast-1" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

mock_provider "archive" {}

run "plans_as_one_tree" {
  command = plan

  assert {
    condition     = output.release.service_names == { api = "nba-news-prod-api", frontend = "nba-news-prod-frontend" }
    error_message = "The release workflow must find both services."
  }

  assert {
    condition     = output.release.snapshot_before_release == "nba-news-prod-before-"
    error_message = "The deploy role may make snapshots of this name only."
  }

  assert {
    condition     = { for component, one in output.release.deployments : component => one.deploymentGroupName } == { api = "api", frontend = "frontend" }
    error_message = "Each service has a deployment group of its own."
  }

  assert {
    condition     = output.release.migration_task.networkConfiguration.awsvpcConfiguration.assignPublicIp == "DISABLED"
    error_message = "A migration runs in the private network."
  }

  assert {
    condition     = length(module.load) == 0 && output.load_test == null
    error_message = "A load test is off by default."
  }
}

run "refuses_another_environment" {
  command = plan

  plan_options {
    target = [module.network.aws_vpc.this]
  }

  variables {
    environment = "staging"
  }

  expect_failures = [var.environment]
}

run "refuses_a_repository_pattern" {
  command = plan

  plan_options {
    target = [module.identity.aws_iam_role.deploy]
  }

  variables {
    github_repository = "nba-news/*"
  }

  expect_failures = [var.github_repository]
}

run "refuses_both_backups_in_one_region" {
  command = plan

  plan_options {
    target = [module.keys]
  }

  variables {
    backup_copy_region = "ap-northeast-1"
  }

  expect_failures = [var.backup_copy_region]
}

run "refuses_zones_of_another_region" {
  command = plan

  plan_options {
    target = [module.network.aws_subnet.public]
  }

  variables {
    availability_zones = ["ap-northeast-1a", "ap-northeast-1c", "us-east-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "refuses_a_small_network" {
  command = plan

  plan_options {
    target = [module.network.aws_vpc.this]
  }

  variables {
    vpc_cidr = "10.20.0.0/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_a_lone_database" {
  command = plan

  plan_options {
    target = [module.database.aws_rds_cluster_instance.this]
  }

  variables {
    database_instances = 1
  }

  expect_failures = [var.database_instances]
}

run "refuses_capacity_upside_down" {
  command = plan

  plan_options {
    target = [module.database.aws_rds_cluster.this]
  }

  variables {
    database_capacity = { min = 4, max = 1 }
  }

  expect_failures = [var.database_capacity]
}

run "refuses_a_major_version_alone" {
  command = plan

  plan_options {
    target = [module.database.aws_db_parameter_group.this]
  }

  variables {
    database_engine_version = "17"
  }

  expect_failures = [var.database_engine_version]
}

run "refuses_short_backups" {
  command = plan

  plan_options {
    target = [module.database.aws_rds_cluster.this]
  }

  variables {
    backup_retention_days = 7
  }

  expect_failures = [var.backup_retention_days]
}

run "refuses_to_lock_evidence_for_less_than_a_year" {
  command = plan

  plan_options {
    target = [module.evidence]
  }

  variables {
    evidence_lock_days = 90
  }

  expect_failures = [var.evidence_lock_days]
}

run "refuses_a_lone_task" {
  command = plan

  plan_options {
    target = [module.service.aws_ecs_cluster_capacity_providers.this]
  }

  variables {
    task_count = { min = 1, max = 10 }
  }

  expect_failures = [var.task_count]
}

run "refuses_a_size_that_fargate_does_not_have" {
  command = plan

  plan_options {
    target = [module.service.aws_ecs_task_definition.migration]
  }

  variables {
    task_size = { cpu = 1000, memory = 2048 }
  }

  expect_failures = [var.task_size]
}

run "refuses_a_tag_for_a_digest" {
  command = plan

  plan_options {
    target = [module.service.aws_ecs_task_definition.migration]
  }

  variables {
    image_digests = {
      api       = "latest"
      frontend  = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
      collector = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
    }
  }

  expect_failures = [var.image_digests]
}

run "refuses_all_traffic_at_once" {
  command = plan

  plan_options {
    target = [module.service.aws_codedeploy_deployment_config.this]
  }

  variables {
    release = { first_step_percent = 100, first_step_minutes = 5, bake_minutes = 30 }
  }

  expect_failures = [var.release]
}

run "warns_of_too_many_connections_and_of_an_unwatched_release" {
  command = plan

  variables {
    task_count = { min = 2, max = 60 }
    release    = { first_step_percent = 10, first_step_minutes = 5, bake_minutes = 5 }
  }

  expect_failures = [check.connections_fit_the_database, check.release_is_watched_long_enough]
}

run "makes_what_a_load_test_needs_when_asked" {
  command = plan

  variables {
    load_test = { enabled = true, image_digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001" }
  }

  assert {
    condition     = output.load_test.workers == 4 && output.load_test.cluster_name == "nba-news-prod"
    error_message = "Whoever starts it finds everything in the output."
  }
}

run "refuses_a_load_test_without_an_image" {
  command = plan

  plan_options {
    target = [module.load.aws_ecr_repository.this]
  }

  variables {
    load_test = { enabled = true }
  }

  expect_failures = [var.load_test]
}

run "refuses_more_load_than_its_workers_can_measure" {
  command = plan

  plan_options {
    target = [module.load.aws_ecr_repository.this]
  }

  variables {
    load_test = { rate = 2001 }
  }

  expect_failures = [var.load_test]
}
