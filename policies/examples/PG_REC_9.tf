resource "aws_backup_vault" "locked" {
  name = "locked"
}

resource "aws_backup_vault_lock_configuration" "locked" {
  backup_vault_name   = aws_backup_vault.locked.name
  min_retention_days  = 30
  changeable_for_days = 3
}

resource "aws_backup_vault" "unlocked" { # violates PG_REC_9
  name = "unlocked"
}

resource "aws_backup_vault" "locked_until_further_notice" { # violates PG_REC_9
  name = "governed"
}

resource "aws_backup_vault_lock_configuration" "governed" {
  backup_vault_name  = aws_backup_vault.locked_until_further_notice.name
  min_retention_days = 30
}

resource "aws_backup_vault" "locked_for_no_time" { # violates PG_REC_9
  name = "no-time"
}

resource "aws_backup_vault_lock_configuration" "no_time" {
  backup_vault_name  = aws_backup_vault.locked_for_no_time.name
  max_retention_days = 365
}
