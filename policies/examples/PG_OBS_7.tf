variable "later" {
  type = string
}

resource "aws_cloudwatch_metric_alarm" "at_the_objective" {
  alarm_name          = "at-the-objective"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 0.2
}

resource "aws_cloudwatch_metric_alarm" "before_the_objective" {
  alarm_name          = "before-the-objective"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.15
}

resource "aws_cloudwatch_metric_alarm" "a_second_is_five_times_the_objective" { # violates PG_OBS_7
  alarm_name          = "a-second-is-five-times-the-objective"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
}

resource "aws_cloudwatch_metric_alarm" "milliseconds_read_as_seconds" { # violates PG_OBS_7
  alarm_name          = "milliseconds-read-as-seconds"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 200
}

resource "aws_cloudwatch_metric_alarm" "threshold_decided_later" { # undetermined PG_OBS_7
  alarm_name          = "threshold-decided-later"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.later
}

resource "aws_cloudwatch_metric_alarm" "on_the_slowest_hundredth" { # not-applicable PG_OBS_7
  alarm_name          = "on-the-slowest-hundredth"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  extended_statistic  = "p99"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
}
