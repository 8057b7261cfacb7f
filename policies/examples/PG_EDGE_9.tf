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
