# Two topics, because an alarm can only tell a topic of its own region and CloudFront's metrics live in us-east-1.

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  display_name      = "${var.name} alarms"
  kms_master_key_id = var.topic_kms_key_arn
  signature_version = 2
}

resource "aws_sns_topic" "global_alarms" {
  region = var.global_region

  name              = "${var.name}-global-alarms"
  display_name      = "${var.name} alarms (edge)"
  kms_master_key_id = var.global_topic_kms_key_arn
  signature_version = 2
}

locals {
  # Who may publish, and what narrows it to this account. Services don't all send the same condition keys: one that is
  # asked for and not sent would silently refuse every message.
  publishers = {
    "cloudwatch.amazonaws.com" = {
      "aws:SourceAccount" = local.account
      "aws:SourceArn"     = "arn:${local.partition}:cloudwatch:*:${local.account}:alarm:*"
    }
    # AWS: "Condition" in a topic's policy is not supported for EventBridge
    "events.amazonaws.com" = {}
    "budgets.amazonaws.com" = {
      "aws:SourceAccount" = local.account
      "aws:SourceArn"     = "arn:${local.partition}:budgets::${local.account}:*"
    }
    "costalerts.amazonaws.com" = {
      "aws:SourceAccount" = local.account
    }
  }

  topics = {
    alarms        = { arn = aws_sns_topic.alarms.arn, publishers = keys(local.publishers) }
    global_alarms = { arn = aws_sns_topic.global_alarms.arn, publishers = ["cloudwatch.amazonaws.com"] }
  }
}

data "aws_iam_policy_document" "topic" {
  for_each = local.topics

  dynamic "statement" {
    for_each = toset(each.value.publishers)

    content {
      sid       = "Publish${title(split(".", statement.value)[0])}"
      actions   = ["sns:Publish"]
      resources = [each.value.arn]

      principals {
        type        = "Service"
        identifiers = [statement.value]
      }

      dynamic "condition" {
        for_each = local.publishers[statement.value]

        content {
          test     = condition.key == "aws:SourceArn" ? "ArnLike" : "StringEquals"
          variable = condition.key
          values   = [condition.value]
        }
      }
    }
  }

  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [each.value.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.topic["alarms"].json
}

resource "aws_sns_topic_policy" "global_alarms" {
  region = var.global_region

  arn    = aws_sns_topic.global_alarms.arn
  policy = data.aws_iam_policy_document.topic["global_alarms"].json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_sns_topic_subscription" "global_email" {
  for_each = var.alarm_emails
  region   = var.global_region

  topic_arn = aws_sns_topic.global_alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_sns_topic_subscription" "pager" {
  count = var.pager_endpoint == null ? 0 : 1

  topic_arn              = aws_sns_topic.alarms.arn
  protocol               = "https"
  endpoint               = var.pager_endpoint
  endpoint_auto_confirms = true
}

resource "aws_sns_topic_subscription" "global_pager" {
  count  = var.pager_endpoint == null ? 0 : 1
  region = var.global_region

  topic_arn              = aws_sns_topic.global_alarms.arn
  protocol               = "https"
  endpoint               = var.pager_endpoint
  endpoint_auto_confirms = true
}
