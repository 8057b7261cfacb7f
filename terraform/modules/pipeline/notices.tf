# Where DAG failure callbacks tell people. On-call has a topic of its own; this one is read by the data team.
resource "aws_sns_topic" "failures" {
  name              = "${var.name}-dag-failures"
  display_name      = "DAG failures"
  kms_master_key_id = var.messages_kms_key_arn
  signature_version = 2
}

data "aws_iam_policy_document" "failures" {
  statement {
    sid       = "PipelinePublishes"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.failures.arn]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.execution.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "AlarmsPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.failures.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-*"]
    }
  }

  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.failures.arn]

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

resource "aws_sns_topic_policy" "failures" {
  arn    = aws_sns_topic.failures.arn
  policy = data.aws_iam_policy_document.failures.json
}

resource "aws_sns_topic_subscription" "failures" {
  for_each = var.failure_emails

  topic_arn = aws_sns_topic.failures.arn
  protocol  = "email"
  endpoint  = each.value

  # A notice that can't be delivered is kept with the dead letters rather than lost.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn })

  depends_on = [aws_sqs_queue_policy.dead_letters]
}
