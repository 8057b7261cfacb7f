data "aws_iam_policy_document" "chat_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["chatbot.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "chat" {
  statement {
    sid       = "ShowAlarm"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["arn:${local.partition}:cloudwatch:*:${local.account}:alarm:${var.name}-*"]
  }

  statement {
    sid       = "ShowGraph"
    actions   = ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"]
    resources = ["*"] # metrics have no resource to name; both only read
  }
}

resource "aws_iam_role" "chat" {
  count = var.slack == null ? 0 : 1

  name               = "${var.name}-chat"
  description        = "Shows alarms of ${var.name} in Slack"
  assume_role_policy = data.aws_iam_policy_document.chat_trust.json
}

resource "aws_iam_role_policy" "chat" {
  count = var.slack == null ? 0 : 1

  name   = "show-alarms"
  role   = aws_iam_role.chat[0].id
  policy = data.aws_iam_policy_document.chat.json
}

resource "aws_chatbot_slack_channel_configuration" "alarms" {
  count = var.slack == null ? 0 : 1

  configuration_name = "${var.name}-alarms"
  slack_team_id      = var.slack.workspace_id
  slack_channel_id   = var.slack.channel_id
  iam_role_arn       = aws_iam_role.chat[0].arn
  sns_topic_arns     = [aws_sns_topic.alarms.arn, aws_sns_topic.global_alarms.arn]
  logging_level      = "ERROR"

  # Nobody runs commands from the channel: whatever they ask for, it can only look.
  guardrail_policy_arns = ["arn:${local.partition}:iam::aws:policy/CloudWatchReadOnlyAccess"]
}
