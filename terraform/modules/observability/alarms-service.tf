# OBS-2: ECS cpu and memory. A service that runs always reports, so silence is a fault here.

locals {
  service_utilisation = {
    for pair in setproduct(keys(var.service_names), ["CPUUtilization", "MemoryUtilization"]) :
    "${pair[0]}-${pair[1] == "CPUUtilization" ? "cpu" : "memory"}" => { service = pair[0], metric = pair[1] }
  }
}

resource "aws_cloudwatch_metric_alarm" "service_utilisation" {
  for_each = local.service_utilisation

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} of ${each.value.service} has been above 80 % for five minutes: auto scaling does not keep up, or has reached its limit."
  namespace           = "AWS/ECS"
  metric_name         = each.value.metric
  dimensions          = { ClusterName = var.cluster_name, ServiceName = var.service_names[each.value.service] }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
  treat_missing_data  = "breaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

# Errors that a service writes to its log, whether or not a user saw them.
resource "aws_cloudwatch_log_metric_filter" "errors" {
  for_each = var.service_log_group_names

  name           = "${var.name}-${each.key}-errors"
  log_group_name = each.value
  pattern        = "{ ($.level = \"ERROR\") || ($.level = \"error\") || ($.level = \"FATAL\") || ($.level = \"fatal\") }"

  metric_transformation {
    name          = "${each.key}-errors"
    namespace     = "${var.name}/logs"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "logged_errors" {
  for_each = var.service_log_group_names

  alarm_name          = "${var.name}-${each.key}-logged-errors"
  alarm_description   = "${each.key} has logged more than ten errors a minute for three of five minutes."
  namespace           = aws_cloudwatch_log_metric_filter.errors[each.key].metric_transformation[0].namespace
  metric_name         = aws_cloudwatch_log_metric_filter.errors[each.key].metric_transformation[0].name
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  # A quiet minute writes no log line and so no number; that the service lives is watched elsewhere.
  treat_missing_data = "notBreaching"
  alarm_actions      = local.actions
  ok_actions         = local.actions
}
