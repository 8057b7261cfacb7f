resource "aws_network_acl" "closed" {
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 443
    to_port    = 443
  }
}

resource "aws_network_acl" "denied_first" {
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 200
    action     = "allow"
    protocol   = "-1"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
  ingress {
    rule_no    = 90
    action     = "deny"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 22
    to_port    = 22
  }
  ingress {
    rule_no    = 91
    action     = "deny"
    protocol   = "6"
    cidr_block = "0.0.0.0/0"
    from_port  = 3000
    to_port    = 4000
  }
}

resource "aws_network_acl" "everything" { # violates PG_NET_15
  vpc_id = "vpc-1"
  ingress {
    rule_no         = 100
    action          = "allow"
    protocol        = "-1"
    ipv6_cidr_block = "::/0"
    from_port       = 0
    to_port         = 0
  }
}

resource "aws_network_acl_rule" "out" {
  network_acl_id = aws_network_acl.closed.id
  rule_number    = 100
  rule_action    = "allow"
  egress         = true
  protocol       = "tcp"
  cidr_block     = "0.0.0.0/0"
  from_port      = 22
  to_port        = 22
}

resource "aws_network_acl" "of_rules" {
  vpc_id = "vpc-2"
}

resource "aws_network_acl_rule" "remote_desktop_is_denied" {
  network_acl_id = aws_network_acl.of_rules.id
  rule_number    = 50
  rule_action    = "deny"
  protocol       = "tcp"
  cidr_block     = "0.0.0.0/0"
  from_port      = 3389
  to_port        = 3389
}

resource "aws_network_acl_rule" "what_is_denied_first" {
  network_acl_id = aws_network_acl.of_rules.id
  rule_number    = 60
  rule_action    = "allow"
  protocol       = "tcp"
  cidr_block     = "0.0.0.0/0"
  from_port      = 3000
  to_port        = 4000
}

resource "aws_network_acl_rule" "ssh" { # violates PG_NET_15
  network_acl_id = aws_network_acl.of_rules.id
  rule_number    = 70
  rule_action    = "ALLOW"
  protocol       = "tcp"
  cidr_block     = "0.0.0.0/0"
  from_port      = 0
  to_port        = 1024
}

resource "aws_network_acl" "answers" {
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 1024
    to_port    = 65535
  }
}

resource "aws_network_acl" "front" {
  vpc_id = "vpc-3"
}

resource "aws_network_acl" "back" {
  vpc_id = "vpc-3"
}

resource "aws_network_acl_rule" "front_admits" { # violates PG_NET_15
  network_acl_id = aws_network_acl.front.id
  rule_number    = 200
  rule_action    = "allow"
  protocol       = "tcp"
  cidr_block     = "0.0.0.0/0"
  from_port      = 22
  to_port        = 22
}

resource "aws_network_acl_rule" "back_denies" {
  network_acl_id = aws_network_acl.back.id
  rule_number    = 100
  rule_action    = "deny"
  protocol       = "tcp"
  cidr_block     = "0.0.0.0/0"
  from_port      = 22
  to_port        = 22
}

resource "aws_network_acl" "from_remote_desktop_on" { # violates PG_NET_15
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 3389
    to_port    = 65535
  }
}

resource "aws_network_acl" "in_halves" { # violates PG_NET_15
  vpc_id = "vpc-1"
  ingress {
    rule_no         = 100
    action          = "allow"
    protocol        = "tcp"
    cidr_block      = "0.0.0.0/1"
    from_port       = 22
    to_port         = 22
  }
}

resource "aws_network_acl" "under_another_name_of_everybody" { # violates PG_NET_15
  vpc_id = "vpc-1"
  ingress {
    rule_no         = 100
    action          = "allow"
    protocol        = "tcp"
    ipv6_cidr_block = "0::/0"
    from_port       = 22
    to_port         = 22
  }
}

resource "aws_network_acl" "denied_to_half_of_them" { # violates PG_NET_15
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 90
    action     = "deny"
    protocol   = "tcp"
    cidr_block = "128.0.0.0/1"
    from_port  = 22
    to_port    = 22
  }
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 22
    to_port    = 22
  }
}

resource "aws_network_acl" "answers_and_remote_desktop" { # violates PG_NET_15
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 1024
    to_port    = 65535
  }
  ingress {
    rule_no    = 110
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 3389
    to_port    = 3389
  }
}

resource "aws_network_acl" "denied_beside" {
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 22
    to_port    = 22
  }
}

resource "aws_network_acl_rule" "denies_it" {
  network_acl_id = aws_network_acl.denied_beside.id
  rule_number    = 50
  rule_action    = "deny"
  protocol       = "-1"
  cidr_block     = "0.0.0.0/0"
}

resource "aws_network_acl" "of_a_network_decided_later" { # undetermined PG_NET_15
  vpc_id = "vpc-1"
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = timestamp()
    from_port  = 22
    to_port    = 22
  }
}
