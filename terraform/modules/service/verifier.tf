# Tries the new version on the test port, before it gets any traffic. AppSpec files name it as AfterAllowTestTraffic;
# CodeDeploy goes on when it reports success, and rolls back when it does not.

locals {
  # The prefix is CodeDeploy's: its own role may invoke functions of this name.
  verifier_name = "CodeDeployHook_${var.name}-verifier"
  verifier_arn  = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.verifier_name}"
}

resource "aws_cloudwatch_log_group" "verifier" {
  name              = "/aws/lambda/${local.verifier_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

data "aws_iam_policy_document" "verifier_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "verifier" {
  name               = "${var.name}-verifier"
  description        = "Tries a new version and tells CodeDeploy"
  assume_role_policy = data.aws_iam_policy_document.verifier_trust.json
}

data "aws_iam_policy_document" "verifier" {
  statement {
    sid       = "TellCodeDeploy"
    actions   = ["codedeploy:PutLifecycleEventHookExecutionStatus"]
    resources = [for component in keys(var.services) : "arn:${local.partition}:codedeploy:${local.region}:${local.account}:deploymentgroup:${var.name}/${component}"]
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.verifier.arn}:*"]
  }

  statement {
    sid       = "ReadOwnSettings"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:lambda:FunctionArn"
      values   = [local.verifier_arn]
    }
  }

  statement {
    sid       = "Trace"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"] # the actions know no resource
  }

  statement {
    sid       = "StandInNetwork"
    actions   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"]
    resources = ["arn:${local.partition}:ec2:${local.region}:${local.account}:*/*"] # Lambda asks for no less
  }

  statement {
    sid = "SeeNetwork"
    actions = [
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"] # the actions know no resource
  }

  # The permissions above are Lambda's, in whose name they are used; the function's own code must not have them.
  statement {
    sid       = "NotFromCode"
    effect    = "Deny"
    actions   = ["ec2:*"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "lambda:SourceFunctionArn"
      values   = [local.verifier_arn]
    }
  }
}

resource "aws_iam_role_policy" "verifier" {
  name   = "verify"
  role   = aws_iam_role.verifier.id
  policy = data.aws_iam_policy_document.verifier.json
}

data "archive_file" "verifier" {
  type        = "zip"
  source_file = "${path.module}/verifier/new_version.py"
  output_path = "${path.root}/.terraform/new_version.zip"
}

resource "aws_lambda_function" "verifier" {
  function_name    = local.verifier_name
  description      = "Tries a new version before it gets traffic"
  role             = aws_iam_role.verifier.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "new_version.handler"
  filename         = data.archive_file.verifier.output_path
  source_code_hash = data.archive_file.verifier.output_base64sha256
  timeout          = 120
  kms_key_arn      = var.kms_key_arn

  reserved_concurrent_executions = length(var.services)

  environment {
    variables = {
      HOST  = "${var.domain_name}:${var.test_port}"
      PATHS = join(" ", flatten([for service in values(var.services) : [service.health_path, service.tried_paths]]))
    }
  }

  tracing_config {
    mode = "Active"
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_ids["verifier"]]
  }

  depends_on = [
    aws_cloudwatch_log_group.verifier,
    aws_iam_role_policy.verifier,
  ]
}
