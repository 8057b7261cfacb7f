resource "aws_security_group" "own" {
  name = "own"
}

resource "aws_default_security_group" "everybody" {
  vpc_id = "vpc-1"
}

resource "aws_rds_cluster" "own_group" {
  engine                 = "aurora-postgresql"
  vpc_security_group_ids = [aws_security_group.own.id]
}

resource "aws_ecs_service" "own_group" {
  name = "own"
  network_configuration {
    subnets         = ["subnet-1"]
    security_groups = [aws_security_group.own.id]
  }
}

resource "aws_rds_cluster" "no_group" { # violates PG_NET_13
  engine = "aurora-postgresql"
}

resource "aws_ecs_service" "no_group" { # violates PG_NET_13
  name = "none"
  network_configuration {
    subnets = ["subnet-1"]
  }
}

resource "aws_lb" "default_group" { # violates PG_NET_13
  name            = "default"
  security_groups = [aws_default_security_group.everybody.id]
}

resource "aws_lambda_function" "in_the_network_of_lambda" { # not-applicable PG_NET_13
  function_name = "resize"
  role          = "arn:aws:iam::123456789012:role/resize"
}

resource "aws_lb" "network_load_balancer" { # not-applicable PG_NET_13
  name               = "network"
  load_balancer_type = "network"
}

resource "aws_alb" "by_its_other_name" { # violates PG_NET_13
  name = "by-its-other-name"
}
