variable "left_in_the_source" {
  type    = string
  default = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}

locals {
  key = var.left_in_the_source
}

resource "aws_iam_user" "deployer" {
  name = "deployer"
}

resource "aws_iam_access_key" "deployer" {
  user = aws_iam_user.deployer.name
}

provider "aws" {
  alias  = "handed_in"
  region = "eu-west-1"
  token  = data.aws_ssm_parameter.token.value
}

data "aws_ssm_parameter" "token" {
  name = "/deploy/token"
}

provider "aws" { # violates PG_SEC_9
  alias      = "written_out"
  region     = "eu-west-1"
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}

provider "aws" { # violates PG_SEC_9
  alias      = "written_in_a_default"
  region     = "eu-west-1"
  secret_key = local.key
}

provider "aws" { # violates PG_SEC_9
  alias      = "made_by_terraform"
  region     = "eu-west-1"
  secret_key = aws_iam_access_key.deployer.secret
}
