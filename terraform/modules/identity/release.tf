# Roles that workflows take. Both publish what has been built; neither can change what it is published to.

locals {
  codedeploy_prefix = "arn:${local.partition}:codedeploy:${local.region}:${local.account}"

  deployment_group_arns = [
    for group in sort(values(var.release.group_names)) : "${local.codedeploy_prefix}:deploymentgroup:${var.release.app_name}/${group}"
  ]

  task_definition_arns = {
    for component, family in var.cluster.task_families :
    component => "arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${family}:*"
  }

  # What CodeDeploy is asked for, to deploy and to take back.
  deployment_arns = concat(local.deployment_group_arns, [
    "${local.codedeploy_prefix}:application:${var.release.app_name}",
    "${local.codedeploy_prefix}:deploymentconfig:${var.release.config_name}",
  ])

  # Snapshots that a release takes before it migrates.
  release_snapshot_arn = "arn:${local.partition}:rds:${local.region}:${local.account}:cluster-snapshot:${var.database.identifier}-before-*"
}

resource "aws_iam_role" "deploy" {
  name                 = "${var.name}-deploy"
  description          = "Releases the services: images, migration, traffic, static files"
  assume_role_policy   = data.aws_iam_policy_document.github_trust["deploy"].json
  max_session_duration = 7200
}

data "aws_iam_policy_document" "deploy" {
  statement {
    sid       = "SignInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the action knows no resource
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:DescribeImageScanFindings",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [for component in ["api", "frontend"] : var.repository_arns[component]]
  }

  # Whoever runs a task may give it another command, and any role that it may pass: so none of the services' roles, which
  # CodeDeploy passes.
  statement {
    sid       = "GiveMigrationItsRoles"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.execution["migration"].arn, aws_iam_role.task["migration"].arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  statement {
    sid       = "Migrate"
    actions   = ["ecs:RunTask"]
    resources = [local.task_definition_arns["migration"]]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster.arn]
    }
  }

  statement {
    sid       = "WatchTasks"
    actions   = ["ecs:DescribeServices", "ecs:DescribeTasks"]
    resources = concat(sort(values(var.cluster.service_arns)), ["arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster.name}/*"])
  }

  statement {
    sid       = "BackUpBeforeMigration"
    actions   = ["rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"]
    resources = [var.database.arn, local.release_snapshot_arn]
  }

  statement {
    sid = "ShiftTraffic"
    actions = [
      "codedeploy:CreateDeployment",
      "codedeploy:GetApplicationRevision",
      "codedeploy:GetDeploymentConfig",
      "codedeploy:RegisterApplicationRevision",
    ]
    resources = local.deployment_arns
  }

  statement {
    sid       = "PublishStaticFiles"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.site.bucket_arn}/*"]
  }

  statement {
    sid       = "ListStaticFiles"
    actions   = ["s3:ListBucket"]
    resources = [var.site.bucket_arn]
  }

  statement {
    sid       = "EncryptStaticFiles"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.site.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "RefreshEdge"
    actions   = ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"]
    resources = [var.site.distribution_arn]
  }
}

resource "aws_iam_role_policy" "deploy" {
  name   = "deploy"
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.deploy.json
}

# Takes a deploy back without asking anybody. It can deploy what has been registered before and nothing new: it pushes no
# image and registers no task definition.
resource "aws_iam_role" "rollback" {
  name                 = "${var.name}-rollback"
  description          = "Takes a deploy back: stops it, or deploys what ran before"
  assume_role_policy   = data.aws_iam_policy_document.github_trust["rollback"].json
  max_session_duration = 3600
}

data "aws_iam_policy_document" "rollback" {
  statement {
    sid = "TakeBack"
    actions = [
      "codedeploy:CreateDeployment",
      "codedeploy:GetApplicationRevision",
      "codedeploy:GetDeployment",
      "codedeploy:GetDeploymentConfig",
      "codedeploy:ListDeployments",
      "codedeploy:RegisterApplicationRevision",
      "codedeploy:StopDeployment",
    ]
    resources = local.deployment_arns
  }
}

resource "aws_iam_role_policy" "rollback" {
  name   = "rollback"
  role   = aws_iam_role.rollback.id
  policy = data.aws_iam_policy_document.rollback.json
}

# Requirements, plugins and Airflow's settings come with Terraform; this role only replaces DAG files.
resource "aws_iam_role" "dags" {
  name                 = "${var.name}-deploy-dags"
  description          = "Publishes DAG files once their tests have passed"
  assume_role_policy   = data.aws_iam_policy_document.github_trust["dags"].json
  max_session_duration = 3600
}

data "aws_iam_policy_document" "dags" {
  statement {
    sid       = "PublishDags"
    actions   = ["s3:DeleteObject", "s3:PutObject"]
    resources = ["${var.airflow.dags_bucket_arn}/dags/*"]
  }

  statement {
    sid       = "ListDags"
    actions   = ["s3:ListBucket"]
    resources = [var.airflow.dags_bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["dags/*"]
    }
  }

  statement {
    sid       = "EncryptDags"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arns.pipeline]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "dags" {
  name   = "publish"
  role   = aws_iam_role.dags.id
  policy = data.aws_iam_policy_document.dags.json
}
