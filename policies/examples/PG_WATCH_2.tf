resource "aws_securityhub_account" "default_standards" {}

resource "aws_securityhub_account" "no_standard" { # violates PG_WATCH_2
  enable_default_standards = false
}
