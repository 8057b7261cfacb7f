resource "aws_cognito_user_pool" "may" {
  name              = "may"
  mfa_configuration = "OPTIONAL"
  software_token_mfa_configuration {
    enabled = true
  }
}

resource "aws_cognito_user_pool" "by_passkey" { # not-applicable PG_AUTH_1
  name = "by-passkey"
  sign_in_policy {
    allowed_first_auth_factors = ["WEB_AUTHN", "EMAIL_OTP"]
  }
}

resource "aws_cognito_user_pool" "by_either" { # violates PG_AUTH_1
  name = "by-either"
  sign_in_policy {
    allowed_first_auth_factors = ["PASSWORD", "WEB_AUTHN"]
  }
}

resource "aws_cognito_user_pool" "left_at_the_default" { # violates PG_AUTH_1
  name = "left-at-the-default"
}

resource "aws_cognito_user_pool" "off" { # violates PG_AUTH_1
  name              = "off"
  mfa_configuration = "OFF"
}
