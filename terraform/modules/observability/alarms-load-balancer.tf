# OBS-4: response time and error rate, against the objectives. TargetResponseTime is in seconds.
#
# Missing data is not breaching in the alarms on traffic: without requests there is nothing to be slow or wrong. That a
# dead service is not mistaken for a quiet one is the work of healthy_hosts and of the canary, where silence is breaching.

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${var.name}-latency-p95"
  alarm_description   = "The 95th percentile of response times has reached the objective of ${var.slo.latency_p95_seconds} s in three of five minutes."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = var.load_balancer_arn_suffix }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.slo.latency_p95_seconds
  treat_missing_data  = "notBreaching"
  # Of five requests in a minute, the slowest is the 95th percentile: too few to wake somebody.
  evaluate_low_sample_count_percentiles = "ignore"
  alarm_actions                         = local.actions
  ok_actions                            = local.actions
}

# Blue and green each have their alarm: after a deploy the colours have changed places.
resource "aws_cloudwatch_metric_alarm" "target_latency" {
  for_each = var.target_group_arn_suffixes

  alarm_name                            = "${var.name}-${replace(each.key, "_", "-")}-latency-p95"
  alarm_description                     = "The 95th percentile of response times of ${each.key} has reached the objective of ${var.slo.latency_p95_seconds} s in three of five minutes."
  namespace                             = "AWS/ApplicationELB"
  metric_name                           = "TargetResponseTime"
  dimensions                            = { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = each.value }
  extended_statistic                    = "p95"
  period                                = 60
  evaluation_periods                    = 5
  datapoints_to_alarm                   = 3
  comparison_operator                   = "GreaterThanOrEqualToThreshold"
  threshold                             = var.slo.latency_p95_seconds
  treat_missing_data                    = "notBreaching"
  evaluate_low_sample_count_percentiles = "ignore"
  alarm_actions                         = local.actions
  ok_actions                            = local.actions
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  alarm_name          = "${var.name}-error-rate"
  alarm_description   = "The share of requests answered with 5xx has reached the objective of ${var.slo.error_rate_percent} % in three of five minutes."
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.slo.error_rate_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "rate"
    label       = "5xx answers in percent"
    return_data = true
    # RequestCount leaves out requests that found no target, which are exactly those that the load balancer fails.
    expression = "100 * (FILL(target, 0) + FILL(balancer, 0)) / (requests + FILL(balancer, 0))"
  }

  dynamic "metric_query" {
    for_each = {
      target   = "HTTPCode_Target_5XX_Count"
      balancer = "HTTPCode_ELB_5XX_Count"
      requests = "RequestCount"
    }

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = { LoadBalancer = var.load_balancer_arn_suffix }
        stat        = "Sum"
        period      = 60
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unhealthy_hosts" {
  for_each = var.target_group_arn_suffixes

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-unhealthy-hosts"
  alarm_description   = "A target of ${each.key} has failed its health check for three minutes."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = each.value }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # the colour at rest has no targets
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "healthy_hosts" {
  for_each = var.service_names

  alarm_name          = "${var.name}-${each.key}-healthy-hosts"
  alarm_description   = "${each.key} has had fewer than ${var.min_healthy_tasks} healthy targets, blue and green together, for three minutes."
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = var.min_healthy_tasks
  treat_missing_data  = "breaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "healthy"
    label       = "healthy targets"
    expression  = "SUM(METRICS())"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { for key, suffix in var.target_group_arn_suffixes : key => suffix if startswith(key, each.key) }

    content {
      id          = "group_${replace(metric_query.key, "-", "_")}"
      return_data = false

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = "HealthyHostCount"
        dimensions  = { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = metric_query.value }
        stat        = "Minimum"
        period      = 60
      }
    }
  }
}

# What rolls a deployment back: what users feel, and nothing else. CPU for instance rises in every deployment.
resource "aws_cloudwatch_composite_alarm" "release" {
  alarm_name        = "${var.name}-release"
  alarm_description = "Users feel it: too slow, too many errors, or targets that fail their health check. A deployment in progress rolls back."
  alarm_actions     = local.actions
  ok_actions        = local.actions

  alarm_rule = join(" OR ", [
    for alarm in concat(
      [aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.error_rate],
      values(aws_cloudwatch_metric_alarm.target_latency),
      values(aws_cloudwatch_metric_alarm.unhealthy_hosts),
    ) : "ALARM(\"${alarm.alarm_name}\")"
  ])
}
