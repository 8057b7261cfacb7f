variable "later" {
  type = string
}

resource "aws_security_group" "cloudfront" {
  name = "cloudfront"

  ingress {
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    prefix_list_ids = ["pl-58a04531"]
  }
}

resource "aws_security_group" "world" {
  name = "world"

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "office" {
  name = "office"

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["203.0.113.0/24"]
  }
}

resource "aws_security_group" "by_a_rule_of_its_own" {
  name = "by-a-rule-of-its-own"
}

resource "aws_vpc_security_group_ingress_rule" "world" {
  security_group_id = aws_security_group.by_a_rule_of_its_own.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv6         = "::/0"
}

resource "aws_lb" "for_cloudfront_only" {
  name            = "for-cloudfront-only"
  security_groups = [aws_security_group.cloudfront.id]
}

resource "aws_lb" "inside_the_network" {
  name            = "inside-the-network"
  internal        = true
  security_groups = [aws_security_group.world.id]
}

resource "aws_lb" "for_the_world" { # violates PG_EDGE_16
  name            = "for-the-world"
  security_groups = [aws_security_group.world.id]
}

resource "aws_lb" "for_an_office_as_well" { # violates PG_EDGE_16
  name            = "for-an-office-as-well"
  security_groups = [aws_security_group.office.id]
}

resource "aws_lb" "for_the_world_by_a_rule_of_its_own" { # violates PG_EDGE_16
  name            = "for-the-world-by-a-rule-of-its-o"
  security_groups = [aws_security_group.by_a_rule_of_its_own.id]
}

resource "aws_lb" "with_a_group_declared_elsewhere" { # undetermined PG_EDGE_16
  name            = "with-a-group-declared-elsewhere"
  security_groups = ["sg-0123456789abcdef0"]
}

resource "aws_lb" "decided_later" { # undetermined PG_EDGE_16
  name     = "decided-later"
  internal = var.later
}
