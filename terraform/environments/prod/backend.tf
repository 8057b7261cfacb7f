# The bucket, its key and the role that applies this tree are made once, by hand, before the first init (README.md):
# a state can't hold what protects it.
terraform {
  backend "s3" {
    bucket       = "nba-news-prod-terraform-state"
    key          = "environments/prod/terraform.tfstate"
    region       = "ap-northeast-1"
    encrypt      = true
    kms_key_id   = "alias/nba-news-prod-terraform-state"
    use_lockfile = true
  }
}
