resource "aws_elb" "modern" {
  name    = "modern"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_lb_ssl_negotiation_policy" "modern" {
  name          = "modern"
  load_balancer = aws_elb.modern.id
  lb_port       = 443

  attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-TLS-1-2-2017-01"
  }
}

resource "aws_elb" "at_the_default" { # violates PG_ENC_28
  name    = "at-the-default"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_elb" "of_2015" { # violates PG_ENC_28
  name    = "of-2015"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_lb_ssl_negotiation_policy" "of_2015" {
  name          = "of-2015"
  load_balancer = aws_elb.of_2015.id
  lb_port       = 443

  attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-2015-05"
  }
}

resource "aws_elb" "of_its_own" {
  name    = "of-its-own"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_lb_ssl_negotiation_policy" "of_its_own" {
  name          = "of-its-own"
  load_balancer = aws_elb.of_its_own.id
  lb_port       = 443

  attribute {
    name  = "Protocol-SSLv3"
    value = "false"
  }

  attribute {
    name  = "Protocol-TLSv1"
    value = "false"
  }

  attribute {
    name  = "Protocol-TLSv1.1"
    value = "false"
  }

  attribute {
    name  = "Protocol-TLSv1.2"
    value = "true"
  }
}

resource "aws_elb" "of_its_own_with_older_versions" { # violates PG_ENC_28
  name    = "of-its-own-with-older-versions"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "ssl"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_lb_ssl_negotiation_policy" "of_its_own_with_older_versions" {
  name          = "of-its-own-with-older-versions"
  load_balancer = aws_elb.of_its_own_with_older_versions.id
  lb_port       = 443

  attribute {
    name  = "Protocol-SSLv3"
    value = "false"
  }

  attribute {
    name  = "Protocol-TLSv1"
    value = "true"
  }

  attribute {
    name  = "Protocol-TLSv1.1"
    value = "true"
  }
}

resource "aws_elb" "of_its_own_in_part" { # undetermined PG_ENC_28
  name    = "of-its-own-in-part"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_lb_ssl_negotiation_policy" "of_its_own_in_part" {
  name          = "of-its-own-in-part"
  load_balancer = aws_elb.of_its_own_in_part.id
  lb_port       = 443

  attribute {
    name  = "Protocol-TLSv1.2"
    value = "true"
  }
}

resource "aws_elb" "modern_on_another_port" { # violates PG_ENC_28
  name    = "modern-on-another-port"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_lb_ssl_negotiation_policy" "modern_on_another_port" {
  name          = "modern-on-another-port"
  load_balancer = aws_elb.modern_on_another_port.id
  lb_port       = 8443

  attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-TLS-1-2-2017-01"
  }
}

resource "aws_elb" "by_a_listener_policy" {
  name    = "by-a-listener-policy"
  subnets = ["subnet-1"]

  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }
}

resource "aws_load_balancer_policy" "modern" {
  load_balancer_name = aws_elb.by_a_listener_policy.name
  policy_name        = "modern"
  policy_type_name   = "SSLNegotiationPolicyType"

  policy_attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-TLS-1-2-2017-01"
  }
}

resource "aws_load_balancer_listener_policy" "modern" {
  load_balancer_name = aws_elb.by_a_listener_policy.name
  load_balancer_port = 443
  policy_names       = [aws_load_balancer_policy.modern.policy_name]
}
