# The gate's own role: it looks at everything that a criterion asks about, and can change nothing. It reads settings
# and metrics, not contents: no secret's value, no object but DAG files, no row of the database.

resource "aws_iam_role" "gate" {
  name                 = "${var.name}-gate"
  description          = "Reads what the promotion gate judges"
  assume_role_policy   = data.aws_iam_policy_document.github_trust["gate"].json
  max_session_duration = 7200
}

locals {
  # None of these can be limited to resources, or they are asked for what is not known beforehand: the gate must see
  # what is there besides what is declared. Each one only describes.
  looks = [
    "access-analyzer:ListAnalyzers",
    "access-analyzer:ListFindingsV2",
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "airflow:GetEnvironment",
    "airflow:ListEnvironments",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "backup:DescribeBackupVault",
    "backup:DescribeProtectedResource",
    "backup:GetBackupPlan",
    "backup:GetBackupSelection",
    "backup:GetRestoreTestingPlan",
    "backup:ListBackupJobs",
    "backup:ListBackupPlans",
    "backup:ListBackupSelections",
    "backup:ListBackupVaults",
    "backup:ListRecoveryPointsByBackupVault",
    "backup:ListRestoreJobs",
    "backup:ListRestoreTestingPlans",
    "backup:ListRestoreTestingSelections",
    "budgets:ViewBudget",
    "ce:GetAnomalyMonitors",
    "ce:GetAnomalySubscriptions",
    "ce:GetCostAndUsage",
    "ce:GetCostForecast",
    "cloudfront:GetDistributionConfig",
    "cloudfront:ListDistributions",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetDashboard",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListDashboards",
    "cloudwatch:ListMetrics",
    "codedeploy:BatchGetDeployments",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:ListDeployments",
    "config:DescribeConfigurationRecorderStatus",
    "config:DescribeConfigurationRecorders",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListServices",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "events:ListRules",
    "events:ListTargetsByRule",
    "guardduty:GetDetector",
    "guardduty:GetFindings",
    "guardduty:ListDetectors",
    "guardduty:ListFindings",
    "iam:GetAccountSummary",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "inspector2:ListFindings",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListKeys",
    "logs:DescribeLogGroups",
    "rds:DescribeDBClusterParameters",
    "rds:DescribeDBClusterSnapshots",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "route53:GetHostedZone",
    "route53:ListHostedZones",
    "route53:ListResourceRecordSets",
    "s3:GetAccountPublicAccessBlock",
    "s3:GetBucketLogging",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListAllMyBuckets",
    "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecrets",
    "securityhub:DescribeHub",
    "securityhub:GetEnabledStandards",
    "securityhub:GetFindings",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:ListTopics",
    "sqs:GetQueueAttributes",
    "sqs:ListQueues",
    "sts:GetCallerIdentity",
    "synthetics:DescribeCanaries",
    "synthetics:DescribeCanariesLastRun",
    "tag:GetResources",
    "wafv2:GetLoggingConfiguration",
    "wafv2:GetWebACL",
    "wafv2:GetWebACLForResource",
    "wafv2:ListWebACLs",
    "xray:GetServiceGraph",
    "xray:GetTraceSummaries",
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
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.airflow.dags_bucket_arn}/*"]
  }

  statement {
    sid       = "ListDags"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [var.airflow.dags_bucket_arn]
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

  # Said again by a refusal, whatever is allowed above some day.
  statement {
    sid    = "NeverContents"
    effect = "Deny"
    actions = [
      "rds-data:*",
      "rds-db:connect",
      "secretsmanager:BatchGetSecretValue",
      "secretsmanager:GetSecretValue",
      "sqs:ReceiveMessage",
      "ssm:GetParameter*",
    ]
    resources = ["*"]
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
