resource "aws_iam_role" "for_machines" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_user" "of_the_build_server" { # violates PG_IAM_5
  name = "ci"
}

resource "aws_iam_access_key" "of_the_build_server" { # violates PG_IAM_5
  user = "ci"
}

resource "aws_iam_user_login_profile" "of_a_person" { # violates PG_IAM_5
  user = "operator"
}
