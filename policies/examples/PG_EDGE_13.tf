resource "aws_route53_zone" "main" {
  name = "example.com"
}

resource "aws_cloudfront_distribution" "with_both_records" {
  enabled         = true
  is_ipv6_enabled = true
  aliases         = ["both.example.com"]

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

resource "aws_route53_record" "both_a" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "both.example.com"
  type    = "A"

  alias {
    name                   = aws_cloudfront_distribution.with_both_records.domain_name
    zone_id                = aws_cloudfront_distribution.with_both_records.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "both_aaaa" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "both"
  type    = "AAAA"

  alias {
    name                   = aws_cloudfront_distribution.with_both_records.domain_name
    zone_id                = aws_cloudfront_distribution.with_both_records.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_cloudfront_distribution" "for_ipv4_only" {
  enabled = true
  aliases = ["four.example.com"]

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

resource "aws_route53_record" "four" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "four.example.com"
  type    = "A"

  alias {
    name                   = aws_cloudfront_distribution.for_ipv4_only.domain_name
    zone_id                = aws_cloudfront_distribution.for_ipv4_only.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_cloudfront_distribution" "without_the_record_for_ipv6" { # violates PG_EDGE_13
  enabled         = true
  is_ipv6_enabled = true
  aliases         = ["six.example.com"]

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

resource "aws_route53_record" "six" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "six.example.com"
  type    = "A"

  alias {
    name                   = aws_cloudfront_distribution.without_the_record_for_ipv6.domain_name
    zone_id                = aws_cloudfront_distribution.without_the_record_for_ipv6.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_cloudfront_distribution" "whose_record_has_another_name" { # violates PG_EDGE_13
  enabled = true
  aliases = ["www.example.com"]

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

resource "aws_route53_record" "other" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "ww.example.com"
  type    = "A"

  alias {
    name                   = aws_cloudfront_distribution.whose_record_has_another_name.domain_name
    zone_id                = aws_cloudfront_distribution.whose_record_has_another_name.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_cloudfront_distribution" "without_names" { # violates PG_EDGE_13
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
