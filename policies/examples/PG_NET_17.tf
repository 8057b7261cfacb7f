resource "aws_vpc" "logged" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_flow_log" "all" {
  vpc_id       = aws_vpc.logged.id
  traffic_type = "ALL"
}

resource "aws_vpc" "logged_in_two_halves" {
  cidr_block = "10.1.0.0/16"
}

resource "aws_flow_log" "accepted" {
  vpc_id       = aws_vpc.logged_in_two_halves.id
  traffic_type = "ACCEPT"
}

resource "aws_flow_log" "rejected" {
  vpc_id       = aws_vpc.logged_in_two_halves.id
  traffic_type = "REJECT"
}

resource "aws_vpc" "not_logged" { # violates PG_NET_17
  cidr_block = "10.2.0.0/16"
}

resource "aws_vpc" "rejected_flows_only" { # violates PG_NET_17
  cidr_block = "10.3.0.0/16"
}

resource "aws_flow_log" "rejected_only" {
  vpc_id       = aws_vpc.rejected_flows_only.id
  traffic_type = "REJECT"
}

resource "aws_default_vpc" "as_aws_made_it" { # violates PG_NET_17
  force_destroy = false
}

resource "aws_vpc" "nothing_said_of_what" {
  cidr_block = "10.4.0.0/16"
}

resource "aws_flow_log" "nothing_said_of_what" {
  vpc_id = aws_vpc.nothing_said_of_what.id
}
