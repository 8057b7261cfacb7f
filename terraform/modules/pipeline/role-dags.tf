# What our DAGs add: what their code calls, and no more, which a goal in criteria/permissions.toml measures. Signing in to
# the database is granted by the identity module, which knows the database.
data "aws_iam_policy_document" "dags" {
  statement {
    sid       = "KeepCollectedFiles"
    actions   = ["s3:PutObject"]
    resources = ["${module.data.arn}/*"]
  }

  statement {
    sid     = "ReadConnectionsAndVariables"
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      for kind in ["connections", "variables"] :
      "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:${var.secrets_prefix}/${kind}/*"
    ]
  }

  statement {
    sid       = "DecryptSecrets"
    actions   = ["kms:Decrypt"]
    resources = [var.secrets_kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${local.region}.amazonaws.com"]
    }
  }

  statement {
    sid = "WorkThroughRetryQueue"
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
    ]
    resources = [aws_sqs_queue.retry.arn]
  }

  statement {
    sid       = "WriteDeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
  }

  statement {
    sid       = "TellOfFailures"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.failures.arn]
  }

  statement {
    sid       = "UseMessagesKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.messages_kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${local.region}.amazonaws.com", "sqs.${local.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "dags" {
  name   = "dags"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.dags.json
}
