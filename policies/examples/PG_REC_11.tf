resource "aws_backup_vault" "here" {
  name = "here"
}

resource "aws_backup_vault" "also_here" {
  name = "also-here"
}

resource "aws_backup_vault" "far_away" {
  region = "ap-northeast-3"
  name   = "far-away"
}

resource "aws_backup_plan" "copied_to_another_region" {
  name = "copied_to_another_region"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 * * ? *)"
    copy_action {
      destination_vault_arn = aws_backup_vault.far_away.arn
    }
  }
}

resource "aws_backup_plan" "copied_to_a_vault_of_another_account" {
  name = "copied_to_a_vault_of_another_account"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 * * ? *)"
    copy_action {
      destination_vault_arn = "arn:aws:backup:us-west-2:999900001111:backup-vault:safe"
    }
  }
}

resource "aws_backup_plan" "not_copied" { # violates PG_REC_11
  name = "not_copied"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 * * ? *)"
  }
}

resource "aws_backup_plan" "copied_next_door" { # violates PG_REC_11
  name = "copied_next_door"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 * * ? *)"
    copy_action {
      destination_vault_arn = aws_backup_vault.also_here.arn
    }
  }
}

resource "aws_backup_plan" "vault_of_another_stack" { # undetermined PG_REC_11
  name = "elsewhere"
  rule {
    rule_name         = "daily"
    target_vault_name = "elsewhere"
    schedule          = "cron(0 18 * * ? *)"
    copy_action {
      destination_vault_arn = aws_backup_vault.far_away.arn
    }
  }
}
