resource "terraform_data" "random" {}

resource "aws_secretsmanager_secret_version" "write_only" {
  secret_id                = "news/api"
  secret_string_wo         = "placeholder"
  secret_string_wo_version = 1
}

resource "aws_secretsmanager_secret_version" "stated" { # violates PG_SEC_5
  secret_id     = "news/api"
  secret_string = "hunter2"
}

resource "aws_secretsmanager_secret_version" "made_by_terraform" { # violates PG_SEC_5
  secret_id     = "news/api"
  secret_string = terraform_data.random.id
}

resource "aws_secretsmanager_secret_version" "binary" { # violates PG_SEC_5
  secret_id     = "news/key"
  secret_binary = base64encode("hunter2")
}
