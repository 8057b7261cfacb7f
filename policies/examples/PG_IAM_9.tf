data "aws_caller_identity" "current" {}

resource "aws_iam_role" "one_service" {
  name = "one_service"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role" "own_account" {
  name = "own_account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
    }]
  })
}

resource "aws_iam_role" "partner_with_external_id" {
  name = "partner_with_external_id"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::999900001111:root" }
      Condition = { StringEquals = { "sts:ExternalId" = "7c1b" } }
    }]
  })
}

resource "aws_iam_role" "anybody_in_the_organisation" {
  name = "anybody_in_the_organisation"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = "*"
      Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-example" } }
    }]
  })
}

resource "aws_iam_role" "anybody" { # violates PG_IAM_9
  name = "anybody"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "*" }
    }]
  })
}

resource "aws_iam_role" "anybody_with_an_external_id" { # violates PG_IAM_9
  name = "anybody_with_an_external_id"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = "*"
      Condition = { StringEquals = { "sts:ExternalId" = "guessed" } }
    }]
  })
}

resource "aws_iam_role" "partner_without_external_id" { # violates PG_IAM_9
  name = "partner_without_external_id"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "999900001111" }
    }]
  })
}

resource "aws_iam_role" "partner_where_stated" { # violates PG_IAM_9
  name = "partner_where_stated"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::999900001111:root" }
      Condition = { StringEqualsIfExists = { "sts:ExternalId" = "7c1b" } }
    }]
  })
}

resource "aws_iam_role" "any_external_id" { # violates PG_IAM_9
  name = "any_external_id"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::999900001111:root" }
      Condition = { StringLike = { "sts:ExternalId" = "*" } }
    }]
  })
}

variable "trust" { type = string }

resource "aws_iam_role" "known_at_apply" { # undetermined PG_IAM_9
  assume_role_policy = var.trust
}
