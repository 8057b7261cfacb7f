resource "aws_backup_vault" "here" {
  name = "here"
}

resource "aws_backup_vault" "far_away" {
  region = "ap-northeast-3"
  name   = "far-away"
}

resource "aws_backup_vault" "archive" {
  region = "ap-northeast-3"
  name   = "archive"
}

resource "aws_backup_plan" "saved_and_copied_every_day" {
  name = "saved_and_copied_every_day"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 * * ? *)"
    copy_action {
      destination_vault_arn = aws_backup_vault.far_away.arn
    }
  }
  rule {
    rule_name         = "monthly"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 1 * ? *)"
    copy_action {
      destination_vault_arn = aws_backup_vault.archive.arn
    }
  }
}

resource "aws_backup_plan" "copied_every_month" { # violates PG_REC_13
  name = "copied_every_month"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 * * ? *)"
  }
  rule {
    rule_name         = "monthly"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 18 1 * ? *)"
    copy_action {
      destination_vault_arn = aws_backup_vault.far_away.arn
    }
  }
}

resource "aws_backup_plan" "saved_every_other_day" { # violates PG_REC_13
  name = "saved_every_other_day"
  rule {
    rule_name         = "seldom"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "rate(48 hours)"
  }
}

resource "aws_backup_plan" "saved_when_aws_likes" { # undetermined PG_REC_13
  name = "saved_when_aws_likes"
  rule {
    rule_name         = "whenever"
    target_vault_name = aws_backup_vault.here.name
  }
}
