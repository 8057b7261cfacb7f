# Secrets that are not somebody else's: the database needs none (services sign in with IAM), and what DAGs need from
# third parties is put under NAME/airflow/ by whoever has the contract.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  function_name = "${var.name}-rotate-session-keys"
  function_arn  = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.function_name}"
}

# Signs sessions. The first rotation fills it, so its value has never been in a state, a plan or a hand.
resource "aws_secretsmanager_secret" "session" {
  name                    = "${var.name}/session-keys"
  description             = "Keys that sign sessions: next, current, previous. Sign with current, accept all three."
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 30
}

data "aws_iam_policy_document" "session" {
  # An explicit refusal, so that a role with secretsmanager:* by mistake reads no session key.
  statement {
    sid       = "NobodyElseReads"
    effect    = "Deny"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["*"] # in the policy of a secret, * is this secret

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = concat(sort(values(var.reader_arns)), [aws_iam_role.rotation.arn])
    }
  }
}

resource "aws_secretsmanager_secret_policy" "session" {
  secret_arn          = aws_secretsmanager_secret.session.arn
  policy              = data.aws_iam_policy_document.session.json
  block_public_policy = true
}

resource "aws_secretsmanager_secret_rotation" "session" {
  secret_id           = aws_secretsmanager_secret.session.id
  rotation_lambda_arn = aws_lambda_function.rotation.arn
  rotate_immediately  = true

  rotation_rules {
    automatically_after_days = var.rotation_days
    duration                 = "3h"
  }

  depends_on = [
    aws_iam_role_policy.rotation,
    aws_lambda_permission.rotation,
  ]
}
