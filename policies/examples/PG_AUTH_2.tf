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

resource "aws_iam_account_password_policy" "strong" {
  minimum_password_length        = 14
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  allow_users_to_change_password = true
}

resource "aws_iam_account_password_policy" "as_short_as_aws_has_it" { # violates PG_AUTH_2
  require_lowercase_characters = true
  require_uppercase_characters = true
  require_numbers              = true
  require_symbols              = true
}

resource "aws_iam_account_password_policy" "of_letters" { # violates PG_AUTH_2
  minimum_password_length      = 14
  require_lowercase_characters = true
  require_uppercase_characters = true
}
