resource "aws_sqs_queue" "for_a_rule" {
  name = "for-a-rule"
}

resource "aws_cloudwatch_event_rule" "for_a_rule" {
  name                = "for-a-rule"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "for_a_rule" {
  rule = aws_cloudwatch_event_rule.for_a_rule.name
  arn  = aws_sqs_queue.for_a_rule.arn
}

resource "aws_sqs_queue_policy" "for_a_rule" {
  queue_url = aws_sqs_queue.for_a_rule.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:*:*:rule/for-*" } }
    }]
  })
}

resource "aws_sqs_queue" "for_nobody" { # not-applicable PG_PIPE_15
  name = "for-nobody"
}

resource "aws_sqs_queue" "without_a_policy" { # violates PG_PIPE_15
  name = "without-a-policy"
}

resource "aws_cloudwatch_event_rule" "without_a_policy" {
  name                = "without-a-policy"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "without_a_policy" {
  rule = aws_cloudwatch_event_rule.without_a_policy.name
  arn  = aws_sqs_queue.without_a_policy.arn
}

resource "aws_sqs_queue" "for_another_rule" { # violates PG_PIPE_15
  name = "for-another-rule"
}

resource "aws_cloudwatch_event_rule" "for_another_rule" {
  name                = "for-another-rule"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "for_another_rule" {
  rule = aws_cloudwatch_event_rule.for_another_rule.name
  arn  = aws_sqs_queue.for_another_rule.arn
}

resource "aws_sqs_queue_policy" "for_another_rule" {
  queue_url = aws_sqs_queue.for_another_rule.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.for_a_rule.arn } }
    }]
  })
}

resource "aws_sqs_queue" "for_another_service" { # violates PG_PIPE_15
  name = "for-another-service"
}

resource "aws_cloudwatch_event_rule" "for_another_service" {
  name                = "for-another-service"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "for_another_service" {
  rule = aws_cloudwatch_event_rule.for_another_service.name
  arn  = aws_sqs_queue.for_another_service.arn
}

resource "aws_sqs_queue_policy" "for_another_service" {
  queue_url = aws_sqs_queue.for_another_service.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "sns.amazonaws.com" }
    }]
  })
}

resource "aws_sqs_queue" "for_failures_of_a_rule" { # violates PG_PIPE_15
  name = "for-failures-of-a-rule"
}

resource "aws_cloudwatch_event_rule" "for_failures_of_a_rule" {
  name                = "for-failures-of-a-rule"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "for_failures_of_a_rule" {
  rule = aws_cloudwatch_event_rule.for_failures_of_a_rule.name
  arn  = aws_sqs_queue.for_a_rule.arn

  dead_letter_config {
    arn = aws_sqs_queue.for_failures_of_a_rule.arn
  }
}

resource "aws_kms_key" "open_to_events" {
  description = "open to events"
  policy      = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_kms_key" "open_to_topics" {
  description = "open to topics"
  policy      = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { Service = "sns.amazonaws.com" }
    }]
  })
}

resource "aws_sqs_queue" "under_a_key_that_rules_may_use" {
  name              = "under-a-key-that-rules-may-use"
  kms_master_key_id = aws_kms_key.open_to_events.arn
}

resource "aws_cloudwatch_event_rule" "under_a_key_that_rules_may_use" {
  name                = "under-a-key-that-rules-may-use"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "under_a_key_that_rules_may_use" {
  rule = aws_cloudwatch_event_rule.under_a_key_that_rules_may_use.name
  arn  = aws_sqs_queue.under_a_key_that_rules_may_use.arn
}

resource "aws_sqs_queue_policy" "under_a_key_that_rules_may_use" {
  queue_url = aws_sqs_queue.under_a_key_that_rules_may_use.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_sqs_queue" "under_a_key_that_rules_may_not_use" { # violates PG_PIPE_15
  name              = "under-a-key-that-rules-may-not-use"
  kms_master_key_id = aws_kms_key.open_to_topics.arn
}

resource "aws_cloudwatch_event_rule" "under_a_key_that_rules_may_not_use" {
  name                = "under-a-key-that-rules-may-not-use"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "under_a_key_that_rules_may_not_use" {
  rule = aws_cloudwatch_event_rule.under_a_key_that_rules_may_not_use.name
  arn  = aws_sqs_queue.under_a_key_that_rules_may_not_use.arn
}

resource "aws_sqs_queue_policy" "under_a_key_that_rules_may_not_use" {
  queue_url = aws_sqs_queue.under_a_key_that_rules_may_not_use.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_sqs_queue" "under_the_key_of_aws" { # violates PG_PIPE_15
  name              = "under-the-key-of-aws"
  kms_master_key_id = "alias/aws/sqs"
}

resource "aws_cloudwatch_event_rule" "under_the_key_of_aws" {
  name                = "under-the-key-of-aws"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "under_the_key_of_aws" {
  rule = aws_cloudwatch_event_rule.under_the_key_of_aws.name
  arn  = aws_sqs_queue.under_the_key_of_aws.arn
}

resource "aws_sqs_queue_policy" "under_the_key_of_aws" {
  queue_url = aws_sqs_queue.under_the_key_of_aws.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_sqs_queue" "under_a_key_declared_elsewhere" { # undetermined PG_PIPE_15
  name              = "under-a-key-declared-elsewhere"
  kms_master_key_id = "arn:aws:kms:ap-northeast-1:123456789012:key/1"
}

resource "aws_cloudwatch_event_rule" "under_a_key_declared_elsewhere" {
  name                = "under-a-key-declared-elsewhere"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "under_a_key_declared_elsewhere" {
  rule = aws_cloudwatch_event_rule.under_a_key_declared_elsewhere.name
  arn  = aws_sqs_queue.under_a_key_declared_elsewhere.arn
}

resource "aws_sqs_queue_policy" "under_a_key_declared_elsewhere" {
  queue_url = aws_sqs_queue.under_a_key_declared_elsewhere.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_sns_topic" "of_news" { # not-applicable PG_PIPE_15
  name = "of-news"
}

resource "aws_sqs_queue" "for_a_topic" {
  name = "for-a-topic"
}

resource "aws_sns_topic_subscription" "for_a_topic" {
  topic_arn = aws_sns_topic.of_news.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.for_a_topic.arn
}

resource "aws_sqs_queue_policy" "for_a_topic" {
  queue_url = aws_sqs_queue.for_a_topic.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "sns.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.of_news.arn } }
    }]
  })
}

resource "aws_sqs_queue" "for_a_topic_without_a_policy" { # violates PG_PIPE_15
  name = "for-a-topic-without-a-policy"
}

resource "aws_sns_topic_subscription" "for_a_topic_without_a_policy" {
  topic_arn = aws_sns_topic.of_news.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.for_a_topic_without_a_policy.arn
}

resource "aws_s3_bucket" "files" {
  bucket = "files"
}

resource "aws_sqs_queue" "for_a_bucket" {
  name = "for-a-bucket"
}

resource "aws_sqs_queue_policy" "for_a_bucket" {
  queue_url = aws_sqs_queue.for_a_bucket.id
  policy    = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "s3.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = aws_s3_bucket.files.arn } }
    }]
  })
}

resource "aws_sqs_queue" "for_a_bucket_without_a_policy" { # violates PG_PIPE_15
  name = "for-a-bucket-without-a-policy"
}

resource "aws_sns_topic" "for_a_bucket_without_a_policy" { # violates PG_PIPE_15
  name = "for-a-bucket-without-a-policy"
}

resource "aws_s3_bucket_notification" "files" {
  bucket = aws_s3_bucket.files.id

  queue {
    queue_arn     = aws_sqs_queue.for_a_bucket.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "a/"
  }

  queue {
    queue_arn     = aws_sqs_queue.for_a_bucket_without_a_policy.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "b/"
  }

  topic {
    topic_arn = aws_sns_topic.for_a_bucket_without_a_policy.arn
    events    = ["s3:ObjectRemoved:*"]
  }
}

resource "aws_sns_topic" "for_a_rule" {
  name = "for-a-rule"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_cloudwatch_event_rule" "to_a_topic" {
  name                = "to-a-topic"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "to_a_topic" {
  rule = aws_cloudwatch_event_rule.to_a_topic.name
  arn  = aws_sns_topic.for_a_rule.arn
}

resource "aws_sns_topic" "for_a_rule_without_a_policy" { # violates PG_PIPE_15
  name = "for-a-rule-without-a-policy"
}

resource "aws_cloudwatch_event_rule" "to_a_topic_without_a_policy" {
  name                = "to-a-topic-without-a-policy"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "to_a_topic_without_a_policy" {
  rule = aws_cloudwatch_event_rule.to_a_topic_without_a_policy.name
  arn  = aws_sns_topic.for_a_rule_without_a_policy.arn
}

resource "aws_sns_topic" "for_a_rule_on_a_condition" { # undetermined PG_PIPE_15
  name = "for-a-rule-on-a-condition"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.on_a_condition.arn } }
    }]
  })
}

resource "aws_cloudwatch_event_rule" "on_a_condition" {
  name                = "on-a-condition"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "on_a_condition" {
  rule = aws_cloudwatch_event_rule.on_a_condition.name
  arn  = aws_sns_topic.for_a_rule_on_a_condition.arn
}
