resource "aws_security_group" "https_and_the_database" {
  egress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol        = "tcp"
    from_port       = 5432
    to_port         = 5432
    security_groups = [aws_security_group.lets_nothing_out.id]
  }
}

resource "aws_security_group" "lets_nothing_out" {
  name = "database"
}

resource "aws_security_group_rule" "comes_in" {
  type              = "ingress"
  security_group_id = aws_security_group.lets_nothing_out.id
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  self              = true
}

resource "aws_security_group" "everything_to_everywhere" { # violates PG_NET_4
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpc_security_group_egress_rule" "every_port" { # violates PG_NET_4
  security_group_id = aws_security_group.lets_nothing_out.id
  ip_protocol       = "tcp"
  from_port         = 0
  to_port           = 65535
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group_rule" "a_database_on_the_internet" { # violates PG_NET_4
  type              = "egress"
  security_group_id = aws_security_group.lets_nothing_out.id
  protocol          = "tcp"
  from_port         = 5432
  to_port           = 5432
  ipv6_cidr_blocks  = ["::/0"]
}

resource "aws_vpc_security_group_egress_rule" "all_protocols_to_the_network" { # violates PG_NET_4
  security_group_id = aws_security_group.lets_nothing_out.id
  ip_protocol       = "-1"
  cidr_ipv4         = "10.0.0.0/16"
}
