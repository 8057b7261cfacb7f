resource "aws_subnet" "a" {
  vpc_id            = "vpc-1"
  availability_zone = "ap-northeast-1a"
}

resource "aws_subnet" "a_again" {
  vpc_id            = "vpc-1"
  availability_zone = "ap-northeast-1a"
}

resource "aws_subnet" "c" {
  vpc_id            = "vpc-1"
  availability_zone = "ap-northeast-1c"
}

resource "aws_subnet" "chosen_by_aws" {
  vpc_id = "vpc-1"
}

resource "aws_db_subnet_group" "two_zones" {
  subnet_ids = [aws_subnet.a.id, aws_subnet.c.id]
}

resource "aws_lb" "two_zones" {
  name    = "two"
  subnets = [aws_subnet.a.id, aws_subnet.c.id]
}

resource "aws_db_subnet_group" "two_subnets_of_one_zone" { # violates PG_NET_9
  subnet_ids = [aws_subnet.a.id, aws_subnet.a_again.id]
}

resource "aws_ecs_service" "one_subnet" { # violates PG_NET_9
  name = "one"
  network_configuration {
    subnets = [aws_subnet.c.id]
  }
}

resource "aws_opensearch_domain" "outside_any_network" { # not-applicable PG_NET_9
  domain_name = "open"
}

resource "aws_db_subnet_group" "zone_chosen_by_aws" { # undetermined PG_NET_9
  subnet_ids = [aws_subnet.a.id, aws_subnet.chosen_by_aws.id]
}
