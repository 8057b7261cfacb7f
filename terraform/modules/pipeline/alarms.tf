locals {
  # The dead letters are everybody's business: the data team acts, on-call sees that somebody must.
  dead_letter_actions = [aws_sns_topic.failures.arn, var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters_waiting" {
  alarm_name          = "${var.name}-dead-letters-waiting"
  alarm_description   = "A DAG run or an item failed for good. Read the message, fix the cause, then redrive it to the retry queue or delete it."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  # SQS stops publishing for a queue that was idle for six hours: silence is an empty queue here.
  treat_missing_data = "notBreaching"
  alarm_actions      = local.dead_letter_actions
  ok_actions         = local.dead_letter_actions
}

resource "aws_cloudwatch_metric_alarm" "dead_letters_old" {
  alarm_name          = "${var.name}-dead-letters-old"
  alarm_description   = "A dead letter has waited for three days. SQS deletes it after fourteen, and what it says is lost."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 3 * 24 * 3600
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.dead_letter_actions
  ok_actions          = local.dead_letter_actions
}

resource "aws_cloudwatch_metric_alarm" "retry_stuck" {
  alarm_name          = "${var.name}-retry-stuck"
  alarm_description   = "Items have waited in the retry queue for a day: no DAG run takes them."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.retry.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 24 * 3600
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.dead_letter_actions
  ok_actions          = local.dead_letter_actions
}
