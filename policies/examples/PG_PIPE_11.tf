resource "aws_sqs_queue" "watched_above_nothing" {
  name = "watched-above-nothing"
}

resource "aws_sqs_queue" "watched_from_one" {
  name = "watched-from-one"
}

resource "aws_sqs_queue" "unwatched" { # violates PG_PIPE_11
  name = "unwatched"
}

resource "aws_sqs_queue" "watched_above_a_hundred" { # violates PG_PIPE_11
  name = "watched-above-a-hundred"
}

resource "aws_sqs_queue" "watched_for_being_empty" { # violates PG_PIPE_11
  name = "watched-for-being-empty"
}

resource "aws_cloudwatch_metric_alarm" "above" {
  alarm_name          = "above"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.watched_above_nothing.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_metric_alarm" "from" {
  alarm_name          = "from"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.watched_from_one.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
}

resource "aws_cloudwatch_metric_alarm" "hundred" {
  alarm_name          = "hundred"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.watched_above_a_hundred.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 100
}

resource "aws_cloudwatch_metric_alarm" "empty" {
  alarm_name          = "empty"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.watched_for_being_empty.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
}

resource "aws_sqs_queue" "work_1" { # not-applicable PG_PIPE_11
  name = "work-1"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.watched_above_nothing.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "work_2" { # not-applicable PG_PIPE_11
  name = "work-2"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.watched_from_one.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "work_3" { # not-applicable PG_PIPE_11
  name = "work-3"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.unwatched.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "work_4" { # not-applicable PG_PIPE_11
  name = "work-4"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.watched_above_a_hundred.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "work_5" { # not-applicable PG_PIPE_11
  name = "work-5"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.watched_for_being_empty.arn
    maxReceiveCount     = 5
  })
}
