resource "aws_wafv2_web_acl" "that_logs" {
  name  = "that-logs"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-logs"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_logging_configuration" "that_logs" {
  resource_arn            = aws_wafv2_web_acl.that_logs.arn
  log_destination_configs = ["arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-main"]
}

resource "aws_wafv2_web_acl" "that_logs_what_it_blocks" {
  name  = "that-logs-what-it-blocks"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-logs-what-it-blocks"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_logging_configuration" "that_logs_what_it_blocks" {
  resource_arn            = aws_wafv2_web_acl.that_logs_what_it_blocks.arn
  log_destination_configs = ["arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-main"]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }
}

resource "aws_wafv2_web_acl" "without_a_log" { # violates PG_EDGE_12
  name  = "without-a-log"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "without-a-log"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "that_drops_what_it_blocks" { # violates PG_EDGE_12
  name  = "that-drops-what-it-blocks"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-drops-what-it-blocks"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_logging_configuration" "that_drops_what_it_blocks" {
  resource_arn            = aws_wafv2_web_acl.that_drops_what_it_blocks.arn
  log_destination_configs = ["arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-main"]

  logging_filter {
    default_behavior = "KEEP"

    filter {
      behavior    = "DROP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }
}

resource "aws_wafv2_web_acl" "that_keeps_only_what_it_allows" { # violates PG_EDGE_12
  name  = "that-keeps-only-what-it-allows"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-keeps-only-what-it-allows"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_logging_configuration" "that_keeps_only_what_it_allows" {
  resource_arn            = aws_wafv2_web_acl.that_keeps_only_what_it_allows.arn
  log_destination_configs = ["arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-main"]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "ALLOW"
        }
      }
    }
  }
}
