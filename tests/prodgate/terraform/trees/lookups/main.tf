data "aws_subnets" "private" {
  filter {
    name   = "tag:tier"
    values = ["private"]
  }
}

data "aws_ssm_parameter" "size" {
  name = "/size"
}

data "aws_kms_alias" "database" {
  name = "alias/database"
}

data "aws_caller_identity" "here" {}

data "aws_availability_zones" "open" {}

resource "aws_nat_gateway" "each" {
  for_each  = toset(data.aws_subnets.private.ids)
  subnet_id = each.value
}

resource "aws_subnet" "own" {
  for_each          = toset(slice(data.aws_availability_zones.open.names, 0, 2))
  vpc_id            = "vpc-1"
  availability_zone = each.key
}

resource "aws_rds_cluster" "c" {
  cluster_identifier      = "c-${data.aws_caller_identity.here.account_id}"
  engine                  = "aurora-postgresql"
  backup_retention_period = data.aws_ssm_parameter.size.value == "big" ? 30 : 1
  kms_key_id              = data.aws_kms_alias.database.target_key_arn
}

resource "aws_security_group" "g" {
  dynamic "ingress" {
    for_each = data.aws_ssm_parameter.size.value == "big" ? [] : [443]

    content {
      from_port = ingress.value
      to_port   = ingress.value
      protocol  = "tcp"
    }
  }
}

module "optional" {
  source = "./optional"
  count  = data.aws_ssm_parameter.size.value == "big" ? 1 : 0
}

resource "aws_sqs_queue" "q" {
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sqs:*", Resource = data.aws_kms_alias.database.arn }]
  })
}
