# Who may use a key. The account's statement hands the decision to IAM, where every role names the keys it may use;
# the others admit AWS services that call in their own name.

locals {
  use = ["kms:Decrypt", "kms:GenerateDataKey*"]

  # CloudWatch Logs states the group as encryption context, which narrows it to groups of this account.
  log_groups = {
    for key in ["logs", "pipeline", "edge"] : key => {
      sid       = "LogGroups"
      service   = "logs.${local.keys[key].region}.amazonaws.com"
      actions   = concat(local.use, ["kms:DescribeKey", "kms:Encrypt", "kms:ReEncrypt*"])
      operators = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.keys[key].region}:${local.account}:log-group:*" } }
    }
  }

  # Services that publish to encrypted topics, or send to encrypted queues. Without this an alarm goes off and tells
  # nobody. EventBridge and SNS state no source when they call KMS: a condition on one would refuse every message.
  publishers = {
    for service, stated in { budgets = true, cloudwatch = true, costalerts = true, events = false, sns = false } : service => {
      sid                            = "Messages${title(service)}"
      service                        = "${service}.amazonaws.com"
      actions                        = local.use
      operators                      = { for operator in ["StringEquals"] : operator => { "aws:SourceAccount" = local.account } if stated }
    }
  }

  services = {
    data = [
      {
        sid     = "ScratchDisksAreMade"
        service = "fargate.amazonaws.com"
        actions = ["kms:GenerateDataKeyWithoutPlaintext"]
        operators = {
          StringEquals = {
            "kms:EncryptionContext:aws:ecs:clusterAccount" = local.account
            "kms:EncryptionContext:aws:ecs:clusterName"    = var.cluster_name
          }
        }
      },
      {
        sid     = "ScratchDisksAreRead"
        service = "fargate.amazonaws.com"
        actions = ["kms:CreateGrant"]
        operators = {
          StringEquals = {
            "kms:EncryptionContext:aws:ecs:clusterAccount" = local.account
            "kms:EncryptionContext:aws:ecs:clusterName"    = var.cluster_name
          }
          "ForAllValues:StringEquals" = { "kms:GrantOperations" = "Decrypt" }
        }
      },
    ]
    logs        = [local.log_groups["logs"]]
    messages    = values(local.publishers)
    pipeline    = [local.log_groups["pipeline"]]
    backup      = []
    backup_copy = []
    edge        = [local.log_groups["edge"], local.publishers["cloudwatch"]]
  }
}

data "aws_iam_policy_document" "this" {
  for_each = local.keys

  statement {
    sid       = "AccountAdministers"
    actions   = ["kms:*"]
    resources = ["*"] # in a key policy, * is this key

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  dynamic "statement" {
    for_each = local.services[each.key]

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      dynamic "condition" {
        for_each = flatten([
          for operator, keys in statement.value.operators : [
            for key, value in keys : { operator = operator, key = key, value = value }
          ]
        ])

        content {
          test     = condition.value.operator
          variable = condition.value.key
          values   = [condition.value.value]
        }
      }
    }
  }
}
