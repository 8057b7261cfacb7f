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
