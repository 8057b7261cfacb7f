resource "aws_wafv2_web_acl" "that_blocks" {
  name  = "that-blocks"
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

  rule {
    name     = "countries"
    priority = 2

    action {
      block {}
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "countries"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-blocks"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "that_labels_for_another_rule" {
  name  = "that-labels-for-another-rule"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "label"
    priority = 2

    action {
      count {}
    }

    rule_label {
      name = "far-away"
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "label"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-labels-for-another-rule"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "whose_group_only_counts" { # violates PG_EDGE_9
  name  = "whose-group-only-counts"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "AWSManagedRulesCommonRuleSet"
    priority = 10

    override_action {
      count {}
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
    metric_name                = "whose-group-only-counts"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "whose_own_rule_only_counts" { # violates PG_EDGE_9
  name  = "whose-own-rule-only-counts"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "countries"
    priority = 2

    action {
      count {}
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "countries"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "whose-own-rule-only-counts"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "that_softens_a_rule_of_the_group" { # violates PG_EDGE_9
  name  = "that-softens-a-rule-of-the-group"
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

        rule_action_override {
          name = "CrossSiteScripting_BODY"

          action_to_use {
            count {}
          }
        }
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
    metric_name                = "that-softens-a-rule-of-the-group"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "written_as_json" { # undetermined PG_EDGE_9
  name      = "json"
  scope     = "CLOUDFRONT"
  rule_json = "[]"

  default_action {
    allow {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "json"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_ip_set" "office" {
  name               = "office"
  scope              = "CLOUDFRONT"
  ip_address_version = "IPV4"
  addresses          = ["198.51.100.0/24"]
}

resource "aws_wafv2_ip_set" "half_the_internet" {
  name               = "half_the_internet"
  scope              = "CLOUDFRONT"
  ip_address_version = "IPV4"
  addresses          = ["0.0.0.0/1"]
}

resource "aws_wafv2_web_acl" "that_lets_the_office_past" {
  name  = "that-lets-the-office-past"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "block"
    priority = 2

    action {
      block {}
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "block"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "office"
    priority = 0

    action {
      allow {}
    }

    statement {
      ip_set_reference_statement {
        arn = aws_wafv2_ip_set.office.arn
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "office"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-lets-the-office-past"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "that_allows_after_it_has_blocked" {
  name  = "that-allows-after-it-has-blocked"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "block"
    priority = 2

    action {
      block {}
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "block"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "allow"
    priority = 9

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
    metric_name                = "that-allows-after-it-has-blocked"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "that_lets_half_the_internet_past" { # violates PG_EDGE_9
  name  = "that-lets-half-the-internet-past"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "block"
    priority = 2

    action {
      block {}
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "block"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "half"
    priority = 0

    action {
      allow {}
    }

    statement {
      ip_set_reference_statement {
        arn = aws_wafv2_ip_set.half_the_internet.arn
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "half"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "that-lets-half-the-internet-past"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "that_allows_before_it_blocks" { # violates PG_EDGE_9
  name  = "that-allows-before-it-blocks"
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "block"
    priority = 2

    action {
      block {}
    }

    statement {
      geo_match_statement {
        country_codes = ["KP"]
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "block"
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
    metric_name                = "that-allows-before-it-blocks"
    sampled_requests_enabled   = true
  }
}
