resource "aws_iam_access_key" "mail" {
  user = "mail"
}

resource "random_password" "database" {
  length = 32
}

resource "aws_secretsmanager_secret" "database" {
  name = "database"
}

resource "aws_lambda_function" "told_where_it_is" {
  function_name = "told-where-it-is"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { DATABASE = aws_secretsmanager_secret.database.arn }
  }
}

resource "aws_lambda_function" "told_which_key_it_is" {
  function_name = "told-which-key-it-is"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { SENDER = aws_iam_access_key.mail.user }
  }
}

resource "aws_lambda_function" "handed_the_key" { # violates PG_SEC_8
  function_name = "handed-the-key"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { SMTP = aws_iam_access_key.mail.secret }
  }
}

resource "aws_lambda_function" "handed_a_password_that_terraform_made" { # violates PG_SEC_8
  function_name = "handed-a-password-that-terraform-made"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { DB = random_password.database.result }
  }
}

resource "aws_ecs_task_definition" "handed_a_password" { # violates PG_SEC_8
  family = "handed-a-password"
  container_definitions = jsonencode([{
    name        = "app"
    image       = "app"
    environment = [{ name = "DB", value = random_password.database.result }]
  }])
}

resource "aws_instance" "sets_it_when_it_starts" { # violates PG_SEC_8
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
  user_data     = "echo ${random_password.database.result} > /etc/app"
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

data "aws_ssm_parameter" "of_somebody_else" {
  name = "/network/vpc"
}

data "aws_ssm_parameter" "named_like_a_secret" {
  name = "/news/db/password"
}

resource "aws_ssm_parameter" "bucket" {
  name  = "/news/bucket"
  type  = "String"
  value = "news"
}

resource "aws_ssm_parameter" "kept_encrypted" {
  name  = "/news/db"
  type  = "SecureString"
  value = random_password.database.result
}

resource "aws_ssm_parameter" "password_in_plain_text" { # violates PG_SEC_8
  name  = "/news/db/login"
  type  = "String"
  value = random_password.database.result
}

resource "aws_lambda_function" "told_what_everybody_may_read" {
  function_name = "told-what-everybody-may-read"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { IMAGE = data.aws_ssm_parameter.image.value, BUCKET = aws_ssm_parameter.bucket.value }
  }
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id     = aws_secretsmanager_secret.database.id
  secret_string = random_password.database.result
}

resource "aws_lambda_function" "told_of_a_version_beside_a_name_that_is_hidden" {
  function_name = "told-of-a-version"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { DATABASE = aws_secretsmanager_secret_version.database.arn, OWNER = sensitive("news") }
  }
}

resource "aws_lambda_function" "handed_a_parameter_of_somebody_else" { # undetermined PG_SEC_8
  function_name = "handed-a-parameter"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { NETWORK = data.aws_ssm_parameter.of_somebody_else.value }
  }
}

resource "aws_lambda_function" "handed_a_parameter_named_like_a_secret" { # violates PG_SEC_8
  function_name = "handed-a-parameter-named-like-a-secret"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { DB = data.aws_ssm_parameter.named_like_a_secret.value }
  }
}

resource "aws_cognito_user_pool_client" "site" {
  name            = "site"
  user_pool_id    = "ap-northeast-1_a"
  generate_secret = true
}

resource "aws_lambda_function" "handed_the_secret_of_a_client" { # violates PG_SEC_8
  function_name = "handed-the-secret-of-a-client"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { CLIENT = aws_cognito_user_pool_client.site.client_secret }
  }
}

resource "aws_lambda_function" "handed_the_password_of_the_mail_server" { # violates PG_SEC_8
  function_name = "handed-the-password-of-the-mail-server"
  role          = "arn:aws:iam::123456789012:role/app"
  environment {
    variables = { SMTP = aws_iam_access_key.mail.ses_smtp_password_v4 }
  }
}
