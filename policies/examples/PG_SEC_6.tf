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

resource "aws_secretsmanager_secret" "every_quarter_of_a_year" {
  name = "news/every-quarter-of-a-year"
}

resource "aws_secretsmanager_secret_rotation" "every_quarter_of_a_year" {
  secret_id           = aws_secretsmanager_secret.every_quarter_of_a_year.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    schedule_expression = "rate(90 days)"
  }
}

resource "aws_secretsmanager_secret" "on_the_first_of_the_month" {
  name = "news/on-the-first-of-the-month"
}

resource "aws_secretsmanager_secret_rotation" "on_the_first_of_the_month" {
  secret_id           = aws_secretsmanager_secret.on_the_first_of_the_month.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    schedule_expression = "cron(0 8 1 * ? *)"
  }
}

resource "aws_secretsmanager_secret" "on_the_first_sunday_of_odd_months" {
  name = "news/on-the-first-sunday-of-odd-months"
}

resource "aws_secretsmanager_secret_rotation" "on_the_first_sunday_of_odd_months" {
  secret_id           = aws_secretsmanager_secret.on_the_first_sunday_of_odd_months.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    schedule_expression = "cron(0 8 ? 1/2 SUN#1 *)"
  }
}

resource "aws_secretsmanager_secret" "after_a_thousand_days" { # violates PG_SEC_6
  name = "news/after-a-thousand-days"
}

resource "aws_secretsmanager_secret_rotation" "after_a_thousand_days" {
  secret_id           = aws_secretsmanager_secret.after_a_thousand_days.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    automatically_after_days = 1000
  }
}

resource "aws_secretsmanager_secret" "every_hundred_days" { # violates PG_SEC_6
  name = "news/every-hundred-days"
}

resource "aws_secretsmanager_secret_rotation" "every_hundred_days" {
  secret_id           = aws_secretsmanager_secret.every_hundred_days.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    schedule_expression = "rate(100 days)"
  }
}

resource "aws_secretsmanager_secret" "twice_a_year" { # violates PG_SEC_6
  name = "news/twice-a-year"
}

resource "aws_secretsmanager_secret_rotation" "twice_a_year" {
  secret_id           = aws_secretsmanager_secret.twice_a_year.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    schedule_expression = "cron(0 8 1 JAN,JUL ? *)"
  }
}

resource "aws_secretsmanager_secret" "in_one_year_alone" { # undetermined PG_SEC_6
  name = "news/in-one-year-alone"
}

resource "aws_secretsmanager_secret_rotation" "in_one_year_alone" {
  secret_id           = aws_secretsmanager_secret.in_one_year_alone.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"
  rotation_rules {
    schedule_expression = "cron(0 8 1 * ? 2027)"
  }
}
