# Who is told (topics.tf), of what (alarms-*.tf, events.tf), and where to look (dashboard.tf, tracing.tf, canary.tf).

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  # Every alarm tells the same people when it starts and when it ends.
  actions        = [aws_sns_topic.alarms.arn]
  global_actions = [aws_sns_topic.global_alarms.arn]
}
