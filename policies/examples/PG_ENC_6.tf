locals {
  account = { Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = "arn:aws:iam::111122223333:root" } }
}

resource "aws_kms_key" "used_by_a_service" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [local.account, {
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Principal = { Service = "cloudwatch.amazonaws.com" }
    }]
  })
}

resource "aws_kms_key" "disabled" { # violates PG_ENC_6
  is_enabled = false
}

resource "aws_kms_key" "given_away_to_a_service" { # violates PG_ENC_6
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [local.account, {
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { Service = "logs.ap-northeast-1.amazonaws.com" }
    }]
  })
}

resource "aws_kms_key" "given_away_in_its_policy_resource" { # violates PG_ENC_6
  description = "the policy stands beside"
}

resource "aws_kms_key_policy" "beside" {
  key_id = aws_kms_key.given_away_in_its_policy_resource.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      NotAction = "kms:Decrypt"
      Resource  = "*"
      Principal = { Service = "sns.amazonaws.com" }
    }]
  })
}
