terraform {
  required_version = "~> 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }

  backend "s3" {
    bucket = "states-of-somebody"
    key    = "shop.tfstate"
    region = "eu-west-1"
  }
}

provider "aws" {
  region  = "eu-west-1"
  profile = "nobody-has-this-profile"

  default_tags {
    tags = { Shop = var.shop }
  }
}

data "aws_caller_identity" "here" {}

# Three modules in a ring: the queue needs the team's role, the team needs the topic, the topic needs the queue.
module "queue" {
  source     = "../parts/queue"
  role_arn   = module.team.role_arn
  shop       = var.shop
  keep       = var.keep
  depends_on = [aws_kms_key.shop]
}

module "topic" {
  source    = "../parts/topic"
  name      = "${var.shop}-orders"
  queue_arn = module.queue.arn
  kms_key   = aws_kms_key.shop.arn
}

module "team" {
  source    = "../parts/team"
  topic_arn = module.topic.arn
}

module "alarm" {
  source   = "../parts/alarm"
  for_each = local.alarms

  name   = each.key
  alarm  = each.value
  topics = [module.topic.arn]
}

resource "aws_kms_key" "shop" {
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json
}

data "aws_iam_policy_document" "key" {
  statement {
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.here.account_id}:root"]
    }
  }
}

data "aws_iam_policy_document" "publish" {
  depends_on = [aws_kms_key.shop]

  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.shop.arn]
  }
}

resource "aws_iam_policy" "publish" {
  name   = "publish"
  policy = data.aws_iam_policy_document.publish.json
}

resource "aws_security_group" "web" {
  name = "web"

  dynamic "ingress" {
    for_each = var.open_ports

    content {
      description = "port ${ingress.value}"
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}

resource "aws_ssm_parameter" "greeting" {
  count = 2

  name  = "/${var.shop}/greeting/${count.index}"
  type  = "String"
  value = templatefile("${path.module}/templates/greeting.txt", { shop = var.shop })
}

resource "aws_ssm_parameter" "notice" {
  name  = "/${var.shop}/notice"
  type  = "String"
  value = trimspace(file("${path.root}/../parts/NOTICE"))
}

resource "aws_db_instance" "orders" {
  identifier              = "orders"
  instance_class          = "db.t4g.micro"
  engine                  = "postgres"
  username                = "shop"
  password                = var.password
  backup_retention_period = var.keep.backups
  allocated_storage       = 20
}

check "backups_are_kept" {
  assert {
    condition     = var.keep.backups >= 30
    error_message = "Backups are kept for ${var.keep.backups} days only."
  }
}
