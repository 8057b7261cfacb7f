resource "aws_cognito_user_pool" "guarded" {
  name           = "guarded"
  user_pool_tier = "PLUS"
  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"
  }
}

resource "aws_cognito_user_pool" "watching_only" { # violates PG_AUTH_3
  name           = "watching-only"
  user_pool_tier = "PLUS"
  user_pool_add_ons {
    advanced_security_mode = "AUDIT"
  }
}

resource "aws_cognito_user_pool" "left_at_the_default" { # violates PG_AUTH_3
  name = "left-at-the-default"
}
