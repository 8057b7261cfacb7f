# Metrics of CloudFront and of its web ACL exist in us-east-1 only, so the alarms, and the topic they tell, live there.

resource "aws_cloudwatch_metric_alarm" "edge_errors" {
  region = var.global_region

  alarm_name          = "${var.name}-edge-error-rate"
  alarm_description   = "The share of 5xx answers that users got from CloudFront has reached the objective of ${var.slo.error_rate_percent} % in three of five minutes."
  namespace           = "AWS/CloudFront"
  metric_name         = "5xxErrorRate"
  dimensions          = { DistributionId = var.distribution_id, Region = "Global" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.slo.error_rate_percent
  treat_missing_data  = "notBreaching" # no visitors, no errors; the canary notices a dead site
  alarm_actions       = local.global_actions
  ok_actions          = local.global_actions
}

resource "aws_cloudwatch_metric_alarm" "edge_cache" {
  region = var.global_region

  alarm_name          = "${var.name}-edge-cache-hits"
  alarm_description   = "CloudFront has answered fewer than half of the requests from its cache for half an hour: a surge would reach the services."
  namespace           = "AWS/CloudFront"
  metric_name         = "CacheHitRate"
  dimensions          = { DistributionId = var.distribution_id, Region = "Global" }
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 6
  comparison_operator = "LessThanThreshold"
  threshold           = 50
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.global_actions
  ok_actions          = local.global_actions
}

resource "aws_cloudwatch_metric_alarm" "waf_blocked" {
  region = var.global_region

  alarm_name          = "${var.name}-waf-blocked"
  alarm_description   = "The web ACL blocked more than ${var.waf_blocked_requests_limit} requests in five minutes: an attack, or a rule that hits users."
  namespace           = "AWS/WAFV2"
  metric_name         = "BlockedRequests"
  dimensions          = { WebACL = var.web_acl_metric_name, Rule = "ALL" }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.waf_blocked_requests_limit
  treat_missing_data  = "notBreaching" # WAF publishes nothing when it blocked nothing
  alarm_actions       = local.global_actions
  ok_actions          = local.global_actions
}
