# Faults of the edge that break it weeks later, and then all at once.

resource "aws_cloudwatch_metric_alarm" "certificate" {
  region = var.global_region

  alarm_name          = "${var.name}-site-certificate"
  alarm_description   = "CloudFront's certificate expires in less than 40 days. ACM renews 60 days before, so renewal has failed: look for the validation record."
  namespace           = "AWS/CertificateManager"
  metric_name         = "DaysToExpiry"
  dimensions          = { CertificateArn = aws_acm_certificate.site.arn }
  statistic           = "Minimum"
  period              = 86400
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 40
  treat_missing_data  = "breaching" # no number means no certificate
  alarm_actions       = [var.global_alarm_topic_arn]
  ok_actions          = [var.global_alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "load_balancer_certificate" {
  alarm_name          = "${var.name}-load-balancer-certificate"
  alarm_description   = "The load balancer's certificate expires in less than 40 days. ACM renews 60 days before, so renewal has failed: look for the validation record."
  namespace           = "AWS/CertificateManager"
  metric_name         = "DaysToExpiry"
  dimensions          = { CertificateArn = aws_acm_certificate.load_balancer.arn }
  statistic           = "Minimum"
  period              = 86400
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 40
  treat_missing_data  = "breaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "dnssec" {
  for_each = {
    internal-failure = { metric = "DNSSECInternalFailure", means = "Route 53 can't sign the zone" }
    key-needs-action = { metric = "DNSSECKeySigningKeysNeedingAction", means = "the key-signing key can't be used" }
  }

  region = var.global_region

  alarm_name          = "${var.name}-dnssec-${each.key}"
  alarm_description   = "DNSSEC: ${each.value.means}. Resolvers that validate will soon not find the site."
  namespace           = "AWS/Route53"
  metric_name         = each.value.metric
  dimensions          = { HostedZoneId = aws_route53_zone.site.zone_id }
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # published every four hours
  alarm_actions       = [var.global_alarm_topic_arn]
  ok_actions          = [var.global_alarm_topic_arn]
}
