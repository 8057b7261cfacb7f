variable "days" { type = number }

resource "aws_kms_key" "thirty_days" {
  deletion_window_in_days = 30
}

resource "aws_kms_key" "thirty_days_by_default" {
  description = "default"
}

resource "aws_kms_key" "one_week" { # violates PG_REC_6
  deletion_window_in_days = 7
}

resource "aws_kms_replica_key" "one_week_in_another_region" { # violates PG_REC_6
  primary_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"
  deletion_window_in_days = 7
}

resource "aws_kms_key" "decided_at_apply" { # undetermined PG_REC_6
  deletion_window_in_days = var.days
}
