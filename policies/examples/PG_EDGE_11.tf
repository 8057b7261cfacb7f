resource "aws_wafv2_web_acl" "with_a_limit" {
  name  = "with-a-limit"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = 1000
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "without_a_limit" { # violates PG_EDGE_11
  name  = "without-a-limit"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "AWSManagedRulesCommonRuleSet"
    priority = 10

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesCommonRuleSet"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "without-a-limit"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "whose_limit_only_counts" { # violates PG_EDGE_11
  name  = "whose-limit-only-counts"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      count {}
    }

    statement {
      rate_based_statement {
        limit              = 1000
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "whose-limit-only-counts"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_on_one_path" { # violates PG_EDGE_11
  name  = "with-a-limit-on-one-path"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = 1000
        aggregate_key_type = "IP"

        scope_down_statement {
          byte_match_statement {
            search_string         = "/login"
            positional_constraint = "STARTS_WITH"

            field_to_match {
              uri_path {}
            }

            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-on-one-path"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_that_few_requests_meet" { # violates PG_EDGE_11
  name  = "with-a-limit-that-few-requests-meet"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "limit"
    priority = 5

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = 1000
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "limit"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "allow"
    priority = 0

    action {
      allow {}
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "allow"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-that-few-requests-meet"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_by_address_and_method" {
  name  = "with-a-limit-by-address-and-method"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 1000
        aggregate_key_type = "CUSTOM_KEYS"
        custom_key {
          ip {}
        }
        custom_key {
          http_method {}
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-by-address-and-method"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_by_a_header" { # violates PG_EDGE_11
  name  = "with-a-limit-by-a-header"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 1000
        aggregate_key_type = "CUSTOM_KEYS"
        custom_key {
          header {
            name = "X-Client"
            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-by-a-header"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_by_address_and_path" { # violates PG_EDGE_11
  name  = "with-a-limit-by-address-and-path"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 1000
        aggregate_key_type = "CUSTOM_KEYS"
        custom_key {
          ip {}
        }
        custom_key {
          uri_path {
            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-by-address-and-path"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_by_a_forwarded_address" { # undetermined PG_EDGE_11
  name  = "with-a-limit-by-a-forwarded-address"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 1000
        aggregate_key_type = "FORWARDED_IP"
        forwarded_ip_config {
          fallback_behavior = "MATCH"
          header_name       = "X-Forwarded-For"
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-by-a-forwarded-address"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_ip_set" "office" {
  name               = "office"
  scope              = "CLOUDFRONT"
  ip_address_version = "IPV4"
  addresses          = ["203.0.113.7/32"]
}

resource "aws_wafv2_web_acl" "with_a_limit_on_all_but_the_office" {
  name  = "with-a-limit-on-all-but-the-office"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 1000
        scope_down_statement {
          not_statement {
            statement {
              ip_set_reference_statement {
                arn = aws_wafv2_ip_set.office.arn
              }
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-on-all-but-the-office"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_rule_group" "limits" {
  name     = "limits"
  scope    = "CLOUDFRONT"
  capacity = 10

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 1000

      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "limits"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_in_a_group" {
  name  = "with-a-limit-in-a-group"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    override_action {
      none {}
    }

    statement {
      rule_group_reference_statement {
        arn = aws_wafv2_rule_group.limits.arn
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-in-a-group"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "with_a_limit_in_a_group_that_counts" { # violates PG_EDGE_11
  name  = "with-a-limit-in-a-group-that-counts"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    override_action {
      count {}
    }

    statement {
      rule_group_reference_statement {
        arn = aws_wafv2_rule_group.limits.arn
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "with-a-limit-in-a-group-that-counts"
    sampled_requests_enabled   = true
  }
}
