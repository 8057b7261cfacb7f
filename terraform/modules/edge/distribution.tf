resource "aws_cloudfront_origin_access_control" "static" {
  name                              = "${var.name}-static"
  description                       = "CloudFront signs its requests to the static bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# A path from CloudFront into the private subnets. With it the load balancer needs no public address, and no shared
# secret header that proves where a request came from.
resource "aws_cloudfront_vpc_origin" "load_balancer" {
  vpc_origin_endpoint_config {
    name                   = "${var.name}-load-balancer"
    arn                    = var.load_balancer.arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "https-only"

    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }
}

resource "aws_cloudfront_distribution" "site" {
  comment             = "${var.name}: site and API"
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  price_class         = var.price_class
  aliases             = local.hosts
  web_acl_id          = aws_wafv2_web_acl.site.arn
  wait_for_deployment = true

  # No default_root_object: the front end answers "/" itself, and would be asked for a file name that it does not have.

  origin {
    origin_id                = "static"
    domain_name              = module.static.regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.static.id

    origin_shield {
      enabled              = true
      origin_shield_region = local.region
    }
  }

  origin {
    origin_id   = "load-balancer"
    domain_name = var.load_balancer.dns_name

    vpc_origin_config {
      vpc_origin_id            = aws_cloudfront_vpc_origin.load_balancer.id
      origin_read_timeout      = 30
      origin_keepalive_timeout = 30 # less than the load balancer's idle timeout, or it hangs up first
    }
  }

  # Pages, rendered by the front end.
  default_cache_behavior {
    target_origin_id           = "load-balancer"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.pages.id
    origin_request_policy_id   = aws_cloudfront_origin_request_policy.pages.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.security.id
  }

  ordered_cache_behavior {
    path_pattern               = "/api/*"
    target_origin_id           = "load-balancer"
    viewer_protocol_policy     = "https-only" # a redirect would have sent the token in the clear already
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.api.id
    origin_request_policy_id   = aws_cloudfront_origin_request_policy.api.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.security.id
  }

  dynamic "ordered_cache_behavior" {
    for_each = ["/_next/static/*", "/static/*", "/errors/*"]

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "static"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = aws_cloudfront_cache_policy.static.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.security.id
    }
  }

  # Only what the load balancer says when no service answers. 500 and 404 are the services' own words, the API's JSON
  # among them. An origin group would not help: the bucket has no copy of the pages to fail over to.
  dynamic "custom_error_response" {
    for_each = [502, 503, 504]

    content {
      error_code            = custom_error_response.value
      response_code         = custom_error_response.value
      response_page_path    = "/errors/unavailable.html"
      error_caching_min_ttl = 5
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.site.certificate_arn
    minimum_protocol_version = var.minimum_tls_version
    ssl_support_method       = "sni-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none" # a news site: readers are everywhere
    }
  }
}

# CacheHitRate and OriginLatency, which tell whether a surge would be carried by the cache.
resource "aws_cloudfront_monitoring_subscription" "site" {
  distribution_id = aws_cloudfront_distribution.site.id

  monitoring_subscription {
    realtime_metrics_subscription_config {
      realtime_metrics_subscription_status = "Enabled"
    }
  }
}
