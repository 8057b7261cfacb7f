# One provider for both regions: since version 6 a resource says itself when it lives elsewhere (region = …), which is
# how CloudFront's certificate and web ACL come to us-east-1 and the second copy of backups to Osaka.
provider "aws" {
  region = var.region

  # With the credentials of any other account, nothing is even planned.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = local.tags
  }
}
