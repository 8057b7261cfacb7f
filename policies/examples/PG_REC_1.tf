variable "days" { type = number }

resource "aws_rds_cluster" "kept_long_enough" {
  engine                  = "aurora-postgresql"
  backup_retention_period = 30
}

resource "aws_dynamodb_table" "five_weeks_by_default" {
  name = "kept"
  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_rds_cluster" "one_day_short" { # violates PG_REC_1
  engine                  = "aurora-postgresql"
  backup_retention_period = 29
}

resource "aws_docdb_cluster" "left_at_the_default_of_one_day" { # violates PG_REC_1
  engine = "docdb"
}

resource "aws_db_instance" "left_at_the_default_of_none" { # violates PG_REC_1
  instance_class = "db.t4g.medium"
}

resource "aws_dynamodb_table" "no_recovery_by_default" { # violates PG_REC_1
  name = "lost"
}

resource "aws_dynamodb_table" "shortened" { # violates PG_REC_1
  name = "shortened"
  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = 7
  }
}

resource "aws_db_instance" "replica" { # not-applicable PG_REC_1
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_rds_cluster" "known_only_at_apply" { # undetermined PG_REC_1
  engine                  = "aurora-postgresql"
  backup_retention_period = var.days
}

resource "aws_dynamodb_table" "locks_of_terraform" { # not-applicable PG_REC_1
  name     = "terraform-locks"
  hash_key = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
}

resource "aws_rds_cluster" "longer_than_aws_keeps_any" { # violates PG_REC_1
  engine                  = "aurora-postgresql"
  backup_retention_period = 36
}
