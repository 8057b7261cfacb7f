variable "later" {
  type = string
}

resource "aws_sns_topic" "heard" {
  name = "heard"
}

resource "aws_sns_topic_subscription" "heard" {
  topic_arn = aws_sns_topic.heard.arn
  protocol  = "email"
  endpoint  = "on-call@example.com"
}

resource "aws_sns_topic" "unheard" {
  name = "unheard"
}

resource "aws_cloudwatch_metric_alarm" "that_tells_a_subscriber" {
  alarm_name          = "that-tells-a-subscriber"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.heard.arn]
}

resource "aws_cloudwatch_metric_alarm" "that_tells_nobody" { # violates PG_OBS_17
  alarm_name          = "that-tells-nobody"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_metric_alarm" "that_is_switched_off" { # violates PG_OBS_17
  alarm_name          = "that-is-switched-off"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.heard.arn]
  actions_enabled     = false
}

resource "aws_cloudwatch_metric_alarm" "that_tells_a_topic_without_subscriber" { # violates PG_OBS_17
  alarm_name          = "that-tells-a-topic-without-subscriber"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.unheard.arn]
}

resource "aws_cloudwatch_metric_alarm" "that_tells_only_when_it_is_over" { # violates PG_OBS_17
  alarm_name          = "that-tells-only-when-it-is-over"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  ok_actions          = [aws_sns_topic.heard.arn]
}

resource "aws_cloudwatch_metric_alarm" "that_tells_a_topic_declared_elsewhere" { # undetermined PG_OBS_17
  alarm_name          = "that-tells-a-topic-declared-elsewhere"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = ["arn:aws:sns:ap-northeast-1:123456789012:shared"]
}

resource "aws_cloudwatch_metric_alarm" "that_is_part_of_a_composite_alarm" { # not-applicable PG_OBS_17
  alarm_name          = "that-is-part-of-a-composite-alarm"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_composite_alarm" "that_tells_for_its_parts" {
  alarm_name    = "composite"
  alarm_rule    = "ALARM(\"${aws_cloudwatch_metric_alarm.that_is_part_of_a_composite_alarm.alarm_name}\")"
  alarm_actions = [aws_sns_topic.heard.arn]
}

resource "aws_cloudwatch_composite_alarm" "that_tells_nobody" { # violates PG_OBS_17
  alarm_name = "silent-composite"
  alarm_rule = "ALARM(\"some-other-alarm\")"
}

resource "aws_appautoscaling_policy" "out" {
  name               = "out"
  policy_type        = "StepScaling"
  resource_id        = "service/main/api"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_cloudwatch_metric_alarm" "that_scales_a_service" { # not-applicable PG_OBS_17
  alarm_name          = "that-scales-a-service"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_appautoscaling_policy.out.arn]
}
