resource "aws_secretsmanager_secret" "rotated" {
  name = "news/db"
}

resource "aws_secretsmanager_secret_rotation" "rotated" {
  secret_id           = aws_secretsmanager_secret.rotated.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    automatically_after_days = 30
  }
}

resource "aws_secretsmanager_secret" "never_rotated" { # violates PG_SEC_6
  name = "news/api"
}

resource "aws_secretsmanager_secret" "rotation_without_a_schedule" { # violates PG_SEC_6
  name = "news/other"
}

resource "aws_secretsmanager_secret_rotation" "without_a_schedule" {
  secret_id           = aws_secretsmanager_secret.rotation_without_a_schedule.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    duration = "2h"
  }
}
