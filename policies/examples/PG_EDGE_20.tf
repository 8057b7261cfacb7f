variable "mode" {
  type = string
}

resource "aws_lb" "refusing" {
  name                       = "refusing"
  drop_invalid_header_fields = true
}

resource "aws_lb" "left_at_the_default" { # violates PG_EDGE_20
  name = "default"
}

resource "aws_alb" "only_watching" { # violates PG_EDGE_20
  name                       = "watching"
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "monitor"
}

resource "aws_lb" "of_connections" { # not-applicable PG_EDGE_20
  name               = "connections"
  load_balancer_type = "network"
}

resource "aws_elb" "classic" {
  name = "classic"

  listener {
    lb_port           = 80
    lb_protocol       = "http"
    instance_port     = 80
    instance_protocol = "http"
  }
}

resource "aws_elb" "classic_only_watching" { # violates PG_EDGE_20
  name                   = "classic-watching"
  desync_mitigation_mode = "monitor"

  listener {
    lb_port           = 80
    lb_protocol       = "http"
    instance_port     = 80
    instance_protocol = "http"
  }
}

resource "aws_lb" "decided_later" { # undetermined PG_EDGE_20
  name                       = "later"
  drop_invalid_header_fields = true
  desync_mitigation_mode     = var.mode
}
