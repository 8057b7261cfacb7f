variable "accounts" {
  type = string
}

resource "aws_ssm_document" "own" {
  name          = "own"
  document_type = "Command"
  content       = "{}"
}

resource "aws_ssm_document" "of_one_account_more" {
  name          = "shared"
  document_type = "Command"
  content       = "{}"
  permissions   = { type = "Share", account_ids = "111122223333" }
}

resource "aws_ssm_document" "of_everybody" { # violates PG_IAM_17
  name          = "public"
  document_type = "Command"
  content       = "{}"
  permissions   = { type = "Share", account_ids = "All" }
}

resource "aws_ssm_document" "decided_later" { # undetermined PG_IAM_17
  name          = "later"
  document_type = "Command"
  content       = "{}"
  permissions   = { type = "Share", account_ids = var.accounts }
}

resource "aws_servicecatalog_portfolio_share" "of_the_organisation" {
  portfolio_id = "port-1"
  principal_id = "arn:aws:organizations::111122223333:organization/o-1"
  type         = "ORGANIZATION"
}

resource "aws_servicecatalog_portfolio_share" "of_an_account" { # violates PG_IAM_17
  portfolio_id = "port-1"
  principal_id = "444455556666"
  type         = "ACCOUNT"
}

resource "aws_ec2_transit_gateway" "left_at_the_default" {
  description = "default"
}

resource "aws_ec2_transit_gateway" "taking_whoever_comes" { # violates PG_IAM_17
  description                    = "open"
  auto_accept_shared_attachments = "enable"
}
