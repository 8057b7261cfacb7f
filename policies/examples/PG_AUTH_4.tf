resource "aws_cognito_identity_pool" "for_users" {
  identity_pool_name = "for-users"
}

resource "aws_cognito_identity_pool" "for_all" { # violates PG_AUTH_4
  identity_pool_name               = "for-all"
  allow_unauthenticated_identities = true
}
