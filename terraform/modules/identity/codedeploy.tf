# CodeDeploy's role: moves traffic between the colours of our two services. AWS's own policy for it would allow the
# same on every service and load balancer of the account.

data "aws_iam_policy_document" "codedeploy_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codedeploy.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "codedeploy" {
  name               = "${var.name}-codedeploy"
  description        = "Shifts traffic between blue and green"
  assume_role_policy = data.aws_iam_policy_document.codedeploy_trust.json
}

data "aws_iam_policy_document" "codedeploy" {
  statement {
    sid = "ReplaceTasks"
    actions = [
      "ecs:CreateTaskSet",
      "ecs:DeleteTaskSet",
      "ecs:DescribeServices",
      "ecs:UpdateServicePrimaryTaskSet",
    ]
    resources = concat(
      sort(values(var.cluster.service_arns)),
      [for arn in sort(values(var.cluster.service_arns)) : "${replace(arn, ":service/", ":task-set/")}/*"],
    )
  }

  statement {
    sid       = "MoveTraffic"
    actions   = ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"]
    resources = concat(sort(values(var.release.listener_arns)), var.release.listener_rule_arns)
  }

  statement {
    sid = "SeeTraffic"
    actions = [
      "cloudwatch:DescribeAlarms",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeRules",
      "elasticloadbalancing:DescribeTargetGroups",
    ]
    resources = ["*"] # the actions know no resource
  }

  statement {
    sid       = "AskVerifier"
    actions   = ["lambda:InvokeFunction"]
    resources = [var.release.verifier_arn]
  }

  statement {
    sid       = "GiveTasksTheirRoles"
    actions   = ["iam:PassRole"]
    resources = local.service_role_arns

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

locals {
  service_role_arns = flatten([
    for component in ["api", "frontend"] : [aws_iam_role.execution[component].arn, aws_iam_role.task[component].arn]
  ])
}

resource "aws_iam_role_policy" "codedeploy" {
  name   = "shift"
  role   = aws_iam_role.codedeploy.id
  policy = data.aws_iam_policy_document.codedeploy.json
}
