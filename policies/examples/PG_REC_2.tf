variable "protect" { type = bool }

resource "aws_rds_cluster" "protected" {
  engine              = "aurora-postgresql"
  deletion_protection = true
}

resource "aws_lb" "protected" {
  name                       = "protected"
  enable_deletion_protection = true
}

resource "aws_rds_cluster" "unprotected_by_default" { # violates PG_REC_2
  engine = "aurora-postgresql"
}

resource "aws_lb" "unprotected_by_default" { # violates PG_REC_2
  name = "unprotected"
}

resource "aws_dynamodb_table" "switched_off" { # violates PG_REC_2
  name                        = "unprotected"
  deletion_protection_enabled = false
}

resource "aws_db_instance" "replica" { # not-applicable PG_REC_2
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_rds_cluster" "decided_at_apply" { # undetermined PG_REC_2
  engine              = "aurora-postgresql"
  deletion_protection = var.protect
}

resource "aws_cognito_user_pool" "protected" {
  name                = "protected"
  deletion_protection = "ACTIVE"
}

resource "aws_cognito_user_pool" "unprotected" { # violates PG_REC_2
  name                = "unprotected"
  deletion_protection = "INACTIVE"
}

resource "aws_networkfirewall_firewall" "protected" {
  name                = "protected"
  firewall_policy_arn = "arn:aws:network-firewall:eu-west-1:123456789012:firewall-policy/a"
  vpc_id              = "vpc-1"
  delete_protection   = true
  subnet_mapping {
    subnet_id = "subnet-1"
  }
}

resource "aws_networkfirewall_firewall" "unprotected_by_default" { # violates PG_REC_2
  name                = "unprotected"
  firewall_policy_arn = "arn:aws:network-firewall:eu-west-1:123456789012:firewall-policy/a"
  vpc_id              = "vpc-1"
  subnet_mapping {
    subnet_id = "subnet-1"
  }
}

resource "aws_dsql_cluster" "unprotected" { # violates PG_REC_2
}

resource "aws_dsql_cluster" "protected" {
  deletion_protection_enabled = true
}
