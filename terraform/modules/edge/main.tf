# Everything between the internet and the load balancer: DNS, certificates, CloudFront, the web ACL, and the bucket
# with static files. The only way in: the load balancer is internal and reached through a VPC origin.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  hosts = setunion([var.domain_name], var.aliases)
}
