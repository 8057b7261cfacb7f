# One service behind a load balancer, deployed blue/green by CodeDeploy, with a database and an alarm on errors.
terraform {
  required_providers {
    archive = { source = "hashicorp/archive" }
    aws     = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region              = "ap-northeast-1"
  allowed_account_ids = ["123456789012"]
}

resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "shop" {
  count             = 2
  vpc_id            = aws_vpc.shop.id
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = "ap-northeast-1${["a", "c"][count.index]}"
}

resource "aws_security_group" "shop" {
  name   = "shop"
  vpc_id = aws_vpc.shop.id
}

resource "aws_lb" "shop" {
  name               = "shop"
  load_balancer_type = "application"
  internal           = true
  subnets            = aws_subnet.shop[*].id
}

resource "aws_lb_target_group" "shop" {
  for_each             = toset(["blue", "green"])
  name                 = "shop-${each.key}"
  vpc_id               = aws_vpc.shop.id
  target_type          = "ip"
  port                 = 8080
  protocol             = "HTTP"
  deregistration_delay = "10"

  health_check {
    path                = "/api/ready"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "shop" {
  for_each          = { live = 443, test = 8443 }
  load_balancer_arn = aws_lb.shop.arn
  port              = each.value
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.shop[each.key == "live" ? "blue" : "green"].arn
  }
}

resource "aws_ecr_repository" "shop" {
  name = "shop"
}

resource "aws_ecs_cluster" "shop" {
  name = "shop"
}

resource "aws_ecs_task_definition" "shop" {
  for_each                 = toset(["shop", "shop-migration"])
  family                   = each.key
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "256"
  memory                   = "512"

  container_definitions = jsonencode([{
    name         = "shop"
    image        = "${aws_ecr_repository.shop.repository_url}@sha256:${join("", [for _ in range(64) : "a"])}"
    portMappings = [{ containerPort = 8080 }]

    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = aws_cloudwatch_log_group.shop.name, awslogs-region = "ap-northeast-1" }
    }
  }])
}

resource "aws_cloudwatch_log_group" "shop" {
  name = "/ecs/shop"
}

resource "aws_ecs_service" "shop" {
  name            = "shop"
  cluster         = aws_ecs_cluster.shop.arn
  task_definition = aws_ecs_task_definition.shop["shop"].arn
  launch_type     = "FARGATE"
  desired_count   = 2

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  network_configuration {
    subnets         = aws_subnet.shop[*].id
    security_groups = [aws_security_group.shop.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.shop["blue"].arn
    container_name   = "shop"
    container_port   = 8080
  }
}

data "archive_file" "verifier" {
  type        = "zip"
  output_path = "${path.root}/.terraform/verifier.zip"

  source {
    content  = "handler = print"
    filename = "main.py"
  }
}

resource "aws_iam_role" "verifier" {
  name = "verifier"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_function" "verifier" {
  function_name = "CodeDeployHook_shop"
  role          = aws_iam_role.verifier.arn
  filename      = data.archive_file.verifier.output_path
  handler       = "main.handler"
  runtime       = "python3.13"

  environment {
    variables = { PATHS = "/api/ready /api/stories?per_page=1 /" }
  }
}

resource "aws_rds_cluster" "shop" {
  cluster_identifier = "shop"
  engine             = "aurora-postgresql"
  master_username    = "shop"
  master_password    = "only-here-and-nowhere-else"
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "shop-errors"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = aws_lb.shop.arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
}

resource "aws_codedeploy_app" "shop" {
  name             = "shop"
  compute_platform = "ECS"
}

resource "aws_codedeploy_deployment_config" "shop" {
  deployment_config_name = "shop"
  compute_platform       = "ECS"

  traffic_routing_config {
    type = "TimeBasedCanary"

    time_based_canary {
      percentage = 30
      interval   = 5
    }
  }
}

resource "aws_codedeploy_deployment_group" "shop" {
  app_name               = aws_codedeploy_app.shop.name
  deployment_group_name  = "shop"
  deployment_config_name = aws_codedeploy_deployment_config.shop.deployment_config_name
  service_role_arn       = "arn:aws:iam::123456789012:role/deploy"

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  ecs_service {
    cluster_name = aws_ecs_cluster.shop.name
    service_name = aws_ecs_service.shop.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [aws_lb_listener.shop["live"].arn]
      }

      test_traffic_route {
        listener_arns = [aws_lb_listener.shop["test"].arn]
      }

      target_group {
        name = aws_lb_target_group.shop["blue"].name
      }

      target_group {
        name = aws_lb_target_group.shop["green"].name
      }
    }
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 5
    }
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.errors.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }
}
