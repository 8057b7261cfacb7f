# What somebody should hear of within minutes (CIS AWS Foundations, monitoring section). Each is a pattern in the
# trail's log, a count, and an alarm on the first one.

locals {
  # True for everybody but the reviewed pipeline.
  by_hand = "(($.userIdentity.sessionContext.sessionIssuer.userName NOT EXISTS) || ($.userIdentity.sessionContext.sessionIssuer.userName != \"${var.deploy_role_name}\"))"

  watched_calls = {
    unauthorized-calls = {
      description = "Calls were denied more than 20 times in five minutes: somebody tries doors, or a deployment lacks a permission."
      pattern     = "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"
      limit       = 20
    }
    sign-in-without-mfa = {
      description = "Somebody signed in to the console without a second factor."
      pattern     = "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") && ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = \"Success\") }"
      limit       = 0
    }
    failed-sign-ins = {
      description = "Sign-in failed more than five times in five minutes."
      pattern     = "{ ($.eventName = \"ConsoleLogin\") && ($.errorMessage = \"Failed authentication\") }"
      limit       = 5
    }
    root-used = {
      description = "The root user was used."
      pattern     = "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != \"AwsServiceEvent\" }"
      limit       = 0
    }
    iam-changed = {
      description = "An IAM policy, role or user was changed by hand."
      pattern     = "{ ${local.by_hand} && ($.eventSource = \"iam.amazonaws.com\") && (($.eventName = \"Attach*Policy\") || ($.eventName = \"Create*\") || ($.eventName = \"Delete*\") || ($.eventName = \"Detach*Policy\") || ($.eventName = \"Put*Policy\") || ($.eventName = \"UpdateAssumeRolePolicy\")) }"
      limit       = 0
    }
    trail-changed = {
      description = "CloudTrail was changed or switched off."
      pattern     = "{ ($.eventSource = \"cloudtrail.amazonaws.com\") && (($.eventName = \"CreateTrail\") || ($.eventName = \"UpdateTrail\") || ($.eventName = \"DeleteTrail\") || ($.eventName = \"StartLogging\") || ($.eventName = \"StopLogging\") || ($.eventName = \"PutEventSelectors\")) }"
      limit       = 0
    }
    config-changed = {
      description = "AWS Config was changed or switched off."
      pattern     = "{ ($.eventSource = \"config.amazonaws.com\") && (($.eventName = \"StopConfigurationRecorder\") || ($.eventName = \"DeleteDeliveryChannel\") || ($.eventName = \"PutDeliveryChannel\") || ($.eventName = \"PutConfigurationRecorder\")) }"
      limit       = 0
    }
    key-deletion = {
      description = "A KMS key was disabled or scheduled for deletion: what it encrypted will be lost."
      pattern     = "{ ($.eventSource = \"kms.amazonaws.com\") && (($.eventName = \"DisableKey\") || ($.eventName = \"ScheduleKeyDeletion\")) }"
      limit       = 0
    }
    bucket-policy-changed = {
      description = "Who may read or write a bucket was changed by hand."
      pattern     = "{ ${local.by_hand} && ($.eventSource = \"s3.amazonaws.com\") && (($.eventName = \"PutBucketAcl\") || ($.eventName = \"PutBucketPolicy\") || ($.eventName = \"PutBucketCors\") || ($.eventName = \"PutBucketLifecycle\") || ($.eventName = \"PutBucketReplication\") || ($.eventName = \"DeleteBucket*\")) }"
      limit       = 0
    }
    network-changed = {
      description = "A security group, network ACL, gateway, route table or VPC was changed by hand."
      pattern     = "{ ${local.by_hand} && ($.eventSource = \"ec2.amazonaws.com\") && (($.eventName = \"*SecurityGroup*\") || ($.eventName = \"*NetworkAcl*\") || ($.eventName = \"*InternetGateway\") || ($.eventName = \"*Route*\") || ($.eventName = \"*Vpc*\")) && ($.readOnly IS FALSE) }"
      limit       = 0
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "watched" {
  for_each = local.watched_calls

  name           = "${var.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.key
    namespace = "${var.name}/trail"
    value     = "1"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "watched" {
  for_each = local.watched_calls

  alarm_name          = "${var.name}-trail-${each.key}"
  alarm_description   = each.value.description
  namespace           = aws_cloudwatch_log_metric_filter.watched[each.key].metric_transformation[0].namespace
  metric_name         = aws_cloudwatch_log_metric_filter.watched[each.key].metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.limit
  treat_missing_data  = "notBreaching" # no such call, no number
  alarm_actions       = [var.alarm_topic_arn]
}
