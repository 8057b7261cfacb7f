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

resource "aws_lb_listener" "for_cloudfront_only" {
  load_balancer_arn = aws_lb.for_cloudfront_only.arn
  port              = 443
  protocol          = "HTTPS"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "403"
    }
  }
}

resource "aws_lb_listener_rule" "with_the_secret" {
  listener_arn = aws_lb_listener.for_cloudfront_only.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.site.arn
  }

  condition {
    http_header {
      http_header_name = "X-Origin-Verify"
      values           = [var.later]
    }
  }
}

resource "aws_lb_target_group" "site" {
  name     = "site"
  port     = 80
  protocol = "HTTP"
  vpc_id   = "vpc-0123456789abcdef0"
}

resource "aws_lb" "for_anybodys_distribution" { # violates PG_EDGE_16
  name            = "for-anybodys-distribution"
  security_groups = [aws_security_group.cloudfront.id]
}

resource "aws_lb_listener" "for_anybodys_distribution" {
  load_balancer_arn = aws_lb.for_anybodys_distribution.arn
  port              = 443
  protocol          = "HTTPS"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.site.arn
  }
}

resource "aws_lb" "for_anybodys_distribution_by_a_rule" { # violates PG_EDGE_16
  name            = "for-anybodys-distribution-by-a-r"
  security_groups = [aws_security_group.cloudfront.id]
}

resource "aws_lb_listener" "for_anybodys_distribution_by_a_rule" {
  load_balancer_arn = aws_lb.for_anybodys_distribution_by_a_rule.arn
  port              = 443
  protocol          = "HTTPS"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "403"
    }
  }
}

resource "aws_lb_listener_rule" "by_path" {
  listener_arn = aws_lb_listener.for_anybodys_distribution_by_a_rule.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.site.arn
  }

  condition {
    path_pattern {
      values = ["/*"]
    }
  }
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

resource "aws_lb" "passing_connections" { # undetermined PG_EDGE_16
  name               = "passing-connections"
  load_balancer_type = "network"
}

resource "aws_lb" "asking_for_any_header" { # violates PG_EDGE_16
  name            = "asking-for-any-header"
  security_groups = [aws_security_group.cloudfront.id]
}

resource "aws_lb_listener" "asking_for_any_header" {
  load_balancer_arn = aws_lb.asking_for_any_header.arn
  port              = 443
  protocol          = "HTTPS"

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "403"
    }
  }
}

resource "aws_lb_listener_rule" "asking_for_any_header" {
  listener_arn = aws_lb_listener.asking_for_any_header.arn

  action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/app/1"
  }

  condition {
    http_header {
      http_header_name = "User-Agent"
      values           = ["*"]
    }
  }
}

resource "aws_lb" "asking_for_what_every_distribution_sends" { # violates PG_EDGE_16
  name            = "asking-for-what-every-distributi"
  security_groups = [aws_security_group.cloudfront.id]
}

resource "aws_lb_listener" "asking_for_what_every_distribution_sends" {
  load_balancer_arn = aws_lb.asking_for_what_every_distribution_sends.arn
  port              = 443
  protocol          = "HTTPS"

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "403"
    }
  }
}

resource "aws_lb_listener_rule" "asking_for_what_every_distribution_sends" {
  listener_arn = aws_lb_listener.asking_for_what_every_distribution_sends.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.site.arn
  }

  condition {
    http_header {
      http_header_name = "User-Agent"
      values           = ["Amazon CloudFront"]
    }
  }
}

resource "aws_lb" "with_a_second_group_declared_elsewhere" { # undetermined PG_EDGE_16
  name            = "with-a-second-group-declared-els"
  security_groups = [aws_security_group.cloudfront.id, "sg-0123456789abcdef0"]
}

resource "aws_elb" "classic" { # violates PG_EDGE_16
  name            = "classic"
  security_groups = [aws_security_group.cloudfront.id]

  listener {
    instance_port     = 80
    instance_protocol = "http"
    lb_port           = 443
    lb_protocol       = "https"
  }
}

resource "aws_elb" "classic_inside_the_network" {
  name            = "classic-inside-the-network"
  internal        = true
  security_groups = [aws_security_group.world.id]

  listener {
    instance_port     = 80
    instance_protocol = "http"
    lb_port           = 443
    lb_protocol       = "https"
  }
}
