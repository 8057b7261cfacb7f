variable "subnet" { type = string }

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "private" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}

resource "aws_subnet" "public" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.2.0/24"
}

resource "aws_subnet" "public_by_a_single_route" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.3.0/24"
}

resource "aws_subnet" "without_a_table_of_its_own" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.4.0/24"
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = "nat-1"
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "with_a_route_beside" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "beside" {
  route_table_id         = aws_route_table.with_a_route_beside.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}

resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "beside" {
  subnet_id      = aws_subnet.public_by_a_single_route.id
  route_table_id = aws_route_table.with_a_route_beside.id
}

resource "aws_db_subnet_group" "private" {
  subnet_ids = [aws_subnet.private.id, aws_subnet.without_a_table_of_its_own.id]
}

resource "aws_ecs_service" "private" {
  name = "private"
  network_configuration {
    subnets = [aws_subnet.private.id]
  }
}

resource "aws_db_subnet_group" "partly_public" { # violates PG_NET_8
  subnet_ids = [aws_subnet.private.id, aws_subnet.public.id]
}

resource "aws_ecs_service" "public" { # violates PG_NET_8
  name = "public"
  network_configuration {
    subnets = [aws_subnet.public_by_a_single_route.id]
  }
}

resource "aws_opensearch_domain" "outside_any_network" { # violates PG_NET_8
  domain_name = "open"
}

resource "aws_lambda_function" "in_the_network_of_lambda" { # not-applicable PG_NET_8
  function_name = "resize"
  role          = "arn:aws:iam::123456789012:role/resize"
}

resource "aws_db_subnet_group" "subnets_of_another_stack" { # undetermined PG_NET_8
  subnet_ids = [aws_subnet.private.id, "subnet-0123456789abcdef0"]
}

resource "aws_db_subnet_group" "known_at_apply" { # undetermined PG_NET_8
  subnet_ids = [var.subnet]
}

resource "aws_elasticsearch_domain" "outside_any_network" { # violates PG_NET_8
  domain_name = "outside"
}

resource "aws_opensearch_domain" "with_an_empty_list_of_subnets" { # violates PG_NET_8
  domain_name = "empty-list"

  vpc_options {
    subnet_ids = []
  }
}
