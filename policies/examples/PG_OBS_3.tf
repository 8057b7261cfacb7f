variable "later" {
  type = string
}

resource "aws_cloudwatch_metric_alarm" "fires_with_room_left" {
  alarm_name          = "fires-with-room-left"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "main", ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "fires_when_all_is_used" { # violates PG_OBS_3
  alarm_name          = "fires-when-all-is-used"
  namespace           = "AWS/ECS"
  metric_name         = "MemoryUtilization"
  dimensions          = { ClusterName = "main", ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 99
}

resource "aws_cloudwatch_metric_alarm" "never_fires" { # violates PG_OBS_3
  alarm_name          = "never-fires"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBClusterIdentifier = "main" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 900
}

resource "aws_cloudwatch_metric_alarm" "threshold_decided_later" { # undetermined PG_OBS_3
  alarm_name          = "threshold-decided-later"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "main", ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.later
}

resource "aws_cloudwatch_metric_alarm" "scales_in_when_idle" { # not-applicable PG_OBS_3
  alarm_name          = "scales-in-when-idle"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "main", ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 10
}

resource "aws_cloudwatch_metric_alarm" "watches_something_else" { # not-applicable PG_OBS_3
  alarm_name          = "watches-something-else"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 100
}
