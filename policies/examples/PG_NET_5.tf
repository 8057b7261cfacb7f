resource "aws_vpc" "locked" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_default_security_group" "locked" {
  vpc_id = aws_vpc.locked.id
}

resource "aws_vpc" "left_as_made" { # violates PG_NET_5
  cidr_block = "10.1.0.0/16"
}

resource "aws_vpc" "opened" { # violates PG_NET_5
  cidr_block = "10.2.0.0/16"
}

resource "aws_default_security_group" "opened" {
  vpc_id = aws_vpc.opened.id
  ingress {
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }
}

resource "aws_vpc" "lets_out" { # violates PG_NET_5
  cidr_block = "10.3.0.0/16"
}

resource "aws_default_security_group" "lets_out" {
  vpc_id = aws_vpc.lets_out.id
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_default_vpc" "default" {} # violates PG_NET_5

resource "aws_default_security_group" "opened_by_a_rule" {
  vpc_id = aws_default_vpc.default.id
}

resource "aws_vpc_security_group_ingress_rule" "of_the_group" {
  security_group_id = aws_default_security_group.opened_by_a_rule.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc" "opened_by_a_rule" { # violates PG_NET_5
  cidr_block = "10.4.0.0/16"
}

resource "aws_default_security_group" "of_it" {
  vpc_id = aws_vpc.opened_by_a_rule.id
}

resource "aws_security_group_rule" "of_the_network" {
  security_group_id = aws_vpc.opened_by_a_rule.default_security_group_id
  type              = "egress"
  cidr_blocks       = ["0.0.0.0/0"]
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
}

resource "aws_default_security_group" "of_a_network_elsewhere" { # violates PG_NET_5
  vpc_id = "vpc-1"
  ingress {
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }
}
