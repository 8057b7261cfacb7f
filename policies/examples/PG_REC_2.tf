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
