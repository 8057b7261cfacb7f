# Internal: CloudFront comes in through a VPC origin, and there is no other way.
resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  internal           = true
  ip_address_type    = "ipv4"
  subnets            = var.subnet_ids
  security_groups    = [var.security_group_ids["alb"]]

  enable_deletion_protection = true
  enable_http2               = true
  enable_zonal_shift         = true # a sick zone can be left with one call
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  preserve_host_header       = true
  xff_header_processing_mode = "append"
  idle_timeout               = 60

  access_logs {
    bucket  = module.logs.name
    prefix  = "access"
    enabled = true
  }

  connection_logs {
    bucket  = module.logs.name
    prefix  = "connections"
    enabled = true
  }

  # AWS writes a test object when logging is switched on, which the bucket's policy must allow by then.
  depends_on = [module.logs]
}

locals {
  colours = ["blue", "green"]

  target_groups = {
    for pair in setproduct(keys(var.services), local.colours) : "${pair[0]}_${pair[1]}" => { service = pair[0], colour = pair[1] }
  }

  # The one that gets what no path pattern of another takes.
  fallback = one([for component, service in var.services : component if service.path_patterns == null])
  routed   = { for component, service in var.services : component => service.path_patterns if service.path_patterns != null }
}

resource "aws_lb_target_group" "this" {
  for_each = local.target_groups

  name                              = "${var.name}-${each.value.service}-${substr(each.value.colour, 0, 1)}"
  vpc_id                            = var.vpc_id
  target_type                       = "ip"
  port                              = var.services[each.value.service].port
  protocol                          = "HTTP" # inside the network; TLS ends at the load balancer
  protocol_version                  = "HTTP1"
  deregistration_delay              = "30" # requests that are under way end; none takes longer
  load_balancing_algorithm_type     = "least_outstanding_requests"
  load_balancing_cross_zone_enabled = "use_load_balancer_configuration"

  health_check {
    enabled             = true
    protocol            = "HTTP"
    path                = var.services[each.value.service].health_path
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = { Component = each.value.service, Colour = each.value.colour }
}

resource "aws_lb_listener" "live" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = var.certificate_arn

  routing_http_response_server_enabled = false # says which software answers, to whoever asks

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["${local.fallback}_blue"].arn
  }

  lifecycle {
    ignore_changes = [default_action] # blue or green: CodeDeploy's
  }
}

resource "aws_lb_listener_rule" "live" {
  for_each     = local.routed
  listener_arn = aws_lb_listener.live.arn
  priority     = 100 + index(keys(local.routed), each.key)

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["${each.key}_blue"].arn
  }

  condition {
    path_pattern {
      values = each.value
    }
  }

  lifecycle {
    ignore_changes = [action] # blue or green: CodeDeploy's
  }
}

# The new version, before it gets traffic. Only the verifier's security group is let in here.
resource "aws_lb_listener" "test" {
  load_balancer_arn = aws_lb.this.arn
  port              = var.test_port
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = var.certificate_arn

  routing_http_response_server_enabled = false

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["${local.fallback}_green"].arn
  }

  lifecycle {
    ignore_changes = [default_action]
  }
}

resource "aws_lb_listener_rule" "test" {
  for_each     = local.routed
  listener_arn = aws_lb_listener.test.arn
  priority     = 100 + index(keys(local.routed), each.key)

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["${each.key}_green"].arn
  }

  condition {
    path_pattern {
      values = each.value
    }
  }

  lifecycle {
    ignore_changes = [action]
  }
}

# CloudFront asks over HTTPS only, and no security group lets anybody in on 80. Should one ever do, plain HTTP gets
# nothing but the way to HTTPS.
resource "aws_lb_listener" "redirect" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

# Inside the network the site's name leads to the load balancer: pages rendered on the server ask the API without
# leaving, under the name that the certificate is for, and are not counted by the rate limit as one busy visitor.
resource "aws_route53_zone" "internal" {
  name          = var.domain_name
  comment       = "${var.name}: the site's name inside the network"
  force_destroy = false

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "internal" {
  zone_id = aws_route53_zone.internal.zone_id
  name    = var.domain_name
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}
