resource "aws_cloudwatch_metric_alarm" "heartbeat_whose_silence_is_a_breach" {
  alarm_name          = "heartbeat-whose-silence-is-a-breach"
  namespace           = "AmazonMWAA"
  metric_name         = "SchedulerHeartbeat"
  dimensions          = { Environment = "main", Function = "Scheduler" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
}

resource "aws_cloudwatch_metric_alarm" "failures_whose_absence_is_good" {
  alarm_name          = "failures-whose-absence-is-good"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "a_slow_metric_that_keeps_its_colour" {
  alarm_name          = "a-slow-metric-that-keeps-its-colour"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "missing"
}

resource "aws_cloudwatch_metric_alarm" "left_at_the_default" { # violates PG_OBS_19
  alarm_name          = "left-at-the-default"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_metric_alarm" "heartbeat_whose_silence_is_good" { # violates PG_OBS_19
  alarm_name          = "heartbeat-whose-silence-is-good"
  namespace           = "AmazonMWAA"
  metric_name         = "SchedulerHeartbeat"
  dimensions          = { Environment = "main", Function = "Scheduler" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "targets_whose_silence_keeps_its_colour" { # violates PG_OBS_19
  alarm_name          = "targets-whose-silence-keeps-its-colour"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef", TargetGroup = "targetgroup/blue/0123456789abcdef" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "missing"
}
