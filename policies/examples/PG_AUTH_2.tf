resource "aws_cognito_user_pool" "strong" {
  name = "strong"
  password_policy {
    minimum_length    = 14
    require_lowercase = true
    require_uppercase = true
    require_numbers   = true
    require_symbols   = true
  }
}

resource "aws_cognito_user_pool" "left_at_the_default" {
  name = "left-at-the-default"
}

resource "aws_cognito_user_pool" "short" { # violates PG_AUTH_2
  name = "short"
  password_policy {
    minimum_length    = 6
    require_lowercase = true
    require_uppercase = true
    require_numbers   = true
    require_symbols   = true
  }
}

resource "aws_cognito_user_pool" "of_few_kinds" { # violates PG_AUTH_2
  name = "of-few-kinds"
  password_policy {
    minimum_length    = 12
    require_lowercase = true
    require_numbers   = true
  }
}
