# The gate's own role: it looks at everything that a criterion asks about, and can change nothing. It reads settings
# and metrics, not contents: no object but DAG files, and of secrets only the two that criteria.toml names, with which
# it signs in as its own database user, who may only read, and as a reader of the site.

resource "aws_iam_role" "gate" {
  name                 = "${var.name}-gate"
  description          = "Reads what the promotion gate judges"
  assume_role_policy   = data.aws_iam_policy_document.github_trust["gate"].json
  max_session_duration = 7200
}

locals {
  # What the gate's observers call, written by: prodgate iam-policy > terraform/modules/identity/gate-policy.json
  # None of these actions can be limited to resources, or they are asked for what is not known beforehand: the gate must
  # see what is there besides what is declared. Each one only describes. Those that reach contents are limited below.
  gate  = jsondecode(file("${path.module}/gate-policy.json")).Statement
  looks = flatten([for statement in local.gate : statement.Action if statement.Resource == "*"])

  # The secrets by name, in this account and region.
  gate_secrets = [
    for pattern in flatten([for statement in local.gate : statement.Resource if contains(statement.Action, "secretsmanager:GetSecretValue")]) :
    replace(pattern, "arn:aws:secretsmanager:*:*:", "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:")
  ]
}

data "aws_iam_policy_document" "gate_looks" {
  statement {
    sid       = "Look"
    actions   = local.looks
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "gate_reads" {
  statement {
    sid       = "CompareDags"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"] # a plan names the version that Airflow reads
    resources = ["${var.airflow.dags_bucket_arn}/*"]
  }

  statement {
    sid       = "ListDagsAndData" # of what was collected it sees when it came
    actions   = ["s3:ListBucket"]
    resources = [var.airflow.dags_bucket_arn, var.airflow.data_bucket_arn]
  }

  statement {
    sid       = "DecryptDags"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arns.pipeline]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }

  # Airflow's own API, as the role that may look and not touch.
  statement {
    sid       = "SeeDagRuns"
    actions   = ["airflow:InvokeRestApi"]
    resources = ["arn:${local.partition}:airflow:${local.region}:${local.account}:role/${var.airflow.environment_name}/Viewer"]
  }

  statement {
    sid       = "CountLogLines"
    actions   = ["logs:FilterLogEvents"]
    resources = [for arn in sort(values(var.log_group_arns)) : "${arn}:*"]
  }

  statement {
    sid       = "SignInAsItself"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = local.gate_secrets
  }

  statement {
    sid       = "DecryptThoseSecrets"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arns.data]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${local.region}.amazonaws.com"]
    }
  }

  # Said again by refusals, whatever is allowed above some day.
  statement {
    sid    = "NeverContents"
    effect = "Deny"
    actions = [
      "rds-data:*",
      "rds-db:connect",
      "secretsmanager:BatchGetSecretValue",
      "sqs:ReceiveMessage",
      "ssm:GetParameter*",
    ]
    resources = ["*"]
  }

  statement {
    sid           = "NeverOtherSecrets"
    effect        = "Deny"
    actions       = ["secretsmanager:GetSecretValue"]
    not_resources = local.gate_secrets
  }
}

resource "aws_iam_role_policy" "gate_looks" {
  name   = "look"
  role   = aws_iam_role.gate.id
  policy = data.aws_iam_policy_document.gate_looks.json
}

resource "aws_iam_role_policy" "gate_reads" {
  name   = "read"
  role   = aws_iam_role.gate.id
  policy = data.aws_iam_policy_document.gate_reads.json
}
