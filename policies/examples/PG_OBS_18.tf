resource "aws_kms_key" "open_to_alarms" {
  description = "open to alarms"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "kms:*"
        Resource  = "*"
        Principal = { AWS = "arn:aws:iam::123456789012:root" }
      },
      {
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Principal = { Service = "cloudwatch.amazonaws.com" }
      },
    ]
  })
}

resource "aws_kms_key" "open_to_events_only" {
  description = "open to events only"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "kms:*"
        Resource  = "*"
        Principal = { AWS = "arn:aws:iam::123456789012:root" }
      },
      {
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Principal = { Service = "events.amazonaws.com" }
      },
    ]
  })
}

resource "aws_kms_key" "with_the_default_policy" {
  description = "with the default policy"
}

resource "aws_kms_alias" "open_to_alarms" {
  name          = "alias/open-to-alarms"
  target_key_id = aws_kms_key.open_to_alarms.key_id
}

resource "aws_sns_topic" "with_the_default_policy" {
  name = "with-the-default-policy"
}

resource "aws_cloudwatch_metric_alarm" "tells_with_the_default_policy" {
  alarm_name          = "tells-with-the-default-policy"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.with_the_default_policy.arn]
}

resource "aws_sns_topic" "under_a_key_that_alarms_may_use" {
  name              = "under-a-key-that-alarms-may-use"
  kms_master_key_id = aws_kms_key.open_to_alarms.arn
}

resource "aws_cloudwatch_metric_alarm" "tells_under_a_key_that_alarms_may_use" {
  alarm_name          = "tells-under-a-key-that-alarms-may-use"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.under_a_key_that_alarms_may_use.arn]
}

resource "aws_sns_topic" "under_the_alias_of_such_a_key" {
  name              = "under-the-alias-of-such-a-key"
  kms_master_key_id = aws_kms_alias.open_to_alarms.name
}

resource "aws_cloudwatch_metric_alarm" "tells_under_the_alias_of_such_a_key" {
  alarm_name          = "tells-under-the-alias-of-such-a-key"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.under_the_alias_of_such_a_key.arn]
}

resource "aws_sns_topic" "with_a_policy_for_alarms" {
  name = "with-a-policy-for-alarms"
}

resource "aws_cloudwatch_metric_alarm" "tells_with_a_policy_for_alarms" {
  alarm_name          = "tells-with-a-policy-for-alarms"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.with_a_policy_for_alarms.arn]
}

resource "aws_sns_topic" "under_the_key_of_aws" { # violates PG_OBS_18
  name              = "under-the-key-of-aws"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_cloudwatch_metric_alarm" "tells_under_the_key_of_aws" {
  alarm_name          = "tells-under-the-key-of-aws"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.under_the_key_of_aws.arn]
}

resource "aws_sns_topic" "under_a_key_for_events_only" { # violates PG_OBS_18
  name              = "under-a-key-for-events-only"
  kms_master_key_id = aws_kms_key.open_to_events_only.arn
}

resource "aws_cloudwatch_metric_alarm" "tells_under_a_key_for_events_only" {
  alarm_name          = "tells-under-a-key-for-events-only"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.under_a_key_for_events_only.arn]
}

resource "aws_sns_topic" "under_a_key_with_the_default_policy" { # violates PG_OBS_18
  name              = "under-a-key-with-the-default-policy"
  kms_master_key_id = aws_kms_key.with_the_default_policy.arn
}

resource "aws_cloudwatch_metric_alarm" "tells_under_a_key_with_the_default_policy" {
  alarm_name          = "tells-under-a-key-with-the-default-policy"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.under_a_key_with_the_default_policy.arn]
}

resource "aws_sns_topic" "with_a_policy_for_events_only" { # violates PG_OBS_18
  name = "with-a-policy-for-events-only"
}

resource "aws_cloudwatch_metric_alarm" "tells_with_a_policy_for_events_only" {
  alarm_name          = "tells-with-a-policy-for-events-only"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.with_a_policy_for_events_only.arn]
}

resource "aws_sns_topic" "under_a_key_declared_elsewhere" { # undetermined PG_OBS_18
  name              = "under-a-key-declared-elsewhere"
  kms_master_key_id = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

resource "aws_cloudwatch_metric_alarm" "tells_under_a_key_declared_elsewhere" {
  alarm_name          = "tells-under-a-key-declared-elsewhere"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.under_a_key_declared_elsewhere.arn]
}

resource "aws_sns_topic_policy" "with_a_policy_for_alarms" {
  arn = aws_sns_topic.with_a_policy_for_alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.with_a_policy_for_alarms.arn
      Principal = { Service = "cloudwatch.amazonaws.com" }
    }]
  })
}

resource "aws_sns_topic_policy" "with_a_policy_for_events_only" {
  arn = aws_sns_topic.with_a_policy_for_events_only.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.with_a_policy_for_events_only.arn
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_sns_topic" "that_no_alarm_tells" { # not-applicable PG_OBS_18
  name = "that-no-alarm-tells"
}

resource "aws_sns_topic" "for_alarms_of_another_account" { # violates PG_OBS_18
  name = "for-alarms-of-another-account"
}

resource "aws_sns_topic_policy" "for_alarms_of_another_account" {
  arn = aws_sns_topic.for_alarms_of_another_account.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.for_alarms_of_another_account.arn
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "210987654321" } }
    }]
  })
}

resource "aws_cloudwatch_metric_alarm" "tells_for_alarms_of_another_account" {
  alarm_name          = "tells-for-alarms-of-another-account"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  alarm_actions       = [aws_sns_topic.for_alarms_of_another_account.arn]
}
