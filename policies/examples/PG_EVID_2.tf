locals {
  ending = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutBucketObjectLockConfiguration"]
  all    = ["arn:aws:s3:::nba-news-prod-evidence-123456789012", "arn:aws:s3:::nba-news-prod-evidence-123456789012/*"]
}

resource "aws_s3_bucket" "refuses_everybody" {
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = local.ending, Resource = local.all }]
  })
}

resource "aws_s3_bucket" "refuses_by_wildcards" {
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = { AWS = "*" }, Action = ["s3:Delete*", "s3:Bypass*"], Resource = ["*"] }, { Effect = "Deny", Principal = "*", Action = "s3:PutBucketObjectLock*", Resource = local.all }]
  })
}

resource "aws_s3_bucket" "no_policy" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
}

resource "aws_s3_bucket" "refuses_other_things" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = ["s3:GetObject"], Resource = local.all }]
  })
}

resource "aws_s3_bucket" "allows_it" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = local.ending, Resource = local.all }]
  })
}

resource "aws_s3_bucket" "refuses_one_role" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = { AWS = "arn:aws:iam::123456789012:role/deploy" }, Action = local.ending, Resource = local.all }]
  })
}

resource "aws_s3_bucket" "refuses_all_but_one_role" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", NotPrincipal = { AWS = "arn:aws:iam::123456789012:role/admin" }, Action = local.ending, Resource = local.all }]
  })
}

resource "aws_s3_bucket" "refuses_under_a_condition" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = local.ending, Resource = local.all, Condition = { Bool = { "aws:SecureTransport" = "false" } } }]
  })
}

resource "aws_s3_bucket" "refuses_in_one_folder" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = local.ending, Resource = ["arn:aws:s3:::nba-news-prod-evidence-123456789012", "arn:aws:s3:::nba-news-prod-evidence-123456789012/nights/*"] }]
  })
}

resource "aws_s3_bucket" "refuses_for_keys_of_one_letter" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = local.ending, Resource = ["arn:aws:s3:::nba-news-prod-evidence-123456789012", "arn:aws:s3:::nba-news-prod-evidence-123456789012/?"] }]
  })
}

resource "aws_s3_bucket" "refuses_nothing_of_versions" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:PutBucketObjectLockConfiguration"], Resource = local.all }]
  })
}

resource "aws_s3_bucket" "lets_the_lock_be_changed" { # violates PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = local.ending, Resource = ["arn:aws:s3:::nba-news-prod-evidence-123456789012/*"] }]
  })
}

resource "aws_s3_bucket" "policy_decided_later" { # undetermined PG_EVID_2
  bucket = "nba-news-prod-evidence-123456789012"
  policy = var.policy
}

variable "policy" {}

resource "aws_s3_bucket" "of_something_else" { # not-applicable PG_EVID_2
  bucket = "news-data"
}
