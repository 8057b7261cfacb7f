resource "aws_guardduty_detector" "heard" {
  enable = true
}

resource "aws_cloudwatch_event_rule" "threats" {
  name          = "threats"
  event_pattern = jsonencode({ source = ["aws.guardduty"], "detail-type" = ["GuardDuty Finding"] })
}

resource "aws_cloudwatch_event_target" "threats" {
  rule = aws_cloudwatch_event_rule.threats.name
  arn  = aws_sns_topic.security.arn
}

resource "aws_sns_topic" "security" {
  name = "security"
}

resource "aws_sns_topic_subscription" "on_call" {
  topic_arn = aws_sns_topic.security.arn
  protocol  = "email"
  endpoint  = "on-call@example.com"
}

resource "aws_securityhub_account" "into_the_void" { # violates PG_WATCH_7
  enable_default_standards = true
}

resource "aws_cloudwatch_event_rule" "switched_off" {
  name          = "findings"
  state         = "DISABLED"
  event_pattern = jsonencode({ source = ["aws.securityhub"] })
}

resource "aws_cloudwatch_event_target" "switched_off" {
  rule = aws_cloudwatch_event_rule.switched_off.name
  arn  = aws_sns_topic.security.arn
}
