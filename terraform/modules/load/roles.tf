# Workers may do nothing in AWS; the master may put down its record.

data "aws_iam_policy_document" "trust" {
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
  name               = "${var.name}-load-execution"
  description        = "Starts tasks of a load test: image, logs"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "SignInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the action knows no resource
  }

  statement {
    sid     = "PullImages"
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [
      aws_ecr_repository.this.arn,
      # The sensor that GuardDuty puts into every task, from an account of its own.
      "arn:${local.partition}:ecr:${local.region}:*:repository/aws-guardduty-agent-fargate",
    ]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  for_each = local.members

  name               = "${var.name}-load-${each.value}-task"
  description        = "What the ${each.value} of a load test may do"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "master" {
  statement {
    sid       = "KeepRecords"
    actions   = ["s3:PutObject"]
    resources = ["${module.results.arn}/*"]
  }

  statement {
    sid       = "EncryptRecords"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"] # both, since a large file goes up in parts
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "master" {
  name   = "work"
  role   = aws_iam_role.task["master"].id
  policy = data.aws_iam_policy_document.master.json
}
