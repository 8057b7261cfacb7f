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

resource "aws_ami_launch_permission" "of_an_account" {
  image_id   = "ami-1"
  account_id = "111122223333"
}

resource "aws_ami_launch_permission" "of_everybody" { # violates PG_IAM_17
  image_id = "ami-1"
  group    = "all"
}

resource "aws_db_snapshot" "kept" {
  db_instance_identifier = "db"
  db_snapshot_identifier = "kept"
}

resource "aws_db_snapshot" "of_everybody" { # violates PG_IAM_17
  db_instance_identifier = "db"
  db_snapshot_identifier = "public"
  shared_accounts        = ["all"]
}

resource "aws_db_cluster_snapshot" "of_everybody" { # violates PG_IAM_17
  db_cluster_identifier          = "db"
  db_cluster_snapshot_identifier = "public"
  shared_accounts                = ["111122223333", "all"]
}

resource "aws_lambda_layer_version_permission" "of_the_organisation" {
  layer_name      = "layer"
  version_number  = 1
  statement_id    = "organisation"
  action          = "lambda:GetLayerVersion"
  principal       = "*"
  organization_id = "o-1"
}

resource "aws_lambda_layer_version_permission" "of_everybody" { # violates PG_IAM_17
  layer_name     = "layer"
  version_number = 1
  statement_id   = "everybody"
  action         = "lambda:GetLayerVersion"
  principal      = "*"
}

resource "aws_cloudwatch_event_permission" "of_the_organisation" {
  principal    = "*"
  statement_id = "organisation"
  condition {
    key   = "aws:PrincipalOrgID"
    type  = "StringEquals"
    value = "o-1"
  }
}

resource "aws_cloudwatch_event_permission" "of_everybody" { # violates PG_IAM_17
  principal    = "*"
  statement_id = "everybody"
}

resource "aws_vpc_endpoint_service" "of_everybody" { # violates PG_IAM_17
  acceptance_required = false
  allowed_principals  = ["*"]
}

resource "aws_vpc_endpoint_service" "of_whom_one_approves" {
  acceptance_required = true
  allowed_principals  = ["*"]
}
