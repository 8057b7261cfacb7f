resource "aws_backup_vault" "main" {
  name = "main"
}

resource "aws_backup_plan" "daily" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 18 * * ? *)"
  }
}

resource "aws_backup_selection" "by_arn" {
  name         = "by-arn"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  resources    = [aws_rds_cluster.selected_by_arn.arn]
}

resource "aws_backup_selection" "by_tag" {
  name         = "by-tag"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "backup"
    value = "daily"
  }
  condition {
    string_not_equals {
      key   = "aws:ResourceTag/stage"
      value = "scratch"
    }
  }
}

resource "aws_backup_selection" "of_no_plan" {
  name         = "no-plan"
  plan_id      = "0d2b1f4e-1111-4222-8333-444455556666"
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  resources    = [aws_rds_cluster.selected_by_nobodys_plan.arn]
}

resource "aws_rds_cluster" "selected_by_arn" {
  cluster_identifier = "selected-by-arn"
  engine             = "aurora-postgresql"
}

resource "aws_dynamodb_table" "selected_by_tag" {
  name = "tagged"
  tags = { backup = "daily" }
}

resource "aws_rds_cluster" "selected_by_nothing" { # violates PG_REC_7
  cluster_identifier = "selected-by-nothing"
  engine             = "aurora-postgresql"
}

resource "aws_dynamodb_table" "tagged_with_another_value" { # violates PG_REC_7
  name = "weekly"
  tags = { backup = "weekly" }
}

resource "aws_efs_file_system" "excluded_by_a_condition" { # violates PG_REC_7
  tags = { backup = "daily", stage = "scratch" }
}

resource "aws_rds_cluster" "selected_by_nobodys_plan" { # violates PG_REC_7
  cluster_identifier = "selected-by-nobodys-plan"
  engine             = "aurora-postgresql"
}

resource "aws_db_instance" "replica" { # not-applicable PG_REC_7
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_dynamodb_table" "locks_of_terraform" { # not-applicable PG_REC_7
  name     = "terraform-locks"
  hash_key = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
}
