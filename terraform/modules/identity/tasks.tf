# Tasks have two roles: the execution role starts them (pulls images, reads secrets, opens logs), the task role is what
# their code may do. Neither has anything of the other's.

locals {
  # Components -> what they are started with, and what their code does.
  tasks = {
    api       = { image = "api", secrets = [var.session_keys_arn], database_user = local.database_user_arns.api, traces = true }
    frontend  = { image = "frontend", secrets = [var.session_keys_arn], database_user = null, traces = true }
    migration = { image = "api", secrets = [], database_user = local.database_user_arns.migration, traces = false }
  }

  with_secrets = { for component, task in local.tasks : component => task if length(task.secrets) > 0 }
}

data "aws_iam_policy_document" "tasks_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:ecs:${local.region}:${local.account}:*"]
    }
  }
}

resource "aws_iam_role" "execution" {
  for_each = local.tasks

  name               = "${var.name}-${each.key}-execution"
  description        = "Starts tasks of ${each.key}: images, secrets, logs"
  assume_role_policy = data.aws_iam_policy_document.tasks_trust.json
}

data "aws_iam_policy_document" "execution" {
  for_each = local.tasks

  statement {
    sid       = "SignInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the action knows no resource
  }

  statement {
    sid = "PullImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = concat(
      [var.repository_arns[each.value.image]],
      each.value.traces ? [var.repository_arns["collector"]] : [],
      # The sensor that GuardDuty puts into every task, from an account of its own.
      ["arn:${local.partition}:ecr:${local.region}:*:repository/aws-guardduty-agent-fargate"],
    )
  }

  # The first pull of a collector version fills the cache.
  dynamic "statement" {
    for_each = each.value.traces ? [var.repository_arns["collector"]] : []

    content {
      sid       = "FillCache"
      actions   = ["ecr:BatchImportUpstreamImage"]
      resources = [statement.value]
    }
  }

  statement {
    sid     = "WriteLogs"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = concat(
      ["${var.log_group_arns[each.key]}:*"],
      each.value.traces ? ["${var.log_group_arns["collector"]}:*"] : [],
    )
  }

  dynamic "statement" {
    for_each = contains(keys(local.with_secrets), each.key) ? [each.value.secrets] : []

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = contains(keys(local.with_secrets), each.key) ? [var.kms_key_arns.data] : []

    content {
      sid       = "DecryptSecrets"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${local.region}.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role_policy" "execution" {
  for_each = local.tasks

  name   = "start"
  role   = aws_iam_role.execution[each.key].id
  policy = data.aws_iam_policy_document.execution[each.key].json
}

resource "aws_iam_role" "task" {
  for_each = local.tasks

  name               = "${var.name}-${each.key}-task"
  description        = "What the code of ${each.key} may do"
  assume_role_policy = data.aws_iam_policy_document.tasks_trust.json
}

data "aws_iam_policy_document" "task" {
  for_each = local.tasks

  dynamic "statement" {
    for_each = each.value.database_user == null ? [] : [each.value.database_user]

    content {
      sid       = "SignInToDatabase"
      actions   = ["rds-db:connect"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = each.value.traces ? ["*"] : [] # the actions know no resource

    content {
      sid = "SendTraces"
      actions = [
        "xray:GetSamplingRules",
        "xray:GetSamplingStatisticSummaries",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
      ]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "task" {
  for_each = local.tasks

  name   = "work"
  role   = aws_iam_role.task[each.key].id
  policy = data.aws_iam_policy_document.task[each.key].json
}

# What DAGs get from this side of the system: the database, as a user of their own. The role is the pipeline's.
data "aws_iam_policy_document" "airflow_database" {
  statement {
    sid       = "SignInToDatabase"
    actions   = ["rds-db:connect"]
    resources = [local.database_user_arns.airflow]
  }
}

resource "aws_iam_role_policy" "airflow_database" {
  name   = "database"
  role   = basename(var.airflow.execution_role_arn)
  policy = data.aws_iam_policy_document.airflow_database.json
}
