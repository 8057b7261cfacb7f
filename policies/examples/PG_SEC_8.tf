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
