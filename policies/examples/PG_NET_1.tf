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

resource "aws_ec2_managed_prefix_list" "everybody" {
  name           = "everybody"
  address_family = "IPv4"
  max_entries    = 2
  entry {
    cidr = "0.0.0.0/1"
  }
}

resource "aws_ec2_managed_prefix_list_entry" "the_other_half" {
  prefix_list_id = aws_ec2_managed_prefix_list.everybody.id
  cidr           = "128.0.0.0/1"
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 2
}

resource "aws_ec2_managed_prefix_list_entry" "tokyo" {
  prefix_list_id = aws_ec2_managed_prefix_list.offices.id
  cidr           = "203.0.113.0/24"
}

data "aws_ec2_managed_prefix_list" "of_cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

data "aws_ec2_managed_prefix_list" "of_partners" {
  name = "partners"
}

resource "aws_security_group" "a_list_of_everybody" { # violates PG_NET_1
  ingress {
    protocol        = "tcp"
    from_port       = 8443
    to_port         = 8443
    prefix_list_ids = [aws_ec2_managed_prefix_list.everybody.id]
  }
}

resource "aws_vpc_security_group_ingress_rule" "a_list_of_offices" {
  security_group_id = aws_security_group.of_a_task.id
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  prefix_list_id    = aws_ec2_managed_prefix_list.offices.id
}

resource "aws_security_group_rule" "a_list_of_aws" {
  type              = "ingress"
  security_group_id = aws_security_group.of_a_task.id
  protocol          = "tcp"
  from_port         = 8443
  to_port           = 8443
  prefix_list_ids   = [data.aws_ec2_managed_prefix_list.of_cloudfront.id]
}

resource "aws_vpc_security_group_ingress_rule" "a_list_of_others" { # undetermined PG_NET_1
  security_group_id = aws_security_group.of_a_task.id
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  prefix_list_id    = data.aws_ec2_managed_prefix_list.of_partners.id
}

resource "aws_vpc_security_group_ingress_rule" "a_list_by_its_id" { # undetermined PG_NET_1
  security_group_id = aws_security_group.of_a_task.id
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  prefix_list_id    = "pl-0123456789abcdef0"
}

resource "aws_vpc_security_group_ingress_rule" "a_list_of_others_on_the_web" {
  security_group_id = aws_security_group.of_a_task.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = data.aws_ec2_managed_prefix_list.of_partners.id
}

resource "aws_security_group" "several_lists" {
  ingress {
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    prefix_list_ids = [aws_ec2_managed_prefix_list.everybody.id]
  }
  ingress {
    protocol        = "tcp"
    from_port       = 8443
    to_port         = 8443
    prefix_list_ids = [aws_ec2_managed_prefix_list.offices.id]
  }
}

resource "aws_vpc_security_group_ingress_rule" "a_protocol_that_is_none" { # violates PG_NET_1
  security_group_id = aws_security_group.of_a_task.id
  ip_protocol       = "ssh"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "0.0.0.0/0"
}
