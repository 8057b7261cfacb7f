resource "aws_sns_topic" "alarms" {
  name              = "shop-alarms"
  kms_master_key_id = aws_kms_key.main.id
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "on_call" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = "on-call@shop.example"
}

locals {
  alarms = {
    database-cpu = {
      namespace  = "AWS/RDS", metric = "CPUUtilization", threshold = 80, statistic = "Average"
      dimensions = { DBInstanceIdentifier = aws_db_instance.shop.identifier }
    }
    database-connections = {
      namespace  = "AWS/RDS", metric = "DatabaseConnections", threshold = 700, statistic = "Maximum"
      dimensions = { DBInstanceIdentifier = aws_db_instance.shop.identifier }
    }
    errors = {
      namespace  = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", threshold = 10, statistic = "Sum"
      dimensions = { LoadBalancer = aws_lb.shop.arn_suffix }
    }
    failed-orders = {
      namespace  = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", threshold = 0, statistic = "Maximum"
      dimensions = { QueueName = aws_sqs_queue.failed.name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "shop" {
  for_each            = local.alarms
  alarm_name          = "shop-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
