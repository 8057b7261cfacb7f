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

resource "aws_security_group_rule" "web_but_no_load_balancer" { # violates PG_NET_16
  type              = "ingress"
  security_group_id = aws_security_group.of_a_task.id
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_vpc_security_group_ingress_rule" "range_known_at_apply" { # undetermined PG_NET_16
  security_group_id = aws_security_group.of_a_task.id
  ip_protocol       = "tcp"
  from_port         = 8080
  to_port           = 8080
  cidr_ipv4         = var.source_range
}

resource "aws_vpc_security_group_ingress_rule" "group_of_another_stack" { # undetermined PG_NET_16
  security_group_id = "sg-0123456789abcdef0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "of_an_internal_load_balancer" { # violates PG_NET_16
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
