# What happens rather than what is measured: each rule passes events on to the alarm topic.

locals {
  event_rules = {
    service-deployment-failed = {
      description = "An ECS deployment failed"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Deployment State Change"]
        detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
      }
    }
    release-failed = {
      description = "A CodeDeploy deployment failed or was stopped"
      pattern = {
        source      = ["aws.codedeploy"]
        detail-type = ["CodeDeploy Deployment State-change Notification"]
        detail      = { state = ["FAILURE", "STOP"] }
      }
    }
    backup-failed = {
      description = "A backup, copy, restore or restore test did not succeed"
      pattern = {
        source      = ["aws.backup"]
        detail-type = ["Backup Job State Change", "Copy Job State Change", "Restore Job State Change"]
        detail      = { "$or" = [{ state = ["ABORTED", "EXPIRED", "FAILED"] }, { status = ["ABORTED", "FAILED"] }] }
      }
    }
    database-event = {
      description = "The database failed over, failed, or ran low on storage"
      pattern = {
        source      = ["aws.rds"]
        detail-type = ["RDS DB Cluster Event", "RDS DB Instance Event"]
        detail      = { EventCategories = ["failover", "failure", "low storage", "global failover"] }
      }
    }
    health = {
      description = "AWS Health reports an issue, a change or a notice for this account"
      pattern = {
        source      = ["aws.health"]
        detail-type = ["AWS Health Event"]
      }
    }
    certificate-expiring = {
      description = "A certificate will expire and ACM could not renew it"
      pattern = {
        source      = ["aws.acm"]
        detail-type = ["ACM Certificate Approaching Expiration", "ACM Certificate Renewal Action Required"]
      }
    }
    guardduty-finding = {
      description = "GuardDuty found something of medium severity or more"
      pattern = {
        source      = ["aws.guardduty"]
        detail-type = ["GuardDuty Finding"]
        detail      = { severity = [{ numeric = [">=", 4] }] }
      }
    }
    securityhub-finding = {
      description = "Security Hub has a new finding of high or critical severity"
      pattern = {
        source      = ["aws.securityhub"]
        detail-type = ["Security Hub Findings - Imported"]
        detail = {
          findings = {
            Severity    = { Label = ["HIGH", "CRITICAL"] }
            Workflow    = { Status = ["NEW"] }
            RecordState = ["ACTIVE"]
          }
        }
      }
    }
    access-finding = {
      description = "Access Analyzer found access from outside, or access that nobody uses"
      pattern = {
        source      = ["aws.access-analyzer"]
        detail-type = ["Access Analyzer Finding", "Unused Access Finding for IAM entities"]
        detail      = { status = ["ACTIVE"] }
      }
    }
    root-sign-in = {
      description = "Somebody signed in as the account's root user"
      pattern = {
        detail-type = ["AWS Console Sign In via CloudTrail"]
        detail      = { userIdentity = { type = ["Root"] } }
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.event_rules

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
  state         = "ENABLED"
}

resource "aws_cloudwatch_event_target" "alarms" {
  for_each = local.event_rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "alarm-topic"
  arn       = aws_sns_topic.alarms.arn

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 20
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}
