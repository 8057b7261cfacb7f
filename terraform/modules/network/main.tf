# A network in three tiers over several zones. Public subnets hold nothing but NAT gateways: the load balancer is
# internal, since CloudFront comes in through a VPC origin. Routes are in routes.tf, the walls in acls.tf and
# security-groups.tf, the ways to AWS itself in endpoints.tf.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  zones = { for index, zone in var.availability_zones : zone => index }

  # Of a /16: /24 for public and database subnets, /20 for private ones, where every task has an address of its own.
  public_cidrs   = { for zone, index in local.zones : zone => cidrsubnet(var.cidr, 8, index) }
  database_cidrs = { for zone, index in local.zones : zone => cidrsubnet(var.cidr, 8, 8 + index) }
  private_cidrs  = { for zone, index in local.zones : zone => cidrsubnet(var.cidr, 4, 1 + index) }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # private names of interface endpoints

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  for_each = local.public_cidrs

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-public-${each.key}", Tier = "public" }
}

resource "aws_subnet" "private" {
  for_each = local.private_cidrs

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-private-${each.key}", Tier = "private" }
}

resource "aws_subnet" "database" {
  for_each = local.database_cidrs

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-database-${each.key}", Tier = "database" }
}
