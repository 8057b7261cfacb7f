terraform {
  required_version = ">= 1.10" # the S3 backend locks without a table from 1.10 on

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }
}
