resource "aws_appsync_graphql_api" "signed" {
  name                = "signed"
  authentication_type = "AWS_IAM"
}

resource "aws_appsync_graphql_api" "by_a_key" { # violates PG_API_3
  name                = "key"
  authentication_type = "API_KEY"
}

resource "aws_appsync_graphql_api" "by_a_key_as_well" { # violates PG_API_3
  name                = "both"
  authentication_type = "AWS_IAM"
  additional_authentication_provider {
    authentication_type = "API_KEY"
  }
}
