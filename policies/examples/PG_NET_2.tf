resource "aws_security_group" "database" {
  ingress {
    protocol    = "tcp"
    from_port   = 5432
    to_port     = 5432
    cidr_blocks = ["10.0.0.0/16"]
  }
}

resource "aws_vpc_security_group_ingress_rule" "web_from_a_partner" {
  security_group_id = aws_security_group.database.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "203.0.113.7/32"
}

resource "aws_vpc_security_group_ingress_rule" "database_from_the_office" { # violates PG_NET_2
  security_group_id = aws_security_group.database.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = "203.0.113.0/24"
}

resource "aws_security_group" "inside_a_range" { # violates PG_NET_2
  ingress {
    protocol    = "tcp"
    from_port   = 20
    to_port     = 30
    cidr_blocks = ["10.0.0.0/16", "198.51.100.4/32"]
  }
}

resource "aws_security_group_rule" "all_protocols" { # violates PG_NET_2
  type              = "ingress"
  security_group_id = aws_security_group.database.id
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  ipv6_cidr_blocks  = ["2001:db8::/48"]
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 1
  entry {
    cidr = "203.0.113.0/24"
  }
}

resource "aws_vpc_security_group_ingress_rule" "a_list_of_offices" { # violates PG_NET_2
  security_group_id = aws_security_group.database.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  prefix_list_id    = aws_ec2_managed_prefix_list.offices.id
}

resource "aws_vpc_security_group_ingress_rule" "a_list_by_its_id" { # undetermined PG_NET_2
  security_group_id = aws_security_group.database.id
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  prefix_list_id    = "pl-0123456789abcdef0"
}
