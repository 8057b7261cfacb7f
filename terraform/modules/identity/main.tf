# Who may do what: one role for each workload, and each names what it touches. tasks.tf: what runs; release.tf: what
# deploys it; gate.tf: what looks and touches nothing; archive.tf: what keeps runs. The role that applies this tree is not here: it must not be able
# to change itself, so it is made by hand, beside the state (environments/prod/README.md).

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  # Resource side of rds-db:connect: the cluster, then the user.
  database_user_arns = {
    for who, user in var.database_users :
    who => "arn:${local.partition}:rds-db:${local.region}:${local.account}:dbuser:${var.database.resource_id}/${user}"
  }
}

# GitHub signs who a workflow is; AWS believes it for the roles below and no longer than a session. No key is stored
# anywhere.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  # Only what has been reviewed and merged.
  branch_subject = "repo:${var.github_repository}:ref:refs/heads/${var.github_branch}"
  # Only jobs of the environment, which begin when its reviewers have said yes.
  environment_subject = "repo:${var.github_repository}:environment:${var.github_environment}"
  # Only jobs of an environment that asks nobody and takes jobs of the branch alone.
  rollback_subject = "repo:${var.github_repository}:environment:${var.github_rollback_environment}"

  github_subjects = {
    deploy   = [local.environment_subject]
    rollback = [local.rollback_subject]
    dags     = [local.branch_subject]
    archive  = [local.branch_subject]
    gate     = [local.branch_subject, local.environment_subject, local.rollback_subject] # it watches both, too
  }
}

data "aws_iam_policy_document" "github_trust" {
  for_each = local.github_subjects

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = each.value
    }
  }
}
