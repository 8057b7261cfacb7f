resource "aws_cloudfront_distribution" "with_a_bucket_for_its_log" {
  enabled = true

  logging_config {
    bucket = "logs.s3.amazonaws.com"
  }

  origin {
    origin_id   = "app"
    domain_name = "app.example.com"

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "app"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_cloudfront_distribution" "with_a_log_delivery" {
  enabled = true

  origin {
    origin_id   = "app"
    domain_name = "app.example.com"

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "app"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_cloudwatch_log_delivery_source" "requests" {
  name         = "requests"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.with_a_log_delivery.arn
}

resource "aws_cloudwatch_log_delivery_destination" "bucket" {
  name = "requests"

  delivery_destination_configuration {
    destination_resource_arn = "arn:aws:s3:::logs"
  }
}

resource "aws_cloudwatch_log_delivery" "requests" {
  delivery_source_name     = aws_cloudwatch_log_delivery_source.requests.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.bucket.arn
}

resource "aws_cloudfront_distribution" "with_a_source_that_is_never_delivered" { # violates PG_EDGE_7
  enabled = true

  origin {
    origin_id   = "app"
    domain_name = "app.example.com"

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "app"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_cloudwatch_log_delivery_source" "never_delivered" {
  name         = "never-delivered"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.with_a_source_that_is_never_delivered.arn
}

resource "aws_cloudfront_distribution" "without_a_log" { # violates PG_EDGE_7
  enabled = true

  origin {
    origin_id   = "app"
    domain_name = "app.example.com"

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "app"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_lb" "with_a_log" {
  name = "with-a-log"

  access_logs {
    bucket  = "logs"
    enabled = true
  }
}

resource "aws_lb" "without_a_log" { # violates PG_EDGE_7
  name = "without-a-log"
}

resource "aws_lb" "with_a_log_left_at_the_default_of_off" { # violates PG_EDGE_7
  name = "with-a-log-left-at-the-default-o"

  access_logs {
    bucket = "logs"
  }
}

resource "aws_alb" "by_its_other_name" { # violates PG_EDGE_7
  name = "by-its-other-name"
}

resource "aws_lb" "of_connections_alone" { # not-applicable PG_EDGE_7
  name               = "of-connections"
  load_balancer_type = "network"
}

resource "aws_lb_listener" "of_connections_alone" {
  load_balancer_arn = aws_lb.of_connections_alone.arn
  port              = 5432
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:targetgroup/db/1"
  }
}

resource "aws_lb" "of_connections_over_tls" { # violates PG_EDGE_7
  name               = "of-tls"
  load_balancer_type = "network"
}

resource "aws_lb_listener" "of_connections_over_tls" {
  load_balancer_arn = aws_lb.of_connections_over_tls.arn
  port              = 443
  protocol          = "TLS"
  certificate_arn   = "arn:aws:acm:ap-northeast-1:111122223333:certificate/1"
  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:targetgroup/app/1"
  }
}

resource "aws_lb" "of_connections_whose_listeners_are_elsewhere" { # not-applicable PG_EDGE_7
  name               = "listeners-elsewhere"
  load_balancer_type = "network"
}

resource "aws_lb" "of_connections_with_a_bucket_and_no_log" { # violates PG_EDGE_7
  name               = "bucket-without-log"
  load_balancer_type = "network"

  access_logs {
    bucket = "logs"
  }
}

resource "aws_elb" "classic_with_a_log" {
  name = "classic-with-a-log"

  access_logs {
    bucket = "logs"
  }

  listener {
    lb_port           = 80
    lb_protocol       = "http"
    instance_port     = 80
    instance_protocol = "http"
  }
}

resource "aws_elb" "classic_without_a_log" { # violates PG_EDGE_7
  name = "classic-without-a-log"

  listener {
    lb_port           = 80
    lb_protocol       = "http"
    instance_port     = 80
    instance_protocol = "http"
  }
}

resource "aws_cloudfront_multitenant_distribution" "of_many_without_a_log" { # violates PG_EDGE_7
  comment = "of many without a log"
  enabled = true

  origin {
    id          = "app"
    domain_name = "app.example.com"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "app"
    viewer_protocol_policy = "redirect-to-https"

    allowed_methods {
      items          = ["GET", "HEAD"]
      cached_methods = ["GET", "HEAD"]
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_cloudfront_multitenant_distribution" "of_many_with_a_log" {
  comment = "of many with a log"
  enabled = true

  origin {
    id          = "app"
    domain_name = "app.example.com"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "app"
    viewer_protocol_policy = "redirect-to-https"

    allowed_methods {
      items          = ["GET", "HEAD"]
      cached_methods = ["GET", "HEAD"]
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_cloudwatch_log_delivery_source" "of_many" {
  name         = "of-many"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_multitenant_distribution.of_many_with_a_log.arn
}

resource "aws_cloudwatch_log_delivery" "of_many" {
  delivery_source_name     = aws_cloudwatch_log_delivery_source.of_many.name
  delivery_destination_arn = "arn:aws:logs:us-east-1:123456789012:delivery-destination:logs"
}
