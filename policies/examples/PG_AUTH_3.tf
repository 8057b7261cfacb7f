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

resource "aws_cognito_user_pool" "with_challenges_that_are_watched" {
  name = "challenges-watched"

  lambda_config {
    define_auth_challenge = "arn:aws:lambda:ap-northeast-1:111122223333:function:challenge"
  }

  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"

    advanced_security_additional_flows {
      custom_auth_mode = "ENFORCED"
    }
  }
}

resource "aws_cognito_user_pool" "with_challenges_of_its_own" { # violates PG_AUTH_3
  name = "challenges"

  lambda_config {
    define_auth_challenge = "arn:aws:lambda:ap-northeast-1:111122223333:function:challenge"
  }

  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"
  }
}
