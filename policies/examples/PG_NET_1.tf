variable "source_range" { type = string }

resource "aws_security_group" "of_the_load_balancer" {
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb" "public" {
  name            = "public"
  security_groups = [aws_security_group.of_the_load_balancer.id]
}

resource "aws_vpc_security_group_ingress_rule" "redirect" {
  security_group_id = aws_security_group.of_the_load_balancer.id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv6         = "::/0"
}

resource "aws_security_group" "of_a_task" {
  name = "task"
}

resource "aws_vpc_security_group_ingress_rule" "from_the_load_balancer" {
  security_group_id            = aws_security_group.of_a_task.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
  referenced_security_group_id = aws_security_group.of_the_load_balancer.id
}

resource "aws_security_group" "administration" { # violates PG_NET_1
  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "after_a_rule_for_itself" { # violates PG_NET_1
  ingress {
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }
  ingress {
    protocol         = "-1"
    from_port        = 0
    to_port          = 0
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_security_group_rule" "web_but_no_load_balancer" {
  type              = "ingress"
  security_group_id = aws_security_group.of_a_task.id
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_vpc_security_group_ingress_rule" "half_of_the_internet" { # violates PG_NET_1
  security_group_id = aws_security_group.of_the_load_balancer.id
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  cidr_ipv4         = "128.0.0.0/1"
}

resource "aws_vpc_security_group_ingress_rule" "range_known_at_apply" { # undetermined PG_NET_1
  security_group_id = aws_security_group.of_a_task.id
  ip_protocol       = "tcp"
  from_port         = 8080
  to_port           = 8080
  cidr_ipv4         = var.source_range
}

resource "aws_vpc_security_group_ingress_rule" "group_of_another_stack" {
  security_group_id = "sg-0123456789abcdef0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "of_an_internal_load_balancer" {
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb" "internal" {
  name            = "internal"
  internal        = true
  security_groups = [aws_security_group.of_an_internal_load_balancer.id]
}
